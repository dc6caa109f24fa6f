"""What staff may do with a group: make and change it, close it, take people in from a list, let one go."""

import re
from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from passaparola.doors.console import people, ties
from passaparola.doors.console.acting import actor, do, note, say
from passaparola.doors.console.forms import Plain
from passaparola.people import names
from passaparola.people.models import Group, Identity, Person

LANGUAGES = ("es", "it", "en")
LIST_MAX, CHUNK = 20_000, 500
_BREAKS = re.compile(r"[\n;,\t]+")


class GroupForm(Plain):
    """What a group is called, what it is, and what it offers; one language is enough."""

    name_es = forms.CharField(label=_("Name in Spanish"), max_length=120, required=False)
    name_it = forms.CharField(label=_("Name in Italian"), max_length=120, required=False)
    name_en = forms.CharField(label=_("Name in English"), max_length=120, required=False)
    kind = forms.ChoiceField(label=_("What it is"), choices=list(ties.GROUP_KINDS.items()))
    code = forms.CharField(
        label=_("Code to join"), max_length=20, required=False, help_text=_("Made by us when left empty; “-” for none.")
    )
    places = forms.CharField(label=_("Places in common"), max_length=500, required=False, help_text=_("Separated by commas."))
    interests = forms.CharField(label=_("Interests in common"), max_length=500, required=False)
    offer_es = forms.CharField(label=_("Own offer in Spanish"), max_length=500, required=False)
    offer_it = forms.CharField(label=_("Own offer in Italian"), max_length=500, required=False)
    offer_en = forms.CharField(label=_("Own offer in English"), max_length=500, required=False)
    product_es = forms.CharField(label=_("Own product in Spanish"), max_length=500, required=False)
    product_it = forms.CharField(label=_("Own product in Italian"), max_length=500, required=False)
    product_en = forms.CharField(label=_("Own product in English"), max_length=500, required=False)
    says_optional = False

    def clean(self) -> dict[str, Any]:
        """A name in one language at least."""
        data = super().clean() or {}
        if not any(data.get(f"name_{language}") for language in LANGUAGES):
            self.add_error("name_es", _("Give it a name in one language at least."))
        return data

    def said(self) -> dict[str, Any]:
        """The act's properties."""
        data = self.cleaned_data
        words = {
            f"{what}s": {language: text for language in LANGUAGES if (text := data[f"{what}_{language}"])}
            for what in ("name", "offer", "product")
        }
        lists = {
            what: [part.strip() for part in data[what].split(",") if part.strip()] for what in ("places", "interests")
        }
        code = {"code": "" if data["code"] == "-" else data["code"]} if data["code"] else {}
        return {**words, **lists, **code, "kind": data["kind"]}


def initial(names: dict[str, str], kind: str = "collective", group: Group | None = None) -> dict[str, Any]:
    """What the form shows at first."""
    data: dict[str, Any] = {"kind": kind}
    data |= {f"name_{language}": text for language, text in names.items()}
    if group is not None:
        data |= {f"offer_{language}": text for language, text in group.offers.items()}
        data |= {f"product_{language}": text for language, text in group.products.items()}
        data |= {"code": group.code or "-", "places": ", ".join(group.places), "interests": ", ".join(group.interests)}
    return data


def create(request: HttpRequest) -> HttpResponse:
    """A new group."""
    form = GroupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = do(request, "Group Created", **form.said())
        if done is not None:
            say(request, gettext("The group is there. Its code is %(code)s.") % {"code": done["code"] or "–"})
            return redirect("console:group", done["group_id"])
    return render(request, "console/group_form.html", {"form": form}, status=422 if form.errors else 200)


def edit(request: HttpRequest, group_id: int) -> HttpResponse:
    """Change what a group is."""
    group = get_object_or_404(Group, id=group_id, closed_at=None)
    form = GroupForm(request.POST or None, initial=initial(group.names, group.kind, group))
    said = form.said() if request.method == "POST" and form.is_valid() else None
    if said and do(request, "Group Edited", subject=f"group:{group.id}", group=group.id, **said) is not None:
        say(request, gettext("Saved."))
        return redirect("console:group", group.id)
    context = {"form": form, "group": group, "name": ties.name(group)}
    return render(request, "console/group_form.html", context, status=422 if form.errors else 200)


