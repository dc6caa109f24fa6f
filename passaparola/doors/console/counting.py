"""A page whose figures are being counted for the first time says so, and shows them as soon as they are there."""

import re
from functools import wraps
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from passaparola.doors.console.roles import View
from passaparola.measure.pictures import BeingCounted

_ID = re.compile(r"[a-z-]{1,40}")


class Page(NamedTuple):
    """What a page keeps of itself while it waits: its heading, and the tabs of its section or the page above it."""

    heading: Any
    tabs: str = ""
    here: str = ""
    above: str = ""
    above_word: Any = ""


# By name of the route.
PAGES: dict[str, Page] = {
    "overview": Page(_("Overview")),
    "programs": Page(_("Programmes")),
    "program": Page(_("Programme"), above="programs", above_word=_("Programmes")),
    "duplicates": Page(_("Who may be one and the same"), above="people", above_word=_("People")),
    "segments": Page(_("Segments")),
    "segment": Page(_("Segment"), above="segments", above_word=_("Segments")),
    "segment-map": Page(_("One strategy for each"), above="segments", above_word=_("Segments")),
    "stages": Page(_("Stages"), "stages", "ranges"),
    "stages-change": Page(_("Stages"), "stages", "ranges"),
    "stages-flow": Page(_("Movements between stages"), "stages", "flow"),
    "pyramid": Page(_("Customer pyramid"), "pyramid", "levels"),
    "pyramid-change": Page(_("Customer pyramid"), "pyramid", "levels"),
    "pyramid-market": Page(_("Customer pyramid"), "pyramid", "levels"),
    "pyramid-moves": Page(_("Movements in the pyramid"), "pyramid", "moves"),
    "pyramid-people": Page(_("Customer pyramid"), above="pyramid", above_word=_("Customer pyramid")),
    "profiles": Page(_("Profiles")),
}
_OTHER = Page(_("Being counted"))


def patient(view: View) -> View:
    """The view; where it has to wait for a picture, a page that asks again by itself. Of a part, that part."""

    @wraps(view)
    def waiting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except BeingCounted:
            return _page(request)

    return waiting


def _page(request: HttpRequest) -> HttpResponse:
    target = request.headers.get("HX-Target", "main")
    part = target != "main" and _ID.fullmatch(target)
    route = request.resolver_match.url_name if request.resolver_match else ""
    page = PAGES.get(route or "", _OTHER)
    # A form that was sent is not sent again.
    address = request.get_full_path() if request.method == "GET" else ""
    nav = f"console/{page.tabs}_nav.html" if page.tabs else ""
    context = {"address": address, "target": target if part else "", "page": page, "nav": nav}
    answer = render(request, "console/counting_notice.html" if part else "console/counting.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
