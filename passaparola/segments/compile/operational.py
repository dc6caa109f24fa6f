"""Facts and states as they stand in our own tables, on SQLite and on PostgreSQL. Pure: prints, runs nothing.

Rows of merged people keep their old person; here each is read under its root. With `people` only the rows of those
asked about are touched: every relation starts from `body`, which finds them by index.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from passaparola.segments.compile.source import ACCEPTED, Field, among, column, select
from passaparola.segments.compile.statement import bound, text, whole
from passaparola.segments.rules.operands import PROPERTY_MAX
from passaparola.segments.rules.tree import CONVERTED, INVITED

LINE = "Product Bought"
VISIT = "Visit Recorded"
_VIEWS = {"Page Viewed": "page", "Screen Viewed": "screen"}
# The corridor's own clockwork is nothing that a person did.
_NO_FACT = "Timer Rang"
_ORDER_COLUMNS = ("amount_minor", "offer_minor", "company", "channel", "order_key")
_LINE_COLUMNS = ("product", "category", "quantity_milli", "amount_minor", "offer_minor", "order_key", "day", "hour")
_TYPES = {"product": "text", "category": "text", "channel": "text"}
# A chain of advocates longer than this is cut; two programmes may even close it to a ring.
GENERATIONS_MAX = 16

Traits = Callable[[str, Mapping[str, str]], exp.Select]


class Operational:
    """The tables of an installation; `dialect` is sqlite or postgres.

    `traits` gives the relation of traits (dialect, alias → trait); `states` those of tier and pyramid (person_id, level);
    `currency` is the installation's: the amount of an order in another is not known.
    """

    def __init__(
        self, dialect: str, *, traits: Traits, currency: str, states: Mapping[str, exp.Select] | None = None, people: bool = False
    ):
        self.dialect, self._currency = dialect, currency
        self._traits = traits
        self._states = {"generation": _generation(), "stage": _stage(), "lead": _lead(), **(states or {})}
        self._people = people

    def preludes(self) -> Mapping[str, exp.Select]:
        """`body`: every person row to read with its root; `who`: the roots, without who asked to be forgotten."""
        body = select(id=column("id"), person_id=column("root_id"), forgotten_at=column("forgotten_at")).from_("person")
        if self._people:
            body = body.where(self._listed(column("root_id")))
        alive = exp.and_(column("id").eq(column("person_id")), column("forgotten_at").is_(exp.null()))
        return {"body": body, "who": select(person_id=column("id")).from_("body").where(alive)}

    def fact(self, event: str, fields: Mapping[str, Field], floor: exp.Expr | None) -> exp.Select:
        """See Source."""
        return self._lines(fields, floor) if event == LINE else self._events(event, fields, floor)

    def traits(self, names: Mapping[str, str]) -> exp.Select:
        """See Source."""
        return self._traits(self.dialect, names)

    def state(self, columns: Mapping[str, str]) -> exp.Select:
        """See Source. A kind of level without relation is unknown for everybody."""
        made: dict[str, exp.Expr] = {"person_id": column("person_id", "w")}
        joins: list[tuple[str, exp.Select]] = []
        for alias, kind in columns.items():
            relation = self._states.get(kind)
            if relation is None:
                made[alias] = exp.cast(exp.null(), "text")
            else:
                made[alias] = column("level", kind)
                joins.append((kind, relation))
        outer = select(**made).from_(exp.to_table("who").as_("w"))
        for kind, relation in joins:
            on = column("person_id", kind).eq(column("person_id", "w"))
            outer = outer.join(relation.subquery(kind), on=on, join_type="left")
        return outer

    def members(self, segment: int) -> exp.Select:
        """See Source."""
        return self._owned("membership", column("segment_id", "m").eq(segment), column("until_at", "m").is_(exp.null()))

    def group_members(self, group: int) -> exp.Select:
        """See Source."""
        return self._owned("group_member", column("group_id", "m").eq(group), column("until_at", "m").is_(exp.null()))

    def consent(self, channel: str, purpose: str) -> exp.Select:
        """See Source."""
        about = exp.and_(column("channel", "m").eq(text(channel)), column("purpose", "m").eq(text(purpose)))
        newest = self._owned("consent", about, id=exp.Max(this=column("id", "m"))).subquery("n")
        made = select(person_id=column("person_id", "n"), state=column("state", "c")).from_(newest)
        return made.join(exp.to_table("consent").as_("c"), on=column("id", "c").eq(column("id", "n")))

    def referral(self, what: str, program: int | None) -> exp.Select:
        """See Source. A friend brought by two programmes is one friend."""
        states = among(column("state", "m"), CONVERTED if what == "converted" else INVITED)
        condition = states if program is None else exp.and_(states, column("program_id", "m").eq(program))
        if what == "was_invited":
            return self._owned("referral", condition, owner="friend_id", n=exp.Max(this=whole(1)))
        return self._others("referral", "advocate_id", "friend_id", condition)

    def relationship(self, kind: str) -> exp.Select:
        """See Source."""
        current: exp.Expr = column("until_at", "m").is_(exp.null())
        if kind:
            current = exp.and_(current, column("kind", "m").eq(text(kind)))
        return self._others("relationship", "person_id", "other_id", current)

    def floor(self, number: exp.Expr) -> exp.Expr:
        """See Source. SQLite is not always built with mathematics: cut off, and one less where that was upwards."""
        if self.dialect != "sqlite":
            return exp.cast(exp.Floor(this=number), "bigint")
        cut = exp.cast(number, "bigint")
        return cut - exp.Case().when(number < cut, whole(1)).else_(whole(0))

    # --- facts

    def _events(self, event: str, fields: Mapping[str, Field], floor: exp.Expr | None) -> exp.Select:
        with_order = event == "Order Completed" and any(field.name in _ORDER_COLUMNS for field in fields.values())
        columns = {alias: self._event_field(event, field, with_order) for alias, field in fields.items()}
        made = select(person_id=column("person_id", "b"), at_us=self._at("e"), **columns)
        made = self._from_body(made, "event", "e").where(self._named(event), *self._after("e", floor))
        if event == "Order Completed":
            # The same order reported again is no second purchase.
            again = exp.StrPosition(this=column("result", "e"), substr=text('"repeated_order"'))
            made = made.where(again.eq(0))
        if with_order:
            same = exp.and_(
                column("person_id", "o").eq(column("person_id", "e")),
                column("event_id", "o").eq(column("id", "e")),
                column("completed", "o"),
            )
            made = made.join(exp.to_table("purchase_order").as_("o"), on=same, join_type="left")
        return made

    def _named(self, event: str) -> exp.Expr:
        if event == _NO_FACT:
            return exp.false()
        named = exp.and_(column("name", "e").eq(text(event)), among(column("type", "e"), ("track", "act")))
        view = _VIEWS.get(event)
        return exp.or_(named, column("type", "e").eq(text(view))) if view else named

    def _event_field(self, event: str, field: Field, with_order: bool) -> exp.Expr:
        if field.key:
            return self._property(field)
        if field.name == "company" and event == VISIT:
            return self._company_of_a_visit()
        if field.name in ("day", "hour"):
            return column(field.name, "e")
        if with_order and field.name == "amount_minor":
            return exp.Case().when(column("unit", "o").eq(text(self._currency)), column(field.name, "o"))
        if with_order and field.name in _ORDER_COLUMNS:
            return column("id" if field.name == "order_key" else field.name, "o")
        return exp.cast(exp.null(), _TYPES.get(field.name, "bigint"))

    def _company_of_a_visit(self) -> exp.Expr:
        """How many came together, as the corridor understood it (events/basket.py): it stands in what came of the event."""
        result, key = column("result", "e"), "company"
        if self.dialect == "sqlite":
            return exp.cast(exp.Anonymous(this="json_extract", expressions=[result, exp.Literal.string(f"$.{key}")]), "bigint")
        path = [exp.cast(result, "jsonb"), exp.Literal.string(key)]
        return exp.cast(exp.Anonymous(this="jsonb_extract_path_text", expressions=path), "bigint")

    def _lines(self, fields: Mapping[str, Field], floor: exp.Expr | None) -> exp.Select:
        columns = {alias: self._line_field(field) for alias, field in fields.items()}
        made = select(person_id=column("person_id", "b"), at_us=self._at("e"), **columns)
        made = self._from_body(made, "order_line", "e").where(*self._after("e", floor))
        if any(field.name in ("company", "channel") for field in fields.values()):
            on = column("id", "o").eq(column("order_key", "e"))
            made = made.join(exp.to_table("purchase_order").as_("o"), on=on)
        return made

    def _line_field(self, field: Field) -> exp.Expr:
        if field.name in _LINE_COLUMNS:
            return column(field.name, "e")
        if field.name in ("company", "channel"):
            return column(field.name, "o")
        # A line has no properties of its own.
        return exp.cast(exp.null(), {"number": "double", "text": "text"}.get(field.kind, "int"))

    def _from_body(self, made: exp.Select, table: str, alias: str, owner: str = "person_id") -> exp.Select:
        """The rows of a table by person. SQLite keeps the order of a CROSS JOIN: people first, rows by index."""
        made = made.from_(exp.to_table("body").as_("b"))
        made = made.join(exp.to_table(table).as_(alias), join_type="cross")
        return made.where(column(owner, alias).eq(column("id", "b")))

    def _at(self, alias: str) -> exp.Expr:
        """occurred_at in microseconds since 1970, exactly."""
        at = column("occurred_at", alias)
        if self.dialect == "sqlite":
            return sqlite_us(at)
        seconds = exp.Extract(this=exp.var("EPOCH"), expression=at)
        return exp.cast(exp.paren(seconds * whole(1_000_000)), "bigint")

    def _after(self, alias: str, floor: exp.Expr | None) -> list[exp.Expr]:
        return [] if floor is None else [self._at(alias) > floor]

    def _property(self, field: Field) -> exp.Expr:
        return _sqlite_property(field) if self.dialect == "sqlite" else _postgres_property(field)

    # --- states

    def _listed(self, person: exp.Expr) -> exp.Expr:
        if self.dialect == "sqlite":
            listed = exp.Anonymous(this="json_each", expressions=[bound("people")])
            return exp.In(this=person, query=exp.select("value").from_(listed).subquery())
        people = exp.cast(bound("people"), exp.DataType.build("bigint[]", dialect="postgres"))
        return exp.EQ(this=person, expression=exp.Any(this=exp.paren(people)))

    def _owned(self, table: str, *conditions: exp.Expr, owner: str = "person_id", **more: exp.Expr) -> exp.Select:
        """Rows of a table of states by root, one a person."""
        person = column("person_id", "b")
        made = self._from_body(select(person_id=person, **more), table, "m", owner)
        return made.where(*conditions).group_by(person)

    def _others(self, table: str, owner: str, other: str, condition: exp.Expr) -> exp.Select:
        """How many different others; who turned out to be the same person is no other."""
        person, root = column("person_id", "b"), column("root_id", "r")
        made = select(person_id=person, n=exp.Count(this=exp.Distinct(expressions=[root])))
        made = self._from_body(made, table, "m", owner).where(condition)
        made = made.join(exp.to_table("person").as_("r"), on=column("id", "r").eq(column(other, "m")))
        return made.where(root.neq(person)).group_by(person)


def _generation() -> exp.Select:
    """How many advocates stand above her, following each one's first accepted referral."""
    up = select(
        person_id=column("person_id"), at=column("person_id"), depth=exp.cast(whole(0), "int")
    ).from_("who")  # fmt: skip
    friend, advocate = exp.to_table("person").as_("f"), exp.to_table("person").as_("a")
    first = select(friend=column("root_id", "f"), id=exp.Min(this=column("id", "m"))).from_(exp.to_table("referral").as_("m"))
    first = first.join(friend, on=column("id", "f").eq(column("friend_id", "m")))
    first = first.where(among(column("state", "m"), ACCEPTED)).group_by(column("root_id", "f"))
    edge = select(friend=column("friend", "x"), advocate=column("root_id", "a")).from_(first.subquery("x"))
    edge = edge.join(exp.to_table("referral").as_("r"), on=column("id", "r").eq(column("id", "x")))
    edge = edge.join(advocate, on=column("id", "a").eq(column("advocate_id", "r")))
    step = select(
        person_id=column("person_id", "u"), at=column("advocate", "y"), depth=column("depth", "u") + 1
    ).from_(exp.to_table("up").as_("u"))
    step = step.join(exp.to_table("edge").as_("y"), on=column("friend", "y").eq(column("at", "u")))
    step = step.where(column("depth", "u") < GENERATIONS_MAX)
    made: Any = select(person_id=column("person_id"), level=exp.Max(this=column("depth"))).from_("up")
    made = made.group_by(column("person_id")).with_("edge", as_=edge)
    return made.with_("up", as_=up.union(step, distinct=False), recursive=True)  # type: ignore[no-any-return]


