"""The stage by visits: its ranges, its window, and the day on which it falls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passaparola.segments.stages import Ranges, falls_on, in_period, stage_of

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


def test_ranges_survive_the_way_out_and_back() -> None:
    ranges = Ranges(90, 1, 10, 40)
    assert Ranges.read(ranges.as_json()) == ranges


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
    ],
)
def test_wrong_ranges_are_refused_with_a_sentence(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        Ranges.read(wrong)
