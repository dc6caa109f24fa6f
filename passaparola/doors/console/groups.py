"""Groups: the list with how many are in each, and one group with its members and its own report."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from passaparola.doors import look
from passaparola.doors.console import ties
from passaparola.measure import groups as figures
from passaparola.people.models import Group, GroupSuggestion, Person
from passaparola.segments.stages import STAGES

PAGE = 50
SHOWN_MAX = 500


def groups(request: HttpRequest) -> HttpResponse:
    """Every group, the largest first; closed ones on request."""
    closed = request.GET.get("show") == "closed"
    found = list(Group.objects.filter(closed_at__isnull=not closed).order_by("-id")[:SHOWN_MAX])
    sizes = figures.sizes()
    rows = [(one, ties.name(one), ties.GROUP_KINDS.get(one.kind, one.kind), sizes.get(one.id, 0)) for one in found]
    return render(request, "console/groups.html", {
        "rows": sorted(rows, key=lambda row: (-row[3], row[1].casefold())),
        "closed": closed,
        "any": bool(rows) or Group.objects.exists(),
        "suggested": GroupSuggestion.objects.filter(state="open").count(),
    })  # fmt: skip


def group(request: HttpRequest, group_id: int) -> HttpResponse:
    """One group: what it is and offers, who is in it, what its members did."""
    found = get_object_or_404(Group, id=group_id)
    report = figures.report(found.id)
    after = request.GET.get("after", "")
    rows = figures.members(found.id, PAGE + 1, int(after) if after.isdecimal() else 0)
    who = Person.objects.in_bulk([row["person_id"] for row in rows])
    people = max(report.members, 1)
    return render(request, "console/group.html", {
        "group": found,
        "name": ties.name(found),
        "kind": ties.GROUP_KINDS.get(found.kind, found.kind),
        "offer": ties.pick(found.offers),
        "product": ties.pick(found.products),
        "members": [_member(row, who) for row in rows[:PAGE]],
        "after": rows[PAGE - 1]["person_id"] if len(rows) > PAGE else None,
        "report": report,
        "stages": [(s, report.stages.get(s, 0), report.stages.get(s, 0) / people) for s in reversed(STAGES)],
        "words": look.STAGES,
    })  # fmt: skip


def _member(row: dict[str, Any], who: dict[int, Person]) -> dict[str, Any]:
    return {
        **row,
        "person": who[row["person_id"]],
        "role": ties.ROLES.get(row["role"], row["role"]) if row["role"] != "member" else "",
        "source": ties.SOURCES.get(row["source"], row["source"]),
    }
