"""Movement in the pyramid between two days: who came in, rose, fell and left, as a picture and as a matrix."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext

from passaparola.doors import drawings
from passaparola.doors import look as looks
from passaparola.doors import pictures as drawn
from passaparola.doors.console import stages_flow
from passaparola.doors.console.pyramid import WORDS
from passaparola.doors.console.stages import today
from passaparola.events import intake
from passaparola.measure import pictures
from passaparola.measure import pyramid as figures
from passaparola.measure.pyramid import ORDER
from passaparola.segments.pyramid import period_in_force

SPANS = (30, 90, 365)


def moves(request: HttpRequest) -> HttpResponse:
    """The page; ?since=2026-01-01&until=2026-03-31, else the last 90 days."""
    now, period = today(), period_in_force()
    since, until, wrong = stages_flow.days_asked(request, now)
    shown = pictures.look("moves", *stages_flow.days_drawn(since, until, now), period.period_days, now=timezone.now())
    moved = figures.moves(shown.value)
    nodes = [(name, str(WORDS[name][0])) for name in ORDER]
    context: dict[str, Any] = {
        "since": intake.EPOCH + timedelta(days=since),
        "until": intake.EPOCH + timedelta(days=until),
        "span": until - since if until == now else 0,
        "spans": stages_flow.spans(SPANS, now),
        "wrong": wrong,
        "period": period,
        "shown": shown,
        "everybody": sum(moved.values()),
        "moved": figures.summary(moved),
        "picture": _picture(moved, nodes),
        "right": nodes[:-1],
        "table": [
            (a, word, [moved.get((a, b), 0) for b, _word in nodes[:-1]])
            for a, word in nodes
            if any(moved.get((a, b)) for b, _word in nodes)
        ],
    }
    return render(request, "console/pyramid_moves.html", context, status=422 if wrong else 200)


def _picture(moved: dict[tuple[str, str], int], nodes: list[tuple[str, str]]) -> Any:
    sums = [
        {name: looks.number(sum(n for key, n in moved.items() if key[side] == name)) for name, _word in nodes}
        for side in (0, 1)
    ]
    label = gettext("People moving between the levels of the pyramid")
    rank = list(reversed(ORDER[:-1]))
    counts = (sums[0], sums[1])
    return mark_safe(drawn.fitting(lambda width: drawings.flow(moved, (nodes, nodes[:-1]), rank, label, counts, width)))
