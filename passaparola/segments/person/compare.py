"""Comparing in three values: True, False, and None for unknown. Pure."""

from collections.abc import Sequence
from typing import Any

from passaparola.segments.rules.operands import PROPERTY_MAX
from passaparola.segments.rules.tree import Group


def kleene(group: Group, answers: Sequence[bool | None]) -> bool | None:
    """What a group says of what its members say. Empty: False, negated or not."""
    if not answers:
        return False
    # The value that decides alone: one False for "and", one True for "or".
    deciding = group.combinator == "or"
    if deciding in answers:
        made: bool | None = deciding
    else:
        made = None if None in answers else not deciding
    return invert(made) if group.negated else made


def invert(answer: bool | None) -> bool | None:
    """Not; unknown stays unknown."""
    return None if answer is None else not answer


def compare(kind: str, operator: str, value: Any, wanted: Any) -> bool | None:
    """`value operator wanted`, the latter as rules.operands makes it; None where the value is not known."""
    if operator in ("null", "notNull"):
        return (value is None) == (operator == "null")
    if value is None or not fits(kind, value):
        return None
    if kind == "number":
        # Every engine compares floating numbers.
        value, wanted = float(value), _floats(wanted)
    if operator.startswith("doesNot"):
        return not _PARTS[operator[7:]](value, wanted)
    if operator in ("notIn", "notBetween"):
        return not _holds(operator[3:].lower(), value, wanted)
    return _holds(operator, value, wanted)


def fits(kind: str, value: Any) -> bool:
    """Whether a value is of the kind; a text never equals a number."""
    if isinstance(value, int) and abs(value) > PROPERTY_MAX:
        return False
    if kind == "any":
        return isinstance(value, (bool, int, float, str))
    if kind == "text":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _floats(wanted: Any) -> Any:
    return tuple(float(one) for one in wanted) if isinstance(wanted, tuple) else float(wanted)


def _holds(operator: str, value: Any, wanted: Any) -> bool:
    return bool(_PLAIN[operator](value, wanted))


_PLAIN: dict[str, Any] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "in": lambda a, b: a in b,
    "between": lambda a, b: b[0] <= a <= b[1],
    "contains": lambda a, b: b in a,
    "beginsWith": lambda a, b: a.startswith(b),
    "endsWith": lambda a, b: a.endswith(b),
}
_PARTS = {"Contain": _PLAIN["contains"], "BeginWith": _PLAIN["beginsWith"], "EndWith": _PLAIN["endsWith"]}
