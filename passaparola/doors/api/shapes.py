"""The shapes that all routes share: strict types in, money and pages out."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from django.utils.translation import gettext as _
from ninja import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from passaparola.doors.api.problems import Problem

PAGE_ROWS_MAX = 200
PAGE_ROWS = 50
ID_MAX = 2**53 - 1
AMOUNT_MAX = 10**15
_DIGITS = re.compile(r"-?[0-9]{1,16}")
_JSON_DEPTH_MAX = 12


class In(BaseModel):
    """A body as it must come: no unknown members, and no "1" where 1 is meant."""

    model_config = ConfigDict(strict=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _numbers_as_json_has_them(cls, body: Any) -> Any:
        """JSON has one kind of number: 450.0 is the whole number 450, and some clients write it so."""
        return {name: _unpointed(value) for name, value in body.items()} if isinstance(body, dict) else body


class Out(BaseModel):
    """A body as we send it."""


def _unpointed(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) <= ID_MAX else value


def whole(value: Any) -> Any:
    """Query and path values are text: only plain digits are a number."""
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise ValueError(_("must be a whole number"))
    return value


def _plain(value: str) -> str:
    if any(ord(letter) < 32 and letter not in "\t\n\r" for letter in value):
        raise ValueError(_("holds control characters"))
    return value


def _json(value: Any, depth: int = 0) -> Any:
    """What databases can keep: no NUL, no endless depth."""
    if depth > _JSON_DEPTH_MAX:
        raise ValueError(_("is nested too deeply"))
    if isinstance(value, str) and "\0" in value:
        raise ValueError(_("holds control characters"))
    if isinstance(value, dict):
        for key, inner in value.items():
            _json(key, depth)
            _json(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _json(inner, depth + 1)
    elif isinstance(value, int) and abs(value) > 2**63 - 1:
        raise ValueError(_("is a number too large"))
    return value


def _integral(value: Any) -> Any:
    """JSON knows one kind of number: 4990.0 is 4990. A fraction, text or true is still refused."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) <= ID_MAX else value


def _z(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


NOT_CONTROL = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$"
# The bounds come first: what stands before a validator is what the schema tells.
# A whole number, also where JSON writes it as 3.0.
integral = BeforeValidator(_integral)
_number = integral
Id = Annotated[int, Field(ge=1, le=ID_MAX), _number]
AmountMinor = Annotated[int, Field(ge=0, le=AMOUNT_MAX), _number]
Visits = Annotated[int, Field(ge=0, le=100_000), _number]
Percent = Annotated[int, Field(ge=0, le=100), _number]
PeopleCount = Annotated[int, Field(ge=0, le=10**10), _number]
Margin = Annotated[int, Field(ge=0, le=1000), _number]
StayDays = Annotated[int, Field(ge=0, le=3660), _number]
PeriodDays = Annotated[int, Field(ge=7, le=3660), _number]
# Length first, then the check: so that what is too long is said to be too long.
_no_control = AfterValidator(_plain)
_pattern: dict[str, Any] = {"pattern": NOT_CONTROL}
Text = Annotated[str, Field(min_length=1, max_length=500, json_schema_extra=_pattern), _no_control]
ShortText = Annotated[str, Field(min_length=1, max_length=120, json_schema_extra=_pattern), _no_control]
Name = Annotated[str, Field(min_length=1, max_length=60, json_schema_extra=_pattern), _no_control]
JsonObject = Annotated[dict[str, Any], AfterValidator(_json)]
# Units: an ISO 4217 code with amounts in its minor unit, or PTS for points.
Unit = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code, or PTS for points.")]
_TimeText = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Time = Annotated[datetime, PlainSerializer(_z, return_type=_TimeText)]
Day = date

# The default stands within Query too: ninja forgets one that only the function names when a validator stands before it.
PathId = Annotated[int, BeforeValidator(whole), Path(ge=1, le=ID_MAX, description="Its number.")]
PathCode = Annotated[
    str,
    Path(
        pattern=r"^[0-9A-Za-z-]{1,40}$",
        description="The code as typed: capitals, hyphens and look-alikes do not matter.",
    ),
]
QueryId = Annotated[int | None, BeforeValidator(whole), Query(None, ge=1, le=ID_MAX)]
Limit = Annotated[
    int, BeforeValidator(whole), Query(PAGE_ROWS, ge=1, le=PAGE_ROWS_MAX, description="How many at most.")
]
After = Annotated[
    int | None, BeforeValidator(whole), Query(None, ge=1, le=ID_MAX, description="`next` of the page before.")
]


class Amount(Out):
    """Money in minor units (4990 with EUR is €49.90), or points."""

    amount: int
    unit: str


class Said(Out):
    """A reason: its code for programs, its numbers, and a sentence in the caller's language."""

    code: str
    values: dict[str, Any] = {}
    message: str


T = TypeVar("T")


class Page(Out, Generic[T]):
    """Some of the items, newest first; ask again with `after` = `next` for the following ones."""

    items: list[T]
    next: int | None = Field(None, description="The cursor of the following page; null on the last.")


class Done(Out):
    """An act was recorded."""

    event: int | None = Field(description="The number of the event that records it.")
    repeated: bool = Field(description="True when this Idempotency-Key was used before: nothing was done twice.")
    result: dict[str, Any] = Field(description="Numbers of what was made.")


Language = Literal["es", "it", "en"]


# Of figures that take a look at everybody.
AS_OF = "As of when, where it is kept for a while (many people); null: counted now. Before the first count: 503, being_counted."


def answers(good: Any, *, found: bool = True, writes: bool = False) -> dict[Any, Any]:
    """What a route may answer. `found`: it may answer 404; `writes`: it takes a body and may refuse an act.

    Success is always exactly 200, made anew or repeated: the habit of the event doors.
    """
    codes = {401, 403, 422, 429, 503}
    if found:
        codes.add(404)
    if writes:
        codes |= {400, 409, 413}
    return {200: good, frozenset(codes): Problem}
