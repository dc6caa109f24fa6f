"""What an order says about itself: lines, company, channel, margin, offer; nothing of it can make the order fail."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passaparola.events import basket
from passaparola.events.basket import Line

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["price", "name", "total"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
NAMES = ("products", "company", "party_size", "companions", "accompanied", "channel", "margin", "discount", "coupon")


def line(**one: Any) -> Line | None:
    found = basket.read({"products": [one]}, 10_000, "EUR").lines
    return found[0] if found else None


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        ({"product_id": "p1", "sku": "s", "category": "coffee", "price": 4.9, "quantity": 2}, ("p1", "coffee", 2000, 980, 0)),
        ({"sku": 17, "total": "3.50"}, ("17", None, 1000, 350, 0)),
        ({"name": "Ham", "price": 12.345, "quantity": 0.25}, ("Ham", None, 250, 309, 0)),
        ({"name": "Ham", "price": 10, "discount": -2}, ("Ham", None, 1000, 800, 800)),
        ({"name": "Ham", "price": 8, "original_price": 10}, ("Ham", None, 1000, 800, 800)),
        ({"name": "Ham", "price": 8, "on_sale": True}, ("Ham", None, 1000, 800, 800)),
        ({"category": "ham", "coupon": "X"}, (None, "ham", 1000, None, None)),
        ({"name": "Ham", "price": "cheap", "quantity": True}, ("Ham", None, 1000, None, None)),
    ],
)
def test_a_line(one: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert line(**one) == Line(*expected)


def test_what_names_neither_product_nor_category_is_no_line() -> None:
    assert line(price=3) is None
    assert basket.read({"products": ["ham", None, 3]}, 0, "EUR").lines == ()


@pytest.mark.parametrize(
    ("props", "expected"),
    [
        ({}, None), ({"company": 3}, 3), ({"party_size": 1}, 1), ({"companions": 0}, 1), ({"companions": 2}, 3),
        ({"accompanied": True}, 2), ({"accompanied": False}, 1), ({"company": "Acme Ltd", "accompanied": True}, 2),
        ({"company": True}, None), ({"party_size": 0}, None), ({"party_size": 10**6}, None),
    ],
)  # fmt: skip
def test_company(props: dict[str, Any], expected: int | None) -> None:
    assert basket.company(props) == expected


@pytest.mark.parametrize(
    ("props", "expected"),
    [
        ({}, None), ({"coupon": None}, 0), ({"discount": 0}, 0), ({"coupon": "X"}, 5000), ({"discount": 1}, 5000),
        ({"products": [{"sku": "a", "total": 20, "discount": 1}, {"sku": "b", "total": 30}]}, 2000),
        ({"products": [{"sku": "a", "total": 99, "discount": 1}]}, 5000),
    ],
)  # fmt: skip
def test_how_much_was_on_offer(props: dict[str, Any], expected: int | None) -> None:
    assert basket.read(props, 5000, "EUR").offer_minor == expected


def test_there_are_limits() -> None:
    found = basket.read({"products": [{"sku": "x" * 500}] * 1000, "channel": "c" * 500, "margin": "1e40"}, 1, "EUR")
    assert len(found.lines) == basket.LINES_MAX
    assert len(found.lines[0].product or "") == basket.TEXT_LENGTH_MAX
    assert (len(found.channel or ""), found.margin_minor) == (basket.CHANNEL_LENGTH_MAX, None)


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_an_order_never_fails_for_what_it_says(props: dict[str, Any]) -> None:
    found = basket.read(props, 100, "EUR")
    for one in found.lines:
        assert abs(one.quantity_milli) < 2**63 and abs(one.amount_minor or 0) < 2**63
    assert found.company is None or 1 <= found.company <= basket.COMPANY_MAX
