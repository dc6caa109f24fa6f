"""The customer pyramid and the movements between stages: the figures of the console's pages, from the same functions."""

from datetime import date
from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router
from pydantic import BeforeValidator, Field

from passaparola.doors.api import acting
from passaparola.doors.api.access import needs
from passaparola.doors.api.shapes import (
    AS_OF,
    PAGE_ROWS,
    Done,
    In,
    Limit,
    Out,
    PeopleCount,
    Percent,
    PeriodDays,
    ShortText,
    Time,
    answers,
    whole,
)  # fmt: skip
from passaparola.events import intake
from passaparola.kernel.errors import Refusal
from passaparola.measure import flow, pictures, pyramid
from passaparola.segments.actions import ranges_in_force
from passaparola.segments.pyramid import period_in_force

router = Router(tags=["Figures"])
LISTED = Literal["active", "top", "big", "medium", "small", "inactive", "potential"]
OFFSET_MAX = 10_000_000
# A number would be taken for seconds since 1970: only year-month-day is a day.
_DAY: dict[str, Any] = {"pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "format": "date"}
Since = Annotated[str | None, Query(description="The first day; by default 90 days before the second.", **_DAY)]
Until = Annotated[str | None, Query(description="The second day; by default today.", **_DAY)]


class LevelOut(Out):
    """A level, or a band of the active. Probable and rest are figures: nobody stands behind them."""

    name: str
    people: int
    revenue: int = Field(description="In minor units, in the period, net of refunds.")
    orders: int = Field(description="In the period.")
    margin: int | None = Field(description="In minor units; null where unknown.")


class MarketOut(Out):
    """How many there are besides, as typed in, with the source."""

    probable: int
    rest: int
    source: str
    at: Time


class PyramidOut(Out):
    """The five levels from the top down, and the active by revenue: first 1, next 4, next 15, other 80 per cent."""

    period_days: int
    margin_percent: int | None
    unit: str
    counted_at: Time | None = Field(description=AS_OF)
    levels: list[LevelOut]
    bands: list[LevelOut]
    market: MarketOut | None


class PyramidIn(In):
    """What active means."""

    period_days: PeriodDays = Field(description="Active bought within so many days.")
    margin_percent: Percent | None = Field(
        None, description="Usual margin of orders that do not say theirs; null: unknown."
    )


class MarketIn(In):
    """Figures of people we do not know. Never contacts."""

    probable: PeopleCount = Field(description="People without a relationship who could be interested.")
    rest: PeopleCount = Field(description="The rest of the world: neither need nor wish.")
    source: ShortText = Field(description="Where the estimate comes from.")


class StandingOut(Out):
    """A person of a level."""

    person: int
    place: int | None = Field(description="Among the active, by revenue in the period; null below them.")
    revenue: int = Field(description="In minor units: of the active in the period, of others ever.")
    orders: int


class StandingPage(Out):
    """Some of the people, most revenue first; ask again with `after` = `next` for the following ones."""

    items: list[StandingOut]
    next: int | None


class MoveOut(Out):
    """So many people were in `before` on the first day and in `after` on the second."""

    before: str
    after: str
    people: int


def _today() -> int:
    return intake.local(timezone.now(), settings.BUSINESS_TIME_ZONE)[0]


class NoDay(Refusal):
    """{day} is no day of the calendar."""

    code, status = "no_day", 422


def _days(since: str | None, until: str | None) -> tuple[int, int]:
    """The later of two local days, from 1970 to today (0: today), and how long before it the other lies. Raises NoDay."""
    today = _today()
    second = max(min(_day(until), today), 0) if until else today
    first = max(_day(since), 0) if since else second - 90
    return 0 if second == today else second, max(second - first, 0)


def _day(text: str) -> int:
    try:
        return (date.fromisoformat(text) - intake.EPOCH).days
    except ValueError as problem:
        raise NoDay(day=text) from problem


def _level(level: pyramid.Level) -> LevelOut:
    return LevelOut(
        name=level.name, people=level.people, revenue=level.revenue_minor, orders=level.orders, margin=level.margin_minor
    )


def _moves(moved: dict[tuple[str, str], int]) -> list[MoveOut]:
    return [MoveOut(before=a, after=b, people=n) for (a, b), n in sorted(moved.items())]


@router.get("/pyramid", auth=needs("metrics:read"), response=answers(PyramidOut, found=False))
def get_pyramid(request: HttpRequest) -> PyramidOut:
    """Active, inactive, potential, probable, rest of the world: people, revenue, margin."""
    in_force = period_in_force()
    shown = pictures.look("pyramid", in_force.period_days, now=timezone.now())
    found = pyramid.count(shown.value, in_force)
    market: dict[str, Any] | None = None
    if found.market and found.market_at:
        market = {**found.market.as_json(), "at": found.market_at}
    return PyramidOut(
        **found.period.as_json(),
        unit=settings.CURRENCY,
        counted_at=shown.at,
        levels=[_level(level) for level in found.levels],
        bands=[_level(band) for band in found.bands],
        market=MarketOut(**market) if market else None,
    )


@router.get("/pyramid/people", auth=needs("people:read"), response=answers(StandingPage, found=False))
def list_pyramid_people(
    request: HttpRequest,
    level: Annotated[LISTED, Query(description="A level, or a band of the active.")],
    limit: Limit = PAGE_ROWS,
    after: Annotated[
        int, BeforeValidator(whole), Query(0, ge=0, le=OFFSET_MAX, description="`next` of the page before.")
    ] = 0,
) -> StandingPage:
    """The people of a level, those with most revenue first."""
    shown = pictures.look("standing", pyramid.level_of(level), period_in_force().period_days, now=timezone.now())
    found = pyramid.people(level, shown.part, after=after, limit=limit + 1)
    return StandingPage(
        items=[
            StandingOut(person=one.person_id, place=one.place, revenue=one.revenue_minor, orders=one.orders)
            for one in found[:limit]
        ],
        next=after + limit if len(found) > limit else None,
    )


@router.get("/pyramid/moves", auth=needs("metrics:read"), response=answers(list[MoveOut], found=False))
def get_pyramid_moves(request: HttpRequest, since: Since = None, until: Until = None) -> list[MoveOut]:
    """Who came in, rose, fell and left between the ends of two days; "new" was not known on the first."""
    shown = pictures.look("moves", *_days(since, until), period_in_force().period_days, now=timezone.now())
    return _moves(pyramid.moves(shown.value))


@router.get("/stages/moves", auth=needs("metrics:read"), response=answers(list[MoveOut], found=False))
def get_stage_moves(request: HttpRequest, since: Since = None, until: Until = None) -> list[MoveOut]:
    """People by stage at the ends of two days, told with today's ranges; "new" first came after the first."""
    now_in_force = ranges_in_force()
    ranges = now_in_force.period_days, now_in_force.some, now_in_force.many
    shown = pictures.look("flow", *_days(since, until), *ranges, now=timezone.now())
    return _moves(flow.moves(shown.value))


@router.put("/pyramid", auth=needs("settings:write"), response=answers(Done, writes=True, found=False))
def change_pyramid(request: HttpRequest, body: PyramidIn, key: acting.IdempotencyKey = None) -> Done:
    """Change the period, or the usual margin."""
    return acting.act(request, "Pyramid Changed", body.model_dump(), subject="pyramid", key=key).out()


@router.put("/pyramid/market", auth=needs("settings:write"), response=answers(Done, writes=True, found=False))
def estimate_market(request: HttpRequest, body: MarketIn, key: acting.IdempotencyKey = None) -> Done:
    """Say how many people there are besides, and where the figures come from."""
    return acting.act(request, "Market Estimated", body.model_dump(), subject="market", key=key).out()
