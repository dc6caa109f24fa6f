"""Agreeing and stopping: double opt-in, one-click unsubscribe (RFC 8058), the preference centre. No login anywhere."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from passaparola.doors.portal import acts, groups, page, reading, who
from passaparola.doors.portal.refusals import refusable
from passaparola.kernel import signing, words
from passaparola.messages.models import Message
from passaparola.people.models import Person
from passaparola.programs import codes, wording
from passaparola.programs.models import Code, Referral

ONE_CLICK = "One-Click"
# What a person may stop: the two that need consent, and messages about her own recommendations.
STOPPABLE = (*wording.PURPOSES, "service")


# --- Double opt-in ----------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@refusable
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the confirmation mail. Mail scanners follow links, so only the button confirms."""
    now = page.now()
    (person_id, *_rest) = who.ids("opt-in", token, now=now) or [0]
    person = who.person(person_id)
    language = page.speak(request, person.language)
    states = who.consents(who.all_ids(person))
    asked = [purpose for purpose in wording.PURPOSES if states.get(purpose) == "requested"]
    sentences = [wording.consent_wording(language, one, business=settings.BUSINESS_NAME) for one in asked]
    if request.method != "POST":
        return page.show(request, "confirm.html", {"sentences": sentences})
    properties = {
        "person": person.id,
        "channel": "email",
        "purposes": asked,
        "wording": " ".join(sentences)[:500],
        "language": language,
        "evidence": {"page": "/c"},
    }
    acts.act("Opt-in Confirmed", properties=properties, now=now)
    return page.show(request, "confirmed.html", _welcome(person, language))


def _welcome(person: Person, language: str) -> dict[str, Any]:
    """What awaits a friend who has just confirmed: the offer, and the code to give with the order."""
    referral = (
        Referral.objects.filter(friend_id__in=who.all_ids(person), state__in=Referral.ACTIVE).order_by("-id").first()
    )
    code = Code.objects.filter(pk=referral.code_id).first() if referral and referral.code_id else None
    terms = reading.terms_of(referral.program_id, referral.version) if referral else {}
    return {
        "person": person,
        "shown_code": codes.show(code.value) if code else "",
        "friend_gets": wording.friend_gets(language, terms) if terms else "",
        "why": wording.referral_reason(language, "waiting_purchase", "friend") if referral else "",
        "shop": _shop(str(terms.get("destination") or "")),
        "preferences": reverse("portal:preferences", args=[signing.sign("preferences", [person.id])]),
    }


def _shop(destination: str) -> str:
    """The programme's destination if it is a web address; anything else is no link."""
    return destination if destination.startswith(("https://", "http://")) else ""


# --- One-click unsubscribe --------------------------------------------------------------------
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@refusable
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """POST with `List-Unsubscribe=One-Click` stops at once, however often it comes; GET only shows the button."""
    now = page.now()
    (message_id, *_rest) = who.ids("unsubscribe", token, now=now) or [0]
    message = Message.objects.filter(pk=message_id).first()
    if message is None:
        raise who.NobodyThere()
    person = who.person(message.person_id)
    language = page.speak(request, person.language)
    done = request.method == "POST" and request.POST.get("List-Unsubscribe") == ONE_CLICK
    if done:
        _withdraw(person, _stopped_by(message.purpose), language, "/u", now)
    return page.show(request, "unsubscribe.html", {
        "done": done,
        "what": wording.consent_wording(language, message.purpose, business=settings.BUSINESS_NAME)
        if message.purpose in STOPPABLE else "",
        "everything": message.purpose not in wording.PURPOSES,
        "preferences": reverse("portal:preferences", args=[signing.sign("preferences", [person.id])]),
    }, status=200 if done or request.method != "POST" else 400)  # fmt: skip


def _stopped_by(purpose: str) -> tuple[str, ...]:
    """Whoever stops a service message wants silence; whoever stops a purpose stops that one."""
    return (purpose,) if purpose in wording.PURPOSES else STOPPABLE


def _withdraw(person: Person, purposes: tuple[str, ...], language: str, where: str, now: datetime) -> None:
    """Withdraw what is not withdrawn yet."""
    states = who.consents(who.all_ids(person))
    for purpose in purposes:
        if states.get(purpose) != "withdrawn":
            sentence = wording.stop_wording(language, purpose, business=settings.BUSINESS_NAME)
            acts.consent(person.id, purpose, "withdrawn", wording=sentence, language=language, page=where, now=now)


# --- Preference centre ------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@refusable
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Channel by purpose, language, first name, and one button that stops everything."""
    now = page.now()
    (person_id, *_rest) = who.ids("preferences", token, now=now) or [0]
    person = who.person(person_id)
    language = page.speak(request, person.language)
    if request.method == "POST":
        return _save(request, person, token, language, now)
    states = who.consents(who.all_ids(person))
    return page.show(request, "preferences.html", {
        "person": person,
        "boxes": [
            {"purpose": one, "wording": wording.consent_wording(language, one, business=settings.BUSINESS_NAME),
             "on": _is_on(one, states.get(one)), "waiting": states.get(one) == "requested"}
            for one in STOPPABLE
        ],
        "own_language": words.pick(person.language, default=language),
        "names": words.NAMES.items(),
        "advocate": reverse("portal:advocate", args=[signing.sign("advocate", [person.id])])
        if Code.objects.filter(person_id__in=who.all_ids(person), retired_at=None).exists() else "",
        "said": request.GET.get("said", ""),
        **groups.shown(who.all_ids(person)),
        "join_group": reverse("portal:choose_group", args=[token]),
    })  # fmt: skip


def _is_on(purpose: str, state: str | None) -> bool:
    """Service messages go unless stopped; the others only if agreed to."""
    return state != "withdrawn" if purpose == "service" else state == "given"


def _save(request: HttpRequest, person: Person, token: str, language: str, now: datetime) -> HttpResponse:
    """Record the differences; nothing for what stays as it was."""
    if "stop" in request.POST:
        _withdraw(person, STOPPABLE, language, "/p", now)
        return _back(token, "stopped")
    states = who.consents(who.all_ids(person))
    for purpose in STOPPABLE:
        wanted = request.POST.get(purpose) == "yes"
        if wanted and not _is_on(purpose, states.get(purpose)):
            sentence = wording.consent_wording(language, purpose, business=settings.BUSINESS_NAME)
            acts.consent(person.id, purpose, "given", wording=sentence, language=language, page="/p", now=now)
        elif not wanted and _is_on(purpose, states.get(purpose)):
            _withdraw(person, (purpose,), language, "/p", now)
    shows = request.POST.get("shows") == "yes"
    if shows != person.shows_name:
        acts.act("Name Shown", properties={"person": person.id, "shows": shows}, now=now)
    chosen = words.supported(request.POST.get("language"))
    answer = _back(token, "saved")
    if chosen and chosen != person.language:
        acts.act("Language Chosen", properties={"person": person.id, "language": chosen}, now=now)
        page.remember(answer, chosen)
    return answer


def _back(token: str, said: str) -> HttpResponse:
    answer = HttpResponseRedirect(reverse("portal:preferences", args=[token]) + f"?said={said}")
    answer.status_code = 303
    return answer
