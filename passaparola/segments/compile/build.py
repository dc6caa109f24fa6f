"""From a rule tree to one SELECT: a relation for each leaf, joined to the people to weigh. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from passaparola.segments.compile import events, sequences
from passaparola.segments.compile.source import NOW, Source, among, column, select
from passaparola.segments.compile.statement import bound, text, whole
from passaparola.segments.compile.where import compare, kleene
from passaparola.segments.compile.windows import when
from passaparola.segments.rules import checking, tree
from passaparola.segments.rules.clock import SLACK_US
from passaparola.segments.rules.operands import operand
from passaparola.segments.rules.tree import DAY_US, Duration, Group
from passaparola.segments.rules.turning import turns

# Later than any moment: what "never" is while the earliest is looked for.
NEVER = 2**62
# SQLite joins at most 64 relations; a statement of more is joined in parts.
PART = 30

TODAY = bound("today")
MIDNIGHT = bound("midnight_us")
TURN_DAY, TURN_US, SECOND_DAY = bound("turn_day"), bound("turn_us"), bound("second_day")


class Builder:
    """Collects what a tree needs; equal leaves and relations are built once."""

    def __init__(self, source: Source, traits: Mapping[str, checking.TraitKind]) -> None:
        self.source = source
        self.traits = traits
        self.relations: dict[str, exp.Expr] = {}
        # Relations joined to the people, each with the columns taken of it.
        self.joined: dict[str, list[str]] = {}
        self.changes: list[exp.Expr] = []
        self._names: dict[Any, str] = {}
        self._truths: dict[Any, exp.Expr] = {}
        # Relations over the relation of traits, which is known only at the end.
        self._late: dict[str, exp.Select] = {}
        self._taken: dict[str, dict[str, str]] = {"trait": {}, "state": {}}

    def statement(self, root: Group) -> exp.Select:
        """SELECT person_id, answer, next_us."""
        answer = exp.cast(self.truth(root), "int")
        return self._over_people({"answer": answer, "next_us": self._next()})

    def _over_people(self, columns: Mapping[str, exp.Expr]) -> exp.Select:
        """One row for each person weighed; nothing may be asked of the relations after this."""
        self._close()
        outer = select(person_id=column("person_id", "w"), **columns).from_(exp.to_table("who").as_("w"), copy=False)
        names = list(self.joined)
        if len(names) <= PART:
            outer = self._join(outer, names)
        else:
            for number, start in enumerate(range(0, len(names), PART)):
                outer = self._join_part(outer, names[start : start + PART], f"part{number}")
        # Without copies: of a statement that grows by each relation they would cost more than all else.
        for name, relation in {**self.source.preludes(), **self.relations}.items():
            outer = outer.with_(name, as_=relation, copy=False)
        return outer

    def truth(self, node: Any) -> exp.Expr:
        """What a node says of a person, as a condition over the joined columns."""
        if isinstance(node, Group):
            return kleene(node, self.truth)
        if node not in self._truths:
            self._truths[node] = _LEAVES[type(node)](self, node)
        return self._truths[node].copy()

    def relation(self, key: Any, prefix: str, make: Callable[[str], Mapping[str, exp.Expr]]) -> str:
        """The name of a relation made once for its key; of what `make` gives the last has that name."""
        if key not in self._names:
            name = self._names[key] = f"{prefix}{len(self._names)}"
            self.relations.update(make(name))
        return self._names[key]

    def value(self, relation: str, name: str) -> exp.Expr:
        """A column of a relation, joined to the people: NULL for who has no row in it."""
        taken = self.joined.setdefault(relation, [])
        if name not in taken:
            taken.append(name)
        return column(name)

    def measured(self, leaf: tree.Event, since: str) -> exp.Expr:
        """What an event leaf counts: a column, NULL for who has no such fact; `since`: where its window begins."""
        key = ("event", leaf.event, leaf.where, leaf.window, leaf.measure, leaf.of)
        name = self.relation(
            key, "e", lambda name: {name: events.measured(self.source, leaf, f"{name}_v", f"{name}_x", since)}
        )
        value, change = self.value(name, f"{name}_v"), self.value(name, f"{name}_x")
        self.changes.append(change)
        return value

    def followed(self, leaf: tree.Sequence) -> exp.Expr:
        """Whether a sequence happened: a column, 1, or 0 or NULL."""
        name = self.relation(leaf, "q", lambda name: sequences.sequence(self.source, leaf, name))
        self.changes.append(self.value(name, f"{name}_x"))
        return self.value(name, f"{name}_v")

    def shared(self, kind: str, name: str) -> exp.Expr:
        """A trait or state: all of a kind come from one relation."""
        aliases = self._taken[kind]
        alias = next((a for a, n in aliases.items() if n == name), None)
        if alias is None:
            alias = f"{kind}{len(aliases)}"
            aliases[alias] = name
        return column(alias)

    def ahead(self, trait: str) -> exp.Expr:
        """How far off a yearly date is, in sixths of a day; NULL for what is no date.

        A year's calendar from today on is bound as one text of six letters a day (",10229" is 29 February): where a
        date stands in it says how far off it is, without a date function. Of 29 February see `days_ahead`.
        """

        def place(date: exp.Expr) -> exp.Expr:
            mark = exp.DPipe(this=exp.Literal.string(","), expression=exp.cast(date + 10000, "text"), safe=True)
            return exp.Nullif(this=exp.StrPosition(this=bound("calendar"), substr=mark), expression=whole(0))

        value, name = self.shared("trait", trait), f"ahead_{self.shared('trait', trait).name}"
        in_february = when(value.eq(229), place(whole(228)))
        sixths = exp.Coalesce(this=place(value), expressions=[in_february]) - 1
        self._late[name] = select(person_id=column("person_id"), **{f"{name}_v": sixths}).from_("trait_row")
        return column(f"{name}_v")

    def turning(self, leaf: tree.Trait, kind: checking.TraitKind, value: exp.Expr) -> None:
        """Note when the comparison of a trait that moves may come out otherwise."""
        names = turns(leaf, kind)
        if names is None:
            self.changes.append(when(exp.not_(value.is_(exp.null())), MIDNIGHT))
        for name in names or ():
            self.changes.append(_day_begins(self.shared("trait", name)))

    def _close(self) -> None:
        for kind, make in (("trait", self.source.traits), ("state", self.source.state)):
            if aliases := self._taken[kind]:
                self.relations[f"{kind}_row"] = make(aliases)
                self.joined[f"{kind}_row"] = list(aliases)
        for name, relation in self._late.items():
            self.relations[name] = relation
            self.joined[name] = [f"{name}_v"]

    def _next(self) -> exp.Expr:
        never = whole(NEVER)
        terms: list[exp.Expr] = [exp.Coalesce(this=change, expressions=[never.copy()]) for change in self.changes]
        if not terms:
            return exp.cast(exp.null(), "bigint")
        while len(terms) > 1:
            terms = [_least(terms[start : start + PART]) for start in range(0, len(terms), PART)]
        return exp.Nullif(this=terms[0], expression=never)

    def _join(self, outer: exp.Select, names: list[str]) -> exp.Select:
        for name in names:
            on = column("person_id", name).eq(column("person_id", "w"))
            outer = outer.join(exp.to_table(name), on=on, join_type="left", copy=False)
        return outer

    def _join_part(self, outer: exp.Select, names: list[str], part: str) -> exp.Select:
        taken = {name: column(name) for relation in names for name in self.joined[relation]}
        inner = select(person_id=column("person_id", "w"), **taken).from_(exp.to_table("who").as_("w"))
        on = column("person_id", part).eq(column("person_id", "w"))
        return outer.join(self._join(inner, names).subquery(part, copy=False), on=on, join_type="left", copy=False)


def _least(terms: list[exp.Expr]) -> exp.Expr:
    """The least of some; of one value SQLite's MIN would be the aggregate, and of more than 100 it takes none."""
    return terms[0] if len(terms) == 1 else exp.Least(this=terms[0], expressions=terms[1:])


