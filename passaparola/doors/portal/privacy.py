"""The privacy page: generated from what the software does, so that it says neither more nor less."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from passaparola.doors import click
from passaparola.doors.portal import page


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Who is responsible, what is kept of whom and for how long, which cookies, which rights."""
    page.speak(request)
    return page.show(request, "privacy.html", {
        "controller": settings.CONTROLLER,
        "contact": settings.MAIL_FROM.rpartition("<")[2].rstrip(">").strip(),
        "own_notice": settings.PRIVACY_URL,
        "cookies": (click.COOKIE, settings.LANGUAGE_COOKIE_NAME, settings.CSRF_COOKIE_NAME),
        "click_days": click.DAYS_MAX,
    })  # fmt: skip
