"""A refusal on a public page is a page: what is wrong, in the reader's language, and what to do."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse

from passaparola.doors.portal import page, who
from passaparola.kernel.errors import Refusal


class NoPage(Refusal):
    """There is no page at this address."""

    code = "no_page"
    status = 404


class StaleForm(Refusal):
    """The page was open for too long, or your browser keeps no cookies. Load it again and send it once more."""

    code = "stale_form"
    status = 403


class OurFault(Refusal):
    """The fault is ours, and it has been noted. Please try again in a moment."""

    code = "our_fault"
    status = 500


P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def refusable(view: View[P]) -> View[P]:
    """The view, with any Refusal shown as a page under the refusal's own status."""

    @wraps(view)
    def wrapper(request: HttpRequest, *arguments: P.args, **named: P.kwargs) -> HttpResponse:
        try:
            return view(request, *arguments, **named)
        except Refusal as refusal:
            page.speak(request)
            return show(request, refusal)

    return wrapper


def show(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The page of a refusal."""
    context = {"title": who.TITLES.get(refusal.code, ""), "sentence": refusal.message, "code": refusal.code}
    return page.show(request, "sorry.html", context, status=refusal.status)


# Django calls these for every door without an answer of its own (urls.py, settings.CSRF_FAILURE_VIEW).
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No route, or nothing there."""
    page.speak(request)
    return show(request, NoPage())


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token does not fit."""
    page.speak(request)
    return show(request, StaleForm())


def broken(request: HttpRequest) -> HttpResponse:
    """A bug: it is in the log; the page says nothing about it."""
    page.speak(request)
    return show(request, OurFault())
