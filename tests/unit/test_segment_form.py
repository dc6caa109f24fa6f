"""The builder's form: every leaf through form fields and back, buttons, and what is typed wrongly, kept as typed."""

import random
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passaparola.doors.console.segments import draft, nodes, spelling, translate
from passaparola.doors.console.segments.draft import Draft
from passaparola.doors.console.segments.spelling import Kinds
from passaparola.segments import rules

KINDS = Kinds(
    traits={"spent_minor": "whole", "purchases": "whole", "share": "number", "favourite_product": "text", "was_referred": "boolean",
            "first_visit_on": "day", "last_purchase_at": "time", "birthday": "monthday", "favourite_weekday": "whole"},
    units={"spent_minor": "minor", "favourite_weekday": "weekday"},
    zone="Europe/Madrid",
)  # fmt: skip
KNOWN = rules.Known(traits={name: rules.TraitKind(kind) for name, kind in KINDS.traits.items()})
WEEKEND = {"combinator": "and", "not": False, "rules": [
    {"field": "category", "operator": "=", "value": "coffee"},
    {"combinator": "or", "not": True, "rules": [
        {"field": "weekday", "operator": "notIn", "value": [6, 7]},
        {"field": "company", "operator": "null"},
        {"field": "amount_minor", "operator": "between", "value": [499, 5000]},
        {"field": "quantity_milli", "operator": ">=", "value": 1500},
        {"field": "day", "operator": "between", "value": ["2026-01-06", "2026-02-01"]},
        {"field": "properties.size", "operator": "in", "value": ["L", "12", "a, b"]},
        {"field": "properties.weight", "operator": "<", "value": 12.5},
        {"field": "properties.gift", "operator": "=", "value": True},
        {"field": "properties.note", "operator": "notNull"},
    ]},
]}  # fmt: skip
DAYS = {"kind": "within", "n": 60, "unit": "days"}
LEAVES: list[dict[str, Any]] = [
    {"type": "event", "event": "Product Bought", "where": WEEKEND, "window": DAYS, "operator": ">=", "value": 2},
    {"type": "event", "event": "Order Completed", "measure": "sum", "of": "amount_minor", "operator": ">", "value": 4990},
    {"type": "event", "event": "Order Completed", "measure": "sum", "of": "properties.points", "operator": "<=", "value": 2.25},
    {"type": "event", "event": "Order Completed", "measure": "distinct", "of": "channel", "operator": "between", "value": [2, 4]},
    {"type": "event", "event": "Order Completed", "measure": "last", "operator": ">=", "value": 14},
    {"type": "event", "event": "Order Completed", "measure": "days", "operator": "in", "value": [1, 2, 3]},
    {"type": "event", "event": "Order Completed", "operator": "=", "value": 0, "window": {"kind": "since", "event": "Code Shared"}},
    {"type": "event", "event": "A", "window": {"kind": "within", "n": 90, "unit": "days", "skip": 30}},
    {"type": "event", "event": "A", "window": {"kind": "before", "n": 2, "unit": "weeks"}},
    {"type": "event", "event": "A", "window": {"kind": "between", "from": "2026-01-01T00:00:00+01:00"}},
    {"type": "event", "event": "A", "window": {"kind": "between", "from": "2026-10-25T00:30:00.000001Z",
                                               "until": "2026-10-25T01:30:00Z"}},
    {"type": "sequence", "window": DAYS, "within": {"n": 3, "unit": "hours"}, "same": "properties.cart_id", "steps": [
        {"event": "Product Viewed", "where": WEEKEND}, {"event": "Product Added"},
        {"event": "Order Completed", "absent": True, "within": {"n": 2, "unit": "days"}}]},
    {"type": "trait", "trait": "spent_minor", "operator": "between", "value": [1, 100050]},
    {"type": "trait", "trait": "share", "operator": "<", "value": 0.1},
    {"type": "trait", "trait": "favourite_product", "operator": "doesNotBeginWith", "value": "caf"},
    {"type": "trait", "trait": "favourite_product", "operator": "null"},
    {"type": "trait", "trait": "was_referred", "operator": "=", "value": False},
    {"type": "trait", "trait": "first_visit_on", "operator": ">=", "value": "2026-11-21"},
    {"type": "trait", "trait": "last_purchase_at", "operator": "inLast", "value": {"n": 36, "unit": "hours"}},
    {"type": "trait", "trait": "birthday", "operator": "anniversaryWithin", "value": 7},
    {"type": "trait", "trait": "favourite_weekday", "operator": "in", "value": [1, 7]},
    {"type": "stage", "value": ["none", "many"]},
    {"type": "tier", "operator": "notIn", "value": ["gold", "a tier, of ours"]},
    {"type": "pyramid", "value": ["active"]},
    {"type": "lead", "operator": "notIn", "value": ["cold"]},
    {"type": "segment", "segment": 7, "operator": "notIn"},
    {"type": "group", "group": 3},
    {"type": "consent", "channel": "email", "purpose": "referral", "state": "none", "operator": "!="},
    {"type": "referral", "what": "converted", "operator": ">=", "value": 3, "program": 2},
    {"type": "referral", "what": "was_invited"},
    {"type": "referral", "what": "was_invited", "operator": "=", "value": 0},
    {"type": "referral", "what": "generation", "operator": "between", "value": [1, 2]},
    {"type": "relationship", "kind": "family", "operator": "=", "value": 2},
    {"type": "relationship", "operator": "in", "value": [1, 2]},
    {"type": "bucket", "from": 10, "until": 35, "seed": 99},
]  # fmt: skip


