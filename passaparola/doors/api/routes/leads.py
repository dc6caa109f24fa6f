"""Leads: who is interested and has not bought, how warm and why; the rules; what becomes of each source."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router
from pydantic import Field

from passaparola.doors.api import acting, reading
from passaparola.doors.api.access import needs
from passaparola.doors.api.problems import NotFound
from passaparola.doors.api.shapes import (
    PAGE_ROWS,
    After,
    Done,
    In,
    Limit,
    Name,
    Out,
    Page,
    PathId,
    ShortText,
    Time,
    answers,
    integral,
)
from passaparola.measure import leads as figures
from passaparola.segments import leads
from passaparola.segments.lead_actions import rules_in_force
from passaparola.segments.models import Lead

router = Router(tags=["Leads"])
Temperature = Literal["cold", "warm", "hot"]
Source = Literal["form", "co-registration", "referral", "event", "draw"]
Points = Annotated[int, Field(ge=-100, le=100), integral]


class LeadOut(Out):
    """One lead as of her last event; the score falls from there until the next."""

    person: int
    source: Source
    since_at: Time
    temperature: str = Field(description="cold, warm or hot; empty for a customer by now.")
    temperature_since_at: Time | None
    score: int = Field(description="0 to 100, as of `at`.")
    fit: int = Field(description="0 to 100.")
    at: Time
    confirmed_at: Time | None = Field(description="When she confirmed her address to us.")
    became_customer_at: Time | None
    taken_by: str
    taken_at: Time | None


class ReasonOut(Out):
    """What she did, how often it counted, how many points of it are left now."""

    event: str
    times: int
    points: float
    last_at: Time


class ConditionOut(Out):
    """A condition on the profile, and whether it holds."""

    field: str
    operator: str
    value: str
    weight: int
    holds: bool


class ExplainedOut(LeadOut):
    """The same with the score of this moment and its reasons."""

    score_now: int
    engagement_now: int
    cools_at: Time | None = Field(description="When she becomes colder if nothing happens.")
    reasons: list[ReasonOut]
    conditions: list[ConditionOut]


class SourceOut(Out):
    """What became of the leads of one source."""

    source: Source
    leads: int
    customers: int
    confirmed: int
    share_low: float = Field(description="Wilson's 95 % interval of the share that bought.")
    share_high: float
    days_to_order: float | None = Field(description="Median.")


class LeadIn(In):
    """By which way somebody known showed interest."""

    source: Source = Field("event", description="By which way.")
    partner: Name | None = Field(None, description="Who handed a co-registration over.")
    form: ShortText | None = Field(None, description="Which fair, form or draw.")


class TakeIn(In):
    """Who of sales takes the lead on."""

    by: ShortText = Field(description="A name or a number your own systems know; no address.")


class SignalIO(In):
    """What counts: the first line that fits."""

    event: ShortText = Field(description="The event's name; Page Viewed for pages.")
    weight: Points = Field(description="Points.")
    where: str = Field("", max_length=80, pattern=r"^[^\x00]*$", description="A property; empty: every such event.")
    value: str = Field("", max_length=200, pattern=r"^[^\x00]*$", description="Only where the property is this.")
    per_day: Annotated[int, Field(ge=1, le=100), integral] = Field(3, description="How often on one day it counts.")


class ConditionIO(In):
    """What in the profile speaks for somebody, or against (a weight below 0)."""

    field: ShortText = Field(description="language, sex, birth_year, or any field of the profile.")
    operator: Literal["is", "is_not", "among", "contains", "at_least", "at_most", "known"] = Field(description="How to compare.")
    value: str = Field("", max_length=200, pattern=r"^[^\x00]*$", description="With what; a, b, c for among.")
    weight: Points = Field(description="Weight.")


class RulesIO(In):
    """How a lead's score comes about (docs/why/leads.md)."""

    half_life_days: Annotated[int, Field(ge=1, le=730), integral] = Field(description="After which half of a weight is left.")
    tau: Annotated[int, Field(ge=1, le=1000), integral] = Field(description="So many points make an engagement of 63.")
    points_max: Annotated[int, Field(ge=1, le=10_000), integral] = Field(description="No sum goes beyond.")
    warm: Annotated[int, Field(ge=1, le=99), integral] = Field(description="The score from which somebody is warm.")
    hot: Annotated[int, Field(ge=2, le=100), integral] = Field(description="From which she is hot; above warm.")
    signals: Annotated[list[SignalIO], Field(max_length=leads.LINES_MAX)] = Field(description="What counts.")
    fit: Annotated[list[ConditionIO], Field(max_length=leads.LINES_MAX)] = Field(description="Who suits.")


