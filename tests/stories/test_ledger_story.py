"""Alma refers Bruno, Bruno buys, is paid for, returns the goods: what the books say at each step."""

import pytest

from passaparola.ledger.models import Reward, Transfer
from passaparola.messages.models import Message
from passaparola.programs.models import Budget, Referral
from tests.people import ALMA, BRUNO, DORA
from tests.world import World, balances, friends_join


@pytest.fixture
def world() -> World:
    return World()


def test_bruno_returns_the_goods_and_the_reward_is_released(world: World) -> None:
    program = world.programme(budget={"EUR": 10_000})
    code = friends_join(world, program, ALMA)
    world.send(BRUNO.identify(), BRUNO.buys("1001", 45.00, code=code))

    referral = Referral.objects.get()
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    assert (referral.state, referral.reason) == ("converted", "waiting_return_window")
    assert balances() == {
        ("program", program, "EUR"): -1500,
        ("pending", alma, "EUR"): 500,
        ("pending", bruno, "EUR"): 1000,
    }
    assert Budget.objects.get(unit="EUR").promised == 1500
    assert world.disagreements() == []

    world.days_pass(12)
    world.send(BRUNO.returns("1001"))
    referral.refresh_from_db()
    assert (referral.state, referral.reason) == ("reversed", "refunded")
    assert balances() == {}
    assert Budget.objects.get(unit="EUR").promised == 0
    assert sorted(Reward.objects.values_list("rule", "state")) == [("advocate", "released"), ("friend", "released")]
    assert list(Transfer.objects.order_by("id").values_list("kind", flat=True)) == [
        "hold",
        "hold",
        "release",
        "release",
    ]

    world.days_pass(60)
    assert balances() == {}
    assert Transfer.objects.count() == 4
    assert world.disagreements() == []


def test_after_the_return_window_both_are_paid_and_a_late_refund_takes_it_back(world: World) -> None:
    program = world.programme()
    code = friends_join(world, program, ALMA)
    world.send(BRUNO.identify(), BRUNO.buys("1001", 45.00, code=code))
    world.days_pass(31)
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    paid = {("program", program, "EUR"): -1500, ("own", alma, "EUR"): 500, ("own", bruno, "EUR"): 1000}
    assert balances() == paid
    assert Referral.objects.get().state == "rewarded"

    world.send(BRUNO.returns("1001", total=10.00))
    assert balances() == paid, "25 of 45 still qualify"
    world.send(BRUNO.returns("1001", total=30.00))
    assert balances() == {}
    assert Referral.objects.get().state == "reversed"
    world.send(BRUNO.returns("1001"))
    world.send(BRUNO.returns("1001", message_id="again"), BRUNO.returns("1001", message_id="again"))
    assert Transfer.objects.count() == 6, "a refund told three times is one refund"
    told = sorted(Message.objects.filter(person_id=alma).values_list("template", flat=True))
    assert told == ["friend_joined", "reward_held", "reward_paid", "reward_reversed"]
    assert world.disagreements() == []


def test_the_refund_comes_before_the_order(world: World) -> None:
    code = friends_join(world, world.programme(), ALMA)
    world.send(BRUNO.identify(), BRUNO.returns("1001"), BRUNO.buys("1001", 45.00, code=code))
    world.days_pass(40)
    assert balances() == {}
    assert world.disagreements() == []


def test_alma_buys_with_her_own_code(world: World) -> None:
    code = friends_join(world, world.programme(), ALMA)
    world.send(ALMA.buys("1001", 45.00, code=code))
    assert (Referral.objects.get().state, Referral.objects.get().reason) == ("refused", "self_referral")
    world.send(
        BRUNO.identify(email="Al.Ma+second@example.test".replace("Al.Ma", "alma")), BRUNO.buys("1002", 45.00, code=code)
    )
    assert set(Referral.objects.values_list("reason", flat=True)) == {"self_referral"}
    world.days_pass(40)
    assert balances() == {}
    assert world.disagreements() == []


def test_two_selves_found_to_be_one(world: World) -> None:
    """Alma's friend turns out to be Alma: what was promised falls through, what was paid comes back."""
    program = world.programme()
    code = friends_join(world, program, ALMA)
    world.send(BRUNO.identify(), BRUNO.buys("1001", 45.00, code=code))
    world.send(DORA.identify(), DORA.buys("1002", 45.00, code=code))
    world.days_pass(31)
    world.act("Person Merged", keep=world.number(ALMA), other=world.number(BRUNO), reason="same household card")
    assert Referral.objects.get(friend_id=world.number(DORA)).state == "rewarded"
    assert balances() == {
        ("program", program, "EUR"): -1500,
        ("own", world.number(ALMA), "EUR"): 500,
        ("own", world.number(DORA), "EUR"): 1000,
    }
    assert world.disagreements() == []


def test_the_budget_is_never_overspent(world: World) -> None:
    program = world.programme(budget={"EUR": 3_100})
    code = friends_join(world, program, ALMA)
    for n in range(4):
        world.send({"type": "track", "event": "Order Completed", "userId": f"friend-{n}", "messageId": f"m{n}",
                    "properties": {"order_id": str(n), "total": 30, "code": code}})  # fmt: skip
    assert Budget.objects.get(unit="EUR").promised == 3_000
    assert Reward.objects.count() == 4
    world.days_pass(31)
    assert sum(amount for (kind, *_), amount in balances().items() if kind == "own") == 3_000
    assert world.disagreements() == []
