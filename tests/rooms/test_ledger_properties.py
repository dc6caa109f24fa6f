"""Whatever happens in whatever order, the books agree: a machine that tries, and batches shuffled every way."""

import random
from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from passaparola import worker
from passaparola.kernel.errors import Refusal
from passaparola.ledger.models import Account, Reward, Transfer
from passaparola.people.models import Identity, Merge, Person
from passaparola.programs.models import Budget, Decision, Referral
from tests.people import ALMA, DORA
from tests.world import World, balances, friends_join

FRIENDS = st.integers(0, 3)
ORDERS = st.integers(0, 5)
CODES = st.integers(0, 2)
MONEY = st.sampled_from((5, 19.99, 20, 45, 1000))
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


class LedgerMachine(RuleBasedStateMachine):
    """Two advocates, four friends, six order numbers; buys, refunds, repeats, merges, time, budgets."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.world = World()
        self.sent: list[dict[str, Any]] = []

    def teardown(self) -> None:
        try:
            assert self.world.disagreements() == []
            self.world.days_pass(1)
            self._settle_everything()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def _settle_everything(self) -> None:
        """After every window has passed nothing is pending, and the books still agree."""
        self.world.now += timedelta(days=120)
        worker.drain(self.world.now)
        assert not Reward.objects.filter(state="held").exists()
        assert not [amount for (kind, *_), amount in balances().items() if kind == "pending"]
        assert self.world.disagreements() == []

    @initialize(limit=st.sampled_from((None, 0, 1_500, 4_000)), cap=st.integers(1, 3))
    def start(self, limit: int | None, cap: int) -> None:
        self.program = self.world.programme(budget={"EUR": limit}, caps={"advocate_rewards_per_year": cap})
        self.codes = [friends_join(self.world, self.program, who) for who in (ALMA, DORA)]

    def send(self, *events: dict[str, Any]) -> None:
        for event in events:
            event.setdefault("messageId", f"m{len(self.sent)}")
            self.sent.append(event)
        self.world.send(*events)

    @rule(friend=FRIENDS, order=ORDERS, total=MONEY, code=CODES)
    def buy(self, friend: int, order: int, total: float, code: int) -> None:
        given = {"code": self.codes[code]} if code < len(self.codes) else {}
        self.send(_track("Order Completed", friend, order_id=f"{friend}-{order}", total=total, **given))

    @rule(friend=FRIENDS, order=ORDERS, part=st.sampled_from((None, 1, 30)))
    def refund(self, friend: int, order: int, part: int | None) -> None:
        amount = {} if part is None else {"total": part}
        self.send(_track("Order Refunded", friend, order_id=f"{friend}-{order}", **amount))

    @rule(friend=FRIENDS, order=ORDERS)
    def refund_twice_in_one_batch(self, friend: int, order: int) -> None:
        event = _track("Order Refunded", friend, order_id=f"{friend}-{order}")
        self.send(dict(event), dict(event))

    @rule(friend=FRIENDS, order=ORDERS, code=CODES)
    def buy_and_cancel_in_one_batch(self, friend: int, order: int, code: int) -> None:
        given = {"code": self.codes[code]} if code < len(self.codes) else {}
        self.send(
            _track("Order Completed", friend, order_id=f"{friend}-{order}", total=50, **given),
            _track("Order Cancelled", friend, order_id=f"{friend}-{order}"),
        )

    @rule(code=st.integers(0, 1), order=ORDERS)
    def advocate_buys(self, code: int, order: int) -> None:
        who = (ALMA, DORA)[code]
        self.send(who.buys(f"own-{order}", 50, code=self.codes[code]))

    @rule(friend=FRIENDS, code=st.integers(0, 1))
    def sign_up(self, friend: int, code: int) -> None:
        self.send(_track("Signed Up", friend, code=self.codes[code]))

    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """A retry: the same batch, or the whole log so far."""
        if self.sent:
            some = data.draw(st.lists(st.sampled_from(self.sent), min_size=1, max_size=5, unique_by=id))
            self.world.send(*some)

    @rule()
    def everything_again(self) -> None:
        before = Transfer.objects.count()
        if self.sent:
            self.world.send(*self.sent)
        assert Transfer.objects.count() == before

    @rule(days=st.sampled_from((1, 15, 31, 91)))
    def time_passes(self, days: int) -> None:
        self.world.now += timedelta(days=days)
        worker.drain(self.world.now)

    @rule(friend=FRIENDS, other=st.sampled_from((0, 1, 2, 3, "alma", "dora")))
    def merge(self, friend: int, other: int | str) -> None:
        keep, gone = _number(other), _number(friend)
        if keep and gone and keep != gone:
            self.world.act("Person Merged", keep=keep, other=gone, reason="by hand")

    @rule()
    def unmerge(self) -> None:
        last = Merge.objects.filter(undone_at=None).order_by("-id").first()
        if last:
            try:
                self.world.act("Person Unmerged", merge=last.id)
            except Refusal as refusal:
                assert refusal.code == "unknown_merge"

    @rule(friend=FRIENDS, order=ORDERS, code=st.integers(0, 1))
    def claim(self, friend: int, order: int, code: int) -> None:
        try:
            self.world.act("Advocate Claimed", order_source="shop", order_id=f"{friend}-{order}", code=self.codes[code])
        except Refusal as refusal:
            assert refusal.code in ("unknown_order", "order_counted")

    @rule(limit=st.sampled_from((None, 0, 3_000, 9_000)))
    def set_budget(self, limit: int | None) -> None:
        try:
            self.world.act("Budget Set", program=self.program, unit="EUR", limit=limit)
        except Refusal as refusal:
            assert refusal.code == "budget_spent"

    @rule(friend=FRIENDS)
    def forget(self, friend: int) -> None:
        if number := _number(friend):
            self.world.act("Person Forgotten", person_id=number)

    @invariant()
    def nothing_is_overspent(self) -> None:
        for budget in Budget.objects.all():
            assert budget.promised >= 0 and (budget.limit_amount is None or budget.promised <= budget.limit_amount)

    @invariant()
    def pending_is_never_below_zero(self) -> None:
        assert not [key for key, amount in balances().items() if key[0] in ("pending", "own") and amount < 0]


def _track(name: str, friend: int, **properties: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": name,
        "userId": f"friend-{friend}",
        "properties": {"currency": "EUR", **properties},
    }


def _number(who: int | str) -> int | None:
    value = who if isinstance(who, str) else f"friend-{who}"
    held = Identity.objects.filter(kind="user_id", value=value).first()
    return Person.objects.get(id=held.person_id).root_id if held else None


def test_the_books_agree_whatever_happens() -> None:
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            phases=[Phase.reuse, Phase.generate],
            suppress_health_check=CHECKS,
        ),
    )


# --- the order of batches --------------------------------------------------------------------------


@st.composite
def lives(draw: st.DrawFn) -> list[list[dict[str, Any]]]:
    """What each of a few friends did, in their own order."""
    found = []
    for friend in range(draw(st.integers(1, 4))):
        did = []
        for n in range(draw(st.integers(1, 4))):
            what = draw(st.sampled_from(("buy", "refund", "part", "visit")))
            order = {"order_id": f"{friend}-{draw(st.integers(0, 2))}"}
            did.append({
                "buy": _track("Order Completed", friend, **order, total=draw(MONEY), code=draw(st.sampled_from("AB"))),
                "refund": _track("Order Refunded", friend, **order),
                "part": _track("Order Refunded", friend, **order, total=5),
                "visit": _track("Visit Recorded", friend),
            }[what] | {"messageId": f"{friend}:{n}"})  # fmt: skip
        found.append(did)
    return found


def _outcome(lived: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """The books after those batches and the end of every window, by names instead of numbers."""
    with transaction.atomic():
        world = World()
        program = world.programme()
        codes = {"A": friends_join(world, program, ALMA), "B": friends_join(world, program, DORA)}
        for batch in lived:
            world.send(*(_with_code(event, codes) for event in batch))
        world.now += timedelta(days=31)
        worker.drain(world.now)
        assert world.disagreements() == []
        found = _books()
        transaction.set_rollback(True)
    return found


def _with_code(event: dict[str, Any], codes: dict[str, str]) -> dict[str, Any]:
    properties = event["properties"]
    return {**event, "properties": {**properties, "code": codes[properties["code"]]}} if "code" in properties else event


def _books() -> dict[str, Any]:
    name = {row.person_id: row.value for row in Identity.objects.filter(kind="user_id")}
    account = {row.id: f"{row.kind} {name.get(row.owner_id, '')}" for row in Account.objects.all()}
    cause = {row.id: (row.rule, row.cause, row.state) for row in Reward.objects.all()}
    return {
        "transfers": sorted(
            (row.kind, account[row.source_id], account[row.target_id], row.amount, cause[row.reward_id])
            for row in Transfer.objects.all()
        ),
        "referrals": sorted(
            (name[row.friend_id], name[row.advocate_id], row.state, row.reason) for row in Referral.objects.all()
        ),
        "promised": sorted(Budget.objects.values_list("unit", "promised")),
        "decisions": sorted(
            (row.kind, row.outcome, name.get(row.person_id, ""), str([reason["code"] for reason in row.reasons]))
            for row in Decision.objects.all()
        ),
    }


@pytest.mark.parametrize("salt", range(2))
@settings(max_examples=12, deadline=None, suppress_health_check=CHECKS)
@given(lived=lives(), seed=st.integers(0, 2**32))
def test_batches_doubled_resent_and_reordered_between_people(salt: int, lived: list[Any], seed: int) -> None:
    plain = _outcome(lived)
    assert _outcome(_shuffled(lived, random.Random(seed + salt))) == plain


def _shuffled(lived: list[list[dict[str, Any]]], dice: random.Random) -> list[list[dict[str, Any]]]:
    """Each person's events in their own order, between others' in any; cut anywhere, doubled, sent again."""
    waiting = defaultdict(list, {n: list(did) for n, did in enumerate(lived)})
    batches: list[list[dict[str, Any]]] = [[]]
    said: list[dict[str, Any]] = []
    while any(waiting.values()):
        who = dice.choice([n for n, left in waiting.items() if left])
        event = waiting[who].pop(0)
        said.append(event)
        batches[-1] += [event] * dice.choice((1, 1, 2))
        if dice.random() < 0.3:
            batches[-1].append(dice.choice(said))
        if dice.random() < 0.4:
            batches.append([])
    batches += [list(dice.choice(batches)) for _ in range(2)] + [dice.sample(said, len(said))]
    return [batch for batch in batches if batch]
