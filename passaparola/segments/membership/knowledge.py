"""What a rule may speak of in this installation, and where its traits and levels are found."""

from collections.abc import Callable, Mapping

from sqlglot import exp

from passaparola.kernel import database
from passaparola.segments import rules
from passaparola.segments import traits as trait_list
from passaparola.segments.actions import ranges_in_force
from passaparola.segments.compile.source import column, select
from passaparola.segments.compile.statement import bound

_PEOPLE = bound("people").name


def known(segments: Mapping[int, rules.Group | None]) -> rules.Known:
    """For checking a rule. Events are not listed: one may come for the first time tomorrow."""
    groups = frozenset(row[0] for row in database.rows("SELECT id FROM people_group"))
    return rules.Known(traits=traits(), segments=segments, groups=groups, tiers=frozenset())


def traits() -> dict[str, rules.TraitKind]:
    """Every trait with its kind, those the business made itself included."""
    built_in = {trait.name: rules.TraitKind(trait.type, trait.moves) for trait in trait_list.TRAITS}
    own = {name: rules.TraitKind(one.kind, one.window_days is not None) for name, one in trait_list.in_force().items()}
    return built_in | own


def traits_mark() -> str:
    """Changes whenever compiled statements about traits are no longer right: another period, another own trait."""
    return f"{ranges_in_force().period_days} {sorted(trait_list.in_force().items())}"


def trait_relation(today: int, *, some: bool) -> Callable[[str, Mapping[str, str]], exp.Select]:
    """Traits under the aliases a rule gives them, of the people of the statement or of everybody."""

    def relation(_dialect: str, names: Mapping[str, str]) -> exp.Select:
        inner = trait_list.relation(sorted(set(names.values())), today=today, people=some)
        # Its text is ours and printed already; only the place of the people is to be bound.
        whole = exp.Subquery(this=exp.var(inner.replace("?", _PEOPLE)), alias=exp.to_identifier("t"))
        picks = {alias: exp.column(name, table="t", quoted=True) for alias, name in names.items()}
        return select(person_id=column("person_id", "t"), **picks).from_(whole)

    return relation


def states() -> dict[str, exp.Select]:
    """Levels that are kept in tables of their own."""
    warm = select(person_id=column("person_id"), level=column("temperature")).from_("lead")
    return {"lead": warm.where(column("temperature").neq(exp.Literal.string("")))}
