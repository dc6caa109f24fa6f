"""Signing in and out, one's own password, language and colours."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from passaparola.doors.console import accounts
from passaparola.doors.console.acting import note, say
from passaparola.doors.console.forms import Plain

THEMES = ("system", "light", "dark")
_YEAR_SECONDS = 365 * 24 * 3600


class SignInForm(Plain):
    """Name and password; nothing else to solve."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput({"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """The door. Wrong tries cost a wait, counted for each account and address."""
    after = _safe(request, request.POST.get("next") or request.GET.get("next"))
    if request.user.is_authenticated:
        return redirect(after)
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid() and _try(request, form):
            return redirect(after)
        status = 429 if form.waits else 422
    return render(request, "console/sign_in.html", {"form": form, "next": after}, status=status)


def _try(request: HttpRequest, form: SignInForm) -> bool:
    """Sign in, or say on the form why not."""
    now = timezone.now()
    address = request.META.get("REMOTE_ADDR", "")
    name, password = form.cleaned_data["username"], form.cleaned_data["password"]
    minutes = accounts.wait_minutes(name, address, now)
    if minutes:
        form.waits = True
        form.add_error(
            None,
            ngettext(
                "Too many wrong tries. Please wait %(minutes)s minute.",
                "Too many wrong tries. Please wait %(minutes)s minutes.",
                minutes,
            )
            % {"minutes": minutes},
        )
        return False
    user = authenticate(request, username=name, password=password)
    if user is None:
        accounts.note_failure(name, address, now)
        form.add_error(None, gettext("User name and password do not go together."))
        return False
    login(request, user)
    note(request, "Signed in", f"user:{user.pk}")
    return True


def _safe(request: HttpRequest, wanted: str | None) -> str:
    """Only our own addresses: a sign-in page must not send people elsewhere."""
    if wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return settings.LOGIN_REDIRECT_URL


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Leave."""
    if request.user.is_authenticated:
        note(request, "Signed out", f"user:{request.user.pk}")
    logout(request)
    return redirect("console:sign-in")


class PasswordForm(Plain, PasswordChangeForm):
    """The old one, the new one twice; Django's own rules."""


@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; this session stays, others end."""
    form: Any = PasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        update_session_auth_hash(request, user)
        note(request, "Password changed", f"user:{user.pk}")
        say(request, gettext("Your password is changed. Other sessions of yours have ended."))
        return redirect("console:overview")
    return render(request, "console/password.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Choose the language of the pages."""
    answer = HttpResponseRedirect(_safe(request, request.POST.get("next")))
    if (chosen := request.POST.get("language", "")) in dict(settings.LANGUAGES):
        _remember(answer, settings.LANGUAGE_COOKIE_NAME, chosen)
    return answer


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Choose light, dark or the system's colours."""
    answer = HttpResponseRedirect(_safe(request, request.POST.get("next")))
    if (chosen := request.POST.get("theme", "")) in THEMES:
        _remember(answer, "pp_theme", chosen)
    return answer


def _remember(answer: HttpResponse, name: str, value: str) -> None:
    answer.set_cookie(name, value, max_age=_YEAR_SECONDS, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
