"""What staff may say about whom somebody knows: record it, end it."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from passaparola.doors.console import finding, people
from passaparola.doors.console.acting import do, say
from passaparola.doors.console.forms import Plain
from passaparola.doors.console.ties import KINDS


class TieForm(Plain):
    """How they know each other, and how we know."""

    kind = forms.ChoiceField(label=_("What they are to each other"), choices=list(KINDS.items()))
    source = forms.CharField(label=_("How do we know?"), max_length=60, required=False)
    both = forms.BooleanField(label=_("Both ways"), required=False, initial=True)


def relate(request: HttpRequest, person_id: int) -> HttpResponse:
    """Find the other one among the people we know, then say what they are to each other."""
    person = people.root(person_id)
    query = request.GET.get("q", "").strip()[: finding.QUERY_CHARACTERS_MAX]
    chosen = request.POST.get("other") or request.GET.get("other") or ""
    other = people.root(int(chosen)) if chosen.isdecimal() else None
    form = TieForm(request.POST or None)
    if request.method == "POST" and other is not None and form.is_valid():
        said = {"kind": form.cleaned_data["kind"], "source": form.cleaned_data["source"] or "console"}
        pairs = [(person, other), (other, person)] if form.cleaned_data["both"] else [(person, other)]
        for one, another in pairs:
            done = do(request, "Relationship Recorded", subject=f"person:{one.id}", person=one.id, other=another.id, **said)
            if done is None:
                return redirect("console:person", person.id)
        say(request, gettext("Recorded."))
        return redirect("console:person", person.id)
    found = [one for one in finding.people(query, 8) if one.id != person.id] if query else []
    context = {"person": person, "query": query, "found": found, "other": other, "form": form}
    return render(request, "console/relate.html", context, status=422 if form.errors else 200)


@require_POST
def end(request: HttpRequest, person_id: int) -> HttpResponse:
    """It is over."""
    person = people.root(person_id)
    one, other = (request.POST.get(key, "") for key in ("one", "other"))
    if one.isdecimal() and other.isdecimal() and request.POST.get("kind") in KINDS:
        tie = {"person": int(one), "other": int(other), "kind": request.POST["kind"]}
        if do(request, "Relationship Ended", subject=f"person:{person.id}", **tie) is not None:
            say(request, gettext("Ended. That it was, is kept."))
    return redirect("console:person", person.id)
