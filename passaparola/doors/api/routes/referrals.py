"""Referrals and decisions: who brought whom, where it stands, and why."""

from datetime import datetime
from typing import Annotated, Any, Literal

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
    Said,
    Time,
    answers,
)
from passaparola.programs import wording
from passaparola.programs.models import Code, Decision, Referral

router = Router(tags=["Referrals"])
ReferralState = Literal["registered", "qualified", "converted", "rewarded", "refused", "expired", "reversed"]
DecisionKind = Literal["ask", "attribute", "reward", "merge", "send"]


class Sentences(Out):
    """The same reason, said to each of them in the caller's language."""

    advocate: str
    friend: str
    staff: str


class ReferralOut(Out):
    """That an advocate brought a friend, within one programme version."""

    id: int
    program: int
    version: int
    advocate: int
    friend: int
    code: str | None
    state: str
    state_text: str
    reason: str = Field(description="Why it is where it is, for programs.")
    reason_text: Sentences
    evidence: dict[str, Any]
    opened_at: Time
    changed_at: Time


class DecisionOut(Out):
    """What was decided about somebody, with reasons; never changed."""

    id: int
    kind: str
    person: int
    program: int | None
    outcome: str
    text: str = Field(description="What was decided, in words.")
    reasons: list[Said]
    subject: str
    at: Time
    event: int


def _referrals(rows: list[Referral]) -> list[ReferralOut]:
    """Two more queries for a whole page: people of today, codes."""
    today = reading.roots(number for r in rows for number in (r.advocate_id, r.friend_id))
    codes = dict(Code.objects.filter(pk__in=[r.code_id for r in rows if r.code_id]).values_list("id", "value"))
    language = saying.language()
    return [
        ReferralOut(
            id=r.pk, program=r.program_id, version=r.version, code=codes.get(r.code_id or 0), evidence=r.evidence,
            advocate=reading.whose(today, r.advocate_id), friend=reading.whose(today, r.friend_id),
            state=r.state, state_text=wording.referral_state(language, r.state), reason=r.reason,
            reason_text=Sentences(**{who: saying.referral(r.reason, who) for who in Sentences.model_fields}),
            opened_at=r.opened_at, changed_at=r.changed_at,
        )
        for r in rows
    ]  # fmt: skip


def decisions_out(rows: list[Decision]) -> list[DecisionOut]:
    """One more query for a whole page."""
    today = reading.roots(d.person_id for d in rows)
    return [
        DecisionOut(
            id=d.pk, kind=d.kind, person=reading.whose(today, d.person_id), program=d.program_id, outcome=d.outcome,
            text=saying.decided(d.kind, d.outcome), reasons=saying.reasons(d.reasons), subject=d.subject, at=d.at,
            event=d.event_id,
        )
        for d in rows
    ]  # fmt: skip


@router.get("/referrals", auth=needs("referrals:read"), response=answers(Page[ReferralOut], found=False))
def list_referrals(
    request: HttpRequest,
    program: QueryId = None,
    state: Annotated[ReferralState | None, Query()] = None,
    advocate: QueryId = None,
    friend: QueryId = None,
    changed_since: Annotated[
        datetime | None, Query(description="Only those that moved at or after this moment.")
    ] = None,
    limit: Limit = PAGE_ROWS,
    after: After = None,
) -> Page[ReferralOut]:
    """Referrals, newest first, each with its reason said to advocate, friend and staff."""
    found = Referral.objects.all()
    if program is not None:
        found = found.filter(program_id=program)
    if state:
        found = found.filter(state=state)
    if advocate is not None:
        found = found.filter(advocate_id__in=reading.members(advocate))
    if friend is not None:
        found = found.filter(friend_id__in=reading.members(friend))
    if changed_since is not None:
        found = found.filter(changed_at__gte=reading.utc(changed_since))
    rows, following = reading.page(found, limit, after)
    return Page(items=_referrals(rows), next=following)


@router.get("/referrals/{referral}", auth=needs("referrals:read"), response=answers(ReferralOut))
def get_referral(request: HttpRequest, referral: PathId) -> ReferralOut:
    """One referral."""
    return _referrals([reading.one(Referral.objects.filter(pk=referral))])[0]


@router.get("/decisions", auth=needs("referrals:read"), response=answers(Page[DecisionOut], found=False))
def list_decisions(
    request: HttpRequest,
    kind: Annotated[DecisionKind | None, Query()] = None,
    outcome: Annotated[str | None, Query(max_length=20, pattern=r"^[a-z_]+$")] = None,
    program: QueryId = None,
    person: QueryId = None,
    limit: Limit = PAGE_ROWS,
    after: After = None,
) -> Page[DecisionOut]:
    """Every decision with its reasons, newest first: asks, attributions, rewards, merges, sends."""
    found = Decision.objects.all()
    for name, value in (("kind", kind), ("outcome", outcome), ("program_id", program)):
        if value is not None:
            found = found.filter(**{name: value})
    if person is not None:
        found = found.filter(person_id__in=reading.members(person))
    rows, following = reading.page(found, limit, after)
    return Page(items=decisions_out(rows), next=following)


@router.get("/decisions/{decision}", auth=needs("referrals:read"), response=answers(DecisionOut))
def get_decision(request: HttpRequest, decision: PathId) -> DecisionOut:
    """One decision."""
    return decisions_out([reading.one(Decision.objects.filter(pk=decision))])[0]
