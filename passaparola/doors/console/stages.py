"""Stages: from how many visits each starts, what the data propose, what a change would move, and whether it is time."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from passaparola.doors import drawings, pictures
from passaparola.doors import look as looks
from passaparola.doors.console.acting import do, say
from passaparola.doors.console.forms import Plain
from passaparola.events import intake
from passaparola.measure import pictures as kept
from passaparola.measure import readiness, simulation
from passaparola.measure.returns import Returns
from passaparola.measure.returns import read as read_returns
from passaparola.people.models import Person
from passaparola.segments import proposing
from passaparola.segments.actions import is_restaging, ranges_changed_at, ranges_in_force
from passaparola.segments.stages import STAGES, Ranges

# A picture's last column holds everybody with so many visits or more.
COLUMNS_MAX = 24
# While everybody is looked at under new ranges, a picture older than this is made anew.
_UNSETTLED = timedelta(seconds=60)
_SHADES = {"none": "line", "few": "accent-low", "some": "accent-mid", "many": "accent"}


class RangesForm(Plain):
    """Where some and many start (few starts at the first visit), how long the period is, and what holds a stage."""

    some = forms.IntegerField(label=_("Some starts at"), min_value=2, max_value=99_999)
    many = forms.IntegerField(label=_("Many starts at"), min_value=3, max_value=100_000)
    period_days = forms.IntegerField(label=_("Counted over"), min_value=7, max_value=3660)
    margin = forms.IntegerField(
        label=_("Kept although fewer by"), min_value=0, max_value=1000, required=False,
        help_text=_("So many visits below its start a stage is still kept."),
    )  # fmt: skip
    stay_days = forms.IntegerField(
        label=_("Kept at least"), min_value=0, max_value=3660, required=False,
        help_text=_("Nobody falls earlier after reaching a stage."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Many lies above some; the margin within the narrowest range; the stay within the period."""
        data = super().clean() or {}
        some, many = data.get("some"), data.get("many")
        if some and many and many <= some:
            self.add_error("many", _("Many must start above some."))
        elif some and many and (data.get("margin") or 0) >= max(1, min(some - 1, many - some)):
            self.add_error("margin", _("The margin must be smaller than the narrowest range."))
        if data.get("period_days") and (data.get("stay_days") or 0) > data["period_days"]:
            self.add_error("stay_days", _("The minimum stay must be no longer than the period."))
        return data

    def ranges(self) -> Ranges:
        """The ranges meant."""
        data = self.cleaned_data
        kept = data.get("margin") or 0, data.get("stay_days") or 0
        return Ranges(data["period_days"], 1, data["some"], data["many"], *kept)


def look(request: HttpRequest) -> HttpResponse:
    """The editor; with ?some=…&many=… a simulation."""
    given = request.GET if "some" in request.GET else None
    return _page(request, RangesForm(given, initial=_initial(ranges_in_force())))


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Use these ranges from now on."""
    form = RangesForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    if do(request, "Stages Changed", **form.ranges().as_json()) is not None:
        say(request, gettext("The ranges are changed. Everybody is looked at again; each change of stage says why."))
    return redirect("console:stages")


def today() -> int:
    """The business-local day number, read from the clock at the door."""
    return intake.local(timezone.now(), settings.BUSINESS_TIME_ZONE)[0]


def _initial(ranges: Ranges) -> dict[str, int]:
    return {
        "some": ranges.some,
        "many": ranges.many,
        "period_days": ranges.period_days,
        "margin": ranges.margin,
        "stay_days": ranges.stay_days,
    }


def _page(request: HttpRequest, form: RangesForm) -> HttpResponse:
    in_force, now = ranges_in_force(), timezone.now()
    wanted = form.ranges() if form.is_bound and form.is_valid() else in_force
    part = request.headers.get("HX-Target") == "simulation"
    shown, unsettled = _shown(wanted.period_days, now)
    found = simulation.simulate(wanted, shown.value)
    context = _simulated(form, wanted, in_force, found, unsettled=unsettled)
    if not part:
        context |= _founded(wanted, in_force, read_returns(shown.value["returns"]), found) | {
            "readiness": readiness.readiness(in_force, shown.value["known"]), "shown": shown,
        }  # fmt: skip
    # htmx leaves an answer with an error status aside, and this one is to be shown.
    status = 422 if form.errors and not part else 200
    return render(request, "console/stages_simulation.html" if part else "console/stages.html", context, status=status)


def _shown(period_days: int, now: datetime) -> tuple[kept.Shown, bool]:
    """The picture, and whether not everybody stood yet where the ranges in force put them: then it is soon made anew."""
    changed_at = ranges_changed_at()
    under_way = is_restaging()
    since = max(changed_at, now - _UNSETTLED) if changed_at and under_way else changed_at
    shown = kept.look("stages", period_days, now=now, changed_at=since)
    unsettled = under_way or shown.value["restaging"] or bool(shown.at and changed_at and shown.at <= changed_at)
    if unsettled and not under_way and not shown.renewing:
        shown = kept.look("stages", period_days, now=now, changed_at=now)
    return shown, unsettled


def _simulated(
    form: RangesForm, wanted: Ranges, now: Ranges, found: simulation.Simulation, *, unsettled: bool
) -> dict[str, Any]:
    """What follows from the ranges in the form. `unsettled`: not everybody stands where the ranges in force put them yet."""
    changed = wanted != now
    people = Person.objects.in_bulk({i for move in found.moves for i in move.sample}) if changed else {}
    everybody = sum(found.after.values())
    return {
        "form": form,
        "ranges": wanted,
        "changed": changed,
        "unsettled": unsettled and not changed,
        "simulation": found,
        "lines": [
            (s, _range_words(s, wanted), found.before[s], found.after[s], found.after[s] - found.before[s])
            for s in reversed(STAGES)
        ],
        "moves": [(move, [people[i] for i in move.sample if i in people]) for move in found.moves] if changed else [],
        "held": 0 if changed or unsettled else sum(move.people for move in found.moves),
        "histogram": histogram(found.visits, wanted),
        "columns": columns(found.visits, wanted),
        "everybody": everybody,
    }


def _range_words(stage: str, ranges: Ranges) -> str:
    low, high = ranges.start(stage), ranges.end(stage)
    return f"{low}+" if high is None else str(low) if low == high else f"{low}–{high}"


def _founded(wanted: Ranges, now: Ranges, seen: Returns, found: simulation.Simulation) -> dict[str, Any]:
    """What the business's own customers say: who came again, and the ranges that follow."""
    rungs = proposing.merged(seen.again)
    groups = grouped(rungs)
    rates = proposing.stage_rates(rungs, wanted.some, wanted.many)
    return {
        "returns": seen,
        "rates": dict(zip(STAGES[1:], rates)),
        "steady": proposing.is_steady(rates),
        "unsteady": proposing.unsteady([rung for _, rung in groups]),
        "again_picture": again_picture(groups, wanted),
        "again": groups,
        "proposals": [
            (p, _query(p, wanted), (p.some, p.many) == (now.some, now.many) and wanted.period_days == now.period_days)
            for p in proposing.proposals(found.visits, rungs)
        ],
    }


