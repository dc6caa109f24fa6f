"""Pairs of conditions that cannot hold at once although all are asked for: nobody can be in. A warning, not a fault. Pure.

Only what is certain from the two conditions alone is said: ranges of one number that do not meet, levels of one scale without
one in common, in and not in the same. Under "any of these" and under "not" nothing contradicts.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import msgspec

from passaparola.segments.rules import tree
from passaparola.segments.rules.tree import Group

_ENDLESS = float("inf")


class Contradiction(msgspec.Struct, frozen=True):
    """The paths and the leaves of two conditions that cannot both hold."""

    path: str
    other_path: str
    leaf: Any
    other: Any


def contradictions(root: Group) -> list[Contradiction]:
    """Every such pair, in reading order."""
    return list(_below(root, ""))


def _below(group: Group, path: str) -> Iterator[Contradiction]:
    if group.combinator == "and":
        together = list(_together(group, path))
        for (one_path, one), (other_path, other) in combinations(together, 2):
            if _apart(one, other):
                yield Contradiction(one_path, other_path, one, other)
    for i, rule in enumerate(group.rules):
        # Groups taken along above are not looked at twice.
        if isinstance(rule, Group) and not (group.combinator == "and" and _joins(rule)):
            yield from _below(rule, _at(path, i))


def _together(group: Group, path: str) -> Iterator[tuple[str, Any]]:
    """The leaves that must all hold: the group's own, and those of groups that say "all of these" without not."""
    for i, rule in enumerate(group.rules):
        at = _at(path, i)
        if isinstance(rule, Group):
            if _joins(rule):
                yield from _together(rule, at)
        else:
            yield at, rule


def _joins(group: Group) -> bool:
    return group.combinator == "and" and not group.negated


def _at(path: str, i: int) -> str:
    return f"{path}.rules[{i}]" if path else f"rules[{i}]"


def _apart(one: Any, other: Any) -> bool:
    """Whether no person can fit both."""
    if type(one) is not type(other):
        return False
    if isinstance(one, tree.Level):
        return _levels_apart(one, other)
    if isinstance(one, (tree.InSegment, tree.InGroup)):
        return _subject(one) == _subject(other) and one.operator != other.operator
    if isinstance(one, tree.Consent):
        return _subject(one) == _subject(other) and _states_apart(one, other)
    if isinstance(one, (tree.Trait, tree.Event, tree.Referral, tree.Relationship)) and _subject(one) == _subject(other):
        return _values_apart(one, other)
    return False


def _subject(leaf: Any) -> dict[str, Any]:
    """What a leaf asks about, without how it is compared."""
    return {name: getattr(leaf, name) for name in leaf.__struct_fields__ if name not in ("operator", "value", "state")}


def _levels_apart(one: tree.Level, other: tree.Level) -> bool:
    """In few and in many; in few and not in few."""
    first, second = set(one.value), set(other.value)
    if one.operator == other.operator == "in":
        return bool(first and second and first.isdisjoint(second))
    if one.operator != other.operator:
        inside, outside = (first, second) if one.operator == "in" else (second, first)
        return bool(inside) and inside <= outside
    return False


def _states_apart(one: tree.Consent, other: tree.Consent) -> bool:
    if one.operator == other.operator == "=":
        return one.state != other.state
    return one.operator != other.operator and one.state == other.state


def _values_apart(one: Any, other: Any) -> bool:
    """Ranges that do not meet, texts that differ, known and not known."""
    if {one.operator, other.operator} == {"null", "notNull"}:
        return True
    if "null" in (one.operator, other.operator):
        return bool(one.operator != other.operator)
    if one.operator == other.operator == "=" and isinstance(one.value, str) and isinstance(other.value, str):
        # Whether case matters is not decided here.
        return one.value.casefold() != other.value.casefold()
    if {one.operator, other.operator} == {"=", "!="} and isinstance(one.value, (int, float, str)):
        return bool(one.value == other.value)
    first, second = _range(one), _range(other)
    if first is None or second is None:
        return False
    (low, low_open), (high, high_open) = max(first[0], second[0]), min(first[1], second[1])
    # Open ends are written as 1 at the lower and -1 at the upper end, so that max and min take the narrower.
    return low > high or (low == high and bool(low_open or high_open))


def _range(leaf: Any) -> tuple[tuple[float, int], tuple[float, int]] | None:
    """The lowest and the highest value that fits; None where it is no range of numbers."""
    value = leaf.value
    if leaf.operator == "between" and isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_number, value)):
        return (value[0], 0), (value[1], 0)
    if not _is_number(value):
        return None
    ends = {
        ">=": ((value, 0), (_ENDLESS, 0)), ">": ((value, 1), (_ENDLESS, 0)), "<=": ((-_ENDLESS, 0), (value, 0)),
        "<": ((-_ENDLESS, 0), (value, -1)), "=": ((value, 0), (value, 0)),
    }  # fmt: skip
    return ends.get(leaf.operator)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