def _event(build: Builder, leaf: tree.Event) -> exp.Expr:
    since = ""
    if isinstance(leaf.window, tree.Since):
        after = leaf.window.event
        since = build.relation(
            ("since", after), "s", lambda name: {name: events.since(build.source, after, f"{name}_at", f"{name}_x")}
        )
        build.changes.append(build.value(since, f"{since}_x"))
    value = build.measured(leaf, since)
    for days in events.boundaries(leaf):
        at = value + whole(days * DAY_US)
        build.changes.append(when(at > NOW, at))
    truth = events.truth(leaf, value)
    if since:
        began = build.value(since, f"{since}_at")
        return when(exp.not_(began.is_(exp.null())), truth)
    return truth


def _sequence(build: Builder, leaf: tree.Sequence) -> exp.Expr:
    return exp.Coalesce(this=build.followed(leaf), expressions=[whole(0)]).eq(1)


def _trait(build: Builder, leaf: tree.Trait) -> exp.Expr:
    kind = build.traits[leaf.trait]
    value = build.shared("trait", leaf.trait)
    build.turning(leaf, kind, value)
    if kind.type == "boolean":
        value = exp.cast(value, "int")
    wanted = operand(kind.type, leaf.operator, leaf.value)
    if leaf.operator == "anniversaryWithin":
        return _anniversary(build, leaf, wanted)
    if isinstance(wanted, Duration):
        return _relative(build, value, kind.type, leaf.operator, wanted)
    if kind.type == "number":
        value = exp.cast(value, "double")
    return compare(value, kind.type, leaf.operator, wanted)


