"""Operators by the kind of thing compared, and their values in the form that every interpreter computes with. Pure.

Kinds: number, whole (a number without fraction), text, boolean, day (business-local date), time (moment), monthday
(a yearly date as month * 100 + day). Days become day numbers since 1970, moments microseconds since 1970 UTC.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from passaparola.segments.rules.tree import DAY_US, Duration, Event

EPOCH_DAY = date(1970, 1, 1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Ten years: a window longer than any history here is a slip of the keyboard.
WINDOW_US_MAX = 3660 * DAY_US
LIST_MAX = 1000
YEAR_DAYS = 366
# Sums of properties add thousandths as whole numbers, so that no two engines add floats in another order;
# a property's number beyond this does not count in a sum.
SUM_MAX = 10**12
# JSON may hold numbers that no floating number can: a property's number beyond this is no value.
PROPERTY_MAX = 9e305
# "Days since" and the like: a hundred years.
DAYS_MAX = 36_600
TEXT_MAX = 500
NUMBER_MAX = 10**15

KNOWN_OR_NOT = ("null", "notNull")
_RANGE = ("between", "notBetween")
_LIST = ("in", "notIn")
_ORDER = ("=", "!=", "<", "<=", ">", ">=")
RELATIVE = ("inLast", "beforeLast", "inNext")
NUMBERS = (*_ORDER, *_RANGE, *_LIST)
OPERATORS: dict[str, tuple[str, ...]] = {
    "number": NUMBERS,
    "whole": NUMBERS,
    "text": (
        "=", "!=", *_LIST, "contains", "doesNotContain", "beginsWith", "doesNotBeginWith", "endsWith", "doesNotEndWith",
    ),
    "boolean": ("=", "!="),
    "day": (*_ORDER, *_RANGE, *RELATIVE),
    "time": ("<", "<=", ">", ">=", *_RANGE, *RELATIVE),
    "monthday": ("anniversaryWithin",),
}  # fmt: skip
KINDS = tuple(OPERATORS)
# What the columns of a fact are (the contract of facts: docs/reference/rules.md).
COLUMNS = {
    "product": "text",
    "category": "text",
    "channel": "text",
    "quantity_milli": "whole",
    "amount_minor": "whole",
    "offer_minor": "whole",
    "company": "whole",
    "day": "day",
    "hour": "whole",
    "weekday": "whole",
}
PROPERTIES = "properties."
# Quotes, brackets and the like have meanings of their own in the path languages of the databases.
_PROPERTY = re.compile(r"""[^"'`\\\[\]*?$@\x00-\x1f\x7f]{1,120}""")


