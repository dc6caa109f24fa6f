"""The rule tree: read, checked, written, exchanged; whatever is wrong names its node."""

import json
from datetime import date
from typing import Any

import pytest

from passaparola.segments import rules
from passaparola.segments.rules import Known, TraitKind
from passaparola.segments.rules.operands import EPOCH_DAY, days_ahead

EVERY_LEAF: list[dict[str, Any]] = [
    {"type": "trait", "trait": "orders", "operator": "between", "value": [2, 5]},
    {"type": "trait", "trait": "city", "operator": "null"},
    {"type": "trait", "trait": "last_order_at", "operator": "inLast", "value": {"n": 30, "unit": "days"}},
    {
        "type": "event", "event": "Product Bought", "window": {"kind": "within", "n": 60, "unit": "days", "skip": 3},
        "where": {"combinator": "or", "not": True, "rules": [
            {"field": "weekday", "operator": "in", "value": [6, 7]},
            {"combinator": "and", "not": False, "rules": [{"field": "properties.size", "operator": "=", "value": "L"}]},
        ]},
        "measure": "sum", "of": "amount_minor", "operator": ">", "value": 1000,
    },
    {
        "type": "event", "event": "Order Completed", "window": {"kind": "since", "event": "Link Clicked"},
        "operator": "=", "value": 0,
    },
    {"type": "event", "event": "Order Completed", "window": {"kind": "between", "from": "2026-01-01T00:00:00Z"}},
    {"type": "event", "event": "Order Completed", "window": {"kind": "before", "n": 2, "unit": "weeks"}},
    {
        "type": "sequence", "within": {"n": 9, "unit": "days"},
        "steps": [{"event": "A"}, {"event": "B"}, {"event": "C", "absent": True, "within": {"n": 3, "unit": "hours"}}],
    },
    {"type": "stage", "value": ["few", "many"]},
    {"type": "tier", "operator": "notIn", "value": ["gold"]},
    {"type": "pyramid", "value": ["inactive"]},
    {"type": "lead", "value": ["hot"]},
    {"type": "segment", "segment": 3, "operator": "notIn"},
    {"type": "group", "group": 4},
    {"type": "consent", "channel": "email", "purpose": "referral", "state": "withdrawn", "operator": "!="},
    {"type": "referral", "what": "converted", "operator": ">", "value": 2, "program": 1},
    {"type": "relationship", "kind": "family"},
    {"type": "bucket", "until": 20, "from": 10, "seed": 7},
]  # fmt: skip
KNOWN = Known(
    traits={
        "orders": TraitKind("whole"), "city": TraitKind("text"), "last_order_at": TraitKind("time"),
        "birthday": TraitKind("monthday"), "first_day": TraitKind("day"), "rate": TraitKind("number"), "vip": TraitKind("boolean"),
    },
    events=frozenset({"A", "B", "C", "Order Completed", "Product Bought", "Link Clicked"}),
    segments={3: None}, groups=frozenset({4}), tiers=frozenset({"gold"}),
)  # fmt: skip


def all_of(*leaves: dict[str, Any]) -> dict[str, Any]:
    return {"combinator": "and", "not": False, "rules": list(leaves)}


def codes(*leaves: dict[str, Any], known: Known = KNOWN) -> list[tuple[str, str]]:
    return [(p.path, p.code) for p in rules.check(rules.read(all_of(*leaves)), known)]


def event(**more: Any) -> dict[str, Any]:
    return {"type": "event", "event": "A", **more}


