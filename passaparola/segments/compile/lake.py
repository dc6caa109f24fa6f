"""Facts and states as the analytical store keeps them, for DuckDB and Spark. Pure: prints, runs nothing.

Everything is keyed by the root already. Relations, all to be registered as views of these names:
fact (person_id, event_id, line, at_us, day, hour, name, product, category, quantity_milli, amount_minor, offer_minor,
company, channel, order_key, props), who (person_id), trait (person_id and a column for each), state (person_id, stage,
tier, pyramid, lead, generation), membership (segment_id, person_id), group_member (group_id, person_id),
consent (id, person_id, channel, purpose, state), referral (program_id, advocate_id, friend_id, state),
relationship (person_id, other_id, kind): each as it stood at the moment asked about.
"""

from collections.abc import Mapping

from sqlglot import exp

from passaparola.segments.compile.source import Field, among, column, select
from passaparola.segments.compile.statement import text, whole
from passaparola.segments.rules.tree import CONVERTED, INVITED

_BOOLEANS = {"bt": 1, "bf": 0}


class Lake:
    """Views over the lake; `dialect` is duckdb or spark."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect

    def preludes(self) -> Mapping[str, exp.Select]:
        """`who` is a view already."""
        return {}

    def fact(self, event: str, fields: Mapping[str, Field], floor: exp.Expr | None) -> exp.Select:
        """See Source."""
        columns = {alias: self._property(field) if field.key else column(field.name) for alias, field in fields.items()}
        made = select(person_id=column("person_id"), at_us=column("at_us"), **columns).from_("fact", copy=False)
        made = made.where(column("name").eq(text(event)), copy=False)
        return made if floor is None else made.where(column("at_us") > floor, copy=False)

    def traits(self, names: Mapping[str, str]) -> exp.Select:
        """See Source."""
        picks = {alias: exp.column(name, quoted=True) for alias, name in names.items()}
        return select(person_id=column("person_id"), **picks).from_("trait")

    def state(self, columns: Mapping[str, str]) -> exp.Select:
        """See Source."""
        return select(person_id=column("person_id"), **{a: column(n) for a, n in columns.items()}).from_("state")

    def members(self, segment: int) -> exp.Select:
        """See Source."""
        return select(person_id=column("person_id")).from_("membership").where(column("segment_id").eq(segment)).distinct()

    def group_members(self, group: int) -> exp.Select:
        """See Source."""
        return select(person_id=column("person_id")).from_("group_member").where(column("group_id").eq(group)).distinct()

    def consent(self, channel: str, purpose: str) -> exp.Select:
        """See Source."""
        about = exp.and_(column("channel").eq(text(channel)), column("purpose").eq(text(purpose)))
        newest = select(person_id=column("person_id"), id=exp.Max(this=column("id"))).from_("consent").where(about)
        made = select(person_id=column("person_id", "n"), state=column("state", "c"))
        made = made.from_(newest.group_by(column("person_id")).subquery("n"))
        return made.join(exp.to_table("consent").as_("c"), on=column("id", "c").eq(column("id", "n")))

    def referral(self, what: str, program: int | None) -> exp.Select:
        """See Source."""
        states = among(column("state"), CONVERTED if what == "converted" else INVITED)
        condition = states if program is None else exp.and_(states, column("program_id").eq(program))
        if what == "was_invited":
            made = select(person_id=column("friend_id"), n=exp.Max(this=whole(1))).from_("referral")
            return made.where(condition).group_by(column("friend_id"))
        return _others("referral", "advocate_id", "friend_id", condition)

    def relationship(self, kind: str) -> exp.Select:
        """See Source."""
        condition = column("kind").eq(text(kind)) if kind else exp.true()
        return _others("relationship", "person_id", "other_id", condition)

    def floor(self, number: exp.Expr) -> exp.Expr:
        """See Source."""
        return exp.cast(exp.Floor(this=number), "bigint")

    def _property(self, field: Field) -> exp.Expr:
        """Properties are JSON of texts whose first letter says the type: n number, s text, bt and bf boolean."""
        if self.dialect == "duckdb":
            path, name = exp.Literal.string(f'$."{field.key}"'), "json_extract_string"
        else:
            path, name = exp.Literal.string(f"$['{field.key}']"), "get_json_object"
        found = exp.Anonymous(this=name, expressions=[column("props"), path])
        kind, rest = exp.Substring(this=found, start=whole(1), length=whole(1)), exp.Substring(this=found, start=whole(2))
        case = exp.Case()
        if field.kind == "number":
            return case.when(kind.eq(exp.Literal.string("n")), exp.cast(rest, "double"))
        if field.kind == "text":
            return case.when(kind.eq(exp.Literal.string("s")), rest)
        if field.kind == "boolean":
            for word, value in _BOOLEANS.items():
                case = case.when(found.eq(exp.Literal.string(word)), whole(value))
            return case
        return case.when(exp.not_(found.is_(exp.null())), whole(1))


def _others(table: str, owner: str, other: str, condition: exp.Expr) -> exp.Select:
    """How many different others; who turned out to be the same person is no other."""
    made = select(person_id=column(owner), n=exp.Count(this=exp.Distinct(expressions=[column(other)]))).from_(table)
    return made.where(condition, column(other).neq(column(owner))).group_by(column(owner))
