"""Event and sequence leaves over one person's facts. Pure."""

from collections.abc import Sequence
from typing import Any

import msgspec

from passaparola.segments.person.compare import compare, fits, kleene
from passaparola.segments.person.facts import Fact
from passaparola.segments.rules import tree
from passaparola.segments.rules.operands import (
    COLUMNS,
    PROPERTIES,
    SUM_MAX,
    as_us,
    field_kind,
    operand,
    sum_operand,
    thousandths,
)
from passaparola.segments.rules.tree import DAY_US, Before, Between, Group, Since, Step, Within


class Found(msgspec.Struct, frozen=True):
    """What a leaf found: its answer, what it saw, what counted, and moments at which the answer may change."""

    answer: bool | None
    value: Any = None
    facts: Sequence[Fact] = ()
    changes: Sequence[int | None] = ()


def event(leaf: tree.Event, facts: Sequence[Fact], now: int) -> Found:
    """The measure over the facts that meet the conditions and lie in the window, compared."""
    since: int | None = None
    changes: list[int | None] = []
    if isinstance(leaf.window, Since):
        begins = [fact.at_us for fact in facts if fact.name == leaf.window.event]
        since = max((at for at in begins if at <= now), default=None)
        changes += [at for at in begins if at > now]
        if not begins:
            return Found(None)
    candidates = [fact for fact in facts if fact.name == leaf.event and meets(leaf.where, fact)]
    for fact in candidates:
        changes += _changes(leaf.window, fact.at_us)
    if isinstance(leaf.window, Since) and since is None:
        return Found(None, None, (), changes)
    counted = [fact for fact in candidates if _inside(leaf.window, fact.at_us, now, since)]
    value = _measure(leaf, counted)
    answer = _compared(leaf, value, now)
    if leaf.measure in ("first", "last") and value is not None:
        changes += [value + bound * DAY_US for bound in _boundaries(leaf)]
        value = (now - value) // DAY_US
    elif leaf.measure == "sum" and field_kind(leaf.of, 0) == "number":
        value = value / 1000
    return Found(answer, value, counted, changes)


def meets(where: Group | None, fact: Fact) -> bool:
    """Whether the conditions hold; unknown does not."""
    return where is None or _holds(where, fact) is True


def _holds(node: Any, fact: Fact) -> bool | None:
    if isinstance(node, Group):
        return kleene(node, [_holds(rule, fact) for rule in node.rules])
    kind = field_kind(node.field, node.value) or "any"
    value = field_of(fact, node.field)
    if kind == "any" and not fits(kind, value):
        value = None
    return compare(kind, node.operator, value, operand(kind, node.operator, node.value))


def field_of(fact: Fact, field: str) -> Any:
    """A column of the fact or one of its properties; lists and objects are no values."""
    if field.startswith(PROPERTIES):
        return fact.props.get(field[len(PROPERTIES) :])
    if field == "weekday":
        return (fact.day + 3) % 7 + 1
    return getattr(fact, field) if field in COLUMNS else None


def _inside(window: Any, at: int, now: int, since: int | None) -> bool:
    if at > now:
        return False
    if isinstance(window, Within):
        return now - window.us < at <= now - window.skip_us
    if isinstance(window, Before):
        return at <= now - window.us
    if isinstance(window, Between):
        return _in_range(window, at)
    return since is None or at > since


def _in_range(window: Between, at: int) -> bool:
    return (window.from_at is None or at >= as_us(window.from_at)) and (
        window.until_at is None or at < as_us(window.until_at)
    )


def _changes(window: Any, at: int) -> list[int]:
    """When a fact of that moment comes in and leaves."""
    if isinstance(window, Within):
        return [at + window.skip_us, at + window.us]
    if isinstance(window, Before):
        return [at + window.us]
    return [at] if not isinstance(window, Between) or _in_range(window, at) else []


