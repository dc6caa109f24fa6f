"""Rows of an order file become what happened: orders with their products, refunds, cancellations. Pure.

| line type    | becomes                                                                  |
|--------------|--------------------------------------------------------------------------|
| sale         | part of one Order Completed: its amount in the total, its product a line |
| fee          | added to the total, kept as `fees`; no product                           |
| voucher      | taken off the total, kept as `discount`; the sign does not matter        |
| refund       | an Order Refunded of its own, of the order it names                      |
| cancellation | an Order Cancelled                                                       |
| skip         | nothing                                                                  |
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from passaparola.doors.imports import cells, shape, statuses
from passaparola.doors.imports.cells import Unreadable
from passaparola.doors.imports.shape import Reading
from passaparola.kernel import money

PRODUCTS_MAX = 1000
_COUNTED = ("sale", "fee", "voucher")


@dataclass(slots=True)
class Line:
    """One readable row of an order file. Parts of an order may leave out whose it is, when, and the amount."""

    type: str
    who: dict[str, str]
    order_id: str
    amount_minor: int | None
    unit: str
    at: datetime | None
    coupon: str = ""
    product: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    refund_of: str = ""


@dataclass(slots=True)
class Fact:
    """An event that a row or an order came to; what it is worth, where it is a purchase or a refund."""

    item: dict[str, Any]
    sold_minor: int | None = None
    refunded_minor: int | None = None
    unit: str = ""


def line(reading: Reading, row: Sequence[str], *, part: bool = False) -> Line | None:
    """A row of an order file, None for one to be left out. Raises Unreadable with the reason.

    A `part` of an order may leave to the other lines whose it is, when it was and what it cost.
    """
    kind = _kind(reading, row)
    if kind == "skip":
        return None
    unit = cells.currency(shape.value(reading, row, "currency") or reading.currency)
    amount = _amount(reading, row, kind, unit, part=part)
    if kind == "sale" and reading.negative == "refund" and _is_negative(reading, row, amount):
        kind = "refund"
    elif kind == "sale" and amount is not None and amount < 0 and not _may_net(reading, part):
        raise Unreadable("amount_negative", str(amount))
    if kind in ("refund", "voucher") and amount is not None:
        amount = abs(amount)
    whose = _who(reading, row, part=part)
    if whose is None:
        return None
    return Line(
        type=kind,
        who=whose,
        order_id=_order_id(reading, row, "order_id", needed=True),
        amount_minor=None if amount is None else money.parse(amount, unit),
        unit=unit,
        at=None if part and not shape.value(reading, row, "occurred_at") else shape.when(reading, row),
        coupon=shape.value(reading, row, "coupon"),
        product=_product(reading, row, amount, refund=kind == "refund") if kind in ("sale", "refund") else {},
        properties=shape.properties(reading, row) | _circumstances(reading, row),
        refund_of=_order_id(reading, row, "refund_of", needed=False),
    )


def _kind(reading: Reading, row: Sequence[str]) -> str:
    text = shape.value(reading, row, "line_type").lower()
    if not text:
        return "sale"
    kind = reading.types.get(text) or (statuses.meaning(text) if reading.statuses else "")
    if not kind:
        raise Unreadable("line_type_unknown", text)
    return kind


def _amount(reading: Reading, row: Sequence[str], kind: str, unit: str, *, part: bool) -> Decimal | None:
    text = shape.value(reading, row, "amount")
    if not text and (part or kind == "cancellation"):
        return None
    if not cells.fits(text, unit):
        raise Unreadable("amount_in_another_currency", text)
    return cells.amount(text, reading.decimal, negative=True)


def _circumstances(reading: Reading, row: Sequence[str]) -> dict[str, Any]:
    """Where it was bought, how many came along, what was earned."""
    found: dict[str, Any] = {}
    if text := shape.value(reading, row, "channel"):
        found["channel"] = text
    for name in ("party_size", "margin"):
        if text := shape.value(reading, row, name):
            found[name] = shape.number(text, reading.decimal)
    return found


def _may_net(reading: Reading, part: bool) -> bool:
    """Whether a negative amount may stand as it is: only where it is netted with others."""
    return (part and reading.negative is None) or reading.negative == "net"


def _is_negative(reading: Reading, row: Sequence[str], amount: Decimal | None) -> bool:
    if amount is not None and amount < 0:
        return True
    text = shape.value(reading, row, "quantity")
    return bool(text) and shape.number(text, reading.decimal) < 0


def _who(reading: Reading, row: Sequence[str], *, part: bool) -> dict[str, str] | None:
    """Whose it is; {} for a guest or where another line of the order will say; None for a guest to be left out."""
    try:
        return shape.who(reading, row)
    except Unreadable as problem:
        if problem.code != "user_id_missing" or (reading.guests == "refuse" and not part):
            raise
        return None if reading.guests == "skip" and not part else {}


def _order_id(reading: Reading, row: Sequence[str], name: str, *, needed: bool) -> str:
    text = shape.value(reading, row, name)
    given = name in reading.layout.places and (needed or text)
    return cells.identifier(text, "order_id") if given else ""


_PRODUCT = (("product", "product_id"), ("product_name", "name"), ("category", "category"))


def _product(reading: Reading, row: Sequence[str], amount: Decimal | None, *, refund: bool) -> dict[str, Any]:
    """The line's product as the Segment specification writes it, with `total`: what the line came to."""
    names = (*_PRODUCT, *((name, key) for name, _, key in reading.product_extras))
    found: dict[str, Any] = {key: text for name, key in names if (text := shape.value(reading, row, name))}
    if found and reading.look_up is not None:
        more = reading.look_up(shape.value(reading, row, reading.looked_up))
        keys = dict(_PRODUCT)
        known = {keys.get(name, name.removeprefix("product:")): text for name, text in more.items()}
        found = {**known, **found}
    if not found:
        return found
    quantity: int | Decimal | None = None
    if text := shape.value(reading, row, "quantity"):
        count = shape.number(text, reading.decimal)
        # What is given back is said by the event's name, not by a sign.
        if refund:
            count = -count if count < 0 else count
        found["quantity"] = quantity = count
    if text := shape.value(reading, row, "discount"):
        found["discount"] = shape.number(text, reading.decimal)
    if text := shape.value(reading, row, "price"):
        price = cells.amount(text, reading.decimal, negative=True)
        found["price"] = price
        amount = price * (1 if quantity is None else quantity)
    if amount is not None:
        found["total"] = abs(amount) if refund else amount
    return found