def typed(node: Draft, path: str = "") -> dict[str, list[str]]:
    """The fields a page with this draft would send."""
    prefix = f"{path}." if path else ""
    found = {f"{prefix}kind": [node.kind]} | {
        f"{prefix}{name}": values for name, values in node.fields.items() if values
    }
    for what, among in (("rules", node.rules), ("steps", node.steps)):
        for i, below in enumerate(among):
            found |= typed(below, draft.join(path, f"{what}[{i}]"))
    return found | (typed(node.where, draft.join(path, "where")) if node.where else {})


def through_the_form(tree: rules.Group) -> rules.Group:
    made = translate.of_json(rules.as_json(tree), KINDS)
    return rules.read(translate.to_json(draft.read(typed(made)), KINDS))


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: f"{leaf['type']}-{leaf.get('operator', '')}")
def test_every_leaf_comes_back_equal(leaf: dict[str, Any]) -> None:
    for wrap in ({"rules": [leaf]}, {"combinator": "or", "not": True, "rules": [{"rules": [leaf, leaf]}, leaf]}):
        tree = rules.read(wrap)
        assert not rules.check(tree, KNOWN), "an example of the test is wrong"
        assert through_the_form(tree) == tree


def test_all_kinds_are_tried() -> None:
    assert {leaf["type"] for leaf in LEAVES} == set(rules.tree.LEAVES)


@given(st.integers(0, 10**6))
def test_random_rules_come_back_equal(seed: int) -> None:
    lot = random.Random(seed)

    def group(depth: int) -> dict[str, Any]:
        inside = [
            group(depth - 1) if depth and lot.random() < 0.3 else lot.choice(LEAVES) for _ in range(lot.randint(0, 4))
        ]
        return {"combinator": lot.choice(["and", "or"]), "not": lot.random() < 0.3, "rules": inside}

    tree = rules.read(group(3))
    assert through_the_form(tree) == tree


# --- buttons --------------------------------------------------------------------------------------


def kinds_of(root: Draft) -> list[str]:
    return [rule.kind for rule in root.rules]


def test_buttons_change_the_rule_and_say_where_to_go_on() -> None:
    root = draft.group()
    assert draft.act(root, "add  event") == "rules[0]"
    assert draft.act(root, "add rules[0].where condition") == "rules[0].where.rules[0]"
    assert draft.act(root, "add  sequence") == "rules[1]"
    assert draft.act(root, "add rules[1] step") == "rules[1].steps[2]"
    assert draft.act(root, "earlier rules[1].steps[2]") == "rules[1].steps[1]"
    assert draft.act(root, "copy rules[0]") == "rules[1]" and kinds_of(root) == ["event", "event", "sequence"]
    assert draft.act(root, "wrap rules[0]") == "rules[0]" and root.rules[0].rules[0].where is not None
    assert draft.act(root, "add rules[0] stage") == "rules[0].rules[1]"
    assert draft.act(root, "remove rules[2]") == "rules[1]" and kinds_of(root) == ["group", "event"]
    assert draft.act(root, "remove rules[1].where.rules[0]") == "rules[1]" and root.rules[1].where is None
    assert draft.act(root, "remove rules[1]") == "rules[0]" and draft.act(root, "remove rules[0]") == ""
    assert draft.act(root, "show") is None and root.rules == []


