"""Facts out of the log, a range of events at a time, by primary key: short reads that hold nobody up."""

from collections.abc import Iterator
from typing import Any

from passaparola.events.reading import decode_object
from passaparola.kernel import database
from passaparola.measure.lake import props, shape

EVENTS_AT_ONCE = 5_000
_CALLS = {"page": "Page Viewed", "screen": "Screen Viewed"}
_SCORES = {"Score Given": "score", "Review Given": "rating"}

Fact = dict[str, Any]


def after(watermark: int, until: int) -> Iterator[tuple[int, list[Fact]]]:
    """The facts of the events after a number and up to another, in ranges: the last number of each, and its facts."""
    while watermark < until:
        last, found = _range(watermark, until)
        if last == watermark:
            return
        watermark = last
        yield last, found


def highest() -> int:
    """The number of the newest event."""
    return int(database.rows("SELECT COALESCE(MAX(id), 0) FROM event")[0][0])


def _range(watermark: int, until: int) -> tuple[int, list[Fact]]:
    at = shape.microseconds("e.occurred_at", database.vendor())
    sql = (
        f"SELECT e.id, e.person_id, e.type, e.name, {at}, e.day, e.hour, e.properties, e.result, o.id, "
        f"CASE WHEN o.unit = {database.currency()} THEN o.amount_minor END, "
        "o.margin_minor, o.offer_minor, o.company, o.channel FROM event e LEFT JOIN purchase_order o "
        "ON o.person_id = e.person_id AND o.occurred_at = e.occurred_at AND o.event_id = e.id AND o.completed "
        "AND e.type = 'track' AND e.name = 'Order Completed' "
        f"WHERE e.id > ? AND e.id <= ? ORDER BY e.id LIMIT {EVENTS_AT_ONCE}"
    )
    rows = database.rows(sql, [watermark, until])
    if not rows:
        return watermark, []
    bought = _lines([row[9] for row in rows if row[9] is not None])
    found: list[Fact] = []
    for row in rows:
        if (fact := _fact(row)) is not None:
            found.append(fact)
            found += [_line(fact, line) for line in bought.get(fact["order_key"], ())]
    return rows[-1][0], found


def _fact(row: tuple[Any, ...]) -> Fact | None:
    """The row of an event, if it is a fact: somebody's, and no call about who she is."""
    id_, person, type_, name, at, day, hour, properties, result, order, amount, margin, offer, company, channel = row
    if person is None or type_ not in ("track", "act", "page", "screen") or (type_ == "act" and name == "Timer Rang"):
        return None
    if type_ == "track" and name == "Order Completed" and order is None:
        # A repeated report of an order is no second purchase.
        return None
    said = decode_object(properties) if properties != "{}" else {}
    name = _CALLS.get(type_, name)
    if name == "Visit Recorded" and result != "{}":
        company = decode_object(result).get("company")
    score = said.get(_SCORES.get(name, ""))
    fits = isinstance(score, int) and not isinstance(score, bool) and 0 <= score <= 10 and "\\u0000" not in properties
    return {
        "self_id": person, "event_id": id_, "line": 0, "at_us": at, "day": day, "hour": hour, "name": name,
        "amount_minor": amount, "margin_minor": margin, "offer_minor": offer, "company": company, "channel": channel,
        "order_key": order, "score": score if fits else None, "props": props.packed(said),
    }  # fmt: skip


def _lines(orders: list[int]) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    sql = (
        "SELECT order_key, line, product, category, quantity_milli, amount_minor, offer_minor FROM order_line "
        f"WHERE {database.any_of('order_key')} ORDER BY order_key, line"
    )
    for order, *line in database.rows(sql, [orders]) if orders else ():
        found.setdefault(order, []).append(tuple(line))
    return found


def _line(fact: Fact, line: tuple[Any, ...]) -> Fact:
    number, product, category, quantity, amount, offer = line
    return {
        **{key: fact[key] for key in ("self_id", "event_id", "at_us", "day", "hour", "order_key")},
        "line": number, "name": "Product Bought", "product": product, "category": category, "quantity_milli": quantity,
        "amount_minor": amount, "offer_minor": offer, "company": fact["company"], "channel": fact["channel"],
    }  # fmt: skip
