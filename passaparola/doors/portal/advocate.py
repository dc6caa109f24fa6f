"""The advocate's page: her code, her link, her friends' steps, her rewards. Her signed link is her key."""

from io import BytesIO
from typing import Any

import segno
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from passaparola.doors.portal import acts, groups, page, reading, sharing, who
from passaparola.doors.portal.refusals import refusable
from passaparola.kernel import signing
from passaparola.kernel.errors import Refusal
from passaparola.people.models import Person
from passaparola.programs import wording
from passaparola.programs.models import Code


class CannotJoin(Refusal):
    """You cannot take part in this programme at the moment."""

    code = "cannot_join"
    status = 409


class ToApp(HttpResponseRedirect):
    """A redirect that may open a mail or message app."""

    allowed_schemes = ["https", "mailto", "sms"]
    status_code = 303


@require_safe
@refusable
def home(request: HttpRequest, token: str) -> HttpResponse:
    """Everything of hers on one page."""
    now = page.now()
    person, ids = _advocate(token, now)
    language = page.speak(request, person.language)
    cards = reading.cards(ids, language)
    return page.show(request, "advocate.html", {
        "token": token,
        "person": person,
        "cards": [(card, _native(card, language, person)) for card in cards],
        "clicks": sum(card.clicks for card in cards),
        "first": cards[0] if cards else None,
        "joinable": reading.joinable(ids, language),
        "buttons": sharing.buttons(),
        "friends": reading.friends(ids, language, now),
        "purse": reading.purse(ids, language, now, _unit(cards)),
        "preferences": reverse("portal:preferences", args=[signing.sign("preferences", [person.id])]),
        "said": request.GET.get("said", ""),
        **groups.shown(ids),
        "join_group": reverse("portal:join_group", args=[token]),
    })  # fmt: skip


def _unit(cards: list[reading.Card]) -> str:
    """What her rewards are counted in."""
    prize = cards[0].terms.get("advocate") if cards else None
    return str(prize["unit"]) if prize else settings.CURRENCY


def _native(card: reading.Card, language: str, person: Person) -> wording.ShareText:
    """What the device's own share sheet is given; it adds the link itself."""
    ready = sharing.text(card.code.value, card.terms, "na", language, _signature(person))
    return wording.ShareText(ready.subject, ready.body.removesuffix(reading.link(card.code.value, "na")).rstrip())


@require_http_methods(["GET", "HEAD", "POST"])
@refusable
def share(request: HttpRequest, token: str, channel: str) -> HttpResponse:
    """Record that she shares, then open her app. Copying and the device's own sheet stay on the page (POST)."""
    now = page.now()
    person, ids = _advocate(token, now)
    language = page.speak(request, person.language)
    code = _code(request, ids)
    if request.method == "POST" and channel in sharing.IN_PLACE:
        acts.act("Code Shared", properties={"code": code.value, "channel": channel}, now=now)
        return HttpResponse(status=204)
    if channel not in sharing.TARGETS or request.method == "POST":
        raise Http404
    address = sharing.target(
        code.value, reading.terms_of(code.program_id, code.version), channel, language, _signature(person)
    )
    # A HEAD is somebody looking, not sharing.
    if request.method == "GET":
        acts.act("Code Shared", properties={"code": code.value, "channel": channel}, now=now)
    answer = ToApp(address)
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
@refusable
def qr(request: HttpRequest, token: str) -> HttpResponse:
    """Her link as a QR code, an SVG of under 3 KB; dark on white whatever the theme, or cameras stumble."""
    _person, ids = _advocate(token, page.now())
    code = _code(request, ids)
    out = BytesIO()
    segno.make(reading.link(code.value, "qr"), error="q", micro=False).save(
        out,
        kind="svg",
        scale=8,
        border=3,
        dark="#1b2225",
        light="#ffffff",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
    )
    return HttpResponse(
        out.getvalue(), content_type="image/svg+xml", headers={"Cache-Control": "private, max-age=86400"}
    )


@require_POST
@refusable
def show_name(request: HttpRequest, token: str) -> HttpResponse:
    """Whether friends may see her first name."""
    now = page.now()
    person, _ids = _advocate(token, now)
    shows = request.POST.get("shows") == "yes"
    acts.act("Name Shown", properties={"person": person.id, "shows": shows}, now=now)
    return _back(token, "saved", "name")


@require_POST
@refusable
def join(request: HttpRequest, token: str) -> HttpResponse:
    """She takes part in a programme of her own accord and gets her code."""
    now = page.now()
    person, ids = _advocate(token, now)
    language = page.speak(request, person.language)
    wanted = next((one for one in reading.joinable(ids, language) if str(one.id) == request.POST.get("program")), None)
    if wanted is None:
        return _back(token, "", "")
    outcome = acts.act("Code Issued", properties={"program": wanted.id, "person": person.id}, now=now)
    if outcome.refused:
        # Staff read why (the holdout, say); to her the reason would be the very thing that must not be told.
        raise CannotJoin() from outcome.refused
    return _back(token, "joined", "")


def _advocate(token: str, now: Any) -> tuple[Person, list[int]]:
    """Whom the token speaks for, and all rows that are that person."""
    (person_id, *_rest) = who.ids("advocate", token, now=now) or [0]
    person = who.person(person_id)
    return person, who.all_ids(person)


def _code(request: HttpRequest, ids: list[int]) -> Code:
    """The code meant: ?code= if it is hers, else her newest."""
    hers = Code.objects.filter(person_id__in=ids, retired_at=None).order_by("-id")
    wanted = request.GET.get("code") or request.POST.get("code")
    code = hers.filter(value=wanted).first() if wanted else hers.first()
    if code is None:
        raise Http404
    return code


def _signature(person: Person) -> str:
    return person.given_name if person.shows_name else ""


def _back(token: str, said: str, anchor: str) -> HttpResponse:
    address = (
        reverse("portal:advocate", args=[token]) + (f"?said={said}" if said else "") + (f"#{anchor}" if anchor else "")
    )
    answer = HttpResponseRedirect(address)
    answer.status_code = 303
    return answer
