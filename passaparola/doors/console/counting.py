"""A page whose figures are being counted for the first time says so, and shows them as soon as they are there."""

import re
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from passaparola.doors.console.roles import View
from passaparola.measure.pictures import BeingCounted

_ID = re.compile(r"[a-z-]{1,40}")


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
    # A form that was sent is not sent again.
    context = {"address": request.get_full_path() if request.method == "GET" else "", "target": target if part else ""}
    answer = render(request, "console/counting_notice.html" if part else "console/counting.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
