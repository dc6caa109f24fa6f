"""What cannot hold at once is said, and nothing else is: against trying all values; and no regular expression comes in."""

from itertools import product
from typing import Any

import pytest

from passaparola.segments import rules
from passaparola.segments.rules.reading import NO_PATTERNS, Malformed

LESS: dict[str, Any] = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__, "=": float.__eq__}


def found(*leaves: Any, **more: Any) -> list[tuple[str, str]]:
    return [(c.path, c.other_path) for c in rules.contradictions(rules.read({"rules": list(leaves), **more}))]


def purchases(operator: str, value: Any) -> dict[str, Any]:
    return {"type": "trait", "trait": "purchases", "operator": operator, "value": value}


def sex(value: str) -> dict[str, Any]:
    return {"type": "trait", "trait": "sex", "operator": "=", "value": value}


def times(operator: str, value: int, **more: Any) -> dict[str, Any]:
    return {"type": "event", "event": "Order Completed", "operator": operator, "value": value, **more}


FEW, MANY = {"type": "stage", "value": ["few"]}, {"type": "stage", "value": ["many"]}
BOTH = [("rules[0]", "rules[1]")]


def test_ranges_contradict_exactly_where_no_value_fits_both() -> None:
    for (one, a), (other, b) in product(product(LESS, (1, 2, 3)), repeat=2):
        fits = any(LESS[one](x / 4, float(a)) and LESS[other](x / 4, float(b)) for x in range(-4, 24))
        assert bool(found(purchases(one, a), purchases(other, b))) == (not fits), (one, a, other, b)
    assert found(purchases("between", [1, 4]), purchases(">", 4)) and not found(purchases("between", [1, 4]), purchases(">=", 4))
    assert found(times(">=", 5), times("<=", 3)) == BOTH


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FEW, MANY), (FEW, {"type": "stage", "operator": "notIn", "value": ["few", "some"]}),
        ({"type": "segment", "segment": 1}, {"type": "segment", "segment": 1, "operator": "notIn"}),
        ({"type": "group", "group": 1, "operator": "notIn"}, {"type": "group", "group": 1}),
        ({"type": "consent", "channel": "email", "purpose": "referral"},
         {"type": "consent", "channel": "email", "purpose": "referral", "state": "refused"}),
        ({"type": "referral", "what": "invited", "operator": "=", "value": 0}, {"type": "referral", "what": "invited"}),
        (sex("f"), sex("m")),
        ({"type": "trait", "trait": "sex", "operator": "null"}, sex("m")),
    ],
)  # fmt: skip
def test_what_cannot_hold_at_once(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert found(one, other) == found(other, one) == BOTH
    assert not found(one, other, combinator="or")
    deep = {"rules": [other, {"type": "bucket", "until": 50}]}
    assert found(one, deep) == [("rules[0]", "rules[1].rules[0]")]
    assert not found(one, {**deep, "not": True}) and not found(one, {**deep, "combinator": "or"})
    assert found({"combinator": "and", "rules": [one, other]}, combinator="or") == [("rules[0].rules[0]", "rules[0].rules[1]")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FEW, {"type": "stage", "value": ["few", "many"]}), (FEW, {"type": "lead", "value": ["hot"]}),
        (times(">=", 5), times("<=", 3, window={"kind": "within", "n": 30, "unit": "days"})),
        (purchases(">=", 5), {"type": "trait", "trait": "visits", "operator": "<=", "value": 3}),
        ({"type": "segment", "segment": 1}, {"type": "segment", "segment": 2, "operator": "notIn"}),
        ({"type": "consent", "channel": "email", "purpose": "referral"},
         {"type": "consent", "channel": "sms", "purpose": "referral", "state": "refused"}),
        (sex("f"), sex("F")),
        (FEW, FEW),
    ],
)  # fmt: skip
def test_what_may_hold_at_once_is_left_alone(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert not found(one, other)


@pytest.mark.parametrize("operator", ["matches", "regex", "matchesRegex", "~*", "RLIKE"])
@pytest.mark.parametrize("plain", [True, False])
def test_a_regular_expression_is_refused_with_what_to_say_instead(operator: str, plain: bool) -> None:
    leaf: dict[str, Any] = {"field": "trait.name", "operator": operator, "value": "(a+)+$"}
    leaf = leaf if plain else {"type": "trait", "trait": "name", "operator": operator, "value": "(a+)+$"}
    with pytest.raises(Malformed) as refusal:
        rules.from_rqb({"rules": [{"field": "stage", "operator": "=", "value": "few"}, {"rules": [leaf]}]})
    assert refusal.value.values["path"] == "rules[1].rules[0]"
    assert all(word in refusal.value.english for word in ("contains", "begins with", "ends with"))


@pytest.mark.parametrize("operator", ["matches", "regex", "rlike"])
@pytest.mark.parametrize("read", [rules.read, rules.from_rqb])
def test_a_pattern_is_refused_in_the_same_words_wherever_it_comes_in(read: Any, operator: str) -> None:
    asked = {"field": "product", "operator": operator, "value": "(a+)+$"}
    for leaf, path in (
        ({"type": "trait", "trait": "language", "operator": operator, "value": "(a+)+$"}, "rules[0]"),
        ({"type": "event", "event": "Order Completed", "where": {"rules": [asked]}}, "rules[0].where.rules[0]"),
    ):
        with pytest.raises(Malformed) as refusal:
            read({"rules": [leaf]})
        assert refusal.value.values == {"path": path, "detail": NO_PATTERNS}