def where(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return event(where=all_of({"field": field, "operator": operator, **({} if value is None else {"value": value})}))


def test_every_leaf_comes_back_as_it_went() -> None:
    tree = rules.read(json.dumps(all_of(*EVERY_LEAF)))
    assert rules.read(rules.as_json(tree)) == tree
    assert rules.as_json(tree)["rules"] == EVERY_LEAF
    assert hash(tree)
    assert rules.check(tree, KNOWN) == []


def test_builders_get_fields_and_give_back_the_same_tree() -> None:
    tree = rules.read(all_of(*EVERY_LEAF, {"combinator": "or", "not": True, "rules": EVERY_LEAF[:1]}))
    shown = rules.to_rqb(tree)
    assert all({"field", "operator", "value"} <= set(rule) for rule in shown["rules"][:-1])
    assert [rule["field"] for rule in shown["rules"][:4:3]] == ["trait.orders", "event.Product Bought"]
    with_ids = json.loads(json.dumps(shown), object_hook=lambda d: {**d, "id": "x"} if "field" in d else d)
    assert rules.from_rqb(with_ids) == tree


def test_a_value_edited_in_the_builder_counts() -> None:
    shown = rules.to_rqb(rules.read(all_of(event())))
    shown["rules"][0] |= {"operator": "=", "value": 3}
    leaf = rules.from_rqb(shown).rules[0]
    assert (leaf.operator, leaf.value) == ("=", 3)


def test_plain_builder_rules_are_read() -> None:
    plain = all_of(
        {"field": "trait.orders", "operator": "between", "value": [2, 3]},
        {"field": "trait.city", "operator": "notNull", "value": ""},
        {"field": "trait.city", "operator": "in", "value": "Roma, Milano"},
        {"field": "event.Order Completed", "operator": ">=", "value": "2"},
        {"field": "stage", "operator": "=", "value": "few"},
        {"field": "segment.3", "operator": "!="},
    )
    tree = rules.from_rqb(plain)
    assert rules.check(tree, KNOWN) == []
    assert rules.as_json(tree)["rules"] == [
        {"type": "trait", "trait": "orders", "operator": "between", "value": [2, 3]},
        {"type": "trait", "trait": "city", "operator": "notNull"},
        {"type": "trait", "trait": "city", "operator": "in", "value": ["Roma", "Milano"]},
        {"type": "event", "event": "Order Completed", "value": 2},
        {"type": "stage", "value": ["few"]},
        {"type": "segment", "segment": 3, "operator": "notIn"},
    ]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("{", "$"),
        ([], "$"),
        ({"combinator": "and"}, "$"),
        ({"combinator": "xor", "rules": []}, "$"),
        (all_of({"type": "moon"}), "rules[0]"),
        (all_of(all_of({"type": "stage"}, {"type": "stage", "value": 3})), "rules[0].rules[1]"),
        (all_of({"type": "stage", "valeu": []}), "rules[0]"),
        (all_of({"type": "trait", "trait": "x", "operator": "inLast", "value": {"n": 1, "unit": "years"}}), "rules[0]"),
        (all_of(event(window={"kind": "within", "n": 1.5, "unit": "days"})), "rules[0]"),
        (all_of(event(window={"kind": "between", "from": "2026-01-01T00:00:00"})), "rules[0]"),
        (all_of(event(where=all_of({"field": 3, "operator": "="}))), "rules[0].where.rules[0]"),
        (all_of({"type": "sequence", "steps": [{"event": "A"}, {"evnt": "B"}]}), "rules[0].steps[1]"),
        (all_of({"field": "x", "operator": "=", "value": 1}), "rules[0]"),
    ],
)
def test_what_cannot_be_read_names_its_node(value: Any, path: str) -> None:
    with pytest.raises(rules.Malformed) as refused:
        rules.read(json.dumps(value) if value != "{" else "{")
    assert refused.value.values["path"] == path
    assert refused.value.status == 422


def test_a_rule_is_bounded() -> None:
    deep = all_of(event())
    for _ in range(8):
        deep = all_of(deep)
    for value in (deep, all_of(*[event()] * 200)):
        with pytest.raises(rules.Malformed):
            rules.read(value)


