"""Groups are looked for by the clock: once a day at most, only where something happened, and nobody is in one by that."""

import subprocess
from datetime import timedelta
from typing import Any

import pytest

from passaparola import suggest, worker
from passaparola.events.models import Event
from passaparola.people.models import GroupMember, GroupSuggestion
from tests.people import ALMA, Somebody
from tests.world import World


def looks(world: World) -> None:
    """What the process of its own does, at the story's moment."""
    from passaparola.measure import suggesting

    world.act("Groups Suggested", suggestions=suggesting.look().suggestions)


def test_it_is_due_once_a_day_where_something_happened(settings: Any) -> None:
    world = World()
    assert not suggest.is_due(world.now), "an empty house"
    cast = [Somebody(f"N{n}", f"n{n}", f"n{n}@example.test", "es") for n in range(6)]
    world.send(*(one.identify(city="Bari") for one in cast))
    assert suggest.is_due(world.now)
    looks(world)
    assert GroupSuggestion.objects.get().kind == "place" and not GroupMember.objects.exists()
    world.send(ALMA.identify())
    assert not suggest.is_due(world.now + timedelta(hours=23, minutes=59))
    assert suggest.is_due(world.now + timedelta(hours=24))
    world.days_pass(1)
    looks(world)
    world.days_pass(400)
    assert not suggest.is_due(world.now), "time alone is no news"
    world.send(ALMA.buys("1", 5))
    assert suggest.is_due(world.now)
    settings.SUGGEST_HOURS = 0
    assert not suggest.is_due(world.now)


def test_the_worker_sends_somebody_when_it_is_due_and_not_while_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    class Process:
        def __init__(self, command: list[str], **_: Any) -> None:
            started.append(command[1:])

        def poll(self) -> None:
            return None

    monkeypatch.setattr(subprocess, "Popen", Process)
    monkeypatch.setattr(worker, "SUGGEST_ASK_SECONDS", 0.0)
    errand = worker.Suggestions()
    errand.look(False)
    assert not started
    World().send(ALMA.identify())
    errand.look(True)
    assert not started
    errand.look(False)
    errand.look(False)
    assert started == [["-m", "passaparola.suggest", "clock"]]


@pytest.mark.django_db(databases="__all__")
def test_what_the_clock_found_says_that_it_was_the_clock() -> None:
    World().send(*(Somebody(f"N{n}", f"n{n}", f"n{n}@example.test", "es").identify(city="Bari") for n in range(6)))
    assert suggest.run(actor=suggest.CLOCK) == 1
    assert '"clock"' in Event.objects.get(name="Groups Suggested").context
