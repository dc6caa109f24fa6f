"""The ledger: rewards, accounts with their balances, transfers."""

from typing import Annotated, Literal

from django.db.models import Q, Sum
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from passaparola.doors.api import reading, saying
from passaparola.doors.api.access import needs
from passaparola.doors.api.shapes import (
    PAGE_ROWS,
    After,
    Limit,
    Out,
    Page,
    PathId,
    QueryId,
    Time,
    answers,
)
from passaparola.ledger.models import Account, Reward, Transfer
from passaparola.programs import wording

router = Router(tags=["Ledger"])
RewardState = Literal["held", "confirmed", "released", "reversed"]
AccountKind = Literal["business", "program", "pending", "own", "outside"]


class RewardOut(Out):
    """What somebody earned, once per rule and cause."""

    id: int
    program: int
    version: int
    rule: str = Field(description="advocate or friend.")
    person: int
    referral: int
    cause: str
    amount: int = Field(description="In minor units, or points.")
    unit: str
    state: str
    state_text: str
    reason: str
    reason_text: str
    held_at: Time
    due_at: Time
    settled_at: Time | None


class AccountOut(Out):
    """A pot of one unit. The balance is what came in less what went out, summed now."""

    id: int
    kind: str
    owner: int = Field(description="Person or programme; 0 for the business and the outside world.")
    unit: str
    balance: int = Field(description="In minor units, or points; the business's own may be negative.")
    opened_at: Time


class TransferOut(Out):
    """Value that moved; never changed. Undoing is another transfer that resolves this one."""

    id: int
    key: str
    kind: str
    source: int
    target: int
    amount: int
    unit: str
    resolves: int | None
    reward: int | None
    at: Time
    event: int


def _rewards(rows: list[Reward]) -> list[RewardOut]:
    today = reading.roots(r.person_id for r in rows)
    language = saying.language()
    return [
        RewardOut(
            id=r.pk, program=r.program_id, version=r.version, rule=r.rule, person=reading.whose(today, r.person_id),
            referral=r.referral_id, cause=r.cause, amount=r.amount, unit=r.unit, state=r.state,
            state_text=wording.reward_state(language, r.state), reason=r.reason, reason_text=saying.reward(r.reason),
            held_at=r.held_at, due_at=r.due_at, settled_at=r.settled_at,
        )
        for r in rows
    ]  # fmt: skip


def _accounts(rows: list[Account]) -> list[AccountOut]:
    """Accounts with balances: two sums for a whole page."""
    ids = [a.pk for a in rows]
    into = dict(Transfer.objects.filter(target_id__in=ids).values_list("target_id").annotate(Sum("amount")))
    out_of = dict(Transfer.objects.filter(source_id__in=ids).values_list("source_id").annotate(Sum("amount")))
    return [
        AccountOut(
            id=a.pk, kind=a.kind, owner=a.owner_id, unit=a.unit, opened_at=a.opened_at,
            balance=into.get(a.pk, 0) - out_of.get(a.pk, 0),
        )
        for a in rows
    ]  # fmt: skip


def _transfer(t: Transfer) -> TransferOut:
    return TransferOut(
        id=t.pk, key=t.key, kind=t.kind, source=t.source_id, target=t.target_id, amount=t.amount, unit=t.unit,
        resolves=t.resolves_id, reward=t.reward_id, at=t.at, event=t.event_id,
    )  # fmt: skip


@router.get("/rewards", auth=needs("ledger:read"), response=answers(Page[RewardOut], found=False))
def list_rewards(
    request: HttpRequest,
    program: QueryId = None,
    person: QueryId = None,
    referral: QueryId = None,
    state: Annotated[RewardState | None, Query()] = None,
    limit: Limit = PAGE_ROWS,
    after: After = None,
) -> Page[RewardOut]:
    """Rewards, newest first, with when and why."""
    found = Reward.objects.all()
    for name, value in (("program_id", program), ("referral_id", referral), ("state", state)):
        if value is not None:
            found = found.filter(**{name: value})
    if person is not None:
        found = found.filter(person_id__in=reading.members(person))
    rows, following = reading.page(found, limit, after)
    return Page(items=_rewards(rows), next=following)


@router.get("/rewards/{reward}", auth=needs("ledger:read"), response=answers(RewardOut))
def get_reward(request: HttpRequest, reward: PathId) -> RewardOut:
    """One reward."""
    return _rewards([reading.one(Reward.objects.filter(pk=reward))])[0]


@router.get("/accounts", auth=needs("ledger:read"), response=answers(Page[AccountOut], found=False))
def list_accounts(
    request: HttpRequest,
    kind: Annotated[AccountKind | None, Query()] = None,
    owner: QueryId = None,
    limit: Limit = PAGE_ROWS,
    after: After = None,
) -> Page[AccountOut]:
    """Accounts with their balances, newest first."""
    found = Account.objects.all()
    if kind:
        found = found.filter(kind=kind)
    if owner is not None:
        found = found.filter(owner_id=owner)
    rows, following = reading.page(found, limit, after)
    return Page(items=_accounts(rows), next=following)


@router.get("/accounts/{account}", auth=needs("ledger:read"), response=answers(AccountOut))
def get_account(request: HttpRequest, account: PathId) -> AccountOut:
    """One account with its balance."""
    return _accounts([reading.one(Account.objects.filter(pk=account))])[0]


@router.get("/people/{person}/accounts", auth=needs("ledger:read"), response=answers(list[AccountOut]))
def list_person_accounts(request: HttpRequest, person: PathId) -> list[AccountOut]:
    """What the person has (own) and what waits (pending), by unit; at most 200 accounts."""
    mine = reading.members(reading.root(person).pk)
    return _accounts(list(Account.objects.filter(kind__in=("pending", "own"), owner_id__in=mine).order_by("id")[:200]))


@router.get("/transfers", auth=needs("ledger:read"), response=answers(Page[TransferOut], found=False))
def list_transfers(
    request: HttpRequest,
    account: QueryId = None,
    reward: QueryId = None,
    limit: Limit = PAGE_ROWS,
    after: After = None,
) -> Page[TransferOut]:
    """Transfers, newest first: the statement of an account, or of everything."""
    found = Transfer.objects.all()
    if account is not None:
        found = found.filter(Q(source_id=account) | Q(target_id=account))
    if reward is not None:
        found = found.filter(reward_id=reward)
    rows, following = reading.page(found, limit, after)
    return Page(items=[_transfer(t) for t in rows], next=following)
