"""Lines of JSON: events in the Segment shape, or as `passaparola export events` writes them. Pure.

What a line says is passed on whole; here it only gets what the front door will ask for, or a reason.
"""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from passaparola.doors.imports import cells, shape
from passaparola.doors.imports.cells import Unreadable
from passaparola.doors.imports.orders import Fact
from passaparola.kernel import money

TYPES = ("identify", "track", "page", "screen", "group", "alias")
EVENT_BYTES_MAX = 32 * 1024
# Names of an export and the ones of the specification.
_NAMES = {
    "message_id": "messageId",
    "user_id": "userId",
    "anonymous_id": "anonymousId",
    "group_id": "groupId",
    "previous_id": "previousId",
    "occurred_at": "timestamp",
    "originalTimestamp": "timestamp",
}
_NOT_TAKEN = ("receivedAt", "received_at", "sentAt", "sent_at", "writeKey", "integrations")
_IDS = ("userId", "anonymousId", "groupId", "previousId")


def read(
    text: str, *, zone: ZoneInfo, earliest_year: int, latest: datetime, nth: Callable[[str], int]
) -> dict[str, Any]:
    """The event a line holds. Raises Unreadable with the reason."""
    if len(text) > EVENT_BYTES_MAX:
        raise Unreadable("event_too_large")
    try:
        given = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as problem:
        raise Unreadable("not_json", text) from problem
    if not isinstance(given, dict):
        raise Unreadable("not_an_object", text)
    item: dict[str, Any] = {
        _NAMES.get(str(key), str(key)): value for key, value in given.items() if value not in (None, "")
    }
    for name in _NOT_TAKEN:
        item.pop(name, None)
    if item.get("type") in ("page", "screen") and "event" in item:
        # As an export calls what the specification calls the name of a page.
        item.setdefault("name", item.pop("event"))
    _check(item)
    if "timestamp" in item:
        at = cells.moment(str(item["timestamp"]), "iso", zone, earliest_year=earliest_year, latest=latest)
        item["timestamp"] = shape.iso(at)
    if not item.get("messageId"):
        said = shape.digest(item)
        item["messageId"] = shape.message_id("line", f"{said}-{nth(said)}")
    return item


def fact(item: dict[str, Any]) -> Fact:
    """The event with what it is worth, for the totals."""
    said = item.get("properties", {})
    if item["type"] != "track" or item.get("event") not in ("Order Completed", "Order Refunded"):
        return Fact(item)
    unit = str(said.get("currency") or "").upper()
    value = next((said[name] for name in ("total", "revenue", "value") if said.get(name) is not None), None)
    try:
        minor = money.parse(value, unit) if unit and value is not None else 0
    except money.NotMoney:
        # The corridor will say so; here it is only left out of the sum.
        minor = 0
    if item["event"] == "Order Completed":
        return Fact(item, sold_minor=minor, unit=unit)
    return Fact(item, refunded_minor=minor, unit=unit)


def _check(item: dict[str, Any]) -> None:
    if item.get("type") == "act":
        raise Unreadable("act_of_our_own")
    if item.get("type") not in TYPES:
        raise Unreadable("type_unknown", str(item.get("type", "")))
    for name in _IDS:
        value = item.get(name)
        if isinstance(value, (dict, list, bool, Decimal)):
            raise Unreadable("identifier_not_text", str(value))
        if value is not None:
            item[name] = str(value)
    if item["type"] == "track" and not isinstance(item.get("event"), str):
        raise Unreadable("event_missing")
    if not (item.get("userId") or item.get("anonymousId")):
        raise Unreadable("user_id_missing")
    for name in ("properties", "traits", "context"):
        if not isinstance(item.get(name, {}), dict):
            raise Unreadable(f"{name}_not_an_object")
