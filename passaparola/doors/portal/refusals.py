"""A refusal on a public page is a page: what is wrong, in the reader's language, and what to do."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse

from passaparola.doors.portal import page, who
from passaparola.kernel.errors import Refusal

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
