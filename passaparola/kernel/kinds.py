"""How values go to each driver and come back: the kinds of a table's columns, their readers and writers."""

import json
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import msgspec
from django.db import models


def sqlite_time(value: datetime) -> str:
    """A time as Django stores it on SQLite: naive UTC text."""
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat(" ")[:-6]


def to_sqlite(value: Any) -> Any:
    """Times as Django stores them; lists as JSON for json_each."""
    kind = type(value)
    if kind is datetime:
        return sqlite_time(value)
    if kind in (list, tuple, set, frozenset):
        return _json_list(value)
    if kind is date:
        return value.isoformat()
    return value


def as_time(value: Any) -> datetime:
    """An aware UTC time from whatever the driver gave (text on SQLite, aware on PostgreSQL)."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def as_day(value: Any) -> date:
    """A date from whatever the driver gave."""
    return date.fromisoformat(value[:10]) if isinstance(value, str) else value


def _as_json(value: Any) -> Any:
    return _decode_json(value) if isinstance(value, (str, bytes)) else value


def _json_list(values: Any) -> str:
    """A list for json_each. The order of a set is kept as it is: nothing depends on it."""
    try:
        return _encode_plain(list(values)).decode()
    except (UnicodeEncodeError, msgspec.EncodeError):
        return json.dumps(list(values))


def _json_text(value: Any) -> str:
    return _encode_json(value).decode()


_decode_json = msgspec.json.Decoder().decode
_encode_plain = msgspec.json.Encoder().encode
_encode_json = msgspec.json.Encoder(order="sorted").encode


_TYPES: dict[str, str] = {
    "BigIntegerField": "bigint",
    "BigAutoField": "bigint",
    "IntegerField": "integer",
    "SmallIntegerField": "smallint",
    "BooleanField": "boolean",
    "CharField": "text",
    "TextField": "text",
    "DateTimeField": "timestamptz",
    "DateField": "date",
    "BinaryField": "bytea",
    "JSONField": "text",
}
_READERS: dict[str, Any] = {
    "DateTimeField": as_time,
    "DateField": as_day,
    "JSONField": _as_json,
    "BooleanField": bool,
    "BinaryField": bytes,
}


@cache
def shape(model: type[models.Model]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Any, ...]]:
    """Column names, PostgreSQL types and readers of a table."""
    fields = model._meta.concrete_fields
    kinds = [field.get_internal_type() for field in fields]
    return (
        tuple(str(field.column) for field in fields),
        tuple(_TYPES[kind] for kind in kinds),
        tuple(_READERS.get(kind) for kind in kinds),
    )


@cache
def picks(model: type[models.Model], kind: str) -> str:
    """What a SELECT of whole rows lists. On SQLite a time is picked as text with its zone, which is read in one step
    (as a plain column Django's converter would parse it first and leave the zone out)."""
    times = {f.column for f in model._meta.concrete_fields if f.get_internal_type() == "DateTimeField"}
    return ", ".join(f"{n} || '+00:00'" if kind == "sqlite" and n in times else n for n in shape(model)[0])


@cache
def sqlite_readers(model: type[models.Model]) -> tuple[Any, ...]:
    """Readers of what `picks` lists on SQLite; None: as it is."""
    kinds = (field.get_internal_type() for field in model._meta.concrete_fields)
    return tuple(datetime.fromisoformat if kind == "DateTimeField" else _READERS.get(kind) for kind in kinds)


@cache
def writers(model: type[models.Model], *, sqlite: bool) -> dict[str, Any]:
    """How a value of each column goes to the driver; None: as it is."""
    by_kind: dict[str, Any] = {"JSONField": _json_text}
    if sqlite:
        by_kind |= {"DateTimeField": sqlite_time, "DateField": date.isoformat}
    return {str(field.column): by_kind.get(field.get_internal_type()) for field in model._meta.concrete_fields}


@cache
def is_json(model: type[models.Model], column: str) -> bool:
    """Whether a column holds JSON."""
    return any(f.column == column and f.get_internal_type() == "JSONField" for f in model._meta.concrete_fields)
