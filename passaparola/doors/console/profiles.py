"""Profiles: who our customers are, by two dimensions at a time; as a table one can turn, and as CSV."""

import csv
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from passaparola.doors import look as looks
from passaparola.doors.console.acting import do, say
from passaparola.doors.console.forms import Plain
from passaparola.doors.exports import safe_cell
from passaparola.measure import pictures
from passaparola.measure import profiles as figures
from passaparola.segments.cells import LEAST_MAX, LEAST_MIN, OTHER

WORDS: dict[str, Any] = {
    "stage": _("Stage"), "age": _("Age"), "sex": _("Sex"), "company": _("Alone or accompanied"), "hour": _("Favourite hour"),
    "weekday": _("Favourite weekday"), "product": _("Favourite product"), "channel": _("Favourite channel"),
}  # fmt: skip
MEASURES: dict[str, Any] = {"people": _("People"), "orders": _("Orders"), "revenue": _("Spent ever")}
VALUES: dict[str, Any] = {
    figures.UNKNOWN: _("unknown"), figures.ELSE: _("other"), OTHER: _("small groups"), "alone": _("alone"),
    "accompanied": _("accompanied"),
}  # fmt: skip
SEXES: dict[str, Any] = {"f": _("female"), "m": _("male"), "x": _("other")}
WEEKDAYS: dict[str, Any] = {
    "1": _("Monday"), "2": _("Tuesday"), "3": _("Wednesday"), "4": _("Thursday"), "5": _("Friday"), "6": _("Saturday"),
    "7": _("Sunday"),
}  # fmt: skip


class LeastForm(Plain):
    """How few people are told of nowhere."""

    least = forms.IntegerField(
        label=_("Smallest group told"), min_value=LEAST_MIN, max_value=LEAST_MAX,
        help_text=_("At least three: of two people each knows about the other."),
    )  # fmt: skip


def word(dimension: str, value: str) -> str:
    """A value as it is said: the stage's word, the weekday, "10–12 h", or itself."""
    if value in VALUES:
        return str(VALUES[value])
    if dimension == "stage":
        return str(looks.STAGES[value])
    if dimension in ("weekday", "sex"):
        return str((WEEKDAYS if dimension == "weekday" else SEXES).get(value, value))
    return value.replace("-", "–") + " h" if dimension == "hour" else value.replace("-", "–") if dimension == "age" else value


def profiles(request: HttpRequest) -> HttpResponse:
    """The page; ?row=stage&column=company&measure=people&where=sex:f&where=hour:10-12, or the same as CSV with &csv=1."""
    row, column, measure = _choice(request, "row", "stage"), _choice(request, "column", "company"), _measure(request)
    if row == column:
        column = "company" if row == "stage" else "stage"
    filters = _filters(request, (row, column))
    shown = pictures.look("profiles", *figures.dimensions(row, column, *filters), now=timezone.now())
    found = figures.pivot(shown.value, row, column, filters)
    more = len(filters) < figures.FILTERS_MAX
    context: dict[str, Any] = {
        "shown": shown,
        "dimensions": WORDS, "measures": MEASURES, "row": row, "column": column, "measure": measure, "least": found.least,
        "row_word": WORDS[row], "refused": found.refused, "wheres": [f"{n}:{v}" for n, v in filters.items()],
        "filters": [
            (WORDS[n], word(n, v), _query(row, column, measure, {k: x for k, x in filters.items() if k != n}))
            for n, v in filters.items()
        ],
        "columns": [word(column, name) for name in found.columns], "lines": _lines(found, row, measure),
        "swap": _query(column, row, measure, filters), "everybody": _query(row, column, measure, {}),
        "narrow": [
            (word(row, v), _query(_third(column, *filters, row), column, measure, {**filters, row: v}))
            for v in (found.rows if more else ()) if v not in (OTHER, figures.ELSE)
        ],
        "csv": _query(row, column, measure, filters) + "&csv=1", "form": LeastForm(initial={"least": found.least}),
    }  # fmt: skip
    return _csv(context) if request.GET.get("csv") else render(request, "console/profiles.html", context)


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """The smallest group that is told, from now on and in every door."""
    form = LeastForm(request.POST)
    if not form.is_valid():
        say(request, " ".join(str(error) for errors in form.errors.values() for error in errors), "bad")
    elif do(request, "Profiles Changed", least=form.cleaned_data["least"]) is not None:
        say(request, gettext("Kept: smaller groups are told of nowhere."))
    return redirect("console:profiles")


def _query(row: str, column: str, measure: str, filters: Mapping[str, str]) -> str:
    pairs = [("row", row), ("column", column), ("measure", measure), *(("where", f"{n}:{v}") for n, v in filters.items())]
    return urlencode(pairs)


def _filters(request: HttpRequest, taken: tuple[str, str]) -> dict[str, str]:
    """?where=sex:f, as often as may be; what is no dimension, or in the table already, is left aside."""
    found: dict[str, str] = {}
    for where in request.GET.getlist("where")[:20]:
        name, _sep, value = where[:200].partition(":")
        if name in figures.DIMENSIONS and name not in taken and value and len({*found, name}) <= figures.FILTERS_MAX:
            found[name] = value
    return found


def _choice(request: HttpRequest, name: str, otherwise: str) -> str:
    given = request.GET.get(name, "")
    return given if given in figures.DIMENSIONS else otherwise


def _measure(request: HttpRequest) -> str:
    given = request.GET.get("measure", "")
    return given if given in MEASURES else "people"


def _third(*taken: str) -> str:
    return next(name for name in figures.DIMENSIONS if name not in taken)


def _lines(found: figures.Profile, row: str, measure: str) -> list[dict[str, Any]]:
    """Rows with their cells: value or None where hidden, and how dark (0 to 4) by share of the highest shown."""
    cells = found.cells.get(measure, {})
    top = max([value for value in cells.values() if value], default=1)
    return [
        {
            "word": word(row, a),
            "cells": [(cells[a, b], round(4 * max(cells[a, b] or 0, 0) / top)) for b in found.columns],
            "total": found.totals[measure][a],
        }
        for a in found.rows
    ]


def _csv(context: dict[str, Any]) -> HttpResponse:
    """What the page shows; hidden cells are empty, amounts in minor units."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="profiles.csv"'
    writer = csv.writer(answer, lineterminator="\r\n")
    writer.writerow([safe_cell(str(text)) for text in (context["row_word"], *context["columns"], MEASURES[context["measure"]])])
    for line in context["lines"]:
        cells = ["" if value is None else value for value, _tone in line["cells"]]
        writer.writerow([safe_cell(line["word"]), *cells, "" if line["total"] is None else line["total"]])
    return answer
