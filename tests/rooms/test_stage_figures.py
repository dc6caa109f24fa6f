"""What the stages page says: simulation, who comes again, readiness, movements; each against a plain count of the same days."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from passaparola.events import intake
from passaparola.kernel.database import rows
from passaparola.measure import flow, metrics, readiness, returns, simulation
from passaparola.measure.visits import per_person
from passaparola.people.models import Person
from passaparola.segments.models import Traits, Visit
from passaparola.segments.stages import STAGES, Ranges, in_period, stage_of
from tests import seed

TODAY = 20_000
NOW = datetime(2024, 10, 4, 12, tzinfo=UTC)
RANGES = Ranges(90, 1, 3, 6)


@pytest.fixture
def days() -> dict[int, list[int]]:
    """Sixty people with random days, some under a second self that was merged; by root, each day once."""
    dice = random.Random(7)
    number, found = 0, {}
    for person in range(1, 61):
        came = sorted({TODAY - dice.randrange(300) for _ in range(dice.randrange(14))})
        seed.row(Person, id=person, root_id=person, uid=str(person))
        alias = 100 + person
        shared = person % 4 == 0 and came
        if shared:
            seed.row(Person, id=alias, root_id=person, uid=str(alias))
            seed.row(Traits, person_id=alias)
        for i, day in enumerate(came):
            owners = {person, alias} if shared and i % 3 == 0 else {alias} if shared and i % 3 == 1 else {person}
            for owner in owners:
                number += 1
                seed.row(Visit, id=number, person_id=owner, day=day)
        stage = stage_of(in_period(came, TODAY, RANGES), RANGES)
        seed.row(
            Traits, person_id=person, stage=stage, visits_ever=len(came),
            first_visit_day=came[0] if came else None, last_visit_day=came[-1] if came else None,
        )  # fmt: skip
        found[person] = came
    return found


def test_each_root_is_counted_once_and_each_of_their_days_once(days: dict[int, list[int]]) -> None:
    counted = {int(i): int(n) for i, n in rows(per_person("COUNT(*) AS n"))}
    assert counted == {person: len(came) for person, came in days.items() if came}


@pytest.mark.parametrize("wanted", [RANGES, Ranges(90, 1, 2, 5), Ranges(30, 1, 2, 3), Ranges(300, 1, 4, 9)])
def test_the_simulation_is_a_plain_count(days: dict[int, list[int]], wanted: Ranges) -> None:
    found = simulation.simulate(wanted, simulation.draw(TODAY, wanted.period_days))
    was = {p: stage_of(in_period(d, TODAY, RANGES), RANGES) for p, d in days.items()}
    then = {p: stage_of(in_period(d, TODAY, wanted), wanted) for p, d in days.items()}
    for stage in STAGES:
        assert found.before[stage] == sum(s == stage for s in was.values())
        assert found.after[stage] == sum(s == stage for s in then.values())
    assert sum(found.visits.values()) == 60 == sum(metrics.stages().values())
    expected = {(was[p], then[p]) for p in days if was[p] != then[p]}
    assert {(m.before, m.after) for m in found.moves} == expected
    for move in found.moves:
        movers = {p for p in days if (was[p], then[p]) == (move.before, move.after)}
        assert move.people == len(movers) and move.sample and set(move.sample) <= movers
    assert found.up + found.down == sum(was[p] != then[p] for p in days)


def test_the_flow_and_its_history_are_plain_counts(days: dict[int, list[int]]) -> None:
    since, until = TODAY - 120, TODAY - 10
    expected: dict[tuple[str, str], int] = {}
    for came in days.values():
        if came and came[0] <= until:
            before = stage_of(in_period(came, since, RANGES), RANGES) if came[0] <= since else flow.NEW
            key = before, stage_of(in_period(came, until, RANGES), RANGES)
            expected[key] = expected.get(key, 0) + 1
    drawn = flow.draw(TODAY, until, until - since, 90, 3, 6)
    assert flow.moves(drawn) == expected
    assert [day for day, _ in flow.history(drawn)] == flow.points(since, until) and len(flow.points(since, until)) == 7
    for day, counts in flow.history(drawn):
        known = [came for came in days.values() if came and came[0] <= day]
        assert counts == {s: sum(stage_of(in_period(c, day, RANGES), RANGES) == s for c in known) for s in STAGES}
    assert flow.draw(until, 0, 110, 90, 3, 6) == drawn, "no day is today"


def test_who_comes_again_is_a_plain_count(days: dict[int, list[int]]) -> None:
    found = returns.read(returns.draw(TODAY, 90, readiness.known(TODAY)))
    intervals = sorted((d[-1] - d[0]) / (len(d) - 1) for d in days.values() if len(d) >= 2)
    assert found.ahead_days == max(7, round(intervals[len(intervals) // 2]))
    cut = TODAY - found.ahead_days
    for rung in found.again:
        same = [d for d in days.values() if in_period(d, cut, RANGES) == rung.visits]
        assert (rung.people, rung.again) == (len(same), sum(d[-1] > cut for d in same))
    for rung in found.ladder:
        reached = [d for d in days.values() if len(d) >= rung.visits and d[rung.visits - 1] <= cut]
        later = [d for d in reached if len(d) > rung.visits and d[rung.visits] <= d[rung.visits - 1] + found.ahead_days]
        assert (rung.people, rung.again) == (len(reached), len(later))


def test_an_empty_house_has_no_figures_and_says_so() -> None:
    drawn = simulation.draw(TODAY, 90)
    assert returns.read(drawn["returns"]).ahead_days == 0
    found = readiness.readiness(RANGES, drawn["known"])
    assert found.is_provisional and not found.is_ready and [check.have for check in found.checks] == [0, 0, 0]
    assert flow.moves(flow.draw(TODAY, 0, 9, 90, 3, 6)) == {}
    assert sum(simulation.simulate(RANGES, drawn).after.values()) == 0


def test_stages_are_provisional_until_the_period_is_over_and_two_months_at_least(days: dict[int, list[int]]) -> None:
    first = min(came[0] for came in days.values() if came)
    for period, needed in ((90, 90), (30, 60)):
        ranges = Ranges(period)
        for age, provisional in ((needed - 1, True), (needed, False)):
            assert readiness.is_provisional(ranges, readiness.log_days(first + age - 1)) is provisional
            assert readiness.readiness(ranges, readiness.known(first + age - 1)).is_provisional is provisional


def test_the_days_used_here_are_those_of_the_log() -> None:
    assert intake.local(NOW, "UTC")[0] == TODAY and intake.EPOCH + timedelta(days=TODAY) == NOW.date()
