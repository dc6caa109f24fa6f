"""What broke once on the way down the corridor, and must not again."""

from datetime import timedelta

import pytest

from passaparola import corridor, worker
from passaparola.events.models import Parked
from passaparola.kernel import database
from passaparola.ledger.models import Reward
from passaparola.messages.models import Message
from passaparola.people.models import Person
from passaparola.programs.actions import asks, desk
from passaparola.programs.actions.referrals import OrderCounted
from passaparola.programs.models import Decision, Referral
from passaparola.segments.models import Traits
from tests import seed
from tests.people import ALMA, BRUNO, CHIARA, DORA, Somebody
from tests.world import World, balances, friends_join


@pytest.fixture
def world() -> World:
    return World()


def test_a_merge_undone_gives_each_self_what_it_did(world: World) -> None:
    world.programme()
    world.send(ALMA.identify(), BRUNO.identify(), BRUNO.buys("1", 30))
    merge = world.act("Person Merged", keep=world.number(ALMA), other=world.number(BRUNO), reason="by hand")["merge_id"]
    world.send(ALMA.buys("2", 30))
    assert world.disagreements() == []
    world.act("Person Unmerged", merge=merge)
    assert world.disagreements() == []
    assert Person.objects.filter(root_id=world.number(BRUNO)).count() == 1


def test_an_order_is_claimed_for_an_advocate_once(world: World) -> None:
    program = world.programme()
    code, other = friends_join(world, program, ALMA), friends_join(world, program, DORA)
    world.send(BRUNO.identify(), BRUNO.buys("1001", 45.00))
    world.act("Advocate Claimed", order_source="shop", order_id="1001", code=code)
    assert Referral.objects.get().state == "converted"
    for claimed in (code, other):
        with pytest.raises(OrderCounted):
            world.act("Advocate Claimed", order_source="shop", order_id="1001", code=claimed)
    world.act("Person Merged", keep=world.number(BRUNO), other=world.number(ALMA), reason="by hand")
    with pytest.raises(OrderCounted):
        world.act("Advocate Claimed", order_source="shop", order_id="1001", code=other)
    assert balances() == {}
    assert world.disagreements() == []


def test_a_later_order_is_not_claimed_as_if_it_were_the_first(world: World) -> None:
    code = friends_join(world, world.programme(), ALMA)
    world.send(BRUNO.identify(), BRUNO.buys("1000", 20.00))
    world.days_pass(1)
    world.send(BRUNO.buys("1001", 45.00))
    world.act("Advocate Claimed", order_source="shop", order_id="1001", code=code)
    assert (Referral.objects.get().state, Referral.objects.get().reason) == ("refused", "existing_customer")


def test_what_the_database_refuses_is_put_aside_and_the_rest_goes_on(world: World) -> None:
    code = friends_join(world, world.programme(), ALMA)
    world.send(BRUNO.identify(), CHIARA.identify())
    # Somebody wrote past the corridor: the reward of Bruno's order is there before the order is.
    seed.row(Reward, program_id=1, rule="friend", person_id=world.number(BRUNO), cause="order:shop:1001:", unit="EUR",
             state="released", version=1, referral_id=99)  # fmt: skip
    happenings = world.read([BRUNO.buys("1001", 45, code=code), CHIARA.buys("1002", 45, code=code)])
    outcomes = corridor.submit(happenings)
    assert [bool(outcome.refused) for outcome in outcomes] == [True, False]
    assert Referral.objects.get().friend_id == world.number(CHIARA)
    assert Parked.objects.count() == 0, "only the worker keeps aside"


def test_a_sweep_leaves_nobody_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice of people ends where the query ended, not at whomever else the batch had read."""
    for module in (asks, desk):
        monkeypatch.setattr(module, "SWEEP_PEOPLE_MAX", 2)
    code = friends_join(world, world.programme(), ALMA)
    world.send(ALMA.buys("0", 30))
    for n in range(1, 6):
        # Only the last is a friend of Alma's, who is read with her.
        world.send({"type": "identify", "userId": f"p{n}", "traits": {"email": f"p{n}@example.test"}},
                   {"type": "track", "event": "Order Completed", "userId": f"p{n}",
                    "properties": {"order_id": str(n), "total": 30, "code": code if n == 5 else ""}})  # fmt: skip
    second = world.programme()
    for _ in range(6):
        world.now += timedelta(seconds=1)
        worker.drain(world.now)
    looked_at = set(Decision.objects.filter(kind="ask", program_id=second).values_list("person_id", flat=True))
    assert len(looked_at) == 6


def test_a_friend_who_never_buys_expires(world: World) -> None:
    code = friends_join(world, world.programme(), ALMA)
    world.send({**BRUNO.track("Signed Up", code=code)})
    world.days_pass(89)
    assert Referral.objects.get().state == "registered"
    world.days_pass(2)
    assert (Referral.objects.get().state, Referral.objects.get().reason) == ("expired", "window_over")
    assert world.disagreements() == []


def test_a_refund_told_under_another_name_is_taken_off_the_buyer(world: World) -> None:
    world.programme()
    world.send(BRUNO.identify(), CHIARA.identify(), BRUNO.buys("1", 30))
    world.send(CHIARA.returns("1", total=10))
    assert Traits.objects.get(person_id=world.number(BRUNO)).spent_minor == 2_000
    assert world.disagreements() == []


def _brings(world: World, code: str, number: int) -> None:
    friend = Somebody(f"Friend {number}", f"friend-{number}", f"friend{number}@example.test", "it")
    world.send(friend.identify(), friend.track("Signed Up", code=code), friend.buys(f"o{number}", 30))


def test_friends_of_long_ago_cost_an_event_nothing(world: World) -> None:
    """An advocate with thousands of friends must not make each event about her, or each mail to her, read them all."""
    program = world.programme()
    code = friends_join(world, program, ALMA)
    for number in range(12):
        _brings(world, code, number)
    late = Somebody("Elio", "elio", "elio@example.test", "it")
    message = Message.objects.filter(person_id=world.number(ALMA)).order_by("id")[0]
    for fresh, referrals, people in (
        (world.read([late.identify(), late.track("Signed Up", code=code), late.buys("late", 30)]), 1, 2),
        (world.read([ALMA.buys("hers", 30)]), 0, 1),
        ([corridor.act("Message Handed Over", source="dispatcher", now=world.now,
                       properties={"message": message.id, "outcome": "sent", "attempt": 1})], 0, 1),
    ):  # fmt: skip
        with database.turn():
            batch = corridor._fold(fresh, 10_000)
        assert len(batch.table(Referral).rows) == referrals, fresh[0].name
        assert len(batch.table(Person).rows) == people and len(batch.table(Reward).rows) == 2 * referrals


def test_the_cap_counts_friends_of_earlier_batches_until_a_year_has_passed(world: World) -> None:
    program = world.programme(caps={"advocate_rewards_per_year": 2}, friend=None, hold_days=0)
    code = friends_join(world, program, ALMA)
    for number in range(3):
        _brings(world, code, number)
        world.days_pass(1)
    assert Reward.objects.filter(rule="advocate").count() == 2
    assert Referral.objects.get(reason="cap_reached").promised == []
    world.days_pass(364)
    _brings(world, code, 3)
    assert Reward.objects.filter(rule="advocate").count() == 3
    assert world.disagreements() == []
