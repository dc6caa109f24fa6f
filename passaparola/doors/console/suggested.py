"""Suggested groups: what was found and why; make a group of it, or say that it is none."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from passaparola import suggest
from passaparola.doors import look as looks
from passaparola.doors.console import happenings, ties
from passaparola.doors.console.acting import actor, do, say
from passaparola.doors.console.group_acts import GroupForm, initial
from passaparola.events.models import Event
from passaparola.people.models import GroupSuggestion, Person

# Up to so many people the search is a matter of a moment; beyond that a process of its own looks.
AT_ONCE_MAX = 5_000
NAMES_SHOWN = 6


def suggestions(request: HttpRequest) -> HttpResponse:
    """What waits for somebody to say yes or no, each with its reason and some of its people."""
    rows = list(GroupSuggestion.objects.filter(state="open").order_by("id")[:100])
    who = happenings.everybody({number for row in rows for number in row.members[:NAMES_SHOWN]})
    last = Event.objects.filter(name="Groups Suggested", type="act").order_by("-id").first()
    return render(request, "console/suggestions.html", {
        "rows": [_shown(row, who) for row in rows],
        "last": last.occurred_at if last else None,
    })  # fmt: skip


def _shown(row: GroupSuggestion, who: dict[int, Person]) -> dict[str, Any]:
    known = [who[number] for number in row.members[:NAMES_SHOWN] if number in who]
    return {
        "row": row, "title": ties.suggestion_title(row), "reason": ties.suggestion_reason(row), "people": known,
        "count": len(row.members),
        "more": len(row.members) - len(known),
    }  # fmt: skip


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Search anew. With many people a process of its own does, and the page fills when it is through."""
    if Person.objects.count() <= AT_ONCE_MAX:
        found = suggest.run(actor=actor(request))
        say(request, ngettext("%(n)s new suggestion.", "%(n)s new suggestions.", found) % {"n": looks.number(found)})
    else:
        suggest.start(actor(request))
        say(request, gettext("The search has begun. With many people it takes minutes; what it finds appears here."))
    return redirect("console:groups-suggestions")


def accept(request: HttpRequest, suggestion_id: int) -> HttpResponse:
    """Name the group, then make it: its people are taken in."""
    row = get_object_or_404(GroupSuggestion, id=suggestion_id, state="open")
    first = _first(row)
    form = GroupForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        said = form.said()
        done = do(request, "Group Suggestion Accepted", subject=f"suggestion:{row.id}", suggestion=row.id, **said)
        if done is not None:
            say(request, gettext("The group is there with %(n)s people.") % {"n": looks.number(done["joined"])})
            return redirect("console:group", done["group_id"])
    context = {"form": form, "suggestion": row, "name": ties.suggestion_title(row), "reason": ties.suggestion_reason(row)}
    return render(request, "console/group_form.html", context, status=422 if form.errors else 200)


def _first(row: GroupSuggestion) -> dict[str, Any]:
    """What the reason says already."""
    value = str(row.reason.get("value") or row.reason.get("shop") or "")
    shared = {"place": "places", "interest": "interests", "shop": "places"}.get(row.kind)
    first = initial({"es": value, "it": value, "en": value} if value else {})
    return {**first, **({shared: value} if shared else {})}


@require_POST
def dismiss(request: HttpRequest, suggestion_id: int) -> HttpResponse:
    """No group; it is not suggested again."""
    row = get_object_or_404(GroupSuggestion, id=suggestion_id, state="open")
    if do(request, "Group Suggestion Dismissed", subject=f"suggestion:{row.id}", suggestion=row.id) is not None:
        say(request, gettext("Dismissed. It will not be suggested again."))
    return redirect("console:groups-suggestions")
