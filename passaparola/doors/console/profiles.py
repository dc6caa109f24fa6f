"""Profiles: who our customers are, by two dimensions at a time; as a table one can turn, and as CSV."""

import csv
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from passaparola.doors import look as looks
from passaparola.doors.console.stages import today
from passaparola.doors.exports import safe_cell
from passaparola.measure import profiles as figures
from passaparola.segments.cells import LEAST, OTHER

WORDS: dict[str, Any] = {
    "stage": _("Stage"), "age": _("Age"), "sex": _("Sex"), "company": _("Company"), "hour": _("Favourite hour"),
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
    """The page; ?row=stage&column=company&measure=people&where=sex:f, or the same as CSV with &csv=1."""
    row, column, measure = _choice(request, "row", "stage"), _choice(request, "column", "company"), _measure(request)
    if row == column:
        column = "company" if row == "stage" else "stage"
    name, _sep, value = request.GET.get("where", "")[:200].partition(":")
    filters = {name: value} if name in figures.DIMENSIONS and name not in (row, column) and value else {}
    found = figures.pivot(row, column, filters, today())
    context: dict[str, Any] = {
        "dimensions": WORDS, "measures": MEASURES, "row": row, "column": column, "measure": measure, "least": LEAST,
        "row_word": WORDS[row], "refused": found.refused, "where": request.GET.get("where", "") if filters else "",
        "filters": [(WORDS[n], word(n, v)) for n, v in filters.items()],
        "columns": [word(column, name) for name in found.table.columns] if found.table else [],
        "lines": _lines(found, row, measure),
        "swap": urlencode({"row": column, "column": row, "measure": measure, **({"where": f"{name}:{value}"} if filters else {})}),
        "narrow": [
            (word(row, v), urlencode({"row": column, "column": _third(row, column), "measure": measure, "where": f"{row}:{v}"}))
            for v in (found.table.rows if found.table and not filters else ()) if v not in (OTHER, figures.ELSE)
        ],
        "csv": urlencode({**request.GET.dict(), "csv": "1"}),
    }  # fmt: skip
    return _csv(context) if request.GET.get("csv") else render(request, "console/profiles.html", context)


def _choice(request: HttpRequest, name: str, otherwise: str) -> str:
    given = request.GET.get(name, "")
    return given if given in figures.DIMENSIONS else otherwise


def _measure(request: HttpRequest) -> str:
    given = request.GET.get("measure", "")
    return given if given in MEASURES else "people"


def _third(row: str, column: str) -> str:
    return next(name for name in figures.DIMENSIONS if name not in (row, column))


def _lines(found: figures.Profile, row: str, measure: str) -> list[dict[str, Any]]:
    """Rows with their cells: value or None where hidden, and how dark (0 to 4) by share of the highest shown."""
    if found.table is None:
        return []
    sums, hidden = found.sums[measure], found.table.hidden
    top = max([value for key, value in sums.items() if key not in hidden], default=1) or 1
    return [
        {
            "word": word(row, a),
            "cells": [
                (None, 0) if (a, b) in hidden else (sums.get((a, b), 0), round(4 * max(sums.get((a, b), 0), 0) / top))
                for b in found.table.columns
            ],
            "total": sum(value for key, value in sums.items() if key[0] == a),
        }
        for a in found.table.rows
    ]


def _csv(context: dict[str, Any]) -> HttpResponse:
    """What the page shows; hidden cells are empty, amounts in minor units."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="profiles.csv"'
    writer = csv.writer(answer, lineterminator="\r\n")
    writer.writerow([safe_cell(str(text)) for text in (context["row_word"], *context["columns"], MEASURES[context["measure"]])])
    for line in context["lines"]:
        cells = ["" if value is None else value for value, _tone in line["cells"]]
        writer.writerow([safe_cell(line["word"]), *cells, line["total"]])
    return answer
