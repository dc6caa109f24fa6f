"""Stages in the corridor: what margin and minimum stay hold, what a change of ranges does, and that the log gives it again."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from passaparola import replay, worker
from passaparola.kernel.models import Timer
from passaparola.segments.models import StageChange, Traits
from tests.people import ALMA
from tests.world import World

RANGES: dict[str, Any] = {"period_days": 30, "few": [1, 2], "some": [3, 5], "many": [6, None]}


@pytest.fixture
def world() -> World:
    """Alma came on three days, one after the other, and is in "some"."""
    made = World()
    made.send(ALMA.identify())
    return made


def comes(world: World, days: int) -> None:
    for _ in range(days):
        world.send(ALMA.track("Visit Recorded"))
        world.days_pass(1)


def stage() -> str:
    return str(Traits.objects.get().stage)


def test_without_options_a_stage_falls_with_the_visit_that_leaves(world: World) -> None:
    world.act("Stages Changed", **RANGES)
    comes(world, 3)
    world.days_pass(26)
    assert stage() == "some"
    world.days_pass(1)
    assert stage() == "few"
    assert world.disagreements() == []


def test_a_clock_set_back_over_the_fall_lets_it_ring_again(world: World) -> None:
    """The same timer, set for the same moment once more: its second ring is no repetition of the first."""
    world.act("Stages Changed", **RANGES)
    comes(world, 3)
    falls_at = Timer.objects.get(kind="stage").due_at
    world.now = falls_at + timedelta(minutes=10)
    worker.drain(world.now)
    assert stage() == "few"
    world.now = falls_at - timedelta(minutes=50)
    world.send(ALMA.track("Visit Recorded", timestamp=(world.now - timedelta(days=400)).isoformat()))
    assert stage() == "some" and Timer.objects.get(kind="stage").due_at == falls_at
    world.now = falls_at + timedelta(minutes=20)
    worker.drain(world.now)
    assert stage() == "few" and world.disagreements() == []


def test_a_margin_holds_the_stage_for_one_visit_fewer(world: World) -> None:
    world.act("Stages Changed", **RANGES, margin=1)
    comes(world, 3)
    world.days_pass(27)
    assert (stage(), Traits.objects.get().visits_period) == ("some", 3)
    world.days_pass(1)
    assert stage() == "few"
    assert StageChange.objects.order_by("id").last().reason["margin"] == 1  # type: ignore[union-attr]
    assert world.disagreements() == []


def test_a_minimum_stay_holds_it_for_so_many_days(world: World) -> None:
    world.act("Stages Changed", **RANGES, stay_days=30)
    comes(world, 3)
    world.days_pass(28)
    # The first visit has left, but "some" was reached on the third day and is held for 30.
    assert stage() == "some" and world.disagreements() == []
    world.days_pass(1)
    # Then all three have left but the last; what falls, falls as far as the visits say.
    assert stage() in ("few", "none") and world.disagreements() == []
    world.days_pass(2)
    assert stage() == "none" and world.disagreements() == []


def test_other_ranges_place_everybody_afresh(world: World) -> None:
    world.act("Stages Changed", **RANGES, stay_days=30)
    comes(world, 3)
    world.act("Stages Changed", **{**RANGES, "some": [2, 3], "many": [4, None], "few": [1, 1]})
    world.days_pass(0.01)
    assert stage() == "some"
    world.act("Stages Changed", **RANGES, stay_days=30, margin=1)
    comes(world, 1)
    world.act("Stages Changed", **{**RANGES, "few": [1, 4], "some": [5, 9], "many": [10, None]}, stay_days=30)
    world.days_pass(0.01)
    assert stage() == "few"


def test_the_log_gives_held_stages_again(world: World, tmp_path: Path) -> None:
    world.act("Stages Changed", **RANGES, stay_days=10, margin=1)
    comes(world, 6)
    world.days_pass(28)
    world.act("Stages Changed", **RANGES)
    comes(world, 2)
    world.days_pass(40)
    found = replay.replay(tmp_path / "again")
    assert not found.wrong and not found.differences
    assert StageChange.objects.count() >= 5
