"""Figures: the numbers of the overview, each defined once in measure/metrics.py."""

from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router
from pydantic import BeforeValidator, Field

from passaparola.doors.api.access import needs
from passaparola.doors.api.shapes import Out, QueryId, Time, answers, whole
from passaparola.measure import metrics, pictures
from passaparola.segments.stages import STAGES

router = Router(tags=["Figures"])
Days = Annotated[int, BeforeValidator(whole), Query(30, ge=1, le=3660, description="How many days.")]


class StepOut(Out):
    """One step of the funnel in the period and in the one before."""

    name: str = Field(description="told, shared, clicked, registered, bought or rewarded.")
    now: int
    before: int


class SumOut(Out):
    """A sum in the period and in the one before."""

    unit: str
    now: int = Field(description="In minor units, or points.")
    before: int


class FunnelOut(Out):
    """From being told to being rewarded."""

    since: Time
    until: Time
    steps: list[StepOut]
    revenue: list[SumOut] = Field(description="What friends' first orders brought, of all programmes.")
    paid: list[SumOut] = Field(description="Rewards paid, of all programmes.")


class StageCount(Out):
    """How many people are in a stage."""

    stage: str
    people: int


@router.get("/metrics/funnel", auth=needs("metrics:read"), response=answers(FunnelOut, found=False))
def get_funnel(request: HttpRequest, days: Days = 30, program: QueryId = None) -> FunnelOut:
    """Told, shared, clicked, registered, bought, rewarded: the days that end now, and as many before them."""
    now = timezone.now()
    shown = pictures.look("overview", days, program or 0, now=now)
    period = metrics.Period.last(days, shown.at or now)
    return FunnelOut(
        since=period.since,
        until=period.until,
        steps=[StepOut(name=s.name, now=s.now, before=s.before) for s in metrics.steps(shown.value)],
        revenue=[SumOut(unit=s.unit, now=s.now, before=s.before) for s in metrics.amounts(shown.value, "revenue")],
        paid=[SumOut(unit=s.unit, now=s.now, before=s.before) for s in metrics.amounts(shown.value, "paid")],
    )


@router.get("/metrics/stages", auth=needs("metrics:read"), response=answers(list[StageCount], found=False))
def get_stage_counts(request: HttpRequest) -> list[StageCount]:
    """How many people are in each loyalty stage now."""
    counts = metrics.stages()
    return [StageCount(stage=name, people=counts.get(name, 0)) for name in STAGES]
