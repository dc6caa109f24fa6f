"""One page, one question: who was told, shared, clicked, registered, bought and was rewarded?"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from passaparola.doors.console import happenings, roles, waiting
from passaparola.measure import intervals, metrics, pictures, readiness
from passaparola.people.models import Person
from passaparola.programs.models import Program
from passaparola.segments.actions import ranges_in_force

DAYS = (7, 30, 90)
LATEST_MAX = 12


@dataclass(frozen=True)
class Said:
    """How a step of the funnel is said: its name, what is counted, its side's colour, its share of the step before."""

    word: Any
    unit: Any
    tone: str
    share: Any


WORDS = {
    "told": Said(_("Told"), _("customers asked"), "accent", _("of those told shared")),
    "shared": Said(_("Shared"), _("advocates"), "accent", _("visits for each who shared")),
    "clicked": Said(_("Clicked"), _("visits by friends"), "friend", _("of visits signed up")),
    "registered": Said(_("Registered"), _("friends"), "friend", _("of those registered bought")),
    "bought": Said(_("Bought"), _("friends’ first orders"), "friend", _("of purchases rewarded")),
    "rewarded": Said(_("Rewarded"), _("recommendations paid"), "accent", ""),
}


@dataclass(frozen=True)
class Column:
    """One step with its picture's heights."""

    name: str
    said: Said
    count: metrics.Count
    height: float
    after: float
    rate: float | None
    times: bool


def overview(request: HttpRequest) -> HttpResponse:
    """The page; its whole state is in the address (?days=30&program=3)."""
    days = int(request.GET["days"]) if request.GET.get("days") in {str(d) for d in DAYS} else 30
    programs = list(Program.objects.order_by("-id")[:50])
    program = next((p for p in programs if str(p.id) == request.GET.get("program")), None)
    now = timezone.now()
    shown = pictures.look("overview", days, program.id if program else 0, now=now)
    drawn = shown.value
    context = {
        "shown": shown,
        "days": days,
        "choices": DAYS,
        "programs": programs,
        "program": program,
        "columns": columns(metrics.steps(drawn)),
        "paid": metrics.amounts(drawn, "paid"),
        "held": drawn["held"],
        "revenue": metrics.amounts(drawn, "revenue"),
        "stages": _stages(drawn["stages"], drawn["moves"]),
        "provisional": readiness.is_provisional(ranges_in_force(), drawn["log_days"]),
        "waiting": waiting.everything(lambda need: roles.may(request.user, need)),
        "latest": happenings.latest(LATEST_MAX),
        "effects": effects(programs, metrics.arms(drawn)),
        "empty": not Person.objects.exists(),
    }
    return render(request, "console/overview.html", context)


def columns(counts: list[metrics.Count]) -> list[Column]:
    """The funnel's steps side by side, heights as shares of the highest."""
    top = max([count.now for count in counts], default=0) or 1
    out = []
    for i, count in enumerate(counts):
        after = counts[i + 1].now if i + 1 < len(counts) else count.now
        rate = after / count.now if count.now and i + 1 < len(counts) else None
        # One who shared may bring several visits: that is a ratio, not a share.
        out.append(
            Column(count.name, WORDS[count.name], count, count.now / top, after / top, rate, count.name == "shared")
        )
    return out


def _stages(counts: dict[str, int], moves: dict[str, int]) -> list[dict[str, Any]]:
    everybody = sum(counts.values()) or 1
    return [
        {
            "name": name,
            "count": counts.get(name, 0),
            "share": counts.get(name, 0) / everybody,
            # Who is new to us came from nowhere: what left "none yet" is no net change of it.
            "move": moves.get(name, 0) if name != "none" else None,
            "url": f"{reverse('console:people')}?stage={name}",
        }
        for name in ("many", "some", "few", "none")
    ]


def effects(programs: list[Program], arms: dict[int, dict[str, metrics.Arm]]) -> list[dict[str, Any]]:
    """Asked against never asked, for each programme that drew; with the verdict the figures allow."""
    out = []
    for program in programs:
        drawn = arms.get(program.id, {})
        if not drawn:
            continue
        none = metrics.Arm(program.id, "", 0, 0)
        asked, never = drawn.get("asked", none), drawn.get("holdout", none)
        found = intervals.difference(asked.bringing, asked.people, never.bringing, never.people)
        out.append(
            {
                "program": program,
                "asked": asked,
                "never": never,
                "found": found,
                "people_min": intervals.PEOPLE_MIN,
                "asked_share": asked.bringing / asked.people if asked.people else None,
                "never_share": never.bringing / never.people if never.people else None,
            }
        )
    return out
