"""The facts of the people whom a batch touched, read for counting.py: the rows that facts.*.sql makes facts of, and no more."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from passaparola.kernel import database
from passaparola.kernel.batch import Record
from passaparola.segments.traits import counting
from passaparola.segments.traits.definitions import SOURCES

# Orders come from their own table; whatever else base.sql reads is an event.
_TOLD = tuple(name for name in SOURCES if name != "Order Completed")
_SCORES = {"Score Given": "score", "Review Given": "rating"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_decode = msgspec.json.Decoder().decode


def count(roots: Sequence[int]) -> list[Record]:
    """The rows of person_trait of these people (roots); whoever did nothing of the kind has none."""
    sql = f"SELECT id, root_id FROM person WHERE {database.any_of('root_id')}"
    root_of: dict[int, int] = dict(database.rows(sql, [roots]))
    selves = sorted(root_of)
    said, orders, lines = _said(root_of, selves), _orders(root_of, selves), _lines(root_of, selves)
    back = _back(root_of, selves)
    rows = []
    for root in roots:
        if root in said or root in orders:
            row = counting.count(said.get(root, ()), orders.get(root, ()), lines.get(root, ()), back.get(root, 0))
            row["person_id"] = root
            for column in ("first_purchase_us", "last_purchase_us"):
                row[column] = None if row[column] is None else _us(row[column])
            rows.append(row)
    return rows


def _said(root_of: Mapping[int, int], selves: Sequence[int]) -> dict[int, list[counting.Said]]:
    names = ", ".join(f"'{name}'" for name in _TOLD)
    told = f"e.name IN ({names}) AND e.type IN ('track', 'act')"
    sql = (
        f"SELECT e.person_id, e.name, e.occurred_at{_TEXT[database.vendor()]}, e.day, e.hour, "
        "CASE WHEN e.name = 'Visit Recorded' THEN e.result WHEN e.name IN ('Score Given', 'Review Given') THEN e.properties END "
        f"FROM {database.of_people('event', 'e', told)}"
    )
    found: dict[int, list[counting.Said]] = {}
    for person, name, at, day, hour, text in database.rows(sql, [selves]):
        company = score = None
        if text is not None and text != "{}":
            if name == "Visit Recorded":
                company = _decode(text).get("company")
            else:
                score = _score(text, _SCORES[name])
        found.setdefault(root_of[person], []).append(counting.Said(name, at, day, hour, company, score))
    return found


def _score(text: str, column: str) -> int | None:
    # PostgreSQL refuses to read JSON with a NUL in it, so nobody does.
    value = None if "\\u0000" in text else _decode(text).get(column)
    return value if type(value) is int and 0 <= value <= 10 else None


def _orders(root_of: Mapping[int, int], selves: Sequence[int]) -> dict[int, list[counting.Bought]]:
    sql = (
        f"SELECT o.person_id, o.occurred_at{_TEXT[database.vendor()]}, o.day, e.hour, "
        f"CASE WHEN o.unit = {database.currency()} THEN o.amount_minor END, o.margin_minor, "
        f"o.offer_minor, o.company, o.channel FROM {database.of_people('purchase_order', 'o', 'o.completed')} "
        f"{_CROSS[database.vendor()]} JOIN event e ON e.id = o.event_id AND e.person_id = o.person_id"
    )
    found: dict[int, list[counting.Bought]] = {}
    for person, *values in database.rows(sql, [selves]):
        found.setdefault(root_of[person], []).append(counting.Bought(*values))
    return found


def _lines(root_of: Mapping[int, int], selves: Sequence[int]) -> dict[int, list[counting.Lines]]:
    sql = (
        f"SELECT l.person_id, l.product, l.category, COUNT(*), MAX(l.occurred_at){_TEXT[database.vendor()]} "
        f"FROM {database.of_people('order_line', 'l')} GROUP BY l.person_id, l.product, l.category"
    )
    found: dict[int, list[counting.Lines]] = {}
    for person, *values in database.rows(sql, [selves]):
        found.setdefault(root_of[person], []).append(counting.Lines(*values))
    return found


def _back(root_of: Mapping[int, int], selves: Sequence[int]) -> dict[int, int]:
    """What was given back of completed orders, never more than they were worth."""
    given_back = "o.completed AND (o.cancelled OR o.refunded_minor > 0)"
    sql = (
        "SELECT o.person_id, CASE WHEN o.cancelled OR o.refunded_minor > o.amount_minor THEN o.amount_minor "
        "ELSE o.refunded_minor END FROM "
        + database.of_people("purchase_order", "o", f"{given_back} AND o.unit = {database.currency()}")
    )
    found: dict[int, int] = {}
    for person, minor in database.rows(sql, [selves]):
        found[root_of[person]] = found.get(root_of[person], 0) + minor
    return found


# As an expression a time is no column to SQLite: it comes as its text, unread by a converter.
_TEXT = {"sqlite": " || ''", "postgresql": ""}
_CROSS = {"sqlite": "CROSS", "postgresql": ""}


def _us(at: Any) -> int:
    """Microseconds since 1970 of a moment as the driver gives it: on SQLite a text without a zone, which is UTC."""
    return (database.as_time(at) - _EPOCH) // _MICROSECOND
