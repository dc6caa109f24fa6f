"""The customer pyramid: drawn, counted, walked down to the people of each level; with the market as typed."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from passaparola.doors import drawings
from passaparola.doors import look as looks
from passaparola.doors.console.acting import do, say
from passaparola.doors.console.forms import Plain
from passaparola.doors.console.stages import today
from passaparola.events import intake
from passaparola.measure import pictures
from passaparola.measure import pyramid as figures
from passaparola.measure.pyramid import ACTIVE, Level, Pyramid
from passaparola.people.models import Person
from passaparola.segments import pyramid as rules
from passaparola.segments.models import Traits

PAGE = 50
# A list goes on for so many pages; whoever wants everybody takes the API.
PAGES_MAX = 2_000
MOVES_DAYS = 90
# Level or band: its word, what it says, its tone in pictures.
WORDS: dict[str, tuple[Any, Any, str]] = {
    "top": (_("Top"), _("the first 1 % by revenue"), "accent"),
    "big": (_("Big"), _("the next 4 %"), "accent-mid"),
    "medium": (_("Medium"), _("the next 15 %"), "accent-low"),
    "small": (_("Small"), _("the other 80 %"), "accent-faint"),
    "active": (_("Active"), _("bought in the period"), "accent"),
    "inactive": (_("Inactive"), _("bought before the period"), "soft"),
    "potential": (_("Potential"), _("known to us, never bought"), "friend"),
    "probable": (_("Probable"), _("no relationship, could be interested"), "friend-low"),
    "rest": (_("Rest of the world"), _("neither need nor wish"), "line"),
    "new": (_("Not known yet"), "", "line"),
}
WALKABLE = ("active", *ACTIVE, "inactive", "potential")


class PeriodForm(Plain):
    """What active means, and the usual margin."""

    period_days = forms.IntegerField(label=_("Active bought within"), min_value=7, max_value=3660)
    margin_percent = forms.IntegerField(
        label=_("Usual margin"), min_value=0, max_value=100, required=False,
        help_text=_("For orders that do not say what was earned with them."),
    )  # fmt: skip


class MarketForm(Plain):
    """How many there are besides: figures with their source."""

    probable = forms.IntegerField(label=_("Probable"), min_value=0, max_value=rules.PEOPLE_MAX)
    rest = forms.IntegerField(label=_("Rest of the world"), min_value=0, max_value=rules.PEOPLE_MAX)
    source = forms.CharField(
        label=_("Where these figures come from"), max_length=rules.SOURCE_LENGTH_MAX,
        help_text=_("For example: census 2025, people over 18 within 20 minutes of the shop."),
    )  # fmt: skip


def pyramid(request: HttpRequest) -> HttpResponse:
    """The page."""
    return _page(request, None, None)


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Another period, another usual margin."""
    form = PeriodForm(request.POST)
    if not form.is_valid():
        return _page(request, form, None)
    if do(request, "Pyramid Changed", **form.cleaned_data) is not None:
        say(request, gettext("The pyramid is counted with this period from now on."))
    return redirect("console:pyramid")


@require_POST
def market(request: HttpRequest) -> HttpResponse:
    """The estimate of whom we do not know."""
    form = MarketForm(request.POST)
    if not form.is_valid():
        return _page(request, None, form)
    if do(request, "Market Estimated", **form.cleaned_data) is not None:
        say(request, gettext("The estimate is kept with its source."))
    return redirect("console:pyramid")


def people(request: HttpRequest, level: str) -> HttpResponse:
    """The people of a level, those with most revenue first."""
    if level not in WALKABLE:
        raise Http404
    given = request.GET.get("after", "")
    after = min(int(given), PAGE * PAGES_MAX) if given.isdecimal() and len(given) < 9 else 0
    period_days, on = rules.period_in_force().period_days, asked_day(request).drawn
    shown = pictures.look("standing", figures.level_of(level), period_days, *on, now=timezone.now())
    found = figures.people(level, shown.part, after=after, limit=PAGE + 1)
    ids = [one.person_id for one in found[:PAGE]]
    known, traits = Person.objects.in_bulk(ids), Traits.objects.in_bulk(ids)
    context = {
        "level": level,
        "word": WORDS[level][0],
        "meaning": WORDS[level][1],
        "rows": [
            (one, known[one.person_id], traits.get(one.person_id))
            for one in found[:PAGE]
            if _is_somebody(known.get(one.person_id))
        ],
        "is_active": level == "active" or level in ACTIVE,
        "after": after + PAGE if len(found) > PAGE and after < PAGE * PAGES_MAX else None,
        "before": max(after - PAGE, 0) if after else None,
        "choices": [(name, WORDS[name][0]) for name in WALKABLE],
        "shown": shown,
        "asked": asked_day(request),
    }
    return render(request, "console/pyramid_people.html", context)


