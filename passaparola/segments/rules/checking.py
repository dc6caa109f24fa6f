"""What is wrong with a rule tree, node by node, given what the installation knows. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from passaparola.segments.rules import tree
from passaparola.segments.rules.mentions import mentions
from passaparola.segments.rules.operands import (
    DAYS_MAX,
    NUMBERS,
    RELATIVE,
    WINDOW_US_MAX,
    BadOperand,
    _,
    check_duration,
    field_kind,
    operand,
)
from passaparola.segments.rules.reading import DEPTH_MAX, NODES_MAX
from passaparola.segments.rules.tree import Before, Between, Condition, Event, Group, Sequence, Since, Within

STEPS_MAX = 5
# Each is a moment of its own at which an answer may change.
DAYS_LISTED_MAX = 20
EVENT_NAME_MAX = 120
STAGES = ("none", "few", "some", "many")
PYRAMID = ("active", "inactive", "potential")
LEADS = ("cold", "warm", "hot")


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a rule: the node's path, a code, and an English sentence (translated by its text)."""

    path: str
    code: str
    message: str


class TraitKind(msgspec.Struct, frozen=True):
    """What a trait is (number, whole, text, boolean, day, time, monthday), and whether it moves as days pass.

    `grows`: a whole number that moves upwards only, as long as nothing happens.
    """

    type: str
    moves: bool = False
    grows: bool = False


class Known(msgspec.Struct, frozen=True):
    """What the installation knows. None: anything goes, for lists that are not to hand."""

    traits: Mapping[str, TraitKind] | None = None
    events: frozenset[str] | None = None
    # Each segment with its own rule, or None where it has no rule (a list by hand).
    segments: Mapping[int, Group | None] | None = None
    groups: frozenset[int] | None = None
    tiers: frozenset[str] | None = None


def check(root: Group, known: Known, *, segment: int | None = None) -> list[Problem]:
    """Everything that keeps the rule from being used, in reading order; empty if nothing does.

    `segment`: the segment whose rule this is to be, so that circles through it are seen.
    """
    return list(_problems(root, known, segment))


def _problems(root: Group, known: Known, segment: int | None) -> Iterator[Problem]:
    nodes = list(tree.walk(root))
    if len(nodes) > NODES_MAX or max(depth for _path, depth, _node in nodes) >= DEPTH_MAX:
        yield Problem("", "too_large", _("The rule has more than 200 conditions or 8 levels."))
        return
    for path, _depth, node in nodes:
        try:
            for code, message in _look(node, path, known, segment):
                yield Problem(path, code, message)
        except BadOperand as problem:
            yield Problem(path, problem.code, problem.message)


def _look(node: Any, path: str, known: Known, segment: int | None) -> Iterator[tuple[str, str]]:
    if isinstance(node, Group):
        if path and not node.rules:
            yield "empty_group", _("This group has no conditions: nobody would be in it.")
    elif isinstance(node, Condition):
        yield from _condition(node)
    elif isinstance(node, tree.Trait):
        yield from _trait(node, known)
    elif isinstance(node, Event):
        yield from _event(node, known)
    elif isinstance(node, Sequence):
        yield from _sequence(node, known)
    elif isinstance(node, tree.Level):
        yield from _level(node, known)
    elif isinstance(node, tree.InSegment):
        yield from _segment(node, known, segment)
    elif isinstance(node, tree.InGroup):
        if known.groups is not None and node.group not in known.groups:
            yield "unknown_group", _("There is no such group.")
    elif isinstance(node, tree.Bucket):
        if not 0 <= node.from_ < node.until <= 100 or not 0 <= node.seed < 2**32:
            yield "contradiction", _("A random part goes from 0 or more to 100 or less, the first below the second.")
    elif isinstance(node, (tree.Referral, tree.Relationship)):
        _count(node.operator, node.value)
    elif isinstance(node, tree.Consent) and not (0 < len(node.channel) <= 12 and 0 < len(node.purpose) <= 20):
        yield "unknown_channel", _("Consent needs a channel and a purpose.")


def _condition(node: Condition) -> Iterator[tuple[str, str]]:
    kind = field_kind(node.field, node.value)
    if kind is None:
        yield "unknown_field", _("An event has no such field; its own properties are written properties.name.")
    elif node.operator in RELATIVE:
        # What is lately is said by the event's window.
        yield "wrong_operator", _("This operator does not fit what is compared.")
    else:
        operand(kind, node.operator, node.value)


def _trait(node: tree.Trait, known: Known) -> Iterator[tuple[str, str]]:
    if known.traits is None:
        return
    kind = known.traits.get(node.trait)
    if kind is None:
        yield "unknown_trait", _("There is no such trait.")
    else:
        operand(kind.type, node.operator, node.value)


