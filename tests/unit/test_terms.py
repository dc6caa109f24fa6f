"""Terms: what keeps a programme from starting."""

import copy
from typing import Any

import pytest

from passaparola.programs import terms

GOOD = terms.complete(
    {"goal": {"kind": "acquisition", "metric": "new_customers", "baseline": 0, "target": 50, "deadline": "2027-06-30"}},
    "EUR",
)


def with_(path: str, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(GOOD)
    *folders, last = path.split(".")
    place = made
    for folder in folders:
        place = place[folder]
    place[last] = value
    return made


def test_complete_terms_are_fine() -> None:
    assert terms.check(GOOD) == []


def test_the_defaults_lack_only_their_goal() -> None:
    assert {problem.path.split(".")[0] for problem in terms.check(terms.default("EUR"))} == {"goal"}


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("goal", None, "no_goal"),
        ("goal.kind", "fame", "no_goal"),
        ("goal.target", None, "no_target"),
        ("goal.target", "50", "no_target"),
        ("goal.deadline", "soon", "no_deadline"),
        ("audience.stages", [], "no_audience"),
        ("audience.stages", ["none"], "no_audience"),
        ("moment", {"kind": "event", "event": ""}, "bad_moment"),
        ("moment", None, "no_moment"),
        ("advocate", {"amount": 0, "unit": "EUR"}, "bad_amount"),
        ("advocate", {"amount": 10.5, "unit": "EUR"}, "bad_amount"),
        ("advocate", {"amount": "10", "unit": "EUR"}, "bad_amount"),
        ("friend", {"amount": 10, "unit": "euro"}, "bad_unit"),
        ("holdout_percent", 51, "out_of_range"),
        ("hold_days", -1, "out_of_range"),
        ("hold_days", True, "out_of_range"),
        ("qualify.window_days", 0, "out_of_range"),
        ("qualify.new_customer_days", 0, "out_of_range"),
        ("budget", {"EUR": -1}, "bad_budget"),
        ("destination", "javascript:alert(1)", "bad_address"),
        ("destination", "//evil.example", "bad_address"),
        ("destination", "https://shop.example@evil.example/", "bad_address"),
        ("texts", {"headline": {"fr": "Bonjour"}}, "bad_text"),
    ],
)
def test_each_fault_is_named(path: str, value: Any, code: str) -> None:
    assert code in {problem.code for problem in terms.check(with_(path, value))}


def test_a_programme_gives_at_least_one_side_something() -> None:
    assert terms.check(with_("advocate", None)) == []
    assert [p.code for p in terms.check({**GOOD, "advocate": None, "friend": None})] == ["no_reward"]


def test_an_unknown_term_is_not_taken_silently() -> None:
    assert terms.check({**GOOD, "hold_day": 3})[0].code == "unknown_term"
