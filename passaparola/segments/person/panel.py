"""Many rules over one person at once, without reasons: leaves that rules share are asked once. Pure.

The same answers as `explain`, which it asks for whatever is not simple; the tests let all interpreters agree.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from passaparola.segments.person import _LEAVES, _Weighing, earliest, events, moves
from passaparola.segments.person.compare import _PLAIN, compare, kleene
from passaparola.segments.person.facts import Fact, Person
from passaparola.segments.rules import tree
from passaparola.segments.rules.checking import TraitKind
from passaparola.segments.rules.clock import Clock
from passaparola.segments.rules.operands import PROPERTIES, PROPERTY_MAX, operand
from passaparola.segments.rules.tree import Event, Group, Since, Within
from passaparola.segments.rules.turning import turns

# What a leaf says: its answer and the next moment at which time alone may change it.
Said = tuple[bool | None, int | None]
_ORDER = ("=", "!=", "<", "<=", ">", ">=")
_MEASURES = ("count", "days", "orders")
_ORDER_FIELDS = frozenset({"amount_minor", "offer_minor", "company", "channel"})
# Leaves that a panel answers from what is read of a person; a rule with another one is asked elsewhere.
LEAVES = (tree.Event, tree.Sequence, tree.Trait, tree.Stage, tree.Lead, tree.InSegment, tree.Bucket)


class Needs(msgspec.Struct):
    """What must be read of everybody before a panel can say something."""

    # Event name → how far back (a leaf's window in microseconds); None: all of it.
    reach_us: dict[str, int | None] = {}
    # Names of events whose properties, order columns or company are looked at.
    properties: set[str] = set()
    orders: set[str] = set()
    traits: set[str] = set()
    levels: set[str] = set()
    segments: set[int] = set()


class Sheet:
    """One person at one moment, her facts by name, each list in the order of time."""

    __slots__ = ("clock", "facts", "meeting", "now", "person", "traits")

    def __init__(self, person: Person, facts: Mapping[str, Sequence[Fact]], clock: Clock, traits: Mapping[str, TraitKind]):
        self.person, self.facts, self.clock, self.traits = person, facts, clock, traits
        self.now = clock.as_of_us
        self.meeting: dict[Any, tuple[Sequence[Fact], list[int]]] = {}


class Panel:
    """Rules by number, made ready once. `timed`: those whose next change is wanted."""

    def __init__(self, trees: Mapping[int, Group], traits: Mapping[str, TraitKind], timed: Iterable[int] = ()) -> None:
        self.traits = traits
        self.needs = Needs()
        self._numbers: dict[Any, int] = {}
        self._looks: list[Callable[[Sheet], Said]] = []
        wanted = frozenset(timed)
        self._trees = [(id_, self._form(root)) for id_, root in trees.items()]
        # Most rules are one leaf, or two that must both hold: those are looked up.
        pairs = [(id_, _pair(form)) for id_, form in self._trees]
        self._pairs = [(id_, *pair) for id_, pair in pairs if pair]
        self._rest = [(id_, form) for id_, form in self._trees if not _pair(form)]
        timed_trees = [root for id_, root in trees.items() if id_ in wanted]
        self._timed = sorted({self._numbers[_key(leaf)] for root in timed_trees for _, leaf in tree.leaves(root)})

    def ask(self, person: Person, facts: Mapping[str, Sequence[Fact]], clock: Clock) -> tuple[list[int], int | None]:
        """The rules that say yes, and when time alone may next change one of the timed."""
        said = self._said(person, facts, clock)
        answers = [answer for answer, _ in said]
        yes = [id_ for id_, one, other in self._pairs if answers[one] is True and answers[other] is True]
        yes += [id_ for id_, form in self._rest if _answer(form, answers) is True]
        next_us: int | None = None
        for number in self._timed:
            change = said[number][1]
            if change is not None and (next_us is None or change < next_us):
                next_us = change
        return yes, next_us

    def answer(self, person: Person, facts: Mapping[str, Sequence[Fact]], clock: Clock) -> Said:
        """Of a panel with one rule: its answer in three values, and the next change. For tests."""
        said = self._said(person, facts, clock)
        return _answer(self._trees[0][1], [answer for answer, _ in said]), earliest(change for _, change in said)

    def _said(self, person: Person, facts: Mapping[str, Sequence[Fact]], clock: Clock) -> list[Said]:
        sheet = Sheet(person, facts, clock, self.traits)
        return [look(sheet) for look in self._looks]

    def _form(self, node: Any) -> Any:
        """A tree with the numbers of its leaves in their places; a group of one is what that one is."""
        if isinstance(node, Group):
            if len(node.rules) == 1 and not node.negated:
                return self._form(node.rules[0])
            return node, [self._form(rule) for rule in node.rules]
        key = _key(node)
        if key not in self._numbers:
            self._numbers[key] = len(self._looks)
            self._looks.append(_look(node, self.traits))
            _need(self.needs, node, self.traits)
        return self._numbers[key]


def _key(node: Any) -> bytes:
    """What tells one leaf from every other: as values of Python 1 and true are the same."""
    return msgspec.json.encode(node)


def fits(root: Group) -> bool:
    """Whether a panel can answer this rule."""
    return all(isinstance(leaf, LEAVES) for _, leaf in tree.leaves(root))


def _pair(form: Any) -> tuple[int, int] | None:
    """The two leaves (or twice the same) of which both must hold for a rule to say yes; None for any other rule."""
    if type(form) is int:
        return form, form
    group, parts = form
    simple = group.combinator == "and" and not group.negated and len(parts) == 2
    return (parts[0], parts[1]) if simple and all(type(part) is int for part in parts) else None


def _answer(form: Any, answers: Sequence[bool | None]) -> bool | None:
    if type(form) is int:
        return answers[form]
    return kleene(form[0], [_answer(part, answers) for part in form[1]])


def _look(leaf: Any, traits: Mapping[str, TraitKind]) -> Callable[[Sheet], Said]:
    """How a leaf is answered: the usual ones with everything worked out beforehand."""
    if isinstance(leaf, Event) and leaf.measure in _MEASURES and isinstance(leaf.window, (Within, type(None))):
        return _counting(leaf)
    if isinstance(leaf, Event):
        names = [leaf.event, *([leaf.window.event] if isinstance(leaf.window, Since) else [])]
        return lambda sheet: _found(events.event(leaf, _of(sheet, names), sheet.now), sheet)
    if isinstance(leaf, tree.Sequence):
        steps = sorted({step.event for step in leaf.steps})
        return lambda sheet: _found(events.sequence(leaf, _of(sheet, steps), sheet.now), sheet)
    if isinstance(leaf, tree.Trait) and leaf.operator in _ORDER:
        return _comparing(leaf, traits[leaf.trait])
    verb = _LEAVES[type(leaf)]
    return lambda sheet: _found(verb(_Weighing(sheet.person, sheet.clock, sheet.traits), leaf), sheet)


def _found(found: events.Found, sheet: Sheet) -> Said:
    return found.answer, earliest(at for at in found.changes if at is not None and at > sheet.now)


def _of(sheet: Sheet, names: Iterable[str]) -> list[Fact]:
    return [fact for name in dict.fromkeys(names) for fact in sheet.facts.get(name, ())]


def _counting(leaf: Event) -> Callable[[Sheet], Said]:
    """How many facts, days or orders lie in the last so many units, or ever."""
    holds, key = _holds("whole", leaf.operator, leaf.value), (leaf.event, _key(leaf.where))
    whole = None if leaf.measure == "count" else (_days if leaf.measure == "days" else _orders)
    length, skip = (leaf.window.us, leaf.window.skip_us) if isinstance(leaf.window, Within) else (None, 0)

    def look(sheet: Sheet) -> Said:
        facts, moments = sheet.meeting.get(key) or _meeting(sheet, leaf, key)
        if not moments:
            return holds(0), None
        until = bisect_right(moments, sheet.now - skip)
        change = moments[until] + skip if until < len(moments) else None
        first = 0
        if length is not None:
            first = bisect_right(moments, sheet.now - length)
            if first < len(moments):
                leaves = moments[first] + length
                change = leaves if change is None or leaves < change else change
        inside = until - first
        return holds(inside if whole is None else whole(facts[first:until])), change

    return look


def _meeting(sheet: Sheet, leaf: Event, key: Any) -> tuple[Sequence[Fact], list[int]]:
    """The facts of that name that meet the conditions, and their moments; kept for the leaves that ask the same."""
    facts = sheet.facts.get(leaf.event, ())
    if leaf.where is not None:
        facts = [fact for fact in facts if events.meets(leaf.where, fact)]
    sheet.meeting[key] = found = (facts, [fact.at_us for fact in facts])
    return found


def _days(facts: Sequence[Fact]) -> int:
    return len({fact.day for fact in facts})


def _orders(facts: Sequence[Fact]) -> int:
    return len({fact.order_key for fact in facts if fact.order_key is not None})


def _holds(kind: str, operator: str, value: Any) -> Callable[[Any], bool | None]:
    wanted = operand(kind, operator, value)
    if operator in _ORDER and kind == "whole":
        plain: Callable[[Any, Any], bool] = _PLAIN[operator]
        return lambda found: plain(found, wanted)
    return lambda found: compare(kind, operator, found, wanted)


def _comparing(leaf: tree.Trait, kind: TraitKind) -> Callable[[Sheet], Said]:
    name, operator, wanted = leaf.trait, leaf.operator, operand(kind.type, leaf.operator, leaf.value)
    names = turns(leaf, kind)
    plain: Callable[[Any, Any], bool] = _PLAIN[operator]
    # A value of this very type is compared as it is, as `compare` would.
    text, whole = kind.type == "text", kind.type == "whole"

    def look(sheet: Sheet) -> Said:
        value: Any = sheet.person.traits.get(name)
        changes = moves(names, value, sheet.person, sheet.clock) if names != () else ()
        change = earliest(at for at in changes if at is not None and at > sheet.now) if changes else None
        if (text and type(value) is str) or (whole and type(value) is int and abs(value) <= PROPERTY_MAX):
            return plain(value, wanted), change
        return compare(kind.type, operator, value, wanted), change

    return look


def _need(needs: Needs, leaf: Any, traits: Mapping[str, TraitKind]) -> None:
    if isinstance(leaf, Event):
        _need_event(needs, leaf)
    elif isinstance(leaf, tree.Sequence):
        for step in leaf.steps:
            _reach(needs, step.event, None)
            _fields(needs, step.event, step.where, leaf.same)
    elif isinstance(leaf, tree.Trait):
        needs.traits.update((leaf.trait, *(turns(leaf, traits[leaf.trait]) or ())))
    elif isinstance(leaf, tree.Level):
        needs.levels.add(str(type(leaf).__struct_config__.tag))
    elif isinstance(leaf, tree.InSegment):
        needs.segments.add(leaf.segment)


def _need_event(needs: Needs, leaf: Event) -> None:
    _reach(needs, leaf.event, leaf.window.us if isinstance(leaf.window, Within) else None)
    _fields(needs, leaf.event, leaf.where, leaf.of, "order_key" if leaf.measure == "orders" else "")
    if isinstance(leaf.window, Since):
        _reach(needs, leaf.window.event, None)


def _reach(needs: Needs, name: str, us: int | None) -> None:
    known = needs.reach_us.get(name, 0)
    needs.reach_us[name] = None if us is None or known is None else max(known, us)


def _fields(needs: Needs, event: str, where: Group | None, *more: str) -> None:
    """Which of the costly columns the conditions and measures look at."""
    conditions = [node.field for _, _, node in tree.walk(where) if isinstance(node, tree.Condition)] if where else []
    for field in (*conditions, *more):
        if field.startswith(PROPERTIES):
            needs.properties.add(event)
        elif field in _ORDER_FIELDS or field == "order_key":
            needs.orders.add(event)
