"""Many threads, the same orders: what is paid is paid once, what may be spent is not overspent."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from passaparola import corridor, worker
from passaparola.events.models import Event, Inbox, Order
from passaparola.ledger.models import Reward, Transfer
from passaparola.people.models import Person
from passaparola.programs.models import Budget, Referral
from tests.people import ALMA, CHIARA
from tests.world import World, balances, friends_join

THREADS = 8


def together(work: list[Callable[[], Any]], threads: int = THREADS) -> list[Any]:
    """Do the work in so many threads, each with connections of its own; results in order."""

    def one(job: Callable[[], Any]) -> Any:
        try:
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, work))


def order(n: int, code: str) -> dict[str, Any]:
    return {
        "type": "track", "event": "Order Completed", "userId": f"friend-{n}", "messageId": f"order-{n}",
        "properties": {"order_id": str(n), "total": 30, "code": code},
    }  # fmt: skip


@pytest.fixture
def world() -> World:
    return World()


def test_eight_threads_ten_orders_eight_times_each(world: World) -> None:
    code = friends_join(world, world.programme(friend=None), ALMA)
    sent = [order(n, code) for n in range(10)] * 8
    jobs = [lambda event=event: world.send(event)[0] for event in sent]
    outcomes = together([job for start in range(10) for job in jobs[start::10]])
    assert not [outcome.refused for outcome in outcomes if outcome.refused]
    assert Counter(outcome.repeated for outcome in outcomes) == {True: 70, False: 10}
    answers = {n: {json.dumps(o.result) for o, e in zip(outcomes, _in_turn(sent)) if e is sent[n]} for n in range(10)}
    assert all(len(answer) == 1 for answer in answers.values()), "a repeat is answered as the first time"
    assert Reward.objects.count() == Transfer.objects.count() == Order.objects.count() == 10
    world.days_pass(31)
    assert balances() == {("program", 1, "EUR"): -5_000, ("own", world.number(ALMA), "EUR"): 5_000}
    assert world.disagreements() == []


def _in_turn(sent: list[Any]) -> list[Any]:
    return [event for start in range(10) for event in sent[start::10]]


def test_the_same_order_under_other_message_ids(world: World) -> None:
    """A shop whose retries get new message ids: the order's own number decides."""
    code = friends_join(world, world.programme(friend=None), ALMA)
    jobs = [lambda n=n: world.send({**order(n % 10, code), "messageId": f"try-{n}"})[0] for n in range(80)]
    assert not [outcome.refused for outcome in together(jobs) if outcome.refused]
    assert (Reward.objects.count(), Event.objects.filter(name="Order Completed").count()) == (10, 80)
    assert world.disagreements() == []


def test_through_the_inbox_with_several_workers(world: World) -> None:
    code = friends_join(world, world.programme(friend=None), ALMA)

    def deliver(n: int) -> None:
        body = json.dumps({k: v for k, v in order(n, code).items() if k != "type"}).encode()
        Inbox.objects.create(received_at=world.now, kind="v1", source="shop", call="track", body=body)

    together([lambda n=n: deliver(n) for n in range(10)] * 8 + [lambda: worker.turn(world.now)] * 8)
    together([lambda: worker.drain(world.now)] * 3, threads=3)
    assert (Reward.objects.count(), Event.objects.filter(name="Order Completed").count()) == (10, 10)
    assert world.disagreements() == []


def test_ten_sign_ups_of_one_person_at_once(world: World) -> None:
    code = friends_join(world, world.programme(), ALMA)

    def sign_up(n: int) -> corridor.Outcome:
        act = corridor.act(
            "Friend Signed Up", source="landing", now=world.now, traits={"email": CHIARA.email, "name": CHIARA.name},
            properties={"code": code, "consents": [{"channel": "email", "purpose": "offers"}]},
            anonymous_id=f"tab-{n}",
        )  # fmt: skip
        return corridor.submit([act])[0]

    outcomes = together([lambda n=n: sign_up(n) for n in range(10)])
    assert not [outcome for outcome in outcomes if outcome.refused or outcome.event_id is None]
    people = set(Event.objects.filter(name="Friend Signed Up").values_list("person_id", flat=True))
    assert len(people) == 1
    assert Person.objects.exclude(id=world.number(ALMA)).count() == 1
    assert Referral.objects.count() == 1
    assert world.disagreements() == []


def test_ten_first_events_of_one_user_at_once(world: World) -> None:
    outcomes = together([lambda n=n: world.send({**CHIARA.identify(), "messageId": f"m{n}"})[0] for n in range(10)])
    assert not [outcome.refused for outcome in outcomes if outcome.refused]
    assert Person.objects.count() == 1
    assert world.disagreements() == []


def test_a_budget_is_never_overspent(world: World) -> None:
    """Room for seven rewards of 500, thirty orders at once, and the limit lowered meanwhile."""
    program = world.programme(friend=None, budget={"EUR": 3_500})
    code = friends_join(world, program, ALMA)
    jobs: list[Callable[[], Any]] = [lambda n=n: world.send(order(n, code))[0] for n in range(30)]
    jobs[15:15] = [lambda: _lower(world, program)]
    together(jobs)
    budget = Budget.objects.get(unit="EUR")
    assert budget.promised <= (budget.limit_amount or 0) <= 3_500
    assert Reward.objects.count() * 500 == budget.promised
    assert Referral.objects.filter(reason="budget_exhausted").count() == 30 - Reward.objects.count()
    assert world.disagreements() == []


def _lower(world: World, program: int) -> None:
    """Either in time, or refused since more is promised already."""
    limit = {"program": program, "unit": "EUR", "limit": 2_000}
    act = corridor.act("Budget Set", source="console", now=world.now, properties=limit)
    corridor.submit([act])


def test_refunds_and_the_end_of_the_window_at_once(world: World) -> None:
    """Whichever comes first, each reward is settled once and nothing is left of a refunded one."""
    code = friends_join(world, world.programme(), ALMA)
    for n in range(6):
        world.send(order(n, code))
    world.now = world.now.replace(month=4, day=20)
    refund = [
        {"type": "track", "event": "Order Refunded", "userId": f"friend-{n}", "properties": {"order_id": str(n)}}
        for n in range(6)
    ]
    jobs: list[Callable[[], Any]] = [lambda event=event: world.send(event) for event in refund * 2]
    jobs[3:3] = [lambda: worker.drain(world.now)] * 3
    together(jobs)
    worker.drain(world.now)
    assert balances() == {}
    assert set(Referral.objects.values_list("state", flat=True)) == {"reversed"}
    assert Transfer.objects.filter(kind="hold").count() == 12
    assert world.disagreements() == []
