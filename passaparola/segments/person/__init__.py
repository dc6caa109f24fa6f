"""One person weighed against a rule, with every reason: the interpreter that the others must agree with. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from passaparola.segments.person import events
from passaparola.segments.person.compare import compare, kleene
from passaparola.segments.person.facts import Fact as Fact
from passaparola.segments.person.facts import Person as Person
from passaparola.segments.rules import tree
from passaparola.segments.rules.checking import TraitKind
from passaparola.segments.rules.clock import Clock
from passaparola.segments.rules.operands import days_ahead, operand
from passaparola.segments.rules.tree import DAY_US, Duration, Group
from passaparola.segments.rules.turning import turns

# As many events as an explanation names of one leaf; it says how many there were.
EVENTS_MAX = 100


class Explanation(msgspec.Struct, frozen=True):
    """What one node said and why."""

    # The node's path, as in rules.check; empty for the root.
    path: str
    # True, False, or None for unknown.
    answer: bool | None
    node: Any
    # What was seen: a number, text, level; None where nothing is known.
    value: Any = None
    # Numbers of the events that counted, the newest first, and how many they were.
    events: tuple[int, ...] = ()
    events_count: int = 0
    # When the answer may change by time alone, in microseconds since 1970 UTC.
    next_us: int | None = None
    parts: tuple["Explanation", ...] = ()


def explain(root: Group, person: Person, clock: Clock, traits: Mapping[str, TraitKind]) -> Explanation:
    """The whole tree with what each node said of the person at that moment.

    The tree is one that `rules.check` finds nothing wrong with; BadOperand or KeyError for another.
    """
    return _Weighing(person, clock, traits).node(root, "")


class _Weighing:
    """One person at one moment."""

    def __init__(self, person: Person, clock: Clock, traits: Mapping[str, TraitKind]) -> None:
        self.person, self.clock, self.traits = person, clock, traits

    def node(self, node: Any, path: str) -> Explanation:
        if not isinstance(node, Group):
            return self.leaf(node, path)
        dot = "." if path else ""
        parts = tuple(self.node(rule, f"{path}{dot}rules[{i}]") for i, rule in enumerate(node.rules))
        answer = kleene(node, [part.answer for part in parts])
        return Explanation(path, answer, node, parts=parts, next_us=earliest(part.next_us for part in parts))

    def leaf(self, leaf: Any, path: str) -> Explanation:
        found = _LEAVES[type(leaf)](self, leaf)
        newest = sorted(found.facts, key=lambda fact: (-fact.at_us, fact.event_id))
        numbers = tuple(dict.fromkeys(fact.event_id for fact in newest))
        return Explanation(
            path, found.answer, leaf, found.value, numbers[:EVENTS_MAX], len(numbers),
            earliest(at for at in found.changes if at is not None and at > self.clock.as_of_us),
        )  # fmt: skip

    def event(self, leaf: tree.Event) -> events.Found:
        return events.event(leaf, self.person.facts, self.clock.as_of_us)

    def sequence(self, leaf: tree.Sequence) -> events.Found:
        return events.sequence(leaf, self.person.facts, self.clock.as_of_us)

    def trait(self, leaf: tree.Trait) -> events.Found:
        kind = self.traits[leaf.trait]
        value = self.person.traits.get(leaf.trait)
        changes = moves(turns(leaf, kind), value, self.person, self.clock)
        wanted = operand(kind.type, leaf.operator, leaf.value)
        if leaf.operator == "anniversaryWithin":
            return self._anniversary(value, wanted, changes)
        if isinstance(wanted, Duration):
            return self._relative(kind.type, leaf.operator, value, wanted, changes)
        return events.Found(compare(kind.type, leaf.operator, value, wanted), value, changes=changes)

    def _anniversary(self, value: Any, days: int, changes: list[int | None]) -> events.Found:
        ahead = None if value is None else days_ahead(value, self.clock.today)
        if ahead is None:
            return events.Found(None, value, changes=changes)
        inside = ahead <= days
        wait = ahead + 1 if inside else ahead - days
        return events.Found(inside, value, changes=[*changes, self.clock.day_begins(self.clock.today + wait)])

    def _relative(self, kind: str, operator: str, value: Any, wanted: Duration, changes: list[int | None]) -> events.Found:
        if value is None:
            return events.Found(None, None, changes=changes)
        day = kind == "day"
        now, length = (self.clock.today, wanted.us // DAY_US) if day else (self.clock.as_of_us, wanted.us)
        moment: Callable[[int], int | None] = self.clock.day_begins if day else _same
        if operator == "inNext":
            return events.Found(now < value <= now + length, value, changes=[*changes, moment(value - length), moment(value)])
        changes.append(moment(value + length))
        if operator == "beforeLast":
            return events.Found(value <= now - length, value, changes=changes)
        return events.Found(now - length < value <= now, value, changes=[*changes, moment(value)])

    def level(self, leaf: tree.Level) -> events.Found:
        kind = str(type(leaf).__struct_config__.tag)
        value = self.person.levels.get(kind) or ("none" if kind == "stage" else None)
        return events.Found(compare("text", leaf.operator, value, leaf.value), value)

    def segment(self, leaf: tree.InSegment) -> events.Found:
        inside = leaf.segment in self.person.segments
        return events.Found(inside == (leaf.operator == "in"), inside)

    def group(self, leaf: tree.InGroup) -> events.Found:
        inside = leaf.group in self.person.groups
        return events.Found(inside == (leaf.operator == "in"), inside)

    def consent(self, leaf: tree.Consent) -> events.Found:
        state = self.person.consents.get((leaf.channel, leaf.purpose), "none")
        return events.Found(compare("text", leaf.operator, state, leaf.state), state)

    def referral(self, leaf: tree.Referral) -> events.Found:
        return self._count(leaf, self._referrals(leaf))

    def _referrals(self, leaf: tree.Referral) -> int:
        if leaf.what == "generation":
            return self.person.generation

        def counts(program: int, state: str) -> bool:
            states = tree.CONVERTED if leaf.what == "converted" else tree.INVITED
            return state in states and leaf.program in (None, program)

        if leaf.what == "was_invited":
            return int(any(counts(program, state) for program, state in self.person.invitations))
        return len({other for program, state, other in self.person.friends if counts(program, state) and other != self.person.id})

    def relationship(self, leaf: tree.Relationship) -> events.Found:
        others = {other for kind, other in self.person.relationships if leaf.kind in ("", kind)}
        return self._count(leaf, len(others - {self.person.id}))

    def _count(self, leaf: tree.Referral | tree.Relationship, value: int) -> events.Found:
        wanted = operand("whole", leaf.operator, leaf.value)
        return events.Found(compare("whole", leaf.operator, value, wanted), value)

    def bucket(self, leaf: tree.Bucket) -> events.Found:
        drawn = tree.bucket_of(self.person.id, leaf.seed)
        return events.Found(leaf.from_ <= drawn < leaf.until, drawn)


def moves(names: Sequence[str] | None, value: Any, person: Person, clock: Clock) -> list[int | None]:
    """When the days of helper traits begin (see rules.turns); without names the next midnight, of what is known."""
    if names is None:
        return [clock.midnight_us] if value is not None else []
    days = [person.traits.get(name) for name in names]
    return [clock.day_begins(day) for day in days if day is not None]


def earliest(moments: Iterable[int | None]) -> int | None:
    """The earliest of the moments there are."""
    return min((at for at in moments if at is not None), default=None)


def _same(value: int) -> int:
    return value


_LEAVES: dict[type[Any], Callable[[_Weighing, Any], events.Found]] = {
    tree.Event: _Weighing.event,
    tree.Sequence: _Weighing.sequence,
    tree.Trait: _Weighing.trait,
    tree.Stage: _Weighing.level,
    tree.Tier: _Weighing.level,
    tree.Pyramid: _Weighing.level,
    tree.Lead: _Weighing.level,
    tree.InSegment: _Weighing.segment,
    tree.InGroup: _Weighing.group,
    tree.Consent: _Weighing.consent,
    tree.Referral: _Weighing.referral,
    tree.Relationship: _Weighing.relationship,
    tree.Bucket: _Weighing.bucket,
}
