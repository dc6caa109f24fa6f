"""Proposals for stage ranges: they follow the data, say why, and flag what does not rise."""

from hypothesis import given
from hypothesis import strategies as st

from passaparola.segments.proposing import (
    STAGE_SHARE_MIN,
    Rung,
    best_split,
    by_shares,
    is_steady,
    proposals,
    stage_rates,
    unsteady,
)  # fmt: skip
from passaparola.segments.stages import Ranges

STEPS = [Rung(n, 1000, again) for n, again in enumerate([200, 210, 500, 505, 510, 900, 905], 1)]
rungs_of = st.lists(st.tuples(st.integers(1, 500), st.integers(0, 100)), min_size=0, max_size=40).map(
    lambda found: [Rung(n, people, people * share // 100) for n, (people, share) in enumerate(found, 1)]
)


def test_the_best_split_finds_the_steps_that_are_there() -> None:
    assert best_split(STEPS) == (3, 6)
    assert [round(rate, 3) for rate in stage_rates(STEPS, 3, 6)] == [0.205, 0.505, 0.902]


def test_too_few_people_give_no_split() -> None:
    assert best_split([]) is None and best_split([Rung(1, 500, 3), Rung(2, 400, 30)]) is None
    assert best_split([Rung(n, 5, 3) for n in range(1, 9)]) is None


@given(rungs=rungs_of)
def test_a_split_leaves_no_stage_too_small_and_is_a_range(rungs: list[Rung]) -> None:
    cut = best_split(rungs)
    if cut is None:
        return
    total = sum(rung.people for rung in rungs)
    some, many = cut
    for low, high in ((1, some), (some, many), (many, 10**6)):
        assert sum(r.people for r in rungs if low <= r.visits < high) >= total * STAGE_SHARE_MIN
    assert Ranges.read(Ranges(365, 1, some, many).as_json()) == Ranges(365, 1, some, many)


def test_shares_are_the_lower_half_and_the_upper_fifth() -> None:
    assert by_shares({0: 500, 1: 50, 2: 10, 3: 10, 4: 10, 5: 10, 6: 10}) == (2, 5)
    assert by_shares({0: 9, 1: 100}) is None and by_shares({}) is None


@given(visits=st.dictionaries(st.integers(0, 60), st.integers(1, 100), max_size=30))
def test_shares_never_propose_what_the_ranges_would_refuse(visits: dict[int, int]) -> None:
    cut = by_shares(visits)
    if cut is not None:
        assert Ranges.read(Ranges(90, 1, *cut).as_json())


def test_what_falls_is_flagged_and_what_is_noise_is_not() -> None:
    falling = [Rung(1, 1000, 600), Rung(2, 1000, 300), Rung(3, 10, 1), Rung(4, 1000, 295)]
    assert unsteady(falling) == [2]
    assert unsteady(STEPS) == []
    assert not is_steady(stage_rates(falling, 2, 3)) and is_steady(())


def test_proposals_come_with_their_reason_and_without_repeats() -> None:
    found = proposals(dict.fromkeys(range(1, 8), 1000), STEPS)
    assert [(p.kind, p.some, p.many) for p in found] == [("again", 3, 6), ("shares", 5, 7)]
    assert found[0].steady and len(found[0].rates) == 3
    assert [p.kind for p in proposals({}, [])] == ["field"]