def _stage() -> exp.Select:
    return select(person_id=column("person_id"), level=column("stage")).from_("traits")


def _lead() -> exp.Select:
    level = exp.Nullif(this=column("temperature"), expression=exp.Literal.string(""))
    return select(person_id=column("person_id"), level=level).from_("lead")


def sqlite_us(at: exp.Expr) -> exp.Expr:
    """Microseconds since 1970 of a time as Django stores it on SQLite: "2026-11-21 10:00:00[.123456]"."""
    seconds = exp.cast(exp.Anonymous(this="strftime", expressions=[exp.Literal.string("%s"), at]), "bigint")
    fraction = exp.cast(exp.Substring(this=at, start=whole(21), length=whole(6)), "bigint")
    return seconds * whole(1_000_000) + fraction


def _sqlite_property(field: Field) -> exp.Expr:
    source, path = column("properties", "e"), exp.Literal.string(f'$."{field.key}"')
    kind = exp.Anonymous(this="json_type", expressions=[source, path])
    value = exp.Anonymous(this="json_extract", expressions=[source, path])
    as_double = exp.cast(value, "double")
    number = exp.Case().when(exp.and_(_is(kind, "integer", "real"), _small(as_double)), as_double)
    if field.kind == "number":
        return number
    if field.kind == "text":
        return exp.Case().when(_is(kind, "text"), value)
    if field.kind == "boolean":
        return exp.Case().when(_is(kind, "true"), whole(1)).when(_is(kind, "false"), whole(0))
    return _known(_is(kind, "text", "true", "false"), number)