@dataclass(frozen=True)
class AsOf:
    """The day at whose end the pyramid is shown: `drawn` as the last arguments of a picture, none for today."""

    day: date
    is_past: bool = False
    wrong: str = ""

    @property
    def drawn(self) -> tuple[int, ...]:
        """The day's number where it is over."""
        return ((self.day - intake.EPOCH).days,) if self.is_past else ()

    @property
    def query(self) -> str:
        """What an address carries so that the next page shows the same day."""
        return f"on={self.day}" if self.is_past else ""


def asked_day(request: HttpRequest) -> AsOf:
    """?on=2017-12-31, from 1970 to today; else today."""
    now = intake.EPOCH + timedelta(days=today())
    given = request.GET.get("on", "")
    try:
        day = parse_date(given) if given else now
    except ValueError:
        day = None
    if day is None or not intake.EPOCH < day <= now:
        return AsOf(now, wrong=gettext("Give a day that is not in the future."))
    return AsOf(day, is_past=day < now)


def _last_purchase(found: Pyramid) -> date | None:
    """Where nobody is active although people bought: the day of the latest purchase, whose pyramid says more."""
    if found.levels[0].people or not found.levels[1].people:
        return None
    last = figures.last_order_day()
    return None if last is None else intake.EPOCH + timedelta(days=last)


def _is_somebody(person: Person | None) -> bool:
    """Whether they still stand for themselves: who was merged since the picture was made stands in another place."""
    return person is not None and person.root_id == person.id


def _page(request: HttpRequest, period: PeriodForm | None, estimate: MarketForm | None) -> HttpResponse:
    now, in_force, asked = timezone.now(), rules.period_in_force(), asked_day(request)
    shown = pictures.look("pyramid", in_force.period_days, *asked.drawn, now=now)
    until = asked.drawn[0] if asked.is_past else 0
    moved = figures.moves(pictures.look("moves", until, MOVES_DAYS, in_force.period_days, now=now).value)
    found = figures.count(shown.value, in_force)
    said = found.market
    context = {
        "pyramid": found,
        "shown": shown,
        "asked": asked,
        "last_purchase": _last_purchase(found),
        "lines": lines(found, asked.query),
        "figures": [_line(level, found) for level in found.levels if level.is_figure],
        "picture": picture(found, asked.query),
        "people_bar": _split([band.people for band in found.bands]),
        "revenue_bar": _split([band.revenue_minor for band in found.bands]),
        "upper": _upper(found),
        "moved": figures.summary(moved),
        "moves_days": MOVES_DAYS,
        "period_form": period or PeriodForm(initial=found.period.as_json()),
        "market_form": estimate or MarketForm(initial=said.as_json() if said else None),
    }
    wrong = bool(asked.wrong or (period and period.errors) or (estimate and estimate.errors))
    return render(request, "console/pyramid.html", context, status=422 if wrong else 200)


def lines(found: Pyramid, query: str = "") -> list[dict[str, Any]]:
    """The rows of the table: active, its bands, inactive, potential."""
    contacts = [level for level in found.levels if not level.is_figure]
    return [_line(one, found, query) for one in (contacts[0], *found.bands, *contacts[1:])]


def _line(level: Level, found: Pyramid, query: str = "") -> dict[str, Any]:
    word, meaning, tone = WORDS[level.name]
    return {
        "level": level,
        "word": word,
        "meaning": meaning,
        "tone": tone,
        "is_band": level.name in ACTIVE,
        "url": _address(level.name, query),
        "people_share": level.people / found.people if found.people else None,
        "revenue_share": level.revenue_minor / found.revenue_minor if found.revenue_minor else None,
    }


def _address(level: str, query: str) -> str:
    """Of a level's people, on the same day; empty where nobody is to be listed."""
    if level not in WALKABLE:
        return ""
    return reverse("console:pyramid-people", args=[level]) + (f"?{query}" if query else "")


def picture(found: Pyramid, query: str = "") -> SafeString:
    """The triangle: four bands of the active, then the levels below."""
    layers = []
    for level in (*found.bands, *found.levels[1:]):
        word, _meaning, tone = WORDS[level.name]
        figure = looks.number(level.people)
        if level.is_figure and not level.people:
            figure = "–"
        elif level.name in ACTIVE and found.revenue_minor:
            figure = f"{figure} · {looks.percent(level.revenue_minor / found.revenue_minor)}"
        layers.append((str(word), figure, tone, _address(level.name, query)))
    return mark_safe(drawings.pyramid(layers))


def _split(parts: list[int]) -> SafeString:
    whole = sum(part for part in parts if part > 0) or 1
    return mark_safe(drawings.split([(n / whole, WORDS[name][2]) for name, n in zip(ACTIVE, parts, strict=True)]))


def _upper(found: Pyramid) -> float | None:
    """The share of the revenue that the first fifth of the active brings."""
    if not found.revenue_minor:
        return None
    return sum(band.revenue_minor for band in found.bands[:3]) / found.revenue_minor


