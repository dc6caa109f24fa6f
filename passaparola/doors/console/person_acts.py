"""What staff may do with one person: merge and undo it, record a consent, give a code, forget."""

from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from passaparola.doors import look
from passaparola.doors.console import finding, people, sayings
from passaparola.doors.console.acting import do, say
from passaparola.doors.console.forms import Plain
from passaparola.events.models import Event, Order
from passaparola.ledger.models import Reward
from passaparola.messages.models import Message
from passaparola.people.models import Consent, Identity, Merge, Person
from passaparola.programs.models import Program, Referral


def merge(request: HttpRequest, person_id: int) -> HttpResponse:
    """Find the other one, see both side by side, then say so. Nothing is copied: it can be undone."""
    keep = people.root(person_id)
    query = request.GET.get("q", "").strip()[: finding.QUERY_CHARACTERS_MAX]
    chosen = request.POST.get("other") or request.GET.get("other") or ""
    other = people.root(int(chosen)) if chosen.isdecimal() else None
    if request.method == "POST" and other is not None and other.id != keep.id:
        done = do(request, "Person Merged", subject=f"person:{keep.id}", keep=keep.id, other=other.id, reason="staff")
        if done is not None:
            say(request, gettext("They are one person now. You can undo this on the person’s page."))
        return redirect("console:person", keep.id)
    found = [p for p in finding.people(query, 8) if p.id != keep.id] if query else []
    both = [_summary(keep), _summary(other)] if other and other.id != keep.id else []
    context = {"person": keep, "query": query, "found": found, "other": other, "both": both}
    return render(request, "console/merge.html", context)


def _summary(person: Person, ids: list[int] | None = None) -> dict[str, Any]:
    """What to compare, and what would come together or go apart: everything that stands under these numbers."""
    ids = ids or people.everything_of(person)
    return {
        "person": person,
        "identities": [
            (sayings.identity(i.kind), i.value)
            for i in Identity.objects.filter(person_id__in=ids).exclude(kind="forgotten").order_by("id")[:20]
        ],
        "counts": [(word, model._default_manager.filter(**{f"{column}__in": ids}).count()) for word, model, column in MOVES],
        "balances": people.balances(ids),
    }


# What moves with a person: counted on both sides before anybody says yes.
MOVES: tuple[tuple[Any, type[Model], str], ...] = (
    (_("Events"), Event, "person_id"),
    (_("Orders"), Order, "person_id"),
    (_("Consents"), Consent, "person_id"),
    (_("Messages"), Message, "person_id"),
    (_("Recommendations"), Referral, "advocate_id"),
    (_("Rewards"), Reward, "person_id"),
)


def unmerge(request: HttpRequest, person_id: int, merge_id: int) -> HttpResponse:
    """See who would go apart with what, then undo the merge: everybody who moved moves back."""
    row = get_object_or_404(Merge, id=merge_id, undone_at=None)
    person = people.root(person_id)
    if request.method == "POST":
        if do(request, "Person Unmerged", subject=f"person:{person_id}", merge=merge_id) is not None:
            say(request, gettext("They are two persons again."))
        return redirect("console:person", person_id)
    moved = [number for number in people.everything_of(person) if number in row.moved]
    stay = [number for number in people.everything_of(person) if number not in row.moved]
    back = get_object_or_404(Person, id=row.merged_id)
    both = [_summary(person, stay), _summary(back, moved)]
    return render(request, "console/unmerge.html", {"person": person, "row": row, "both": both})


class ConsentForm(Plain):
    """What was said, by which channel, for what, in which words, and how we know."""

    state = forms.ChoiceField(
        label=_("What was said"),
        choices=[("given", _("Yes, given")), ("refused", _("No, refused")), ("withdrawn", _("Withdrawn"))],
    )
    purpose = forms.ChoiceField(label=_("For what"), choices=list(sayings.PURPOSES.items()))
    channel = forms.ChoiceField(label=_("By which channel"), choices=[("email", _("e-mail"))])
    wording = forms.CharField(
        label=_("The words shown or read out"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Kept, so that it can be proven later."),
    )
    evidence = forms.CharField(
        label=_("How do we know?"), max_length=200, help_text=_("For example: signed form of 21 November, shelf 3.")
    )


def consent(request: HttpRequest, person_id: int) -> HttpResponse:
    """Record what a person said to us."""
    person = people.root(person_id)
    form = ConsentForm(request.POST or None, initial={"purpose": "referral"})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        done = do(
            request,
            "Consent Recorded",
            subject=f"person:{person.id}",
            person=person.id,
            channel=said["channel"],
            purpose=said["purpose"],
            state=said["state"],
            wording=said["wording"],
            source="console",
            language=(get_language() or settings.LANGUAGE_CODE)[:2],
            evidence={"said": said["evidence"]},
        )
        if done is not None:
            say(request, gettext("Recorded."))
            return redirect("console:person", person.id)
    status = 422 if form.errors else 200
    return render(request, "console/consent.html", {"person": person, "form": form}, status=status)


@require_POST
def code(request: HttpRequest, person_id: int) -> HttpResponse:
    """Give this person a code in a programme."""
    person = people.root(person_id)
    program = get_object_or_404(Program, id=request.POST.get("program") or 0)
    done = do(request, "Code Issued", subject=f"person:{person.id}", program=program.id, person=person.id)
    if done is not None:
        say(request, gettext("The code is %(code)s.") % {"code": done.get("code", "")})
    return redirect("console:person", person.id)


def forget(request: HttpRequest, person_id: int) -> HttpResponse:
    """Erase the personal data, after typing the number: this cannot be undone."""
    person = people.root(person_id)
    wrong = False
    if request.method == "POST":
        wrong = request.POST.get("number", "").strip() != str(person.id)
        if not wrong:
            if do(request, "Person Forgotten", subject=f"person:{person.id}", person=person.id) is not None:
                say(request, gettext("The personal data is deleted. Figures and books stay."))
            return redirect("console:person", person.id)
    context = {"person": person, "name": look.called(person), "wrong": wrong}
    return render(request, "console/forget.html", context, status=422 if wrong else 200)
