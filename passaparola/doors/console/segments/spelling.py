"""What is typed into fields, and the values of the tree: numbers, money, dates, lists, in both directions. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from passaparola.segments.rules.operands import COLUMNS, PROPERTIES, RELATIVE

RANGES = ("between", "notBetween")
LISTS = ("in", "notIn")
WITHOUT = ("null", "notNull")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


@dataclass(frozen=True)
class Kinds:
    """What typing needs to know: each trait's type and unit, the business's zone, how many decimals its currency has."""

    traits: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    zone: str = "UTC"
    decimals: int = 2

    def of_trait(self, name: str) -> tuple[str, int]:
        """A trait's type and how many decimals are typed of what is kept whole."""
        kind = self.traits.get(name, "text")
        return kind, self.decimals if self.units.get(name) == "minor" else 0

    def of_field(self, name: str, chosen: str) -> tuple[str, int]:
        """The same of a fact's field; what a property is, the form says (`chosen`)."""
        if name.startswith(PROPERTIES):
            return chosen or "text", 0
        scale = self.decimals if name.endswith("_minor") else 3 if name.endswith("_milli") else 0
        return COLUMNS.get(name, "text"), scale


def number(text: str, scale: int = 0) -> Any:
    """12, 12.5 or 12,5 as a number `scale` digits up; the text itself where it is none."""
    plain = "".join(text.split())
    if not _NUMBER.fullmatch(plain):
        return text
    try:
        value = Decimal(plain.replace(",", ".")).scaleb(scale)
    except InvalidOperation:
        return text
    return int(value) if value == value.to_integral_value() else float(value)


def number_text(value: Any, scale: int = 0) -> str:
    """How a number is typed: 4990 at scale 2 as 49.90, 5000 as 50."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "" if value is None else str(value)
    made = Decimal(str(value)).scaleb(-scale)
    if made == made.to_integral_value():
        return str(int(made))
    return format(made, "f") if scale != 2 else format(made, ".2f") if made == round(made, 2) else format(made, "f")


def moment(text: str, zone: str) -> str:
    """A moment as the business's clocks show it, or with its own zone, as ISO with zone; the text where it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).isoformat()


def moment_text(value: Any, zone: str) -> str:
    """For a field of local time; with its zone where local time alone would say another moment."""
    if value is None:
        return ""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    if at.tzinfo is None:
        return at.isoformat()
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    exact = local.replace(tzinfo=ZoneInfo(zone)) == at and local.microsecond == 0
    if not exact:
        return str(at.isoformat())
    return str(local.isoformat(timespec="seconds" if local.second else "minutes"))


def one(kind: str, text: str, scale: int, zone: str) -> Any:
    """One value of a kind; as typed where it is none."""
    text = text.strip()
    if kind in ("number", "whole", "monthday"):
        return number(text, scale)
    if kind == "boolean":
        return {"yes": True, "no": False}.get(text, text)
    return moment(text, zone) if kind == "time" else text


def one_text(kind: str, value: Any, scale: int, zone: str) -> str:
    """One value as it is typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if kind in ("number", "whole", "monthday"):
        return number_text(value, scale)
    if kind == "time":
        return moment_text(value, zone)
    return number_text(value) if not isinstance(value, str) else value


def lines(values: Sequence[str]) -> list[str]:
    """One value a line, or a ticked box each."""
    return [line.strip() for value in values for line in value.splitlines() if line.strip()]


def duration(n: str, unit: str) -> dict[str, Any]:
    """{"n": 30, "unit": "days"}."""
    return {"n": number(n), "unit": unit or "days"}


def value(fields: Mapping[str, Sequence[str]], kind: str, operator: str, scale: int, zone: str) -> dict[str, Any]:
    """{"value": …} as the tree has it, {} where the operator takes none."""
    first = (fields.get("value") or [""])[0]
    if operator in WITHOUT:
        return {}
    if operator in RELATIVE:
        return {"value": duration(first, (fields.get("unit") or [""])[0])}
    if operator in RANGES:
        second = (fields.get("value2") or [""])[0]
        return {"value": [one(kind, text, scale, zone) for text in (first, second)]}
    if operator in LISTS:
        typed = lines(fields.get("values") or ([first] if first else []))
        return {"value": [one(kind, text, scale, zone) for text in typed]}
    if not first and fields.get("values"):
        first = next(iter(lines(fields["values"])), "")
    return {"value": one(kind, first, scale, zone)}


def typed(value: Any, kind: str, operator: str, scale: int, zone: str) -> dict[str, list[str]]:
    """The fields that say a value of the tree."""
    if operator in WITHOUT:
        return {}
    if isinstance(value, Mapping):
        return {"value": [number_text(value.get("n"))], "unit": [str(value.get("unit", "days"))]}
    if isinstance(value, (list, tuple)):
        texts = [one_text(kind, v, scale, zone) for v in value]
        if operator in RANGES:
            return {"value": texts[:1], "value2": texts[1:2]}
        return {"values": texts}
    return {"value": [one_text(kind, value, scale, zone)]}
