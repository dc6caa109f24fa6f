"""The friend's landing page: who recommends, what the friend gets, that the advocate gains too, and the sign-up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from passaparola.doors import click
from passaparola.doors.portal import acts, limits, page, reading
from passaparola.doors.portal.forms import SignUp
from passaparola.people.models import Person
from passaparola.programs import codes, wording
from passaparola.programs.models import Code, Program

# Why a code leads nowhere → title and what to do.
DEAD = {
    "mistyped": (
        gettext_lazy("There is a typing error in this code"),
        gettext_lazy(
            "Codes have a check letter, and here it does not fit. Please compare it with the message you got."
        ),
    ),
    "unknown": (
        gettext_lazy("We do not know this code"),
        gettext_lazy("Please compare it with the message you got, or ask your friend for the link again."),
    ),
    "retired": (
        gettext_lazy("This code is no longer in use"),
        gettext_lazy("Ask your friend whether there is a new one. You can of course buy without it."),
    ),
    "paused": (
        gettext_lazy("This offer is paused"),
        gettext_lazy(
            "It is not running at the moment. Please come back in a few days: your friend’s code stays the same."
        ),
    ),
    "ended": (
        gettext_lazy("This offer has ended"),
        gettext_lazy("Your friend recommended us all the same: you are welcome without it."),
    ),
}


@dataclass(frozen=True)
class Offer:
    """A code that may be used now, and what stands behind it."""

    code: Code
    terms: dict[str, Any]
    advocate: Person | None

    @property
    def given_name(self) -> str:
        """Her first name, only if she agreed that friends see it."""
        one = self.advocate
        return one.given_name if one and one.shows_name and not one.forgotten_at else ""


def find(text: str) -> Offer | str:
    """The offer behind a code as somebody typed it, or why there is none: a key of DEAD."""
    value = codes.normalise(text)
    code = Code.objects.filter(value=value).first()
    if code is None:
        return "unknown" if codes.is_well_formed(value) else "mistyped"
    program = Program.objects.filter(pk=code.program_id).first()
    if code.retired_at or program is None:
        return "retired"
    if program.state != "active":
        return "paused" if program.state == "paused" else "ended"
    return Offer(code, reading.terms_of(program.id, code.version), _root(code.person_id))


def _root(person_id: int) -> Person | None:
    root_id = Person.objects.filter(pk=person_id).values_list("root_id", flat=True).first()
    return Person.objects.filter(pk=root_id).first() if root_id else None


@require_safe
def by_hand(request: HttpRequest) -> HttpResponse:
    """A code typed into the page for those who have one on paper."""
    typed = request.GET.get("code", "").strip()[:60]
    if typed:
        return HttpResponseRedirect(reverse("portal:landing", args=[codes.normalise(typed) or typed]))
    page.speak(request)
    return page.show(request, "code.html", {"title": gettext("Do you have a code?"), "sentence": "", "typed": ""})


@require_http_methods(["GET", "HEAD", "POST"])
def landing(request: HttpRequest, code: str) -> HttpResponse:
    """The offer with its form; POST signs up."""
    now = page.now()
    offer = find(code[:60])
    if isinstance(offer, str):
        return _dead(request, offer, code)
    language = page.speak(request, hint=offer.advocate.language if offer.advocate else "")
    form = SignUp(request.POST or None)
    if request.method == "POST":
        answer = _sign_up(request, offer, form, language, now)
        if answer:
            return answer
    return _offer_page(request, offer, form, language)


def _dead(request: HttpRequest, why: str, typed: str) -> HttpResponse:
    """A code that leads nowhere still lands people somewhere sensible."""
    page.speak(request)
    title, sentence = DEAD[why]
    return page.show(request, "code.html", {"title": title, "sentence": sentence, "typed": typed[:60]}, status=404)


def _offer_page(request: HttpRequest, offer: Offer, form: SignUp, language: str) -> HttpResponse:
    business = settings.BUSINESS_NAME
    return page.show(request, "landing.html", {
        "offer": offer,
        "shown_code": codes.show(offer.code.value),
        "recommends": _recommends(offer),
        "headline": wording.invitation(language, offer.terms, business=business),
        "friend_gets": wording.friend_gets(language, offer.terms),
        "advocate_gets": wording.advocate_gets(language, offer.terms),
        "rules": wording.summary(language, offer.terms, business=business, currency=settings.CURRENCY),
        "boxes": [(one, form[one], wording.consent_wording(language, one, business=business)) for one in wording.PURPOSES],
        "form": form,
        "warned": bool(form.errors) and form.has_error("email", "disposable"),
        "controller": settings.CONTROLLER,
    }, status=422 if form.errors else 200)  # fmt: skip


def _recommends(offer: Offer) -> str:
    """Who recommends: by name only with her consent."""
    if offer.given_name:
        return gettext("{name} recommends {business}").format(name=offer.given_name, business=settings.BUSINESS_NAME)
    return gettext("A customer of {business} recommends us to you").format(business=settings.BUSINESS_NAME)


def _sign_up(request: HttpRequest, offer: Offer, form: SignUp, language: str, now: datetime) -> HttpResponse | None:
    """The friend's own act; None if the form must be shown again. Known and unknown addresses get the same answer."""
    if form.is_robot:
        return _thanks(offer.code)
    if not form.is_valid():
        return None
    address = form.cleaned_data["email"]
    visitor = limits.visitor(request)
    if not limits.sign_ups_by_visitor.allows(visitor) or not limits.sign_ups_by_address.allows(address.lower()):
        form.add_error(
            None, gettext("There were too many sign-ups from here or for this address. Please try again in an hour.")
        )
        answer = _offer_page(request, offer, form, language)
        answer.status_code = 429
        answer["Retry-After"] = "3600"
        return answer
    if form.needs_warning():
        form.warn()
        return None
    traits = {"email": address, "language": language}
    if form.cleaned_data["given_name"]:
        traits["name"] = form.cleaned_data["given_name"]
    evidence = {"page": f"/f/{offer.code.value}", "visitor": limits.digest(visitor)}
    properties = {
        "code": offer.code.value,
        "click": _click(request),
        "consents": form.consents(language, settings.BUSINESS_NAME, evidence),
    }
    outcome = acts.act("Friend Signed Up", traits=traits, properties=properties, now=now)
    if outcome.refused and isinstance(why := find(offer.code.value), str):
        return _dead(request, why, offer.code.value)
    return _thanks(offer.code)


def _click(request: HttpRequest) -> str | None:
    """The click that led here: from the address, else from our own cookie."""
    token = request.GET.get(click.PARAMETER, "")
    return token if click.is_token(token) else click.read_cookie(request.COOKIES.get(click.COOKIE))


def _thanks(code: Code) -> HttpResponse:
    answer = HttpResponseRedirect(reverse("portal:thanks", args=[code.value]))
    answer.status_code = 303
    return answer


@require_safe
def thanks(request: HttpRequest, code: str) -> HttpResponse:
    """Check your mail: the same words for everybody."""
    offer = find(code[:60])
    page.speak(request)
    if isinstance(offer, str):
        return _dead(request, offer, code)
    return page.show(request, "thanks.html", {"offer": offer, "shown_code": codes.show(offer.code.value)})
