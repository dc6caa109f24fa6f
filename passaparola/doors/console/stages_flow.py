"""Movements: how people went from stage to stage between two days, as a picture and as tables."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from passaparola.doors import drawings
from passaparola.doors import look as looks
from passaparola.doors import pictures as drawn
from passaparola.doors.console.stages import today
from passaparola.events import intake
from passaparola.measure import flow as flows
from passaparola.measure import pictures
from passaparola.segments.actions import ranges_in_force
from passaparola.segments.stages import STAGES

SPANS = (30, 90, 365)
_NEW = (flows.NEW, _("New"))


def flow(request: HttpRequest) -> HttpResponse:
    """The page; ?since=2026-01-01&until=2026-03-31, else the last 90 days."""
    now, ranges = today(), ranges_in_force()
    since, until, wrong = days_asked(request, now)
    shown = pictures.look("flow", *days_drawn(since, until, now), ranges.period_days, ranges.some, ranges.many, now=timezone.now())
    moves = flows.moves(shown.value)
    right = [(name, str(looks.STAGES[name])) for name in reversed(STAGES)]
    left = [*right, (_NEW[0], str(_NEW[1]))]
    context: dict[str, Any] = {
        "since": _date(since),
        "until": _date(until),
        "span": until - since if until == now else 0,
        "spans": spans(SPANS, now),
        "wrong": wrong,
        "everybody": sum(moves.values()),
        "picture": _picture(moves, left, right),
        "right": right,
        "table": _table(moves, left, right),
        "history": [
            (_date(d), [counts[name] for name, _word in right])
            for d, counts in flows.history(shown.value)
        ],
        "ranges": ranges,
        "shown": shown,
    }
    return render(request, "console/stages_flow.html", context | _sums(moves), status=422 if wrong else 200)


def days_asked(request: HttpRequest, now: int) -> tuple[int, int, str]:
    """The two days, from the address, and what is wrong with them; the last 90 days where nothing is asked."""
    until = _day(request.GET.get("until", ""), now)
    since = _day(request.GET.get("since", ""), now - 90)
    if until is None or since is None:
        return now - 90, now, gettext("Give both days as dates.")
    if since >= until or until > now:
        return now - 90, now, gettext("The first day must lie before the second, and the second not in the future.")
    return since, until, ""


def days_drawn(since: int, until: int, now: int) -> tuple[int, int]:
    """The two days as the arguments of a picture: the second (0: today, so that tomorrow finds it too), and how long before."""
    return 0 if until == now else until, until - since


def spans(days: tuple[int, ...], now: int) -> list[tuple[int, str]]:
    """The last so many days, each with its address."""
    return [(n, f"since={_date(now - n)}&until={_date(now)}") for n in days]


def _day(given: str, otherwise: int) -> int | None:
    if not given:
        return otherwise
    try:
        found = parse_date(given)
    except ValueError:
        return None
    return None if found is None else max((found - intake.EPOCH).days, 0)


def _date(day: int) -> date:
    return intake.EPOCH + timedelta(days=day)


def _picture(moves: dict[tuple[str, str], int], left: list[Any], right: list[Any]) -> Any:
    sums = [
        {name: looks.number(sum(n for key, n in moves.items() if key[side] == name)) for name, _word in nodes}
        for side, nodes in ((0, left), (1, right))
    ]
    label = gettext("People flowing from stage to stage")
    counts = (sums[0], sums[1])
    return mark_safe(drawn.fitting(lambda width: drawings.flow(moves, (left, right), STAGES, label, counts, width)))


def _table(moves: dict[tuple[str, str], int], left: list[Any], right: list[Any]) -> list[Any]:
    return [
        (a, word, cells, sum(cells))
        for a, word in left
        for cells in [[moves.get((a, b), 0) for b, _word in right]]
        if sum(cells)
    ]


def _sums(moves: dict[tuple[str, str], int]) -> dict[str, int]:
    sums = dict.fromkeys(("up", "down", "same", "fresh"), 0)
    for (before, after), people in moves.items():
        step = 0 if before == flows.NEW else STAGES.index(after) - STAGES.index(before)
        name = "fresh" if before == flows.NEW else "up" if step > 0 else "down" if step < 0 else "same"
        sums[name] += people
    return sums
