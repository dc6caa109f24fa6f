"""Events: the latest as they came, one of them whole, and what could not be taken, with its reason and "send again"."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from passaparola import corridor
from passaparola.doors import look
from passaparola.doors.console import happenings, sayings
from passaparola.doors.console.acting import note, say
from passaparola.events import intake
from passaparola.events.models import Event, Parked
from passaparola.people.models import Person

PAGE = 50
# How much of a parked item is seen without scrolling in its field.
LINES_SHOWN_MAX = 16
# The calls of the specification, and what this house does itself.
KINDS = {
    "track": _("What somebody did (track)"),
    "identify": _("Who somebody is (identify)"),
    "page": _("Pages of a site (page)"),
    "screen": _("Screens of an app (screen)"),
    "group": _("Who belongs to what (group)"),
    "alias": _("Two ids of one person (alias)"),
    "act": _("Passaparola’s own doing (act)"),
}


def events(request: HttpRequest) -> HttpResponse:
    """The newest first; by kind or exact name."""
    kind = request.GET.get("type", "") if request.GET.get("type") in KINDS else ""
    name = request.GET.get("name", "").strip()[:120]
    rows = Event.objects.order_by("-id")
    if kind:
        rows = rows.filter(type=kind)
    if name:
        rows = rows.filter(name__iexact=name)
    if (before := request.GET.get("before", "")).isdecimal():
        rows = rows.filter(id__lt=int(before))
    found = list(rows[: PAGE + 1])
    who = happenings.everybody([row.person_id for row in found if row.person_id])
    lines = [(row, sayings.event(row), who.get(row.person_id or 0), _simulated(row)) for row in found[:PAGE]]
    context = {
        "lines": lines,
        "kind": kind,
        "name": name,
        "kinds": KINDS.items(),
        "tab": "events",
        "after": found[PAGE - 1].id if len(found) > PAGE else None,
        "parked_count": Parked.objects.filter(resolved_at=None).count(),
    }
    template = "console/events_rows.html" if request.headers.get("HX-Target") == "events" else "console/events.html"
    return render(request, template, context)


def _simulated(row: Event) -> bool:
    return look.is_simulated(json.loads(row.context)) if row.context else False


def event(request: HttpRequest, event_id: int) -> HttpResponse:
    """One event, whole."""
    row = get_object_or_404(Event, id=event_id)
    person = Person.objects.filter(id=row.person_id).first() if row.person_id else None
    _icon, _tone, title = sayings.event(row)
    parts = {"properties": row.properties, "traits": row.traits, "context": row.context, "result": row.result}
    context = {
        "event": row,
        "title": title,
        "person": person,
        "simulated": _simulated(row),
        "parts": [
            (name, json.dumps(json.loads(text), indent=2, ensure_ascii=False))
            for name, text in parts.items()
            if text and text != "{}"
        ],
        "caused": [(one, sayings.event(one)) for one in Event.objects.filter(caused_by=row.id).order_by("id")[:20]],
    }
    return render(request, "console/event.html", context)


def parked(request: HttpRequest) -> HttpResponse:
    """What could not be taken and waits, the newest first."""
    rows = Parked.objects.order_by("-id")
    if request.GET.get("all") != "1":
        rows = rows.filter(resolved_at=None)
    if (before := request.GET.get("before", "")).isdecimal():
        rows = rows.filter(id__lt=int(before))
    found = list(rows[: PAGE + 1])
    bodies = [_readable(bytes(row.body)) for row in found[:PAGE]]
    lines = [
        (row, sayings.parked_reason(row.reason), body, min(body.count("\n") + 2, LINES_SHOWN_MAX))
        for row, body in zip(found, bodies, strict=False)
    ]
    context = {
        "lines": lines,
        "tab": "parked",
        "everything": request.GET.get("all") == "1",
        "after": found[PAGE - 1].id if len(found) > PAGE else None,
        "parked_count": Parked.objects.filter(resolved_at=None).count(),
    }
    return render(request, "console/parked.html", context)


def _readable(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)[:20_000]
    except ValueError:
        return body.decode("utf-8", "replace")[:20_000]


@require_POST
def send_again(request: HttpRequest, parked_id: int) -> HttpResponse:
    """Send the item again, as it was or as it was mended here; it takes the same way as the first time."""
    row = get_object_or_404(Parked, id=parked_id)
    now = timezone.now()
    why = _take(row, request.POST.get("body", ""), now)
    if why:
        say(request, gettext("Still not taken: %(why)s") % {"why": why}, "bad")
    else:
        Parked.objects.filter(id=row.id).update(resolved_at=now)
        note(request, "Parked event sent again", f"parked:{row.id}")
        say(request, gettext("The event was taken."))
    return redirect("console:events-parked")


def _take(row: Parked, body: str, now: Any) -> str:
    """Walk it down the corridor; why not, or "" when it was taken."""
    if row.erased_at:
        return gettext("its content was removed, since somebody it named asked to be forgotten.")
    limits = intake.Limits(settings.BUSINESS_TIME_ZONE, settings.FUTURE_SECONDS_MAX, settings.EARLIEST_YEAR)
    raw = body.encode() if body.strip() else bytes(row.body)
    call = "batch" if b'"batch"' in raw[:200] else ""
    # Its own number, below zero, stands in for the inbox row, so that sending twice counts once.
    good, bad = intake.read(
        kind="v1", call=call, source=row.source, body=raw, received_at=now, inbox_id=-row.id, limits=limits
    )
    if bad:
        return f"{sayings.parked_reason(bad[0].reason)}. {bad[0].detail}"
    refused = [outcome.refused for outcome in corridor.submit(good, now=now) if outcome.refused]
    return refused[0].message if refused else ""
