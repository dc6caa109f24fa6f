"""Evidence in its declared order, within its window."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from passaparola.programs.attribution import METHODS, Evidence, choose

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def sign(method: str, code: int = 1, days: float = 1, window_days: int = 90) -> Evidence:
    return Evidence(method, code, NOW - timedelta(days=days), f"{method}:{code}", window_days)


def chosen(*signs: Evidence) -> Evidence | None:
    return choose(signs, now=NOW).evidence


def test_a_code_at_the_checkout_beats_a_bond_beats_a_click() -> None:
    click, bound, code = sign("click", 1), sign("bound", 2, 40), sign("code", 3, 0)
    assert chosen(click, bound, code) is code
    assert chosen(click, bound) is bound
    assert chosen(click) is click


def test_the_last_click_wins_and_only_within_the_window() -> None:
    old, new = sign("click", 1, 80), sign("click", 2, 10)
    assert chosen(old, new) is new
    assert chosen(sign("click", 1, 80, window_days=79)) is None
    assert chosen(sign("click", days=90)) is not None
    assert choose([sign("click", days=90.01)], now=NOW).reasons[0]["code"] == "window_over"


def test_a_click_of_the_future_is_no_evidence() -> None:
    assert chosen(sign("click", days=-1)) is None


def test_a_conflict_is_noted() -> None:
    reasons = choose([sign("code", 1), sign("click", 2)], now=NOW).reasons
    assert {reason["code"] for reason in reasons} == {"evidence", "conflict"}


signs = st.lists(st.builds(sign, st.sampled_from(METHODS), st.integers(1, 4), st.floats(0, 200)), max_size=6)


@given(signs=signs, data=st.data())
def test_the_order_of_arrival_does_not_matter(signs: list[Evidence], data: st.DataObject) -> None:
    assert chosen(*signs) == chosen(*data.draw(st.permutations(signs)))
