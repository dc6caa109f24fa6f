"""Who is in which segment: entering and leaving by events, by time, by hand; merges, imports, edits; exact and replayed."""

from datetime import timedelta
from typing import Any

import pytest

from passaparola import worker
from passaparola.events.models import Event
from passaparola.kernel.models import Timer
from passaparola.ledger import proof
from passaparola.people.models import Person
from passaparola.segments.models import Membership, Pin, Segment, SegmentVersion
from tests.people import ALMA, BRUNO, CHIARA
from tests.world import World

BOUGHT_TWICE = {
    "rules": [
        {
            "type": "event", "event": "Order Completed", "measure": "count", "operator": ">=", "value": 2,
            "window": {"kind": "within", "n": 60, "unit": "days"},
        }
    ]
}  # fmt: skip
SEEN = {"rules": [{"type": "event", "event": "Visit Recorded"}]}


@pytest.fixture
def world() -> World:
    return World()


def segment(world: World, rule: dict[str, Any], name: str = "Twice") -> int:
    number: int = world.act("Segment Created", names={"en": name}, rule=rule)["segment_id"]
    worker.drain(world.now)
    return number


def inside(number: int) -> set[int]:
    return set(Membership.objects.filter(segment_id=number, until_at=None).values_list("person_id", flat=True))


def moves(number: int) -> list[tuple[str, int, str]]:
    """Every coming and going in the log, in order: name, person, because."""
    import json

    key = Segment.objects.get(pk=number).key
    found = Event.objects.filter(name__in=("Segment Entered", "Segment Left")).order_by("id")
    return [
        (e.name.split()[1], e.person_id, json.loads(e.properties)["because"])
        for e in found
        if json.loads(e.properties)["segment"] == key
    ]


def test_a_second_order_brings_in_and_time_takes_out(world: World) -> None:
    world.send(ALMA.buys("A-1", 2000))
    number = segment(world, BOUGHT_TWICE)
    assert inside(number) == set()
    alma = world.number(ALMA)
    world.days_pass(10)
    world.send(ALMA.buys("A-2", 2000))
    worker.drain(world.now)
    assert inside(number) == {alma}
    second = world.now
    # The first order leaves the window 60 days after it was made, to the second.
    due = Timer.objects.get(kind="weigh", subject=f"person:{alma}").due_at
    assert due == second - timedelta(days=10) + timedelta(days=60)
    worker.drain(due - timedelta(milliseconds=1))
    assert inside(number) == {alma}
    worker.drain(due)
    assert inside(number) == set()
    (row,) = Membership.objects.filter(segment_id=number)
    assert (row.from_at, row.until_at) == (second, due)
    assert moves(number) == [("Entered", alma, "something happened"), ("Left", alma, "time passed")]
    left = Event.objects.get(name="Segment Left")
    assert left.pk == row.end_event_id and left.caused_by is not None


def test_a_new_segment_finds_who_is_in_already_without_making_a_moment_of_it(world: World) -> None:
    world.send(ALMA.buys("A-1", 2000), ALMA.buys("A-2", 2000), BRUNO.buys("B-1", 2000))
    number = segment(world, BOUGHT_TWICE)
    assert inside(number) == {world.number(ALMA)}
    assert Segment.objects.get(pk=number).gathered_at is not None
    assert Event.objects.get(name="Segment Entered").history


def test_by_hand_goes_before_the_rule_and_survives_a_new_look(world: World) -> None:
    world.send(ALMA.buys("A-1", 2000), ALMA.buys("A-2", 2000), BRUNO.buys("B-1", 2000))
    number = segment(world, BOUGHT_TWICE)
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    world.act("Segment Pinned", segment=number, person=bruno, state="in", reason="asked for it")
    world.act("Segment Pinned", segment=number, person=alma, state="out")
    worker.drain(world.now)
    assert inside(number) == {bruno}
    world.act("Segment Edited", segment=number, rule={**BOUGHT_TWICE, "combinator": "or"})
    worker.drain(world.now)
    assert inside(number) == {bruno}
    world.act("Segment Pinned", segment=number, person=bruno, state="")
    worker.drain(world.now)
    assert inside(number) == set()
    assert Pin.objects.count() == 3 and SegmentVersion.objects.filter(segment_id=number).count() == 2


def test_another_rule_moves_everybody_and_the_one_before_stays(world: World) -> None:
    world.send(ALMA.buys("A-1", 2000), ALMA.buys("A-2", 2000), BRUNO.buys("B-1", 2000))
    number = segment(world, BOUGHT_TWICE)
    once = {"rules": [{"type": "event", "event": "Order Completed", "operator": "=", "value": 1}]}
    world.act("Segment Edited", segment=number, rule=once)
    worker.drain(world.now)
    assert inside(number) == {world.number(BRUNO)}
    assert [v.number for v in SegmentVersion.objects.order_by("number")] == [1, 2]
    world.act("Segment Archived", segment=number)
    worker.drain(world.now)
    assert inside(number) == set()
    world.act("Segment Restored", segment=number)
    worker.drain(world.now)
    assert inside(number) == {world.number(BRUNO)}


def test_segments_of_segments_follow_and_circles_are_refused(world: World) -> None:
    first = segment(world, BOUGHT_TWICE, "First")
    second = segment(world, {"rules": [{"type": "segment", "segment": first}]}, "Second")
    world.send(ALMA.buys("A-1", 2000), ALMA.buys("A-2", 2000))
    worker.drain(world.now)
    assert inside(second) == inside(first) == {world.number(ALMA)}
    with pytest.raises(Exception, match="leads back to itself"):
        world.act("Segment Edited", segment=first, rule={"rules": [{"type": "segment", "segment": second}]})
    with pytest.raises(Exception, match="second"):
        world.act("Segment Archived", segment=first)


