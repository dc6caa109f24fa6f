"""One segment: who is in it, how its size went, who came and left by which event, its rules before, what it overlaps."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from passaparola.doors import look, saying
from passaparola.doors.console import finding, happenings, people, sayings
from passaparola.doors.console.segments import counting, pictures, who
from passaparola.events.models import Event
from passaparola.measure import memberships as figures
from passaparola.measure import pictures as kept
from passaparola.people.models import Person
from passaparola.segments.models import Membership, Pin, Segment, SegmentVersion

PAGE = 25
FOUND_MAX = 12
LATELY = 12
VERSIONS_MAX = 50


@dataclass(frozen=True)
class Inside:
    """Somebody of a segment: since when, by hand or not."""

    person: Person | None
    row: Membership
    pinned: bool


@dataclass(frozen=True)
class Move:
    """Somebody came or left, when, and by which event."""

    person: Person | None
    row: Membership
    entered: bool
    at: Any
    event: Event | None
    cause: str


def segment(request: HttpRequest, segment_id: int) -> HttpResponse:
    """The page; nothing on it asks the rule of anybody."""
    row = get_object_or_404(Segment, id=segment_id)
    if request.headers.get("HX-Target") == "inside":
        return render(request, "console/segments/inside.html", {"segment": row, **_inside(request, row)})
    if request.headers.get("HX-Target") == "sizes":
        return render(request, "console/segments/sizes.html", {"segment": row, **_sizes(_shown(row).value)})
    language = (get_language() or "en")[:2]
    everybody = counting.everybody()
    shown = _shown(row)
    drawn = shown.value
    context = {
        "segment": row,
        "sentence": saying.of(row, language),
        "shown": shown,
        "size": drawn["size"],
        "everybody": everybody,
        "entered": drawn["entered"],
        "left": drawn["left"],
        "days": figures.MOVED_DAYS,
        "strategy": look.in_language(row.strategy, language),
        "versions": _versions(row, language),
        "moves": _moves(row),
        "pins": _pins(row),
        "others": Segment.objects.filter(state="live").exclude(id=row.id).order_by("key"),
        **_inside(request, row),
        **_sizes(drawn),
    }
    return render(request, "console/segments/segment.html", context)


def _shown(row: Segment) -> kept.Shown:
    """Its picture, not older than its rule."""
    now = timezone.now()
    return kept.look("segment", row.id, now=now, changed_at=figures.changed_at([row], now))


def _sizes(drawn: dict[str, Any]) -> dict[str, Any]:
    sizes = [(date.fromisoformat(on), size) for on, size in drawn["days"]]
    label = ngettext(
        "From %(first)s to %(last)s person in %(days)s days",
        "From %(first)s to %(last)s people in %(days)s days",
        sizes[-1][1],
    )
    said = label % {"first": look.number(sizes[0][1]), "last": look.number(sizes[-1][1]), "days": figures.DAYS}
    return {"chart": mark_safe(pictures.line([(look.day(on), size) for on, size in sizes], said)), "chart_days": figures.DAYS}


# --- who is in it ---------------------------------------------------------------------------------


def _inside(request: HttpRequest, row: Segment) -> dict[str, Any]:
    """A page of its people, or everybody like a name, in it or not."""
    query = request.GET.get("q", "").strip()[: finding.QUERY_CHARACTERS_MAX]
    if query:
        return {"query": query, "found": _like(query, row)}
    rows = Membership.objects.filter(segment_id=row.id, until_at=None)
    before = request.GET.get("before", "")
    if before.isdecimal():
        rows = rows.filter(id__lt=int(before))
    page = list(rows.order_by("-id")[: PAGE + 1])
    shown = page[:PAGE]
    persons = happenings.everybody([one.person_id for one in shown])
    pinned = _pinned(row.id, [one.person_id for one in shown])
    lines = [Inside(persons.get(one.person_id), one, one.person_id in pinned) for one in shown]
    return {"query": "", "inside": lines, "after": shown[-1].id if len(page) > PAGE else None}


def _like(query: str, row: Segment) -> list[tuple[Person, Membership | None]]:
    """People like the query, each with the membership she has here."""
    found = finding.people(query, FOUND_MAX)
    selves = {person.id: people.everything_of(person) for person in found}
    everyone = [number for own in selves.values() for number in own]
    rows = Membership.objects.filter(segment_id=row.id, until_at=None, person_id__in=everyone)
    by_person = {one.person_id: one for one in rows}
    return [(person, next((by_person[i] for i in selves[person.id] if i in by_person), None)) for person in found]


def _pinned(segment_id: int, ids: list[int]) -> set[int]:
    newest: dict[int, str] = {}
    for person, state in (
        Pin.objects.filter(segment_id=segment_id, person_id__in=ids).order_by("id").values_list("person_id", "state")
    ):
        newest[person] = state
    return {person for person, state in newest.items() if state}


def _pins(row: Segment) -> list[tuple[Person | None, Pin]]:
    """Who is in or out by hand, newest first."""
    newest: dict[int, Pin] = {}
    pins = list(Pin.objects.filter(segment_id=row.id).order_by("-id")[:200])
    persons = happenings.everybody([pin.person_id for pin in pins])
    for pin in pins:
        person = persons.get(pin.person_id)
        newest.setdefault(person.id if person else pin.person_id, pin)
    return [(persons.get(pin.person_id), pin) for pin in newest.values() if pin.state]


# --- what happened to it --------------------------------------------------------------------------


def _moves(row: Segment) -> list[Move]:
    """Who came and left lately."""
    # By the index alone: a second key would sort all who came at that same moment, and a rule brings many at once.
    rows = Membership.objects.filter(segment_id=row.id)
    came = [(one.from_at, True, one, one.event_id) for one in rows.order_by("-from_at")[:LATELY]]
    ended = rows.filter(until_at__isnull=False).order_by("-until_at")[:LATELY]
    left = [(one.until_at, False, one, one.end_event_id) for one in ended if one.until_at]
    both = sorted([*came, *left], key=lambda move: move[0], reverse=True)[:LATELY]
    events = Event.objects.in_bulk([number for *_rest, number in both if number])
    causes = Event.objects.in_bulk([event.caused_by for event in events.values() if event.caused_by])
    persons = happenings.everybody([one.person_id for _, _, one, _ in both])
    moves = []
    for at, entered, one, number in both:
        event = events.get(number or 0)
        cause = causes.get(event.caused_by or 0) if event else None
        moves.append(Move(persons.get(one.person_id), one, entered, at, event, because(event, cause)))
    return moves


def because(event: Event | None, cause: Event | None = None) -> str:
    """Why somebody came or left, in words: what the event of it says."""
    words = {
        "something happened": _("something happened"),
        "time passed": _("time passed"),
        "by hand": _("by hand"),
        "everybody was looked at": _("everybody was looked at"),
    }
    said = json.loads(event.properties or "{}").get("because", "") if event else ""
    if cause is not None and cause.name != "Timer Rang":
        return sayings.event(cause)[2]
    return words.get(str(said), "")


def _versions(row: Segment, language: str) -> list[tuple[SegmentVersion, str, str]]:
    """The rules, newest first, with who wrote each."""
    versions = list(SegmentVersion.objects.filter(segment_id=row.id).order_by("-number")[:VERSIONS_MAX])
    names = who.behind([version.event_id for version in versions])
    return [(v, saying.of_rule(v.rule, language), names.get(v.event_id, "")) for v in versions]


# --- overlap --------------------------------------------------------------------------------------


def overlap(request: HttpRequest, segment_id: int) -> HttpResponse:
    """This segment and another: only in one, in both, only in the other."""
    row = get_object_or_404(Segment, id=segment_id)
    chosen = request.GET.get("with", "")
    other = Segment.objects.filter(id=int(chosen)).first() if chosen.isdecimal() else None
    context: dict[str, Any] = {
        "segment": row, "other": other, "others": Segment.objects.filter(state="live").exclude(id=row.id).order_by("key"),
    }  # fmt: skip
    if other is not None and other.id != row.id:
        only, both, only_other = figures.overlap(row.id, other.id)
        words = {"one": look.named(row), "other": look.named(other), "only": look.number(only), "both": look.number(both),
                 "only_other": look.number(only_other)}  # fmt: skip
        label = _("%(only)s only in “%(one)s”, %(both)s in both, %(only_other)s only in “%(other)s”") % words
        context |= {
            "only": only,
            "both": both,
            "only_other": only_other,
            "picture": _circles(only, both, only_other, label),
        }
    return render(request, "console/segments/overlap.html", context)


def _circles(only: int, both: int, only_other: int, label: str) -> SafeString:
    return mark_safe(pictures.circles(only, both, only_other, label))