def test_copies_are_copies() -> None:
    root = draft.group(draft.new("event"))
    draft.act(root, "copy rules[0]")
    root.rules[1].put(event="B")
    assert root.rules[0].one("event") == ""


@pytest.mark.parametrize(
    "order",
    [
        "remove rules[9]",
        "remove where",
        "remove ",
        "add rules[4].rules[0] event",
        "copy steps[1]",
        "wrap x",
        "earlier rules[0]",
        "eval 1",
        "",
    ],
)
def test_orders_that_mean_nothing_do_nothing(order: str) -> None:
    root = draft.group(draft.new("event"))
    draft.act(root, order)
    assert kinds_of(root) == ["event"]


def test_a_form_deeper_or_longer_than_any_rule_is_not_followed() -> None:
    deep = {".".join(["rules[0]"] * n) + ".kind": ["group"] for n in range(1, 60)}
    long = {f"rules[{n}].kind": ["event"] for n in range(900)}
    for fields in (deep, long):
        assert len(list(nodes_of(draft.read(fields)))) < 230
        tree, problems = nodes.examine(draft.read(fields), KINDS, KNOWN, None)
        assert problems and tree is None


def nodes_of(node: Draft) -> list[Draft]:
    return [node, *(below for rule in node.rules for below in nodes_of(rule))]


# --- typing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "scale", "number"),
    [("2", 0, 2), ("49,90", 2, 4990), ("49.9", 2, 4990), (" 1 000 ", 0, 1000), ("1.5", 3, 1500), ("-3", 0, -3), ("0.005", 2, 0.5),
     ("2.000,50", 2, "2.000,50"), ("two", 0, "two"), ("", 0, ""), ("1e5", 0, "1e5"), ("٣", 0, 3)],
)  # fmt: skip
def test_numbers_as_they_are_typed(text: str, scale: int, number: Any) -> None:
    assert spelling.number(text, scale) == number


def test_what_cannot_be_read_stays_as_typed_and_is_named() -> None:
    fields = {
        "kind": ["group"], "combinator": ["and"],
        "rules[0].kind": ["trait"], "rules[0].trait": ["purchases"], "rules[0].operator": [">="], "rules[0].value": ["many"],
        "rules[1].kind": ["event"], "rules[1].event": ["A"], "rules[1].value": ["2"],
        "rules[1].window": ["within"], "rules[1].window_n": ["soon"],
        "rules[2].kind": ["event"], "rules[2].event": ["A"], "rules[2].value": ["1"], "rules[2].where.kind": ["group"],
        "rules[2].where.rules[0].kind": ["condition"], "rules[2].where.rules[0].field": ["weekday"],
        "rules[2].where.rules[0].operator": ["in"],
    }  # fmt: skip
    made = draft.read(fields)
    tree, problems = nodes.examine(made, KINDS, KNOWN, None)
    assert tree is None and list(problems) == ["rules[1]"]
    assert made.rules[1].one("window_n") == "soon"
    made.rules[1].put(window_n="30")
    tree, problems = nodes.examine(made, KINDS, KNOWN, None)
    assert tree is not None and list(problems) == ["rules[0]", "rules[2].where.rules[0]"]
    assert problems["rules[0]"] == ["A number is needed here."]


def test_a_value_survives_a_change_of_operator() -> None:
    made = Draft("trait").put(trait="purchases", operator="in", value="3")
    assert translate.to_json(made, KINDS)["value"] == [3]
    made = Draft("trait").put(trait="purchases", operator=">=", values=["4", "5"])
    assert translate.to_json(made, KINDS)["value"] == 4


@pytest.mark.parametrize("text", ["2026-10-25T02:30", "2026-10-25T02:30:00+01:00", "2026-03-29T02:30", "2026-11-21T10:00:30",
                                  "2026-11-21T10:00:00+05:00", "2026-11-21T10:00:00.000001Z"])  # fmt: skip
def test_moments_stay_the_same_moment(text: str) -> None:
    """Also in the hour that comes twice in autumn, and in the one that never comes in spring."""
    first = spelling.moment(text, "Europe/Madrid")
    again = spelling.moment(spelling.moment_text(first, "Europe/Madrid"), "Europe/Madrid")
    assert datetime.fromisoformat(first).timestamp() == datetime.fromisoformat(again).timestamp()
    assert spelling.moment("yesterday", "Europe/Madrid") == "yesterday"
