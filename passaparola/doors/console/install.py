"""Install: keys, and snippets to copy with the reader's own key in them; it turns green with the first event."""

from pathlib import Path

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from passaparola.doors.console.acting import note, say
from passaparola.doors.console.forms import Plain
from passaparola.events.models import Event
from passaparola.kernel import keys
from passaparola.kernel.models import Key

SNIPPETS = (
    ("curl", "curl", "curl.txt"),
    ("python", "Python", "python.txt"),
    ("node", "Node", "node.txt"),
    ("browser", "HTML", "browser.txt"),
)
_FOLDER = Path(__file__).parent / "snippets"
# In servers' snippets a secret key stands only while it is shown for the one time.
_SERVER, _BROWSER = "sk_YOUR_KEY", "pk_YOUR_KEY"


class KeyForm(Plain):
    """A name, the source its events belong to, and whether a browser may hold it."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("So that you know later what it is for: web shop, till, warehouse.")
    )
    source = forms.SlugField(
        label=_("Source"),
        max_length=60,
        initial="shop",
        help_text=_("Events are unique within a source. While you change keys, the old and the new one share it."),
    )
    kind = forms.ChoiceField(
        label=_("What it may do"),
        choices=[
            ("server", _("Secret, for your server: send events, orders and consents too")),
            ("public", _("Public, for your pages: page views and the like, never orders or consents")),
            ("read", _("Secret: send events and read through the API")),
            ("all", _("Secret: everything the API offers")),
        ],
    )


@never_cache
def install(request: HttpRequest) -> HttpResponse:
    """Keys and snippets. A new key's text is shown once; a public one stays in the snippets while signed in."""
    return _page(request, KeyForm())


@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """A new key."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    _make(request, form.cleaned_data)
    return redirect("console:install")


def _page(request: HttpRequest, form: KeyForm) -> HttpResponse:
    mine, fresh = request.session.get("public_key", ""), request.session.pop("fresh_key", "")
    secret = fresh if fresh.startswith(keys.SECRET_PREFIX) else ""
    shown = {"browser": mine or _BROWSER}
    context = {
        "form": form,
        "keys": [(key, _state(key)) for key in Key.objects.order_by("-id")[:100]],
        "fresh": fresh,
        "mine": secret or mine,
        "snippets": [(code, name, _filled(file, shown.get(code, secret or _SERVER))) for code, name, file in SNIPPETS],
        **_arrived(),
    }
    return render(request, "console/install.html", context, status=422 if form.errors else 200)


def _make(request: HttpRequest, wanted: dict[str, str]) -> None:
    public = wanted["kind"] == "public"
    scopes = {"public": (), "server": (keys.SEND_EVENTS,), "read": (keys.SEND_EVENTS, keys.READ), "all": ()}[
        wanted["kind"]
    ]
    key, text = keys.make(
        name=wanted["name"], source=wanted["source"], now=timezone.now(), public=public, scopes=scopes
    )
    note(request, "Key made", f"key:{key.pk}", {"scopes": len(key.scopes)})
    request.session["fresh_key"] = text
    if public:
        # Public by design: it will stand in the page of a shop.
        request.session["public_key"] = text


def _filled(file: str, key: str) -> str:
    return (_FOLDER / file).read_text().replace("{{key}}", key).replace("{{url}}", settings.BASE_URL).strip()


def _state(key: Key) -> str:
    if key.revoked_at:
        return "revoked"
    return "expired" if key.expires_at and key.expires_at <= timezone.now() else "active"


def _arrived() -> dict[str, object]:
    return {"first": Event.objects.exclude(type="act").order_by("-id").first()}


@never_cache
def arrived(request: HttpRequest) -> HttpResponse:
    """Whether an event has come; asked every few seconds while the page is open."""
    return render(request, "console/arrived.html", _arrived())


@require_POST
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """The key stops working within seconds."""
    get_object_or_404(Key, id=key_id)
    keys.revoke(key_id=key_id, now=timezone.now())
    keys.forget()
    note(request, "Key revoked", f"key:{key_id}")
    say(request, gettext("The key is revoked: within seconds nothing is accepted with it."))
    return redirect("console:install")