def _event(node: Event, known: Known) -> Iterator[tuple[str, str]]:
    yield from _name(node.event, known)
    yield from _window(node.window, known)
    if node.measure in ("sum", "min", "max"):
        if not node.of or (field_kind(node.of, 0) not in ("whole", "number")):
            yield "unknown_field", _("Say which number of the event is taken.")
        operand("number", node.operator, node.value)
    else:
        if node.measure == "distinct" and (not node.of or field_kind(node.of, 0) is None):
            yield "unknown_field", _("Say which field of the event is taken.")
        if node.measure != "distinct" and node.of:
            yield "value_not_wanted", _("This measure takes no field.")
        _count(node.operator, node.value)
    if node.measure in ("first", "last"):
        yield from _days(operand("whole", node.operator, node.value))
    if node.operator not in NUMBERS:
        yield "wrong_operator", _("This operator does not fit what is compared.")


def _days(wanted: Any) -> Iterator[tuple[str, str]]:
    values = wanted if isinstance(wanted, tuple) else (wanted,)
    if max(values) > DAYS_MAX:
        yield "out_of_range", _("The number is too large.")
    if len(values) > DAYS_LISTED_MAX:
        yield "too_many", _("The list is too long here: say between.")


def _sequence(node: Sequence, known: Known) -> Iterator[tuple[str, str]]:
    if not 2 <= len(node.steps) <= STEPS_MAX:
        yield "wrong_steps", _("A sequence has from 2 to 5 steps.")
    for i, step in enumerate(node.steps):
        yield from _name(step.event, known)
        if step.absent != (step.within is not None) or (step.absent and (i == 0 or i != len(node.steps) - 1)):
            yield "wrong_steps", _("Only the last step may be one that did not happen, and it says within how long.")
        if step.within is not None:
            check_duration(step.within)
    if node.within is not None:
        check_duration(node.within)
    if node.same and field_kind(node.same, "") is None:
        yield "unknown_field", _("An event has no such field; its own properties are written properties.name.")
    yield from _window(node.window, known)


def _name(event: str, known: Known) -> Iterator[tuple[str, str]]:
    if not 0 < len(event) <= EVENT_NAME_MAX or "\0" in event:
        yield "no_event", _("Say which event.")
    elif known.events is not None and event not in known.events:
        yield "unknown_event", _("There is no such event.")


def _window(window: Any, known: Known) -> Iterator[tuple[str, str]]:
    if isinstance(window, (Within, Before)):
        check_duration(window)
        if isinstance(window, Within) and not 0 <= window.skip < window.n:
            yield "contradiction", _("A window must end after it begins.")
    elif isinstance(window, Since):
        yield from _name(window.event, known)
    elif isinstance(window, Between):
        if window.from_at is None and window.until_at is None:
            yield "contradiction", _("Say from when or until when.")
        elif window.from_at is not None and window.until_at is not None:
            if window.from_at >= window.until_at:
                yield "contradiction", _("A window must end after it begins.")
            elif (window.until_at - window.from_at).days * tree.DAY_US > WINDOW_US_MAX:
                yield "out_of_range", _("Ten years is the longest length of time.")


def _level(node: tree.Level, known: Known) -> Iterator[tuple[str, str]]:
    allowed: Any = {tree.Stage: STAGES, tree.Pyramid: PYRAMID, tree.Lead: LEADS}.get(type(node), known.tiers)
    operand("text", "in", node.value)
    if allowed is not None and not set(node.value) <= set(allowed):
        yield "unknown_level", _("There is no such level.")


def _segment(node: tree.InSegment, known: Known, segment: int | None) -> Iterator[tuple[str, str]]:
    if known.segments is None:
        return
    if node.segment not in known.segments and node.segment != segment:
        yield "unknown_segment", _("There is no such segment.")
    elif segment is not None and segment in _reached(node.segment, known.segments):
        yield "circle", _("This segment leads back to itself.")


def _reached(start: int, segments: Mapping[int, Group | None]) -> set[int]:
    """The segment and all it is made from."""
    found, waiting = set[int](), [start]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            rule = segments.get(one)
            waiting.extend(mentions(rule).segments if rule else ())
    return found


def _count(operator: str, value: Any) -> None:
    """How many: a whole number that is not below nothing."""
    found = operand("whole", operator, value)
    if operator in ("null", "notNull"):
        raise BadOperand("wrong_operator", _("This operator does not fit what is compared."))
    least = found if isinstance(found, int) else min(found)
    if least < 0 or (operator == "<" and least == 0):
        raise BadOperand("contradiction", _("Nothing happens less often than never."))
