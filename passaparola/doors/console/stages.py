"""Stages: from how many visits each starts, what a change would move, and the picture the ranges cut."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from passaparola.doors import look as looks
from passaparola.doors import pictures
from passaparola.doors.console.acting import do, say
from passaparola.doors.console.forms import Plain
from passaparola.events import intake
from passaparola.measure import simulation
from passaparola.segments.actions import ranges_in_force
from passaparola.segments.stages import STAGES, Ranges

# The histogram's last column holds everybody with so many visits or more.
COLUMNS_MAX = 16


class RangesForm(Plain):
    """Where some and many start (few starts at the first visit), and how long the period is."""

    some = forms.IntegerField(label=_("Some starts at"), min_value=2, max_value=99_999)
    many = forms.IntegerField(label=_("Many starts at"), min_value=3, max_value=100_000)
    period_days = forms.IntegerField(label=_("Counted over"), min_value=7, max_value=3660)

    def clean(self) -> dict[str, Any]:
        """Many lies above some."""
        data = super().clean() or {}
        if data.get("some") and data.get("many") and data["many"] <= data["some"]:
            self.add_error("many", _("Many must start above some."))
        return data

    def ranges(self) -> Ranges:
        """The ranges meant."""
        return Ranges(self.cleaned_data["period_days"], 1, self.cleaned_data["some"], self.cleaned_data["many"])


def look(request: HttpRequest) -> HttpResponse:
    """The editor; with ?some=…&many=… a simulation."""
    return _page(
        request, RangesForm(request.GET if "some" in request.GET else None, initial=_initial(ranges_in_force()))
    )


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Use these ranges from now on."""
    form = RangesForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    if do(request, "Stages Changed", **form.ranges().as_json()) is not None:
        say(request, gettext("The ranges are changed. Everybody is looked at again; each change of stage says why."))
    return redirect("console:stages")


def _initial(ranges: Ranges) -> dict[str, int]:
    return {"some": ranges.some, "many": ranges.many, "period_days": ranges.period_days}


def _page(request: HttpRequest, form: RangesForm) -> HttpResponse:
    now = ranges_in_force()
    wanted = form.ranges() if form.is_bound and form.is_valid() else now
    found = simulation.simulate(wanted, now, intake.local(timezone.now(), settings.BUSINESS_TIME_ZONE)[0])
    context = {
        "form": form,
        "ranges": wanted,
        "changed": wanted != now,
        "simulation": found,
        "lines": [(s, found.before[s], found.after[s], found.after[s] - found.before[s]) for s in reversed(STAGES)],
        "histogram": histogram(found.visits, wanted),
        "everybody": sum(found.before.values()),
    }
    part = request.headers.get("HX-Target") == "simulation"
    # htmx leaves an answer with an error status aside, and this one is to be shown.
    status = 422 if form.errors and not part else 200
    return render(request, "console/stages_simulation.html" if part else "console/stages.html", context, status=status)


def histogram(visits: dict[int, int], ranges: Ranges) -> SafeString:
    """People by number of visits, one column each up to the last, cut where the stages start."""
    last = min(COLUMNS_MAX - 1, max([*visits, ranges.many + 2]))
    counts = [visits.get(n, 0) for n in range(last)] + [sum(p for n, p in visits.items() if n >= last)]
    words = [str(n) for n in range(last)] + [f"{last}+"]
    shade = {"none": "line", "few": "soft", "some": "accent-mid", "many": "accent"}
    shades = [
        shade["many" if n >= ranges.many else "some" if n >= ranges.some else "few" if n else "none"]
        for n in range(last + 1)
    ]
    marks = [
        (float(start), str(looks.STAGES[name]))
        for name, start in (("few", 1), ("some", ranges.some), ("many", ranges.many))
        if start <= last
    ]
    people = sum(visits.values())
    label = ngettext("%(count)s person by number of visits", "%(count)s people by number of visits", people) % {
        "count": looks.number(people)
    }
    return mark_safe(pictures.histogram(list(zip(words, counts, strict=True)), marks, label, shades))