def _anniversary(build: Builder, leaf: tree.Trait, days: int) -> exp.Expr:
    """The yearly date comes within so many days."""
    sixths = build.ahead(leaf.trait)
    inside = sixths <= whole(days * 6)
    wait = exp.cast(when(inside, sixths + whole(6), sixths - whole(days * 6)), "bigint")
    build.changes.append(_day_begins(TODAY * 6 + wait, 6))
    return inside


def _relative(build: Builder, value: exp.Expr, kind: str, operator: str, wanted: Duration) -> exp.Expr:
    """inLast: now - n < t ≤ now; beforeLast: t ≤ now - n; inNext: now < t ≤ now + n; days by the local calendar."""
    day = kind == "day"
    now, length = (TODAY, wanted.us // DAY_US) if day else (NOW, wanted.us)

    def moment(value: exp.Expr) -> exp.Expr:
        return _day_begins(value) if day else when(value > NOW, value)

    if operator == "inNext":
        build.changes += [moment(value - whole(length)), moment(value if not day else value)]
        return exp.and_(value > now, value <= now + whole(length))
    build.changes.append(moment(value + whole(length)))
    if operator == "beforeLast":
        return value <= now - whole(length)
    build.changes.append(moment(value))
    return exp.and_(value > now - whole(length), value <= now)


def _day_begins(day: exp.Expr, each: int = 1) -> exp.Expr:
    """When a later local day begins, as Clock.day_begins says it; `day` may be counted in `each` parts."""
    ahead = exp.paren(exp.cast(day, "bigint") - (TODAY + 1) * whole(each))
    late = exp.Case().when(day < TURN_DAY * each, whole(0)).when(day < SECOND_DAY * each, TURN_US)
    begins = MIDNIGHT + ahead * whole(DAY_US // each) + late.else_(TURN_US - whole(SLACK_US))
    return when(day > TODAY * each, begins)


def _level(build: Builder, leaf: tree.Level) -> exp.Expr:
    kind = str(type(leaf).__struct_config__.tag)
    value = build.shared("state", kind)
    if kind == "stage":
        value = exp.Coalesce(this=value, expressions=[text("none")])
    found = among(value, leaf.value)
    return found if leaf.operator == "in" else exp.not_(found)


def _present(build: Builder, relation: exp.Select, key: Any, inside: bool) -> exp.Expr:
    """Whether a person is in a relation of person_ids."""

    def make(name: str) -> dict[str, exp.Expr]:
        return {name: select(person_id=column("person_id"), **{f"{name}_v": whole(1)}).from_(relation.subquery("m"))}

    name = build.relation(key, "m", make)
    absent = build.value(name, f"{name}_v").is_(exp.null())
    return exp.not_(absent) if inside else absent


def _segment(build: Builder, leaf: tree.InSegment) -> exp.Expr:
    return _present(build, build.source.members(leaf.segment), ("segment", leaf.segment), leaf.operator == "in")


def _group(build: Builder, leaf: tree.InGroup) -> exp.Expr:
    return _present(build, build.source.group_members(leaf.group), ("group", leaf.group), leaf.operator == "in")


def _consent(build: Builder, leaf: tree.Consent) -> exp.Expr:
    def make(name: str) -> dict[str, exp.Expr]:
        found = build.source.consent(leaf.channel, leaf.purpose).subquery("c")
        return {name: select(person_id=column("person_id"), **{f"{name}_v": column("state")}).from_(found)}

    name = build.relation(("consent", leaf.channel, leaf.purpose), "k", make)
    state = exp.Coalesce(this=build.value(name, f"{name}_v"), expressions=[text("none")])
    return compare(state, "text", leaf.operator, leaf.state)


def _counted(build: Builder, relation: exp.Select, key: Any, leaf: tree.Referral | tree.Relationship) -> exp.Expr:
    def make(name: str) -> dict[str, exp.Expr]:
        return {name: select(person_id=column("person_id"), **{f"{name}_v": column("n")}).from_(relation.subquery("c"))}

    name = build.relation(key, "n", make)
    value = exp.Coalesce(this=build.value(name, f"{name}_v"), expressions=[whole(0)])
    return compare(value, "whole", leaf.operator, operand("whole", leaf.operator, leaf.value))


def _referral(build: Builder, leaf: tree.Referral) -> exp.Expr:
    if leaf.what == "generation":
        value = exp.Coalesce(this=build.shared("state", "generation"), expressions=[whole(0)])
        return compare(value, "whole", leaf.operator, operand("whole", leaf.operator, leaf.value))
    found = build.source.referral(leaf.what, leaf.program)
    return _counted(build, found, ("referral", leaf.what, leaf.program), leaf)


def _relationship(build: Builder, leaf: tree.Relationship) -> exp.Expr:
    return _counted(build, build.source.relationship(leaf.kind), ("relationship", leaf.kind), leaf)


def _bucket(_: Builder, leaf: tree.Bucket) -> exp.Expr:
    first, second, plus = tree.BUCKET
    mixed = ((column("person_id", "w") % 2**31) * whole(first) + whole(leaf.seed)) % whole(2**32)
    mixed = (mixed * whole(second) + whole(plus)) % whole(2**32)
    drawn = (mixed % 100003) % 100
    return exp.and_(drawn >= leaf.from_, drawn < leaf.until)


_LEAVES: dict[type[Any], Any] = {
    tree.Event: _event,
    tree.Sequence: _sequence,
    tree.Trait: _trait,
    tree.Stage: _level,
    tree.Tier: _level,
    tree.Pyramid: _level,
    tree.Lead: _level,
    tree.InSegment: _segment,
    tree.InGroup: _group,
    tree.Consent: _consent,
    tree.Referral: _referral,
    tree.Relationship: _relationship,
    tree.Bucket: _bucket,
}
