"""The stage by visits: its ranges, its window, and the day on which it falls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passaparola.segments.stages import STAGES, Ranges, falls_on, in_period, settle, stage_of

RANGES = Ranges()
days_of = st.lists(st.integers(19_000, 20_000), unique=True, max_size=30).map(sorted)


@pytest.mark.parametrize(
    ("visits", "stage"), [(0, "none"), (1, "few"), (2, "few"), (3, "some"), (5, "some"), (6, "many"), (60, "many")]
)
def test_default_ranges(visits: int, stage: str) -> None:
    assert stage_of(visits, RANGES) == stage


def test_a_day_counts_from_its_own_until_the_period_is_over() -> None:
    assert in_period([100], 100, RANGES) == 1
    assert in_period([100], 100 + 364, RANGES) == 1
    assert in_period([100], 100 + 365, RANGES) == 0
    assert in_period([101], 100, RANGES) == 0


@given(days=days_of, today=st.integers(19_900, 20_100), period=st.integers(7, 800))
def test_the_fall_is_the_first_day_with_a_lower_stage(days: list[int], today: int, period: int) -> None:
    ranges = Ranges(period_days=period)
    days = [day for day in days if day <= today]
    now = stage_of(in_period(days, today, ranges), ranges)
    falls = falls_on(days, today, ranges)
    if now == "none":
        assert falls is None
        return
    assert falls is not None and falls > today
    assert stage_of(in_period(days, falls - 1, ranges), ranges) == now
    assert stage_of(in_period(days, falls, ranges), ranges) != now


@pytest.mark.parametrize("ranges", [Ranges(90, 1, 10, 40), Ranges(90, 1, 10, 40, 3, 30)])
def test_ranges_survive_the_way_out_and_back(ranges: Ranges) -> None:
    assert Ranges.read(ranges.as_json()) == ranges


def test_what_is_not_used_is_not_said_so_that_old_books_stay_as_they_were() -> None:
    assert set(Ranges().as_json()) == {"period_days", "few", "some", "many"}


@pytest.mark.parametrize(
    ("stage", "visits", "then"),
    [("many", 5, "many"), ("many", 4, "some"), ("many", 2, "some"), ("many", 1, "few"), ("many", 0, "none"),
     ("some", 2, "some"), ("some", 1, "few"), ("few", 1, "few"), ("few", 0, "none"), ("some", 6, "many"), ("none", 3, "some")],
)  # fmt: skip
def test_a_margin_keeps_a_stage_a_little_longer_but_nobody_without_a_visit(stage: str, visits: int, then: str) -> None:
    assert settle(stage, visits, Ranges(margin=1)) == then


@given(stage=st.sampled_from(STAGES), visits=st.integers(0, 12), margin=st.integers(0, 1))
def test_settling_is_settled_and_never_below_what_the_visits_give(stage: str, visits: int, margin: int) -> None:
    ranges = Ranges(margin=margin)
    then = settle(stage, visits, ranges)
    assert settle(then, visits, ranges) == then
    assert STAGES.index(then) >= STAGES.index(stage_of(visits, ranges))
    if not margin:
        assert then == stage_of(visits, ranges)


@given(days=days_of, today=st.integers(19_900, 20_100), period=st.integers(60, 800), stay=st.integers(0, 60))
def test_the_fall_with_margin_and_stay_is_the_first_day_on_which_both_let_go(
    days: list[int], today: int, period: int, stay: int
) -> None:
    ranges = Ranges(period_days=period, margin=1, stay_days=stay)
    days = [day for day in days if day <= today]
    held, since = stage_of(in_period(days, today, ranges), ranges), today
    falls = falls_on(days, today, ranges, held, since)
    if held == "none":
        assert falls is None
        return
    assert falls is not None and falls > today
    for day in (falls - 1, falls):
        lost = settle(held, in_period(days, day, ranges), ranges) != held and day >= since + stay
        assert lost == (day == falls)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        {},
        {"few": [1, 2], "some": [3, 5]},
        {"few": [1, 3], "some": [3, 5], "many": [6, None]},
        {"few": [1, 2], "some": [4, 5], "many": [6, None]},
        {"few": [2, 2], "some": [3, 5], "many": [6, None]},
        {"few": [1, 2], "some": [3, 5], "many": [6, 9]},
        {"few": ["x", 2], "some": [3, 5], "many": [6, None]},
        {"period_days": 1, "few": [1, 2], "some": [3, 5], "many": [6, None]},
        {"few": [1, 2], "some": [3, 5], "many": [6, None], "margin": 2},
        {"few": [1, 2], "some": [3, 5], "many": [6, None], "margin": -1},
        {"few": [1, 2], "some": [3, 5], "many": [6, None], "stay_days": 400},
        {"few": [1, 2], "some": [3, 5], "many": [6, None], "stay_days": "long"},
    ],
)
def test_wrong_ranges_are_refused_with_a_sentence(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        Ranges.read(wrong)
