"""Groups on somebody's own pages: which she is in, with what each offers, and joining one by its code."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from passaparola.doors.portal import acts, limits, page, who
from passaparola.doors.portal.refusals import refusable
from passaparola.people.actions.groups import as_code
from passaparola.people.models import Group, GroupMember

# Guessing codes is not worth it: so many tries an hour.
_TRIES = limits.Limiter(10, 3600)


@dataclass(frozen=True)
class Belongs:
    """One group she is in, in her language."""

    name: str
    offer: str
    product: str


def shown(ids: list[int]) -> dict[str, Any]:
    """Her groups, and whether there is any that she could join."""
    language = (get_language() or "en")[:2]
    inside = GroupMember.objects.filter(person_id__in=ids, until_at=None).values_list("group_id", flat=True)
    found = Group.objects.filter(id__in=list(inside), closed_at=None).order_by("id")
    belongs = [Belongs(_pick(g.names, language) or g.key, _pick(g.offers, language), _pick(g.products, language)) for g in found]
    return {"belongs": belongs, "joinable_by_code": Group.objects.filter(closed_at=None).exclude(code="").exists()}


def _pick(words: dict[str, str], language: str) -> str:
    return words.get(language) or next((text for text in words.values() if text), "")


@require_POST
@refusable
def join_from_advocate(request: HttpRequest, token: str) -> HttpResponse:
    """She types a group's code on her own page."""
    return _join(request, token, "advocate")


@require_POST
@refusable
def join_from_preferences(request: HttpRequest, token: str) -> HttpResponse:
    """The same on the page of her choices, which a friend has too."""
    return _join(request, token, "preferences")


def _join(request: HttpRequest, token: str, where: str) -> HttpResponse:
    now = page.now()
    (person_id, *_rest) = who.ids(where, token, now=now) or [0]
    person = who.person(person_id)
    code, said = as_code(request.POST.get("group", "")), "no-group"
    if code and _TRIES.allows(str(person.id)):
        properties = {"person": person.id, "code": code, "source": "code"}
        said = "no-group" if acts.act("Group Joined", properties=properties, now=now).refused else "group"
    answer = HttpResponseRedirect(reverse(f"portal:{where}", args=[token]) + f"?said={said}#groups")
    answer.status_code = 303
    return answer
