"""What every public page has in common: its language, its headers, its switch between languages."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation

from passaparola.kernel import words

_YEAR_SECONDS = 365 * 24 * 3600


def zone() -> ZoneInfo:
    """The business's time zone, in which public pages write days."""
    return ZoneInfo(settings.BUSINESS_TIME_ZONE)


def now() -> datetime:
    """The clock, read once a request."""
    return timezone.now()


def speak(request: HttpRequest, own: str = "", hint: str = "") -> str:
    """Set and return the page's language: ?lang= → cookie → the person's own → the browser's → a hint → the default."""
    language = words.pick(
        request.GET.get("lang"),
        request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME),
        own,
        words.accepted(request.headers.get("Accept-Language", "")),
        hint,
        default=settings.LANGUAGE_CODE,
    )
    translation.activate(language)
    return language


def show(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page in the language already set: never cached, never indexed, remembering a language chosen just now."""
    language = words.pick(translation.get_language())
    context = {"language": language, "languages": _switch(request, language), **(context or {})}
    answer = render(request, f"portal/{template}", context, status=status)
    answer["Cache-Control"] = "no-store"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    if words.supported(request.GET.get("lang")):
        remember(answer, language)
    return answer


def remember(answer: HttpResponse, language: str) -> None:
    """Keep the language for the next pages, in a cookie that says nothing else."""
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language,
        max_age=_YEAR_SECONDS, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax",
    )  # fmt: skip


def _switch(request: HttpRequest, language: str) -> list[dict[str, Any]]:
    """Links to this page in each language; what else the address says is kept."""
    links = []
    for code in words.LANGUAGES:
        query = request.GET.copy()
        query["lang"] = code
        links.append(
            {"code": code, "name": words.NAMES[code], "url": f"?{query.urlencode()}", "current": code == language}
        )
    return links