@pytest.mark.parametrize(
    ("leaf", "code"),
    [
        ({"type": "trait", "trait": "shoe", "operator": "=", "value": 1}, "unknown_trait"),
        ({"type": "trait", "trait": "city", "operator": ">", "value": "A"}, "wrong_operator"),
        ({"type": "trait", "trait": "city", "operator": "=", "value": 7}, "wrong_type"),
        ({"type": "trait", "trait": "orders", "operator": "=", "value": "7"}, "wrong_type"),
        ({"type": "trait", "trait": "orders", "operator": "=", "value": 7.5}, "wrong_type"),
        ({"type": "trait", "trait": "orders", "operator": "=", "value": True}, "wrong_type"),
        ({"type": "trait", "trait": "orders", "operator": "between", "value": [5, 2]}, "contradiction"),
        ({"type": "trait", "trait": "orders", "operator": "in", "value": []}, "contradiction"),
        ({"type": "trait", "trait": "rate", "operator": ">", "value": 1e300}, "out_of_range"),
        ({"type": "trait", "trait": "vip", "operator": "=", "value": 1}, "wrong_type"),
        ({"type": "trait", "trait": "first_day", "operator": ">", "value": "21/11/2026"}, "wrong_type"),
        ({"type": "trait", "trait": "first_day", "operator": "inLast", "value": {"n": 3, "unit": "hours"}}, "wrong_type"),
        ({"type": "trait", "trait": "last_order_at", "operator": ">", "value": "2026-01-01T00:00:00"}, "no_zone"),
        ({"type": "trait", "trait": "last_order_at", "operator": "inLast", "value": {"n": 600, "unit": "weeks"}}, "out_of_range"),
        ({"type": "trait", "trait": "birthday", "operator": "anniversaryWithin", "value": 400}, "out_of_range"),
        ({"type": "trait", "trait": "city", "operator": "null", "value": "x"}, "value_not_wanted"),
        (event(event="Z"), "unknown_event"),
        (event(operator="<", value=0), "contradiction"),
        (event(value=-1), "contradiction"),
        (event(operator="contains", value="x"), "wrong_operator"),
        (event(measure="sum"), "unknown_field"),
        (event(measure="sum", of="category"), "unknown_field"),
        (event(measure="count", of="category"), "value_not_wanted"),
        (event(window={"kind": "within", "n": 600, "unit": "weeks"}), "out_of_range"),
        (event(window={"kind": "within", "n": 0, "unit": "days"}), "contradiction"),
        (event(window={"kind": "within", "n": 3, "skip": 3, "unit": "days"}), "contradiction"),
        (event(window={"kind": "since", "event": "Z"}), "unknown_event"),
        (event(window={"kind": "between"}), "contradiction"),
        (event(window={"kind": "between", "from": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}), "contradiction"),
        (event(window={"kind": "between", "from": "1900-01-01T00:00:00Z", "until": "2999-01-01T00:00:00Z"}), "out_of_range"),
        ({"type": "sequence", "steps": [{"event": "A"}]}, "wrong_steps"),
        ({"type": "sequence", "steps": [{"event": "A"}, {"event": "B", "absent": True}]}, "wrong_steps"),
        ({"type": "stage", "value": ["lots"]}, "unknown_level"),
        ({"type": "stage", "value": []}, "contradiction"),
        ({"type": "tier", "value": ["tin"]}, "unknown_level"),
        ({"type": "segment", "segment": 9}, "unknown_segment"),
        ({"type": "group", "group": 9}, "unknown_group"),
        ({"type": "bucket", "from": 20, "until": 20}, "contradiction"),
        ({"type": "referral", "what": "invited", "value": "many"}, "wrong_type"),
        (all_of(), "empty_group"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(leaf: dict[str, Any], code: str) -> None:
    assert codes({"type": "stage", "value": ["few"]}, leaf) == [("rules[1]", code)]


@pytest.mark.parametrize(
    ("leaf", "code"),
    [
        (where("shoe", "=", 1), "unknown_field"),
        (where('properties.a"b', "=", 1), "unknown_field"),
        (where("category", "=", 1), "wrong_type"),
        (where("hour", "=", 1.5), "wrong_type"),
        (where("properties.size", "contains", 3), "wrong_operator"),
        (where("properties.size", "in", [1, "a"]), "wrong_type"),
        (where("properties.size", "in", []), "wrong_operator"),
        (where("day", "inLast", {"n": 3, "unit": "days"}), "wrong_operator"),
        (where("day", "=", "2026-02-30"), "wrong_type"),
    ],
)
def test_conditions_on_facts_are_checked_too(leaf: dict[str, Any], code: str) -> None:
    assert codes(leaf) == [("rules[0].where.rules[0]", code)]


def test_circles_are_seen_through_other_segments() -> None:
    def uses(number: int) -> rules.Group:
        return rules.read(all_of({"type": "segment", "segment": number}))

    known = Known(segments={1: uses(2), 2: uses(3), 3: None})
    assert rules.check(uses(2), known, segment=1) == []
    assert [p.code for p in rules.check(uses(1), known, segment=3)] == ["circle"]
    assert [p.code for p in rules.check(uses(7), known, segment=7)] == ["circle"]
    assert rules.check(uses(1), known) == []


def test_mentions_say_what_an_answer_depends_on() -> None:
    found = rules.mentions(rules.read(all_of(*EVERY_LEAF)))
    assert found.events == {"Product Bought", "Order Completed", "Link Clicked", "A", "B", "C"}
    assert found.traits == {"orders", "city", "last_order_at"}
    assert found.states == {"stage", "tier", "pyramid", "lead", "consent", "referral", "relationship"}
    assert (found.segments, found.groups, found.clock) == ({3}, {4}, True)
    assert not rules.mentions(rules.read(all_of(event(), EVERY_LEAF[0]))).clock
    assert rules.mentions(rules.read(all_of(event(window={"kind": "within", "n": 1, "unit": "days"})))).clock
    assert rules.mentions(rules.read(all_of())) == rules.Mentions()


def test_yearly_dates_run_over_new_year_and_february() -> None:
    def ahead(monthday: int, *today: int) -> int | None:
        return days_ahead(monthday, (date(*today) - EPOCH_DAY).days)

    assert [ahead(m, 2026, 12, 30) for m in (1230, 1231, 101, 1229)] == [0, 1, 2, 364]
    assert [ahead(229, *on) for on in ((2027, 2, 27), (2027, 2, 28), (2027, 3, 1), (2028, 2, 28))] == [1, 0, 365, 1]
    assert ahead(1300, 2026, 1, 1) is None
