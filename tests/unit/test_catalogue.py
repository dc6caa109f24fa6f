"""The catalogue can be read aloud, and says what is odd about an event without refusing it."""

from decimal import Decimal

import pytest

from passaparola.events import catalogue


def test_every_definition_is_complete() -> None:
    definitions = (*catalogue.CUSTOMERS, *catalogue.ACTS, *catalogue.CALLS.values())
    assert len({d.name for d in definitions}) == len(definitions)
    for definition in definitions:
        assert definition.meaning.endswith("."), definition.name
        names = [p.name for p in definition.properties]
        assert len(set(names)) == len(names), definition.name
        for prop in definition.properties:
            assert prop.type in catalogue.TYPES, (definition.name, prop.name)
            assert prop.meaning, (definition.name, prop.name)
            assert set(prop.instead) <= set(names), (definition.name, prop.name)


def test_acts_are_made_by_our_doors_only() -> None:
    assert {d.type for d in catalogue.ACTS} == {"act"}
    assert "act" not in {d.type for d in (*catalogue.CUSTOMERS, *catalogue.CALLS.values())}


def test_an_order_as_it_should_be() -> None:
    order = {"order_id": "1001", "total": 49.9, "currency": "EUR", "products": []}
    assert catalogue.doubts("Order Completed", order) == []


def test_revenue_stands_in_for_total() -> None:
    assert catalogue.doubts("Order Completed", {"order_id": 1001, "revenue": "49.90"}) == []


def test_doubts_name_property_and_type() -> None:
    found = catalogue.doubts("Order Completed", {"total": [1], "currency": "euros"})
    assert {(d.property, d.code, d.wanted) for d in found} == {
        ("order_id", "missing", "id"),
        ("total", "type", "money"),
        ("currency", "type", "currency"),
    }


def test_unknown_events_raise_no_doubt() -> None:
    assert catalogue.doubts("Moon Landed On", {"total": object()}) == []


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("money", [0, -3, 49.9, "49.90", Decimal("1.5")], [True, "a", "NaN", float("inf"), None, []]),
        ("integer", [0, 12], [1.0, "1", True]),
        ("id", ["x", 7], ["", " ", 1.5, True, "x" * 256]),
        ("day", ["2026-11-21", "2026-11-21T10:00:00Z"], ["21/11/2026", 20261121, "2026-02-30"]),
        ("time", ["2026-11-21T09:30:00Z", "2026-11-21T09:30:00+01:00"], ["yesterday", 0]),
        ("boolean", [True, False], [0, "true"]),
        ("currency", ["EUR", "eur"], ["EURO", 978, "€"]),
    ],
)
def test_types(kind: str, good: list[object], bad: list[object]) -> None:
    holds = catalogue.TYPES[kind].holds
    assert [value for value in good if not holds(value)] == []
    assert [value for value in bad if holds(value)] == []