def _query(proposal: proposing.Proposal, ranges: Ranges) -> str:
    return urlencode({"some": proposal.some, "many": proposal.many, "period_days": ranges.period_days})


def bins(highest: int) -> list[tuple[str, int, int]]:
    """Columns of a picture up to so many visits: word, first, last; one visit each, or equally many where that is too long.

    Nobody with no visit stands alone, and the last column takes the rest.
    """
    if highest < COLUMNS_MAX * 2:
        firsts = list(range(min(highest + 1, COLUMNS_MAX)))
    else:
        firsts = [0, *range(1, highest + 1, -(-highest // COLUMNS_MAX))]
    found = [(first, following - 1) for first, following in zip(firsts, firsts[1:])]
    whole = [*found, (firsts[-1], max(highest, firsts[-1]))]
    return [
        (f"{a}+" if i == len(found) and b > a else str(a) if a == b else f"{a}–{b}", a, b)
        for i, (a, b) in enumerate(whole)
    ]


def columns(visits: dict[int, int], ranges: Ranges) -> list[tuple[str, str, int]]:
    """People by number of visits as the histogram shows them: word, stage, people."""
    return [
        (word, _stage_at(first, ranges), sum(p for n, p in visits.items() if first <= n <= last))
        for word, first, last in bins(max([*visits, ranges.many + 2]))
    ]


def grouped(rungs: list[proposing.Rung]) -> list[tuple[str, proposing.Rung]]:
    """Who came again, put together as in the histogram: word and rung; columns of nobody left out."""
    out = []
    for word, first, last in bins(max([rung.visits for rung in rungs], default=0)):
        inside = [rung for rung in rungs if first <= rung.visits <= last]
        people = sum(rung.people for rung in inside)
        if people:
            out.append((word, proposing.Rung(first, people, sum(rung.again for rung in inside))))
    return out


def _stage_at(visits: int, ranges: Ranges) -> str:
    return next(stage for stage in reversed(STAGES) if visits >= ranges.start(stage))


def _marks(words: list[str], ranges: Ranges) -> list[tuple[float, str]]:
    """Where the stages start between the columns, a column of several visits cut at its share."""
    marks = []
    for stage in STAGES[1:]:
        start = ranges.start(stage)
        for i, word in enumerate(words):
            low, _, high = word.rstrip("+").partition("–")
            if int(low) <= start and (word.endswith("+") or start <= int(high or low)):
                inside = (start - int(low)) / (int(high) - int(low) + 1) if high else 0.0
                marks.append((i + inside, str(looks.STAGES[stage])))
                break
    return marks


def histogram(visits: dict[int, int], ranges: Ranges) -> SafeString:
    """People by number of visits, cut where the stages start; nobody's column is left out, but the last holds the rest."""
    found = columns(visits, ranges)
    people = sum(visits.values())
    label = ngettext("%(count)s person by number of visits", "%(count)s people by number of visits", people) % {
        "count": looks.number(people)
    }
    shades = [_SHADES[stage] for _, stage, _ in found]
    marks = _marks([word for word, _, _ in found], ranges)
    counts = [(word.partition("–")[0], n) for word, _, n in found]
    return mark_safe(pictures.fitting(lambda width: pictures.histogram(counts, marks, label, shades, width)))


def again_picture(found: list[tuple[str, proposing.Rung]], ranges: Ranges) -> SafeString:
    """The share that came again, by number of visits in the period."""
    bars = [(word.partition("–")[0], rung.rate, _SHADES[_stage_at(rung.visits, ranges)]) for word, rung in found]
    label = gettext("Share that came again, by number of visits")
    return mark_safe(pictures.fitting(lambda width: drawings.shares(bars, label, width)))
