"""Leads: who is hot and why, who takes them on, what became of each source."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from passaparola.doors.console import people
from passaparola.doors.console.acting import actor, do, say
from passaparola.doors.console.forms import Plain
from passaparola.doors.console.lead_card import SOURCES, taker
from passaparola.measure import leads as figures
from passaparola.people.models import Person
from passaparola.segments import leads
from passaparola.segments.lead_actions import rules_in_force
from passaparola.segments.models import Lead

SHOWN = 100


def look(request: HttpRequest) -> HttpResponse:
    """Leads of one temperature, the warmest first, each with its reasons; filters in the address."""
    now, rules, counts = timezone.now(), rules_in_force(), figures.counts()
    warmth = request.GET.get("warmth", "")
    if warmth not in leads.TEMPERATURES:
        warmth = next((name for name, count in counts.items() if count), "hot")
    source = request.GET.get("source", "") if request.GET.get("source") in SOURCES else ""
    found = Lead.objects.filter(temperature=warmth)
    if source:
        found = found.filter(source=source)
    # The stored score is as of the last event: order anew by what is left of it now.
    explained = figures.explain(list(found.order_by("-score", "-since_at")[:SHOWN]), now, rules)
    who = Person.objects.in_bulk([one.row.person_id for one in explained])
    ranked = sorted(explained, key=lambda one: (-one.score, one.row.person_id))
    return render(request, "console/leads.html", {
        "warmth": warmth,
        "source": source,
        "sources": SOURCES,
        "counts": counts,
        "any": any(counts.values()),
        "rows": [(one, who[one.row.person_id], SOURCES.get(one.row.source), taker(one.row.taken_by)) for one in ranked],
        "shown": SHOWN,
        "more": counts[warmth] > SHOWN and not source,
        "table": [(one, SOURCES[one.name]) for one in figures.by_source()],
    })  # fmt: skip


@require_POST
def take(request: HttpRequest, person_id: int) -> HttpResponse:
    """Take a lead on, or give it back."""
    person = people.root(person_id)
    name = "Lead Returned" if request.POST.get("way") == "back" else "Lead Taken"
    by = {} if name == "Lead Returned" else {"by": actor(request)}
    if do(request, name, subject=f"person:{person.id}", person=person.id, **by) is not None:
        say(request, gettext("The lead is yours.") if by else gettext("The lead is nobody’s again."))
    return redirect("console:person" if request.POST.get("from") == "person" else "console:leads", *_here(request, person))


def _here(request: HttpRequest, person: Person) -> list[Any]:
    return [person.id] if request.POST.get("from") == "person" else []


class LeadForm(Plain):
    """By which way somebody showed interest."""

    source = forms.ChoiceField(label=_("How she showed interest"), choices=list(SOURCES.items()), initial="event")
    form = forms.CharField(label=_("Which fair, form or draw"), max_length=120, required=False)


def record(request: HttpRequest, person_id: int) -> HttpResponse:
    """Note that somebody known is interested."""
    person = people.root(person_id)
    form = LeadForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = {key: value for key, value in form.cleaned_data.items() if value}
        done = do(request, "Lead Recorded", subject=f"person:{person.id}", person=person.id, **said)
        if done is not None:
            if done.get("lead") == "customer":
                say(request, gettext("Noted. This person has bought already and is no lead."))
            else:
                say(request, gettext("Noted: a lead from now on."))
            return redirect("console:person", person.id)
    status = 422 if form.errors else 200
    return render(request, "console/lead_record.html", {"person": person, "form": form}, status=status)
