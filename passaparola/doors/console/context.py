"""What every page of the console knows: where one can go, what waits, whether this is the demo."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from passaparola.doors.console import roles
from passaparola.events.models import Parked
from passaparola.kernel.models import Setting
from passaparola.messages.models import Message

# Route, icon, word, key after "g", permission.
PLACES = (
    ("overview", "layout-dashboard", _("Overview"), "o", "overview.read"),
    ("people", "users", _("People"), "p", "people.read"),
    ("programs", "speakerphone", _("Programmes"), "r", "programs.read"),
    ("segments", "chart-pie", _("Segments"), "w", "segments.read"),
    ("stages", "stairs", _("Stages"), "s", "stages.read"),
    ("groups", "home-heart", _("Groups"), "c", "groups.read"),
    ("leads", "target", _("Leads"), "l", "leads.read"),
    ("profiles", "table", _("Profiles"), "q", "stages.read"),
    ("pyramid", "triangle", _("Pyramid"), "y", "stages.read"),
    ("outbox", "mail", _("Messages"), "m", "messages.read"),
    ("events", "activity", _("Events"), "e", "events.read"),
    ("imports", "package", _("Imports"), "f", "imports.read"),
    ("install", "plug", _("Install"), "i", "keys.read"),
    ("team", "user-circle", _("Team"), "t", "team.read"),
)


@dataclass(frozen=True)
class Place:
    """One entry of the menu."""

    name: str
    icon: str
    word: Any
    key: str
    url: str
    here: bool
    waiting: int


def console(request: HttpRequest) -> dict[str, Any]:
    """For templates below /console; nothing is asked of the database on other pages."""
    if not request.path.startswith("/console"):
        return {}
    return {
        "theme": _theme(request),
        "languages": settings.LANGUAGES,
        "currency": settings.CURRENCY,
        "places": SimpleLazyObject(lambda: _places(request)),
        "role": SimpleLazyObject(lambda: roles.ROLES.get(roles.role_of(request.user), "")),
        "may": May(request.user),
        "demo": SimpleLazyObject(demo),
    }


class May:
    """`{% if may.programs_write %}` in templates asks the matrix."""

    def __init__(self, user: Any) -> None:
        self.user = user

    def __getitem__(self, name: str) -> bool:
        return roles.may(self.user, name.replace("_", ".", 1))


def demo() -> dict[str, Any] | None:
    """What is real and what is simulated in this installation's demo; None outside a demo."""
    row = Setting.objects.filter(name="demo").first()
    value = row.value if row else None
    return (value if isinstance(value, dict) else {"on": True}) if value else None


def _theme(request: HttpRequest) -> str:
    chosen = request.COOKIES.get("pp_theme", "")
    return chosen if chosen in ("light", "dark") else "system"


def _places(request: HttpRequest) -> list[Place]:
    match = request.resolver_match
    section = (match.url_name or "").split("-")[0] if match else ""
    aliases = {
        "person": "people",
        "duplicates": "people",
        "lead": "leads",
        "group": "groups",
        "segment": "segments",
        "program": "programs",
        "message": "outbox",
        "event": "events",
        "parked": "events",
        "import": "imports",
        "key": "install",
        "member": "team",
    }
    here = aliases.get(section, section)
    waiting = {"outbox": _unknown_count, "events": _parked_count}
    return [
        Place(name, icon, str(word), key, reverse(f"console:{name}"), name == here, waiting.get(name, lambda: 0)())
        for name, icon, word, key, permission in PLACES
        if roles.may(request.user, permission)
    ]


def _unknown_count() -> int:
    return Message.objects.filter(state="unknown").count()


def _parked_count() -> int:
    return Parked.objects.filter(resolved_at=None).count()