@router.get("/leads", auth=needs("people:read"), response=answers(Page[LeadOut], found=False))
def list_leads(
    request: HttpRequest,
    temperature: Annotated[Temperature | None, Query(description="Only these; without it all who have not bought.")] = None,
    source: Annotated[Source | None, Query(description="Only of this source.")] = None,
    limit: Limit = PAGE_ROWS,
    after: After = None,
) -> Page[LeadOut]:
    """Leads, the highest person's number first; whoever has bought is none any more."""
    found = Lead.objects.filter(temperature=temperature) if temperature else Lead.objects.exclude(temperature="")
    rows, following = reading.page(found.filter(source=source) if source else found, limit, after)
    return Page(items=[LeadOut(**_said(row)) for row in rows], next=following)


def _said(row: Lead) -> dict[str, Any]:
    names = (name for name in LeadOut.model_fields if name != "person")
    return {"person": row.person_id, **{name: getattr(row, name) for name in names}}


# The fixed addresses stand before those with a number.
@router.get("/leads/rules", auth=needs("settings:read"), response=answers(RulesIO, found=False))
def get_lead_rules(request: HttpRequest) -> RulesIO:
    """What counts how much, who suits, and from which score somebody is warm or hot."""
    return RulesIO(**rules_in_force().as_json())


@router.put("/leads/rules", auth=needs("settings:write"), response=answers(Done, writes=True, found=False))
def change_lead_rules(request: HttpRequest, body: RulesIO, key: acting.IdempotencyKey = None) -> Done:
    """Change the rules. Every lead is counted anew from the log; each change says why."""
    return acting.act(request, "Lead Rules Changed", body.model_dump(), subject="leads", key=key).out()


@router.get("/leads/sources", auth=needs("metrics:read"), response=answers(list[SourceOut], found=False))
def get_lead_sources(request: HttpRequest) -> list[SourceOut]:
    """For each source how many leads there were, how many bought and confirmed, and how long it took."""
    return [
        SourceOut(
            source=one.name, leads=one.leads, customers=one.customers, confirmed=one.confirmed,  # type: ignore[arg-type]
            share_low=one.low, share_high=one.high, days_to_order=one.days,
        )
        for one in figures.by_source()
    ]  # fmt: skip


@router.get("/people/{person}/lead", auth=needs("people:read"), response=answers(ExplainedOut))
def get_lead(request: HttpRequest, person: PathId) -> ExplainedOut:
    """Somebody as a lead, with the score of this moment and everything it comes from."""
    row = reading.one(Lead.objects.filter(pk=reading.root(person).pk).exclude(source=""))
    (one,) = figures.explain([row], timezone.now(), rules_in_force())
    return ExplainedOut(
        **_said(row), score_now=one.score, engagement_now=one.engagement, cools_at=one.until,
        reasons=[ReasonOut(event=r.name, times=r.times, points=r.points, last_at=r.last_at) for r in one.reasons],
        conditions=[
            ConditionOut(field=c.field, operator=c.operator, value=c.value, weight=c.weight, holds=holds)
            for c, holds in one.conditions
        ],
    )  # fmt: skip


@router.post("/people/{person}/lead", auth=needs("people:write"), response=answers(Done, writes=True))
def record_lead(request: HttpRequest, person: PathId, body: LeadIn, key: acting.IdempotencyKey = None) -> Done:
    """Note that somebody known is interested. Somebody who has bought already becomes no lead."""
    found = reading.root(person)
    said = {"person": found.pk, **body.model_dump(exclude_none=True)}
    return acting.act(request, "Lead Recorded", said, subject=f"person:{found.pk}", key=key).out()


@router.post("/people/{person}/lead/take", auth=needs("people:write"), response=answers(Done, writes=True))
def take_lead(request: HttpRequest, person: PathId, body: TakeIn, key: acting.IdempotencyKey = None) -> Done:
    """Somebody of sales takes the lead on."""
    found = _lead(person)
    said = {"person": found.pk, "by": body.by}
    return acting.act(request, "Lead Taken", said, subject=f"person:{found.pk}", key=key).out()


@router.post("/people/{person}/lead/return", auth=needs("people:write"), response=answers(Done, writes=True))
def return_lead(request: HttpRequest, person: PathId, key: acting.IdempotencyKey = None) -> Done:
    """The lead is nobody's again."""
    found = _lead(person)
    return acting.act(request, "Lead Returned", {"person": found.pk}, subject=f"person:{found.pk}", key=key).out()


def _lead(person: int) -> Any:
    """The person, if she is a lead now."""
    found = reading.root(person)
    if not Lead.objects.filter(pk=found.pk).exclude(temperature="").exists():
        raise NotFound
    return found