def close(request: HttpRequest, group_id: int) -> HttpResponse:
    """Close a group, after a page that says what follows."""
    group = get_object_or_404(Group, id=group_id, closed_at=None)
    if request.method == "POST":
        if do(request, "Group Closed", subject=f"group:{group.id}", group=group.id) is not None:
            say(request, gettext("The group is closed; who was in it, is kept."))
        return redirect("console:groups")
    return render(request, "console/group_close.html", {"group": group, "name": ties.name(group)})


@require_POST
def leave(request: HttpRequest, group_id: int, person_id: int) -> HttpResponse:
    """Let one person go."""
    person = people.root(person_id)
    done = do(request, "Group Left", subject=f"group:{group_id}", person=person.id, group=group_id)
    if done is not None:
        say(request, gettext("No longer in the group."))
    return redirect("console:group", group_id)


class ListForm(Plain):
    """Who is to join: one a line, people we know already."""

    who = forms.CharField(
        label=_("Who joins"),
        max_length=2_000_000,
        required=False,
        widget=forms.Textarea({"rows": 6}),
        help_text=_("One id, e-mail, phone or card number a line. Only people we know already: others are counted and left out."),
    )
    file = forms.FileField(label=_("Or a file with one column"), required=False)


def join(request: HttpRequest, group_id: int) -> HttpResponse:
    """Take in everybody of a list whom we know; say how many there were, how many joined, how many we do not know."""
    group = get_object_or_404(Group, id=group_id, closed_at=None)
    form = ListForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        asked = _lines(form.cleaned_data["who"], form.cleaned_data["file"])
        if len(asked) > LIST_MAX:
            form.add_error("who", gettext("A list may have %(most)s lines at most.") % {"most": LIST_MAX})
        elif not asked:
            form.add_error("who", gettext("Name at least one person."))
        else:
            _take_in(request, group, asked)
            return redirect("console:group", group.id)
    context = {"form": form, "group": group, "name": ties.name(group)}
    return render(request, "console/group_join.html", context, status=422 if form.errors else 200)


def _lines(text: str, file: Any) -> list[str]:
    """What was typed and what the file holds, each once, in order."""
    if file is not None:
        text += "\n" + file.read(2_000_000).decode("utf-8-sig", "replace")
    return list(dict.fromkeys(part for line in _BREAKS.split(text) if (part := line.strip().strip("\"'"))))


def _take_in(request: HttpRequest, group: Group, asked: list[str]) -> None:
    from passaparola import corridor

    found, now = list(dict.fromkeys(_people(asked))), timezone.now()
    who = actor(request)
    for start in range(0, len(found), CHUNK):
        acts = [
            corridor.act(
                "Group Joined", source="console", now=now, actor=who,
                properties={"person": person, "group": group.id, "source": "list"},
            )
            for person in found[start : start + CHUNK]
        ]  # fmt: skip
        refused = next((o.refused for o in corridor.submit(acts, now=now) if o.refused), None)
        if refused is not None:
            say(request, refused.message, "bad")
            break
    note(request, "Group Joined", f"group:{group.id}", {"people": len(found)})
    unknown = len(asked) - len(found)
    said = ngettext("%(n)s person of the list is in the group.", "%(n)s people of the list are in the group.", len(found))
    say(request, said % {"n": len(found)})
    if unknown:
        said = ngettext("%(n)s line was nobody we know.", "%(n)s lines were nobody we know.", unknown)
        say(request, said % {"n": unknown}, "warn")


def _people(asked: list[str]) -> Iterator[int]:
    """The people of today behind ids, addresses, phones and cards, in the order asked."""
    country = settings.LANGUAGE_CODE[:2].upper()
    meant: dict[str, list[str]] = {
        text: [one for one in (text, names.email(text), names.phone(text, country)) if one] for text in asked
    }
    for start in range(0, len(asked), CHUNK):
        some = asked[start : start + CHUNK]
        values = {one for text in some for one in meant[text]}
        held = Identity.objects.filter(value__in=values).exclude(kind__in=("anonymous_id", "forgotten"))
        owner = dict(held.values_list("value", "person_id"))
        roots = dict(Person.objects.filter(id__in=owner.values()).values_list("id", "root_id"))
        for text in some:
            person = next((owner[one] for one in meant[text] if one in owner), None)
            if person is not None:
                yield roots[person]
