"""What a rule may speak of in this installation, and where its traits and levels are found."""

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from passaparola.kernel import database
from passaparola.segments import pyramid, rules
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
    own = {name: rules.TraitKind(one.kind, one.window_days is not None) for name, one in trait_list.in_force().items()}
    return {trait.name: trait.kind for trait in trait_list.TRAITS} | own


def mark() -> str:
    """Changes whenever compiled statements are no longer right: another period, another own trait."""
    periods = f"{ranges_in_force().period_days} {pyramid.period_in_force().period_days}"
    return f"{periods} {sorted(trait_list.in_force().items())}"


def trait_relation(today: int, *, some: bool) -> Callable[[str, Mapping[str, str]], exp.Select]:
    """Traits under the aliases a rule gives them, of the people of the statement or of everybody."""

    def relation(_dialect: str, names: Mapping[str, str]) -> exp.Select:
        inner = trait_list.relation(sorted(set(names.values())), today=today, people=some)
        # Its text is ours and printed already; only the place of the people is to be bound.
        whole = exp.Subquery(this=exp.var(inner.replace("?", _PEOPLE)), alias=exp.to_identifier("t"))
        picks = {alias: exp.column(name, table="t", quoted=True) for alias, name in names.items()}
        return select(person_id=column("person_id", "t"), **picks).from_(whole)

    return relation


def states(today: int, period_days: int) -> dict[str, exp.Select]:
    """Levels that are made elsewhere: of the pyramid, by its one definition, of the people of the statement."""
    levels = f"{pyramid.relation(today, period_days)} AND person.id IN (SELECT person_id FROM who)"
    whole = exp.Subquery(this=exp.var(levels), alias=exp.to_identifier("p"))
    return {"pyramid": select(person_id=column("person_id", "p"), level=column("level", "p")).from_(whole)}


def pyramid_changes(people: Sequence[int], today: int, period_days: int) -> dict[int, int]:
    """Person → the local day on which she is no longer active unless she buys again; of those who are active."""
    sql = (
        "SELECT person.root_id, MAX(o.day) FROM purchase_order o JOIN person ON person.id = o.person_id "
        f"WHERE o.completed AND o.day > ? AND {database.any_of('person.root_id')} GROUP BY person.root_id"
    )
    return {person: day + period_days for person, day in database.rows(sql, [today - period_days, list(people)])}
