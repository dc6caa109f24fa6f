"""The shape of a definition, and the types a property may have."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any


def _(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an event. `instead`: other names under which the same thing may come."""

    name: str
    type: str
    meaning: str
    required: bool = False
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A known event. `type` is the call it comes in: track, identify, alias, …, or act for our own doors' acts."""

    name: str
    meaning: str
    properties: tuple[Property, ...] = ()
    type: str = "track"


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is odd about one property: `code` is "missing" or "type"; `wanted` is the type expected."""

    property: str
    code: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Type:
    """A type a property may have: how to say it, and whether a JSON value is of it."""

    meaning: str
    holds: Callable[[Any], bool]


_CURRENCY = re.compile(r"[A-Z]{3}")


def _is_number(value: Any) -> bool:
    """A finite JSON number, or a string of one: Segment SDKs of some languages send money as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return False
    try:
        return Decimal(str(value).strip()).is_finite()
    except InvalidOperation:
        return False


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_id(value: Any) -> bool:
    return _is_integer(value) or (isinstance(value, str) and 0 < len(value.strip()) <= 255)


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value[:10]))
    except ValueError:
        return False


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


TYPES: dict[str, Type] = {
    "text": Type(_("text"), lambda value: isinstance(value, str)),
    "id": Type(_("an identifier of yours: text or whole number, at most 255 characters"), _is_id),
    "money": Type(_('an amount in the currency\'s major unit: 49.90, or "49.90"'), _is_number),
    "currency": Type(
        _("an ISO 4217 code: EUR"), lambda value: isinstance(value, str) and bool(_CURRENCY.fullmatch(value.upper()))
    ),
    "number": Type(_("a number"), _is_number),
    "integer": Type(_("a whole number"), _is_integer),
    "boolean": Type(_("true or false"), lambda value: isinstance(value, bool)),
    "day": Type(_("a day: 2026-11-21"), _is_day),
    "time": Type(_("a moment, ISO 8601: 2026-11-21T09:30:00Z"), _is_time),
    "list": Type(_("a list"), lambda value: isinstance(value, list)),
    "object": Type(_("an object"), lambda value: isinstance(value, dict)),
}
