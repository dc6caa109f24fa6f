"""Ctrl-K: people, codes, programmes and pages, as a page of its own and as options of the dialog."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from passaparola.doors import look
from passaparola.doors.console import finding, roles
from passaparola.doors.console.context import PLACES
from passaparola.programs.models import Code, Program

OPTIONS_MAX = 6


@dataclass(frozen=True)
class Option:
    """One thing found: where it leads, its icon, its name, what else to know."""

    url: str
    icon: str
    name: str
    more: str = ""


def search(request: HttpRequest) -> HttpResponse:
    """The same search as a page, for everybody without script."""
    query = request.GET.get("q", "")
    return render(request, "console/search.html", {"query": query, "groups": _groups(request, query)})


def options(request: HttpRequest) -> HttpResponse:
    """What the dialog lists while one types."""
    return render(request, "console/search_options.html", {"groups": _groups(request, request.GET.get("q", ""))})


def _groups(request: HttpRequest, query: str) -> list[tuple[str, list[Option]]]:
    """Only what the reader's role may open; without a query, the pages."""
    query = query.strip()[: finding.QUERY_CHARACTERS_MAX]
    groups: list[tuple[str, list[Option]]] = []
    if query and roles.may(request.user, "people.read"):
        groups.append((_("People"), [_person(p) for p in finding.people(query, OPTIONS_MAX)]))
    if query and roles.may(request.user, "programs.read"):
        groups.append((_("Codes"), _codes(query)))
        groups.append((_("Programmes"), _programs(query)))
    groups.append((_("Pages"), _pages(request, query)))
    return [(name, found) for name, found in groups if found]


def _person(person: finding.Person) -> Option:
    return Option(reverse("console:person", args=[person.id]), "user-circle", look.called(person))


def _codes(query: str) -> list[Option]:
    codes = Code.objects.filter(value__startswith=query.upper())[:OPTIONS_MAX]
    return [Option(reverse("console:person", args=[code.person_id]), "ticket", code.value) for code in codes]


def _programs(query: str) -> list[Option]:
    found = Program.objects.filter(name__icontains=query)[:OPTIONS_MAX]
    return [Option(reverse("console:program", args=[p.id]), "speakerphone", p.name) for p in found]


def _pages(request: HttpRequest, query: str) -> list[Option]:
    like = finding.plain(query)
    return [
        Option(reverse(f"console:{name}"), icon, str(word), f"g {key}")
        for name, icon, word, key, permission in PLACES
        if roles.may(request.user, permission) and like in finding.plain(str(word))
    ]
