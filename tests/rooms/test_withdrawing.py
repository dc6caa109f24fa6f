"""An import taken back: the books are those of a business that never imported it, whatever else happened."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from passaparola import corridor, worker
from passaparola.events import intake, log
from passaparola.events.models import Event, Order, WithdrawnEvent
from passaparola.kernel import database
from passaparola.kernel.models import Timer
from passaparola.ledger.models import Reward
from passaparola.messages.models import Message
from passaparola.people.models import Consent, Identity, Merge, Person
from passaparola.programs.models import Referral
from passaparola.replay import replay
from passaparola.segments.models import Membership, StageChange, Traits
from tests.people import ALMA, BRUNO, CHIARA, DORA, Somebody
from tests.world import World, friends_join

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def imports(world: World, number: int, *events: dict[str, Any], history: bool = True, source: str = "shop") -> None:
    """Bring events in as the importer does: whole, in one file of that number."""
    context = {"history": history, "import": number}
    body = json.dumps({"context": context, "batch": list(events)}).encode()
    good, bad = intake.read(
        kind="import", call="batch", source=source, body=body, received_at=world.now, inbox_id=10_000 + number,
        limits=log.limits(),
    )  # fmt: skip
    assert not bad, bad
    outcomes = corridor.submit(good)
    assert not [o.refused for o in outcomes if o.refused]
    worker.drain(world.now)


def takes_back(world: World, number: int) -> None:
    """The whole import, slice by slice."""
    world.act("Import Withdrawn", **{"import": number, "first": 0, "last": database.highest(Event)})
    worker.drain(world.now)
    while Timer.objects.filter(kind="withdraw").exists():
        world.now += timedelta(microseconds=1)
        worker.drain(world.now)
    assert not Event.objects.filter(import_id=number).exists()


PICTURES = (
    "SELECT p.uid, p.name, p.given_name, p.birth_on, p.sex, p.language, p.time_zone, p.profile, p.search, r.uid "
    "FROM person p JOIN person r ON r.id = p.root_id",
    "SELECT i.kind, i.value, p.uid, i.likeness FROM identity i JOIN person p ON p.id = i.person_id",
    "SELECT w.word, p.uid FROM person_word w JOIN person p ON p.id = w.person_id",
    "SELECT word FROM word",
    "SELECT p.uid, c.channel, c.purpose, c.state FROM consent c JOIN person p ON p.id = c.person_id",
    "SELECT o.source, o.order_id, o.line, p.uid, o.amount_minor, o.refunded_minor, o.completed, o.cancelled, o.day "
    "FROM purchase_order o JOIN person p ON p.id = o.person_id",
    "SELECT o.order_id, l.line, l.product, l.amount_minor FROM order_line l JOIN purchase_order o ON o.id = l.order_key",
    "SELECT p.uid, o.name, o.n, o.first_at, o.last_at FROM occurrence o JOIN person p ON p.id = o.person_id",
    "SELECT p.uid, v.day FROM visit v JOIN person p ON p.id = v.person_id",
    "SELECT p.uid, t.visits_period, t.visits_ever, t.first_visit_day, t.last_visit_day, t.orders, t.first_order_at, "
    "t.last_order_at, t.spent_minor, t.refunds, t.complaints_open, t.unhappy, t.stage, t.stage_since_at, t.first_seen_at "
    "FROM traits t JOIN person p ON p.id = t.person_id",
    "SELECT p.uid, s.before, s.after, s.at FROM stage_change s JOIN person p ON p.id = s.person_id",
    "SELECT p.uid, l.source, l.since_at, l.fit, l.sum_micro, l.score, l.temperature, l.became_customer_at "
    "FROM lead l JOIN person p ON p.id = l.person_id",
    "SELECT p.uid, m.segment_id FROM membership m JOIN person p ON p.id = m.person_id WHERE m.until_at IS NULL",
    "SELECT p.uid, x.purchases, x.visits, x.spent_minor, x.favourite_product, x.favourite_weekday, x.last_score, x.complaints "
    "FROM person_trait x JOIN person p ON p.id = x.person_id",
    "SELECT e.source, e.message_id, e.name, p.uid FROM event e JOIN person p ON p.id = e.person_id WHERE e.type <> 'act'",
)


def picture() -> list[list[str]]:
    """Everything that follows from the events in force, by names that do not depend on when it was counted."""
    return [sorted(str(row) for row in database.rows(sql)) for sql in PICTURES]


def agrees(world: World, tmp_path: Path) -> None:
    """Proof and replay."""
    assert world.disagreements() == []
    compared = replay(tmp_path / "again")
    assert compared.agree, (compared.wrong, compared.differences)


def a_segment(world: World) -> int:
    rule = {"rules": [{"type": "trait", "trait": "spent_minor", "operator": ">=", "value": 3000}]}
    number: int = world.act("Segment Created", names={"en": "Good customers"}, rule=rule)["segment_id"]
    worker.drain(world.now)
    return number


def old(world: World, days: int) -> str:
    return (world.now - timedelta(days=days)).isoformat()


def first_file(world: World) -> list[dict[str, Any]]:
    """Alma and Bruno, known and with orders."""
    lines = [{"product_id": "x1", "price": 10, "quantity": 2}, {"product_id": "x2", "price": 5}]
    return [
        ALMA.identify(city="Sevilla", message_id="a-1"),
        ALMA.buys("A-1", 25, timestamp=old(world, 80), products=lines, message_id="a-2"),
        ALMA.buys("A-2", 40, timestamp=old(world, 60), message_id="a-3"),
        BRUNO.buys("B-1", 30, timestamp=old(world, 50), message_id="a-4"),
        ALMA.returns("A-2", total=10, timestamp=old(world, 40), message_id="a-5"),
    ]


def second_file(world: World) -> list[dict[str, Any]]:
    """The wrong one: other orders of the same people, people of its own, another name for Alma, refunds, a merge."""
    return [
        ALMA.identify(city="Torino", message_id="b-1"),
        *[ALMA.buys(f"W-{n}", 20, timestamp=old(world, 30 - n), message_id=f"b-2-{n}") for n in range(8)],
        ALMA.returns("A-1", timestamp=old(world, 20), message_id="b-3"),
        BRUNO.returns("B-1", total=5, timestamp=old(world, 20), message_id="b-4"),
        CHIARA.identify(message_id="b-5"),
        CHIARA.buys("C-1", 70, timestamp=old(world, 15), message_id="b-6"),
        CHIARA.track("Consent Given", channel="email", purpose="offers", message_id="b-7", timestamp=old(world, 15)),
        ALMA.track("Complaint Opened", message_id="b-8", timestamp=old(world, 14)),
        BRUNO.track("Score Given", score=2, message_id="b-9", timestamp=old(world, 14)),
        DORA.track("Lead Submitted", source="form", message_id="b-10", timestamp=old(world, 14)),
    ]


def test_two_imports_less_the_second_are_the_first_alone(tmp_path: Path) -> None:
    world = World()
    a_segment(world)
    imports(world, 1, *first_file(world))
    world.now += timedelta(minutes=1)
    worker.drain(world.now)
    alone = picture()
    imports(world, 2, *second_file(world))
    world.now += timedelta(minutes=1)
    worker.drain(world.now)
    assert picture() != alone and Person.objects.count() == 4 and Membership.objects.filter(until_at=None).count() >= 2
    takes_back(world, 2)
    assert picture() == alone
    assert Person.objects.count() == 2 and WithdrawnEvent.objects.filter(import_id=2).count() == len(second_file(world))
    agrees(world, tmp_path)


def test_what_was_taken_back_can_be_imported_again(tmp_path: Path) -> None:
    world = World()
    a_segment(world)
    imports(world, 1, *first_file(world))
    file = second_file(world)
    imports(world, 2, *file)
    world.now += timedelta(minutes=1)
    worker.drain(world.now)
    once, people = picture(), set(Person.objects.values_list("id", flat=True))
    takes_back(world, 2)
    imports(world, 3, *file)
    world.now += timedelta(minutes=1)
    worker.drain(world.now)
    assert picture() == once
    # Nobody got the number of somebody who went.
    assert not set(Person.objects.filter(uid__in=_uids(CHIARA, DORA)).values_list("id", flat=True)) & people
    agrees(world, tmp_path)


def _uids(*people: Somebody) -> list[str]:
    ids = Identity.objects.filter(kind="user_id", value__in=[one.user_id for one in people]).values("person_id")
    return list(Person.objects.filter(id__in=ids).values_list("uid", flat=True))


def test_slices_leave_nothing_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from passaparola.events import withdrawing

    monkeypatch.setattr(withdrawing, "PEOPLE_MAX", 2)
    monkeypatch.setattr(withdrawing, "EVENTS_MAX", 3)
    world = World()
    imports(world, 1, *first_file(world))
    world.now += timedelta(minutes=1)
    worker.drain(world.now)
    alone = picture()
    many = [Somebody(f"N{n}", f"n{n}", f"n{n}@example.test", "it") for n in range(9)]
    orders = [one.buys(f"N-{n}-{turn}", 9, timestamp=old(world, 9), message_id=f"n-{n}-{turn}")
              for turn in range(3) for n, one in enumerate(many)]  # fmt: skip
    imports(world, 2, *second_file(world), *orders)
    takes_back(world, 2)
    world.now += timedelta(minutes=1)
    worker.drain(world.now)
    assert picture() == alone
    monkeypatch.undo()


def test_live_history_stays_with_whoever_the_file_had_made_known(tmp_path: Path) -> None:
    world = World()
    imports(world, 2, *second_file(world))
    world.send(CHIARA.buys("L-1", 12))
    world.send(DORA.track("Visit Recorded"))
    takes_back(world, 2)
    assert set(Identity.objects.values_list("value", flat=True)) == {CHIARA.user_id, CHIARA.anonymous_id, DORA.user_id}
    chiara = Traits.objects.get(person_id=world.number(CHIARA))
    assert (chiara.orders, chiara.spent_minor, chiara.visits_ever) == (1, 1200, 1)
    assert Person.objects.get(id=world.number(CHIARA)).name == "" and not Consent.objects.exists()
    agrees(world, tmp_path)


def test_an_order_that_somebody_else_reported_too_stays(tmp_path: Path) -> None:
    """By the same message id it is the import's event or the shop's, whichever came first; by another it is taken anew."""
    world = World()
    world.send(ALMA.buys("S-0", 10, message_id="same"))
    imports(world, 2, ALMA.buys("S-0", 10, message_id="same"), ALMA.buys("S-1", 30, message_id="file-1", timestamp=old(world, 5)),
            ALMA.buys("S-2", 30, message_id="file-2", timestamp=old(world, 5)))  # fmt: skip
    world.send(ALMA.buys("S-1", 30, message_id="shop-1"), BRUNO.returns("S-2", total=4))
    assert Order.objects.get(order_id="S-1").history
    takes_back(world, 2)
    assert set(Order.objects.filter(completed=True).values_list("order_id", "amount_minor")) == {("S-0", 1000), ("S-1", 3000)}
    assert not Order.objects.get(order_id="S-1").history
    waiting = Order.objects.get(order_id="S-2")
    assert (waiting.completed, waiting.refunded_minor) == (False, 400)
    assert Event.objects.filter(message_id="shop-1").exists() and WithdrawnEvent.objects.filter(message_id="shop-1").exists()
    agrees(world, tmp_path)
    imports(world, 3, ALMA.buys("S-2", 30, message_id="file-2", timestamp=old(world, 5)))
    assert Order.objects.get(order_id="S-2").refunded_minor == 400
    assert Traits.objects.get(person_id=world.number(ALMA)).spent_minor == 1000 + 3000 + 2600
    assert world.disagreements() == []


@pytest.mark.parametrize("paid", [False, True])
def test_rewards_for_news_in_the_file_are_taken_back_like_refunds_and_may_be_earned_again(tmp_path: Path, paid: bool) -> None:
    world = World()
    program = world.programme()
    code = friends_join(world, program, ALMA)
    bought = BRUNO.buys("R-1", 50, code=code, message_id="r-1")
    imports(world, 2, bought, history=False)
    assert Referral.objects.get().state == "converted"
    if paid:
        world.days_pass(31)
    takes_back(world, 2)
    assert Referral.objects.get().state == "reversed" and Referral.objects.get().reason == "withdrawn"
    assert set(Reward.objects.values_list("state", flat=True)) == {"reversed" if paid else "released"}
    # He stays who he is: something had been promised to him. Of what he bought nothing is left.
    assert Identity.objects.filter(value=BRUNO.user_id).exists() and Person.objects.count() == 2
    assert not Order.objects.exists() and Traits.objects.filter(orders__gt=0).count() == 0
    agrees(world, tmp_path)
    imports(world, 3, bought, history=False)
    assert sorted(Referral.objects.values_list("state", flat=True)) == ["converted", "reversed"]
    assert world.disagreements() == []


def test_an_order_refunded_in_the_same_file_may_come_again(tmp_path: Path) -> None:
    """The reward it had earned was closed for another reason: the second time it is another reward, not a refused one."""
    world = World()
    code = friends_join(world, world.programme(), ALMA)
    file = [BRUNO.buys("R-1", 50, code=code, message_id="r-1"), BRUNO.returns("R-1", message_id="r-2")]
    imports(world, 2, *file, history=False)
    assert set(Reward.objects.values_list("state", "reason")) == {("released", "refunded")}
    takes_back(world, 2)
    imports(world, 3, *file, history=False)
    assert set(Reward.objects.values_list("state", "reason")) == {("released", "refunded")} and Reward.objects.count() == 4
    agrees(world, tmp_path)


def test_a_merge_by_the_file_is_undone_unless_others_say_it_too(tmp_path: Path) -> None:
    world = World()
    world.send({"type": "page", "anonymousId": "browser-1", "messageId": "p-1"})
    world.send({"type": "page", "anonymousId": "browser-2", "messageId": "p-2"})
    world.send(ALMA.identify())
    both = {"type": "identify", "userId": ALMA.user_id}
    imports(world, 2, *({**both, "anonymousId": f"browser-{n}", "messageId": f"f-{n}"} for n in (1, 2)))
    assert Person.objects.filter(root_id=world.number(ALMA)).count() == 3
    world.send({**both, "anonymousId": "browser-2", "messageId": "l-1"})
    takes_back(world, 2)
    assert Person.objects.filter(root_id=world.number(ALMA)).count() == 2
    assert Merge.objects.exclude(undone_at=None).count() == 1
    agrees(world, tmp_path)


def test_a_second_withdrawal_finds_nothing_and_forgotten_people_stay_forgotten(tmp_path: Path) -> None:
    world = World()
    imports(world, 2, *second_file(world))
    world.act("Person Forgotten", person=world.number(CHIARA))
    takes_back(world, 2)
    assert Person.objects.filter(forgotten_at__isnull=False).count() == 1 and not Order.objects.exists()
    assert not WithdrawnEvent.objects.exclude(user_id=None).filter(user_id=CHIARA.user_id).exists()
    before = picture()
    takes_back(world, 2)
    assert picture() == before
    agrees(world, tmp_path)


def test_the_database_lets_nothing_go_that_was_not_put_aside() -> None:
    world = World()
    imports(world, 1, *first_file(world))
    for table in ("event", "purchase_order", "order_line", "stage_change", "withdrawn_event"):
        if table == "withdrawn_event":
            takes_back(world, 1)
        with pytest.raises(Exception, match="append-only"), database.turn():
            database.run(f"DELETE FROM {table}")
    with pytest.raises(Exception, match="append-only"), database.turn():
        database.run("UPDATE withdrawn_event SET name = 'x'")
    assert not StageChange.objects.exists()


def test_the_lake_takes_the_facts_out_and_the_engine_counts_without_them(tmp_path: Path, settings: Any) -> None:
    from passaparola.measure import lake

    settings.LAKE_DIR = tmp_path / "lake"
    world = World()
    imports(world, 1, *first_file(world))
    imports(world, 2, *second_file(world))
    lake.write(states=True)
    lake.compact(force=True)
    world.send(ALMA.track("Visit Recorded"))
    lake.write()
    before = lake.load()
    assert before.people and lake.verify().agree
    takes_back(world, 2)
    after = lake.write()
    assert after.rows < before.rows and not after.people
    assert lake.verify().agree
    lake.compact(force=True)
    verdict = lake.verify()
    assert verdict.agree and verdict.behind == 0 and lake.load().people
    # Nothing new, nothing done.
    assert lake.write().time == lake.load().time


def test_what_the_import_made_us_plan_is_not_said(tmp_path: Path) -> None:
    world = World()
    program = world.programme()
    code = friends_join(world, program, ALMA)
    bought = BRUNO.buys("B-1", 60, code=code, message_id="file-1")
    imports(world, 2, {**BRUNO.identify(), "messageId": "file-0"}, bought, history=False)
    planned = {m.template: m for m in Message.objects.filter(state="planned")}
    assert {"friend_joined", "reward_held"} <= set(planned)
    # One is in a dispatcher's hands just now: it arrives, and that is what stands.
    Message.objects.filter(id=planned["friend_joined"].id).update(state="handing")
    takes_back(world, 2)
    found = dict(Message.objects.filter(event_id__in=WithdrawnEvent.objects.values("id")).values_list("template", "reason"))
    assert found == dict.fromkeys(found, "withdrawn") and len(found) >= 2
    world.act("Message Handed Over", message=planned["friend_joined"].id, outcome="sent", detail="")
    assert [(m.state, m.reason) for m in Message.objects.filter(id=planned["friend_joined"].id)] == [("sent", "")]
    assert Message.objects.get(id=planned["reward_held"].id).state == "refused"
    agrees(world, tmp_path)