def _postgres_property(field: Field) -> exp.Expr:
    whole_object = exp.cast(column("properties", "e"), "jsonb")
    key = exp.Literal.string(field.key)
    value = exp.Anonymous(this="jsonb_extract_path", expressions=[whole_object, key])
    words = exp.Anonymous(this="jsonb_extract_path_text", expressions=[whole_object, key])
    kind = exp.Anonymous(this="jsonb_typeof", expressions=[value])
    # Which of two conditions PostgreSQL looks at first it decides itself; of two cases it does not.
    exact = exp.Case().when(_is(kind, "number"), exp.cast(words, "numeric"))
    number = exp.Case().when(_small(exact), exp.cast(exact, "double"))
    if field.kind == "number":
        return number
    if field.kind == "text":
        return exp.Case().when(_is(kind, "string"), words)
    boolean = _is(kind, "boolean")
    if field.kind == "boolean":
        yes = exp.and_(boolean, words.eq(exp.Literal.string("true")))
        return exp.Case().when(yes, whole(1)).when(boolean, whole(0))
    return _known(_is(kind, "string", "boolean"), number)


def _known(otherwise: exp.Expr, number: exp.Expr) -> exp.Expr:
    """1 where the property has a value of any kind."""
    return exp.Case().when(exp.or_(otherwise, exp.not_(number.is_(exp.null()))), whole(1))


def _small(number: exp.Expr) -> exp.Expr:
    """JSON may hold numbers that no floating number can: those are no values."""
    most = exp.Literal.number(repr(PROPERTY_MAX))
    return exp.Between(this=number, low=exp.Neg(this=most.copy()), high=most)


def _is(kind: exp.Expr, *names: str) -> exp.Expr:
    return exp.In(this=kind, expressions=[exp.Literal.string(name) for name in names])