def counted(lines: Sequence[Line | None]) -> list[Line]:
    """The rows of one order that count: where the one that says what it cost is left out, or takes it back, so do the others.

    `None` stands for a row to be left out, as `line` has it.
    """
    found = [one for one in lines if one is not None]
    off = [one for one in found if one.type == "cancellation"]
    if not off and len(found) == len(lines):
        return found
    return found if any(one.amount_minor is not None for one in found if one not in off) else off


def facts(lines: Sequence[Line], *, nth: Callable[[str], int]) -> list[Fact]:
    """What the row, or the rows of one order, came to. Raises Unreadable where they contradict each other.

    `nth(digest)` says how many equal rows came before, counting this one; asked where no id tells two alike apart.
    """
    lines = _completed(lines)
    found = []
    if any(one.type in _COUNTED for one in lines):
        found.append(_order([one for one in lines if one.type in _COUNTED], nth))
    for one in lines:
        if one.type == "refund":
            found.append(_refund(one, nth))
    if off := next((one for one in lines if one.type == "cancellation"), None):
        found.append(Fact(_event("Order Cancelled", "cancel", _needed(off), off, {"order_id": _needed(off)})))
    return found


def _completed(lines: Sequence[Line]) -> Sequence[Line]:
    """What only one line of an order says holds for all: exports write customer, date and total on the first alone."""
    first = lines[0]
    if len(lines) == 1 and first.who and first.at and first.amount_minor is not None:
        return lines
    whose = [one.who for one in lines if one.who]
    if any(one != whose[0] for one in whose[1:]):
        raise Unreadable("order_of_two_customers", first.order_id)
    if any(one.unit != first.unit for one in lines):
        raise Unreadable("order_in_two_currencies", first.order_id)
    times = [one.at for one in lines if one.at]
    if not times:
        raise Unreadable("date_missing", first.order_id)
    if all(one.amount_minor is None and one.type != "cancellation" for one in lines):
        raise Unreadable("amount_missing", first.order_id)
    for one in lines:
        one.who = whose[0] if whose else {}
        one.at = one.at or min(times)
    return lines


