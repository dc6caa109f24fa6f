"""How memberships are asked: by a panel over facts read once, by statements where that cannot answer, always alike."""

from datetime import timedelta
from typing import Any

import pytest

from passaparola import worker
from passaparola.events import intake, log
from passaparola.events.models import Event
from passaparola.kernel import database
from passaparola.people.models import Person
from passaparola.segments import leads, rules
from passaparola.segments.membership import answers, sheets
from passaparola.segments.models import Lead, Membership
from passaparola.segments.person import panel
from tests.lives import RULES, Life
from tests.people import ALMA, BRUNO, CHIARA
from tests.world import World

ZONE = "Europe/Madrid"


@pytest.fixture
def world() -> World:
    return World()


def compared(life: Life) -> int:
    """Asks every rule both ways about everybody, now and later; how many answers were compared."""
    trees = {n: rules.read({"rules": leaves}) for n, leaves in enumerate(RULES.values(), start=1)}
    people = list(Person.objects.filter(forgotten_at=None, root_id__gt=0).values_list("id", "root_id"))
    roots = sorted({root for _, root in people})
    timed = [n for n, tree in trees.items() if rules.mentions(tree).clock]
    count = 0
    for at in (life.world.now, life.world.now + timedelta(days=5)):
        said, verdicts = answers.of(trees, roots, at, ZONE), answers.about(trees, timed, roots, at, ZONE)
        for person in {p for some in said.values() for p in some}:
            yes, change = verdicts[person]
            assert set(yes) == {n for n, some in said.items() if some[person][0]}, person
            assert change == min((c for n in timed if (c := said[n][person][1])), default=None), person
            count += len(trees)
    return count


@pytest.mark.parametrize("seed", range(3))
def test_the_panel_says_what_the_statements_say(seed: int) -> None:
    life = Life(100 + seed)
    for _ in range(40):
        life.scene()
    worker.drain(life.world.now)
    assert compared(life) > 100


def test_who_did_too_much_for_memory_is_asked_by_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(7)
    for _ in range(25):
        life.scene()
    monkeypatch.setattr(sheets, "FACTS_MAX", 1)
    assert compared(life) > 50


def test_most_kinds_of_rules_are_for_the_panel() -> None:
    quick = {name for name, leaves in RULES.items() if panel.fits(rules.read({"rules": leaves}))}
    assert set(RULES) - quick == {"pyramid", "consent", "invited", "was invited", "generation", "friends"}


def test_a_value_that_looks_the_same_is_another_leaf(world: World) -> None:
    """In Python 1 is True: two rules that differ in nothing else are two rules."""
    number = {"rules": [{"field": "properties.size", "operator": "=", "value": 1}]}
    truth = {"rules": [{"field": "properties.size", "operator": "=", "value": True}]}
    for name, where in (("one", number), ("yes", truth)):
        world.act("Segment Created", names={"en": name}, rule={"rules": [{"type": "event", "event": "Worn", "where": where}]})
    world.send(ALMA.track("Worn", size=1), BRUNO.track("Worn", size=True))
    worker.drain(world.now)
    found = set(Membership.objects.filter(until_at=None).values_list("segment_id", "person_id"))
    assert found == {(1, world.number(ALMA)), (2, world.number(BRUNO))}


def test_coming_into_a_segment_may_warm_a_lead(world: World) -> None:
    """The short way of comings and goings does not pass by whoever counts them."""
    signals = [{"event": "Lead Submitted", "weight": 10}, {"event": "Segment Entered", "weight": 100}]
    world.act("Lead Rules Changed", **(leads.Rules().as_json() | {"signals": signals}))
    world.act("Segment Created", names={"en": "Came"}, rule={"rules": [{"type": "event", "event": "Visit Recorded"}]})
    world.send(CHIARA.identify(), CHIARA.track("Lead Submitted", source="form"))
    before = Lead.objects.get(person_id=world.number(CHIARA)).sum_micro
    world.send(CHIARA.track("Visit Recorded"))
    worker.drain(world.now)
    assert Lead.objects.get(person_id=world.number(CHIARA)).sum_micro >= before + 100 * leads.MICRO - 1
    assert world.disagreements() == []


def test_a_move_is_the_act_it_looks_like(world: World) -> None:
    common: dict[str, Any] = {"source": "segments", "message_id": "1:2:3", "now": world.now, "time_zone": ZONE, "person_id": 3}
    move = intake.make_move("Segment Left", segment="coffee-friends", because="time passed", **common)
    properties = {"segment": "coffee-friends", "because": "time passed"}
    assert move == intake.make_act("Segment Left", properties=properties, **common)


def test_the_last_batch_is_that_of_the_last_event(world: World) -> None:
    assert log.last_batch() == 0
    world.send(ALMA.identify(), BRUNO.identify())
    world.send(CHIARA.identify())
    worker.drain(world.now)
    assert log.last_batch() == database.rows("SELECT MAX(batch) FROM event")[0][0] > 0
    assert Event.objects.latest("id").batch == log.last_batch()