def _(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is shown."""
    return text


class BadOperand(ValueError):
    """Why an operator and its value make no sense: a code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


def field_kind(field: str, value: Any) -> str | None:
    """The kind of a fact's field; of a property, the kind of what it is compared with. None: no such field.

    A property compared with nothing (null, notNull) is of kind "any".
    """
    if field in COLUMNS:
        return COLUMNS[field]
    if not field.startswith(PROPERTIES) or not _PROPERTY.fullmatch(field[len(PROPERTIES) :]):
        return None
    first = value[0] if isinstance(value, (list, tuple)) and value else value
    if isinstance(first, bool):
        return "boolean"
    if isinstance(first, (int, float)):
        return "number"
    return "text" if isinstance(first, str) else "any"


def operand(kind: str, operator: str, value: Any) -> Any:
    """The value ready to compute with: a number, text, bool, a tuple of them, a Duration, or None for null/notNull.

    Raises BadOperand.
    """
    if operator in KNOWN_OR_NOT:
        if value not in (None, ""):
            raise BadOperand("value_not_wanted", _("Known or not known is asked without a value."))
        return None
    if operator not in OPERATORS.get(kind, ()):
        raise BadOperand("wrong_operator", _("This operator does not fit what is compared."))
    if operator in RELATIVE:
        return _duration(kind, value)
    one = _ONE[kind]
    if operator in _RANGE:
        return _range(one, value)
    if operator in _LIST:
        return _list(one, value)
    return one(value)


def _range(one: Callable[[Any], Any], value: Any) -> tuple[Any, Any]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise BadOperand("wrong_type", _("Between needs two values, the lower first."))
    low, high = one(value[0]), one(value[1])
    if low > high:
        raise BadOperand("contradiction", _("Nothing lies between these two: the first is above the second."))
    return low, high


def _list(one: Callable[[Any], Any], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise BadOperand("wrong_type", _("A list of values is needed."))
    if not value:
        raise BadOperand("contradiction", _("Nothing is in an empty list."))
    if len(value) > LIST_MAX:
        raise BadOperand("too_many", _("The list has more than 1000 values: make it a group instead."))
    return tuple(dict.fromkeys(one(v) for v in value))


def _number(value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadOperand("wrong_type", _("A number is needed here."))
    if not math.isfinite(value) or abs(value) > NUMBER_MAX:
        raise BadOperand("out_of_range", _("The number is too large."))
    return value


def _whole(value: Any) -> int:
    number = _number(value)
    if int(number) != number:
        raise BadOperand("wrong_type", _("A whole number is needed here."))
    return int(number)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BadOperand("wrong_type", _("A text is needed here."))
    if len(value) > TEXT_MAX or "\0" in value:
        raise BadOperand("out_of_range", _("The text is too long."))
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadOperand("wrong_type", _("Yes or no is needed here."))
    return value


def _day(value: Any) -> int:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError) as problem:
        raise BadOperand("wrong_type", _("A date is needed here, such as 2026-11-21.")) from problem
    return (day - EPOCH_DAY).days


def _time(value: Any) -> int:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError) as problem:
        raise BadOperand("wrong_type", _("A moment is needed here, such as 2026-11-21T10:00:00+01:00.")) from problem
    if at.tzinfo is None:
        raise BadOperand("no_zone", _("The moment needs its time zone."))
    return as_us(at)


def _yearly(value: Any) -> int:
    days = _whole(value)
    if not 0 <= days <= 366:
        raise BadOperand("out_of_range", _("From 0 (the day itself) to 366 days."))
    return days


def _duration(kind: str, value: Any) -> Duration:
    try:
        made = msgspec.convert(value, Duration)
    except msgspec.ValidationError as problem:
        raise BadOperand("wrong_type", _("A length of time is needed, such as 30 days.")) from problem
    if kind == "day" and made.unit not in ("days", "weeks"):
        raise BadOperand("wrong_type", _("A day is compared in days or weeks."))
    check_duration(made)
    return made


def check_duration(duration: Duration) -> None:
    """Raises BadOperand where it is nothing or longer than ten years."""
    if duration.n < 1:
        raise BadOperand("contradiction", _("A length of time must be more than nothing."))
    if duration.us > WINDOW_US_MAX:
        raise BadOperand("out_of_range", _("Ten years is the longest length of time."))


_ONE: dict[str, Callable[[Any], Any]] = {
    "number": _number,
    "whole": _whole,
    "text": _text,
    "boolean": _boolean,
    "day": _day,
    "time": _time,
    "monthday": _yearly,
}


def as_us(at: datetime) -> int:
    """Microseconds since 1970 UTC of an aware moment, exactly."""
    return (at.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def sum_operand(leaf: Event) -> Any:
    """What a sum is compared with; of a property in thousandths, rounded as its parts are."""
    wanted = operand("number", leaf.operator, leaf.value)
    if field_kind(leaf.of, 0) == "whole":
        return wanted
    return tuple(thousandths(one) for one in wanted) if isinstance(wanted, tuple) else thousandths(wanted)


def thousandths(number: float | int) -> int:
    """The number in thousandths, halves upwards: exactly what `floor(number * 1000.0 + 0.5)` is everywhere."""
    return math.floor(float(number) * 1000.0 + 0.5)


def calendar(today: int) -> tuple[int, ...]:
    """The yearly dates (month * 100 + day) of a year's days, from day number `today` on."""
    dates = (EPOCH_DAY + timedelta(days=today + n) for n in range(YEAR_DAYS))
    return tuple(on.month * 100 + on.day for on in dates)


def days_ahead(monthday: int, today: int) -> int | None:
    """In how many days a yearly date comes next, 0 for today; None for what is no date.

    Who is born on 29 February has her day on the 28th where the coming year has no 29th.
    """
    dates = calendar(today)
    wanted = 228 if monthday == 229 and 229 not in dates else monthday
    return dates.index(wanted) if wanted in dates else None