def test_a_merge_carries_the_membership_on_and_nobody_enters_twice(world: World) -> None:
    world.send(ALMA.buys("A-1", 2000), ALMA.buys("A-2", 2000), BRUNO.buys("B-1", 2000))
    number = segment(world, BOUGHT_TWICE)
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    merge = world.act("Person Merged", keep=bruno, other=alma, reason="the same")
    worker.drain(world.now)
    assert inside(number) == {bruno}
    assert [name for name, _, _ in moves(number)] == ["Entered"]
    world.act("Person Unmerged", merge=merge["merge_id"])
    worker.drain(world.now)
    assert inside(number) == {alma}


def test_two_orders_of_two_selves_are_enough_together(world: World) -> None:
    number = segment(world, BOUGHT_TWICE)
    world.send(ALMA.buys("A-1", 2000), BRUNO.buys("B-1", 2000))
    world.act("Person Merged", keep=world.number(ALMA), other=world.number(BRUNO), reason="the same")
    worker.drain(world.now)
    assert inside(number) == {world.number(ALMA)}


def test_whoever_is_forgotten_is_in_no_segment(world: World) -> None:
    world.send(ALMA.buys("A-1", 2000), ALMA.buys("A-2", 2000))
    number = segment(world, BOUGHT_TWICE)
    world.act("Person Forgotten", person=world.number(ALMA))
    worker.drain(world.now)
    assert inside(number) == set()


def test_somebody_new_is_looked_at_even_by_rules_about_what_did_not_happen(world: World) -> None:
    number = segment(world, {"rules": [{"type": "event", "event": "Order Completed", "operator": "=", "value": 0}]})
    world.send(ALMA.identify())
    worker.drain(world.now)
    assert inside(number) == {world.number(ALMA)}


def test_another_period_is_another_answer(world: World) -> None:
    world.send(ALMA.buys("A-1", 2000))
    number = segment(world, {"rules": [{"type": "trait", "trait": "visits_period", "operator": ">=", "value": 1}]})
    world.days_pass(40)
    assert inside(number) == {world.number(ALMA)}
    world.act("Stages Changed", period_days=30, few=[1, 2], some=[3, 5], many=[6, None])
    worker.drain(world.now)
    assert inside(number) == set()


def test_what_is_not_mentioned_costs_nothing(world: World) -> None:
    segment(world, BOUGHT_TWICE)
    world.send({"type": "page", "userId": ALMA.user_id, "messageId": "p-1"})
    worker.drain(world.now)
    world.send({"type": "page", "userId": ALMA.user_id, "messageId": "p-2"})
    assert not Timer.objects.filter(kind="weigh").exists()


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"rules": [{"type": "trait", "trait": "shoe_size", "operator": "=", "value": 3}]}, "bad_rule"),
        ({"rules": [{"type": "mood"}]}, "rule_malformed"),
        ({"rules": [{"type": "segment", "segment": 99}]}, "bad_rule"),
        (None, "rule_malformed"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_its_node(world: World, rule: Any, code: str) -> None:
    with pytest.raises(Exception) as caught:
        world.act("Segment Created", names={"en": "Odd"}, rule=rule)
    assert caught.value.code == code
    assert not Segment.objects.exists()


def test_books_and_replay_agree(world: World, tmp_path: Any) -> None:
    from passaparola.replay import replay

    world.send(ALMA.buys("A-1", 2000), BRUNO.buys("B-1", 2000), CHIARA.buys("C-1", 2000))
    number = segment(world, BOUGHT_TWICE)
    segment(world, {"rules": [{"type": "segment", "segment": number, "operator": "notIn"}]}, "Others")
    world.days_pass(20)
    world.send(ALMA.buys("A-2", 2000), BRUNO.buys("B-2", 2000))
    worker.drain(world.now)
    world.act("Person Merged", keep=world.number(CHIARA), other=world.number(BRUNO), reason="the same")
    world.days_pass(45)
    assert Person.objects.count() >= 3
    assert proof.prove(now=world.now) == []
    compared = replay(tmp_path / "again")
    assert compared.agree, (compared.wrong, compared.differences)


def test_the_pyramid_s_levels_move_with_orders_and_with_time(world: World) -> None:
    number = segment(world, {"rules": [{"type": "pyramid", "value": ["active"]}]})
    potential = segment(world, {"rules": [{"type": "pyramid", "value": ["potential"]}]}, "Not yet")
    world.act("Pyramid Changed", period_days=30, margin_percent=None)
    world.send(ALMA.identify())
    worker.drain(world.now)
    alma = world.number(ALMA)
    assert (inside(number), inside(potential)) == (set(), {alma})
    world.send(ALMA.buys("A-1", 2000))
    worker.drain(world.now)
    assert (inside(number), inside(potential)) == ({alma}, set())
    world.days_pass(29)
    assert inside(number) == {alma}
    world.days_pass(1)
    assert inside(number) == set()
    assert not list(proof.prove(now=world.now))


def test_who_came_along_counts_on_visits_too(world: World) -> None:
    from passaparola.segments import dossier

    together = {"rules": [{"field": "company", "operator": ">=", "value": 2}]}
    number = segment(world, {"rules": [{"type": "event", "event": "Visit Recorded", "where": together}]})
    world.send(ALMA.track("Visit Recorded", party_size=3), BRUNO.track("Visit Recorded", accompanied=False))
    worker.drain(world.now)
    alma = world.number(ALMA)
    assert inside(number) == {alma}
    (fact,) = list(dossier._facts([alma], ["Visit Recorded"]))
    assert fact.company == 3
