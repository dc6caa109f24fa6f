"""Leads, the thinking alone: halving in whole numbers, the cooling moment, fit, lists that cannot be used."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passaparola.segments import leads
from passaparola.segments.leads import MICRO, Condition, Deed, Own, Rules, Signal, Whole

DAY = 86_400_000_000
times = st.integers(0, 400 * DAY)


@given(amount=st.integers(-(10**9), 10**9), elapsed=times, half_life=st.integers(1, 730))
def test_halving_is_what_the_formula_says(amount: int, elapsed: int, half_life: int) -> None:
    exact = amount * 2 ** (-elapsed / (half_life * DAY))
    assert abs(leads.halved(amount, elapsed, half_life) - exact) <= 1 + abs(exact) * 1e-7
    assert leads.halved(-amount, elapsed, half_life) == -leads.halved(amount, elapsed, half_life)


def test_halving_at_whole_half_lives_is_exact() -> None:
    assert [leads.halved(64, n * 30 * DAY, 30) for n in range(8)] == [64, 32, 16, 8, 4, 2, 1, 1]
    assert leads.halved(10**12, 99 * 30 * DAY, 30) == 0


@given(sums=st.integers(0, 200 * MICRO), fit=st.integers(0, 100), later=times)
def test_she_is_as_warm_as_her_score_and_cools_when_told(sums: int, fit: int, later: int) -> None:
    rules, whole = Rules(), Whole(source="form", sum_micro=sums, at_us=DAY)
    level, until = leads.temperature(fit, whole, DAY + later, rules)
    score = leads.score_at(fit, whole, DAY + later, rules)
    cut = {"cold": 0, "warm": rules.warm, "hot": rules.hot}
    above = {"cold": rules.warm, "warm": rules.hot, "hot": 101}
    assert cut[level] - 1e-3 <= score <= above[level] + 1e-3
    if until is None:
        assert level == "cold"
    else:
        assert until > DAY + later and until % 1_000_000 == 0
        assert leads.temperature(fit, whole, until - 1, rules)[0] == level
        assert leads.TEMPERATURES.index(leads.temperature(fit, whole, until, rules)[0]) < leads.TEMPERATURES.index(level)


@given(deeds=st.lists(st.tuples(st.sampled_from(["a", "b", "bad"]), st.integers(0, 90)), max_size=30))
def test_the_sum_is_the_sum_of_what_is_left_of_each(deeds: list[tuple[str, int]]) -> None:
    rules = Rules(signals=(Signal("a", 5, per_day=2), Signal("b", 3), Signal("bad", -4)), points_max=10_000)
    own, left, seen = Own(since_event=1), [], []
    for number, (name, day) in enumerate(deeds, 1):
        weight = leads.count(own, Deed(number, name, {}, day * DAY, day), rules)
        seen.append((day, weight))
    left = [weight * MICRO * 2 ** (-(own.at_us / DAY - day) / 30) for day, weight in seen]
    assert own.sum_micro == pytest.approx(sum(left), abs=len(deeds) + 1 + abs(sum(left)) * 1e-6)
    again = Own(since_event=1)
    list(leads.recount(again, [Deed(n, name, {}, day * DAY, day) for n, (name, day) in enumerate(deeds, 1)], rules))
    assert again == own


def test_neither_half_alone_makes_anybody_hot() -> None:
    rules = Rules()
    assert leads.score(0, 100) == 0 == leads.score(100, 0)
    assert leads.score(100, 100) == 100
    assert leads.needed(rules.hot, 50, rules) is None, "no engagement makes up for half a fit"
    assert leads.engagement(200 * MICRO, rules) < 100


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "holds"),
    [
        ("is", "Sevilla", "sevilla ", True), ("is", "Sevilla", None, False), ("is_not", "Sevilla", "Roma", True),
        ("is_not", "Sevilla", None, False), ("among", "Roma, Milano", "milano", True), ("contains", "eng", "Engineer", True),
        ("at_least", "3", 3, True), ("at_least", "3", "2.5", False), ("at_most", "3", "nonsense", False),
        ("at_least", "1", True, False), ("known", "", "x", True), ("known", "", "", False), ("is", "true", True, True),
        ("is", "golf", ["Golf", "chess"], True), ("at_least", "1", float("nan"), False),
    ],
)  # fmt: skip
def test_conditions(operator: str, wanted: str, value: Any, holds: bool) -> None:
    rules = Rules(fit=(Condition("x", operator, wanted, 10),))
    assert leads.fit_of({"x": value}, rules)[0] == (100 if holds else 0)


def test_fit_weighs_what_speaks_for_and_against() -> None:
    fit = (Condition("a", "known", "", 30), Condition("b", "known", "", 10), Condition("c", "known", "", -20))
    assert leads.fit_of({"a": 1}, Rules(fit=fit))[0] == 75
    assert leads.fit_of({"a": 1, "b": 1, "c": 1}, Rules(fit=fit))[0] == 50
    assert leads.fit_of({}, Rules(fit=fit[2:]))[0] == 100 and leads.fit_of({"c": 1}, Rules(fit=fit[2:]))[0] == 80


@pytest.mark.parametrize(
    "wrong",
    [
        [], {"warm": 50, "hot": 50}, {"warm": 0}, {"hot": 101}, {"half_life_days": 0}, {"tau": "40"}, {"signals": [{}]},
        {"signals": [{"event": "x", "weight": 101}]}, {"signals": [{"event": "", "weight": 1}]},
        {"fit": [{"field": "x", "operator": "matches", "value": "", "weight": 1}]}, {"signals": [{"event": "x", "weight": 1}] * 51},
        {"fit": [{"field": "x", "operator": "is", "value": 3, "weight": 1}]}, {"half_life_days": math.inf},
    ],
)  # fmt: skip
def test_rules_that_cannot_be_used_say_so(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Rules.read(wrong)
    assert Rules.read(Rules().as_json()) == Rules()