def _measure(leaf: tree.Event, facts: Sequence[Fact]) -> Any:
    """The measure; of first and last the moment, of the sum of a property thousandths."""
    match leaf.measure:
        case "count":
            return len(facts)
        case "days":
            return len({fact.day for fact in facts})
        case "orders":
            return len({fact.order_key for fact in facts if fact.order_key is not None})
        case "first":
            return min((fact.at_us for fact in facts), default=None)
        case "last":
            return max((fact.at_us for fact in facts), default=None)
    values = [field_of(fact, leaf.of) for fact in facts]
    if leaf.measure == "distinct":
        return len({_apart(value) for value in values if fits("any", value)})
    numbers = [value for value in values if fits("number", value)]
    if leaf.measure != "sum":
        return (min if leaf.measure == "min" else max)(numbers, default=None)
    if field_kind(leaf.of, 0) == "whole":
        return sum(numbers)
    return sum(thousandths(number) for number in numbers if abs(float(number)) <= SUM_MAX)


def _apart(value: Any) -> tuple[str, Any]:
    """True is not 1, and "1" is neither."""
    if isinstance(value, bool):
        return "boolean", value
    return ("text", value) if isinstance(value, str) else ("number", float(value))


def _compared(leaf: tree.Event, value: Any, now: int) -> bool | None:
    if leaf.measure in ("min", "max"):
        return compare("number", leaf.operator, value, operand("number", leaf.operator, leaf.value))
    if leaf.measure == "sum":
        kind = "number" if field_kind(leaf.of, 0) == "whole" else "whole"
        return compare(kind, leaf.operator, value, sum_operand(leaf))
    days = value if value is None or leaf.measure not in ("first", "last") else (now - value) // DAY_US
    return compare("whole", leaf.operator, days, operand("whole", leaf.operator, leaf.value))


def _boundaries(leaf: tree.Event) -> set[int]:
    wanted = operand("whole", leaf.operator, leaf.value)
    return {bound for one in (wanted if isinstance(wanted, tuple) else (wanted,)) for bound in (one, one + 1)}


def sequence(leaf: tree.Sequence, facts: Sequence[Fact], now: int) -> Found:
    """Whether the steps happened one after the other, by following every start.

    For each start the earliest possible next step is taken: whatever can follow a later one can follow it too.
    Before an absence every possible last step is tried.
    """
    by_step = [[fact for fact in facts if fact.name == step.event and meets(step.where, fact)] for step in leaf.steps]
    changes: list[int | None] = [at for fact in by_step[0] for at in _changes(leaf.window, fact.at_us)]
    changes += [fact.at_us for step in by_step[1:] for fact in step]
    silence = leaf.steps[-1] if leaf.steps[-1].absent else None
    happened = by_step[:-1] if silence else by_step
    found: list[Fact] = []
    for start in by_step[0]:
        if not _inside(leaf.window, start.at_us, now, None) or not _same(leaf.same, start, start):
            continue
        for chain in _chains(leaf, happened, start, now, every=silence is not None):
            others = [fact for fact in by_step[-1] if _same(leaf.same, start, fact)] if silence else []
            answer, change = _silent(silence, others, chain[-1].at_us, now) if silence else (True, None)
            changes.append(change)
            if answer and not found:
                found = chain
    return Found(bool(found), bool(found), found, changes)


def _same(field: str, start: Fact, fact: Fact) -> bool:
    """Whether both have the same known value of the field; always where none is asked for."""
    if not field:
        return True
    first, second = field_of(start, field), field_of(fact, field)
    return fits("any", first) and fits("any", second) and _apart(first) == _apart(second)


def _chains(leaf: tree.Sequence, steps: Sequence[Sequence[Fact]], start: Fact, now: int, *, every: bool) -> list[list[Fact]]:
    """The chains from a start: the earliest one, or with `every` one for each possible last step."""
    until = now if leaf.within is None else min(now, start.at_us + leaf.within.us)
    chain = [start]
    for k, step in enumerate(steps[1:], start=2):
        fitting = (fact for fact in step if chain[-1].at_us < fact.at_us <= until and _same(leaf.same, start, fact))
        later = sorted(fitting, key=lambda fact: fact.at_us)
        if not later:
            return []
        if every and k == len(steps):
            return [[*chain, fact] for fact in later]
        chain.append(later[0])
    return [chain]


def _silent(step: Step, facts: Sequence[Fact], end: int, now: int) -> tuple[bool, int | None]:
    """Whether nothing of the step followed within its time, all of which has passed; else when it will have."""
    over = end + (step.within.us if step.within else 0)
    if any(end < fact.at_us <= min(over, now) for fact in facts):
        return False, None
    return over <= now, over