def _order(lines: Sequence[Line], nth: Callable[[str], int]) -> Fact:
    first = lines[0]
    fees = sum(one.amount_minor or 0 for one in lines if one.type == "fee")
    off = sum(one.amount_minor or 0 for one in lines if one.type == "voucher")
    total = sum(one.amount_minor or 0 for one in lines if one.type == "sale") + fees - off
    if total < 0:
        raise Unreadable("amount_negative", first.order_id)
    order_id = first.order_id or _unnamed(first, nth)
    found: dict[str, Any] = {}
    for one in reversed(lines):
        found |= one.properties
    found |= {"order_id": order_id, "total": _major(total, first.unit), "currency": first.unit}
    if fees:
        found["fees"] = _major(fees, first.unit)
    if off:
        found["discount"] = _major(off, first.unit)
    if coupon := next((one.coupon for one in lines if one.coupon), ""):
        found["coupon"] = coupon
    if products := [one.product for one in lines if one.product]:
        found["products"] = products[:PRODUCTS_MAX]
        found["products_count"] = len(products)
    item = _event("Order Completed", "order", order_id, first, found)
    item["timestamp"] = shape.iso(min(one.at for one in lines if one.at))
    return Fact(item, sold_minor=total, unit=first.unit)


def _refund(one: Line, nth: Callable[[str], int]) -> Fact:
    """One for each line: a later export with one refund more adds that one."""
    assert one.at is not None
    order_id, amount = _needed(one), one.amount_minor or 0
    said = {"order_id": order_id, "total": _major(amount, one.unit), "currency": one.unit}
    if one.product:
        said["products"] = [one.product]
    key = shape.digest([order_id, shape.iso(one.at), amount, one.unit, one.product])
    item = _event("Order Refunded", "refund", f"{order_id}:{key}-{nth(key)}", one, said)
    return Fact(item, refunded_minor=amount, unit=one.unit)


def _needed(one: Line) -> str:
    """The order that is given back; without one nobody knows whose reward goes with it."""
    if not (order_id := one.refund_of or one.order_id):
        raise Unreadable("refund_without_order")
    return order_id


def _event(name: str, kind: str, key: str, one: Line, properties: dict[str, Any]) -> dict[str, Any]:
    assert one.at is not None
    # A guest is nobody but the one of this order.
    whose = one.who or {"anonymousId": f"guest-{shape.digest([properties['order_id']])}"}
    return {
        "type": "track",
        "event": name,
        "messageId": shape.message_id(kind, key),
        **whose,
        "timestamp": shape.iso(one.at),
        "properties": properties,
    }


def _major(minor: int, unit: str) -> Decimal:
    return Decimal(minor).scaleb(-money.digits(unit))


def _unnamed(first: Line, nth: Callable[[str], int]) -> str:
    """An order id for a row without one: what it says, and the how-manieth such row it is."""
    assert first.at is not None
    said = shape.digest(
        [first.who, shape.iso(first.at), first.amount_minor, first.unit, first.product, first.properties]
    )
    return f"row-{said}-{nth(said)}"
