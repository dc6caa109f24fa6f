"""What an order says about itself besides its amount: its lines, who came along, where it was bought, what was on offer.

Pure. An order never fails for what stands here: a line or a value that cannot be read is left out, and the amount of the
order stays what the order says.
"""

from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from passaparola.kernel import money

LINES_MAX = 100
TEXT_LENGTH_MAX = 120
CHANNEL_LENGTH_MAX = 40
COMPANY_MAX = 999
_QUANTITY_MAX = 10**9
_PRODUCT = ("product_id", "sku", "name")
_ON_OFFER = ("on_offer", "on_sale", "promotion")

Props = dict[str, Any]


class Line(NamedTuple):
    """One line of a basket; amounts in minor units. `offer_minor`: so much of the amount was bought on offer."""

    product: str | None
    category: str | None
    quantity_milli: int
    amount_minor: int | None
    offer_minor: int | None


class Basket(NamedTuple):
    """What is known of an order. `company`: how many came together, 1 is alone, None is unknown."""

    lines: tuple[Line, ...]
    company: int | None
    channel: str | None
    margin_minor: int | None
    offer_minor: int | None


def read(props: Props, amount_minor: int, unit: str) -> Basket:
    """What the properties of an Order Completed say; `unit` is the order's currency."""
    products = props.get("products")
    some = products[:LINES_MAX] if isinstance(products, list) else ()
    lines = tuple(line for one in some if isinstance(one, dict) and (line := _line(one, unit)))
    return Basket(
        lines,
        company(props),
        text(props.get("channel"), CHANNEL_LENGTH_MAX),
        _amount(props.get("margin"), unit),
        _on_offer(props, lines, amount_minor),
    )


def without_amounts(bought: Basket) -> Basket:
    """The same basket, what was paid for it left out: products, company and channel have no currency."""
    lines = tuple(line._replace(amount_minor=None, offer_minor=None) for line in bought.lines)
    return bought._replace(lines=lines, margin_minor=None, offer_minor=None)


def company(props: Props) -> int | None:
    """How many came together: `party_size` or `company`, or `companions` and oneself; `accompanied` says only two or one."""
    for key, more in (("party_size", 0), ("company", 0), ("companions", 1)):
        value = props.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value + more <= COMPANY_MAX:
            return value + more
    accompanied = props.get("accompanied")
    return None if not isinstance(accompanied, bool) else 2 if accompanied else 1


def text(value: object, length_max: int = TEXT_LENGTH_MAX) -> str | None:
    """A code or short name; a whole number is taken as it is written. Longer text is cut, so that it still counts."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    return value.replace("\0", "").strip()[:length_max].strip() or None


def _line(one: Props, unit: str) -> Line | None:
    """A line, if it names a product or a category; the amount is `total`, or price times quantity less the discount."""
    product = next((found for key in _PRODUCT if (found := text(one.get(key)))), None)
    category = text(one.get("category"))
    if product is None and category is None:
        return None
    quantity = _decimal(one.get("quantity"))
    quantity = Decimal(1) if quantity is None or abs(quantity) > _QUANTITY_MAX else quantity
    price, discount = _decimal(one.get("price")), _decimal(one.get("discount"))
    amount = _amount(one.get("total"), unit)
    if amount is None and price is not None:
        amount = _amount(price * quantity - abs(discount or Decimal()), unit)
    return Line(product, category, int(quantity * 1000), amount, _line_offer(one, price, discount, amount))


def _line_offer(one: Props, price: Decimal | None, discount: Decimal | None, amount: int | None) -> int | None:
    """All of the line where it carries a discount, a coupon, a mark, or a price below its usual one."""
    usual = _decimal(one.get("original_price"))
    cheaper = usual is not None and price is not None and price < usual
    marked = any(one.get(key) is True for key in _ON_OFFER) or bool(text(one.get("coupon")))
    return amount if amount is None or discount or cheaper or marked else 0


def _on_offer(props: Props, lines: tuple[Line, ...], amount_minor: int) -> int | None:
    """How much of the order was bought on offer: all under a coupon or discount of its own; unknown if nothing says."""
    if text(props.get("coupon")) or _decimal(props.get("discount")):
        return amount_minor
    known = [line.offer_minor for line in lines if line.offer_minor is not None]
    if known:
        return max(0, min(amount_minor, sum(known)))
    return 0 if "coupon" in props or "discount" in props else None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) <= money.AMOUNT_MAX else None


def _amount(value: object, unit: str) -> int | None:
    """Minor units, or None: a margin may be negative."""
    try:
        return None if value is None else money.parse(value, unit)
    except money.NotMoney:
        return None
