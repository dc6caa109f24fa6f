"""All segments with their sentences, sizes and movements, and the map of who is meant by a strategy."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from passaparola.doors import look, saying
from passaparola.doors.console import happenings
from passaparola.doors.console.segments import counting, library
from passaparola.measure import memberships as figures
from passaparola.measure import pictures
from passaparola.people.models import Person
from passaparola.segments import rules
from passaparola.segments.models import Segment

DAYS = figures.MOVED_DAYS
PEOPLE_SHOWN = 8


@dataclass(frozen=True)
class Line:
    """One segment of the list."""

    segment: Segment
    sentence: str
    size: int
    entered: int
    left: int
    strategy: str


def segments(request: HttpRequest) -> HttpResponse:
    """Live segments, largest first; ?state=archived shows the others."""
    state = "archived" if request.GET.get("state") == "archived" else "live"
    found = list(Segment.objects.filter(state=state).order_by("-id"))
    shown = _shown("segments")
    context = {
        "lines": _lines(found, shown.value),
        "shown": shown,
        "state": state,
        "archived": Segment.objects.filter(state="archived").count(),
        "live": Segment.objects.filter(state="live").count(),
        "examples": library.EXAMPLES,
        "days": DAYS,
    }
    return render(request, "console/segments/list.html", context)


def templates(request: HttpRequest) -> HttpResponse:
    """Ready-made rules to begin with, each with its sentence."""
    language = (get_language() or "en")[:2]
    cards = [(one, saying.sentence(rules.read(one.rule), language)) for one in library.EXAMPLES]
    return render(request, "console/segments/templates.html", {"cards": cards})


def _shown(kind: str) -> pictures.Shown:
    """The picture of all segments, not older than any of their rules."""
    now = timezone.now()
    return pictures.look(kind, now=now, changed_at=figures.changed_at(list(Segment.objects.all()), now))


def _lines(found: list[Segment], drawn: dict[str, dict[str, int]]) -> list[Line]:
    language = (get_language() or "en")[:2]
    sizes, entered, left = drawn["size"], drawn["entered"], drawn["left"]
    lines = [
        Line(
            segment, saying.of(segment, language), sizes.get(str(segment.id), 0), entered.get(str(segment.id), 0),
            left.get(str(segment.id), 0), look.in_language(segment.strategy, language),
        )
        for segment in found
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (-line.size, line.segment.id))


def strategies(request: HttpRequest) -> HttpResponse:
    """The segment map: one strategy for each segment; who has none, and who has two."""
    found = list(Segment.objects.filter(state="live").order_by("id"))
    with_one = [segment for segment in found if any(segment.strategy.values())]
    everybody = counting.everybody()
    drawn, shown = _shown("segments").value, _shown("segment map")
    shares = dict(shown.value["strategies"])
    inside = sum(shares.values())
    numbers = {"none": max(everybody - inside, 0), "one": shares.get(1, 0), "two": inside - shares.get(1, 0)}
    kind = request.GET.get("show", "")
    people: list[Person] = []
    if kind in ("none", "two"):
        ids = figures.of_strategies([segment.id for segment in with_one], none=kind == "none", limit=PEOPLE_SHOWN * 4)
        who = happenings.everybody(ids)
        people = [who[i] for i in ids if i in who]
    context = {
        "lines": _lines(with_one, drawn),
        "without": _lines([segment for segment in found if segment not in with_one], drawn),
        "numbers": numbers,
        "everybody": everybody,
        "pairs": _pairs(with_one, shown.value["pairs"]),
        "shown": shown,
        "show": kind,
        "people": people,
    }
    return render(request, "console/segments/map.html", context)


def _pairs(found: list[Segment], drawn: list[tuple[int, int, int]]) -> list[tuple[Segment, Segment, int]]:
    """Which two strategies meet in most people."""
    by_id = {segment.id: segment for segment in found}
    return [(by_id[a], by_id[b], people) for a, b, people in drawn if a in by_id and b in by_id]
