"""When a comparison of a trait that moves as days pass can come out otherwise: the helper traits that tell the day. Pure.

Of a trait that only grows, such as the days since a purchase, `name@30` is the local day on which it is 30 or more for the
first time; a comparison changes where it crosses one of a few such values, and after the last of them never again without
an event. Of another moving trait, such as what was bought in the period, `name@` is the next local day on which it may be
different at all. Helper traits have no place in a rule or a list; a day that is over, or none, means: no more.
"""

from typing import Any

from passaparola.segments.rules.checking import DAYS_LISTED_MAX, TraitKind
from passaparola.segments.rules.operands import DAYS_MAX, KNOWN_OR_NOT, RELATIVE, operand
from passaparola.segments.rules.tree import Trait

MARK = "@"


def turns(leaf: Trait, kind: TraitKind) -> tuple[str, ...] | None:
    """The helper traits whose days matter to this comparison; none: never by time alone. None: it may be any midnight."""
    if not kind.moves:
        return ()
    if not kind.grows:
        return (f"{leaf.trait}{MARK}",)
    if leaf.operator in KNOWN_OR_NOT:
        return ()
    if leaf.operator in RELATIVE:
        return None
    values = _crossed(leaf.operator, operand(kind.type, leaf.operator, leaf.value))
    if len(values) > 2 * DAYS_LISTED_MAX or any(abs(value) > DAYS_MAX for value in values):
        return None
    return tuple(f"{leaf.trait}{MARK}{value}" for value in values)


def _crossed(operator: str, wanted: Any) -> list[int]:
    """The values at which a growing whole number makes the comparison come out otherwise than one less did."""
    if operator in (">=", "<"):
        return [wanted]
    if operator in (">", "<="):
        return [wanted + 1]
    if operator in ("between", "notBetween"):
        return [wanted[0], wanted[1] + 1]
    inside = set(wanted) if isinstance(wanted, tuple) else {wanted}
    return sorted(value for one in inside for value in (one, one + 1) if (value in inside) != (value - 1 in inside))


def read_turn(name: str) -> tuple[str, int | None] | None:
    """Of a helper trait: of which trait, and the value it reaches, if it is of one that grows. None: no helper trait."""
    trait, mark, value = name.partition(MARK)
    return (trait, int(value) if value else None) if mark else None
