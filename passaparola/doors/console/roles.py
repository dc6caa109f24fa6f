"""Who may do what: six roles, named permissions, one matrix to read aloud."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

ROLES = {
    "owner": _("Owner"),
    "marketer": _("Marketer"),
    "reviewer": _("Reviewer"),
    "till": _("Till"),
    "analyst": _("Analyst"),
    "read-only": _("Read only"),
}
MEANINGS = {
    "owner": _("Everything, also keys and accounts."),
    "marketer": _("Programmes, messages, segments and stages; sees people."),
    "reviewer": _("Corrects people and consents, settles what is in doubt."),
    "till": _("Finds people and gives out codes."),
    "analyst": _("Sees everything, changes nothing."),
    "read-only": _("Sees figures, programmes and people."),
}

# Permission → roles; the owner has all.
MATRIX: dict[str, tuple[str, ...]] = {
    "own": ("marketer", "reviewer", "till", "analyst", "read-only"),
    "overview.read": ("marketer", "reviewer", "analyst", "read-only"),
    "people.read": ("marketer", "reviewer", "till", "analyst", "read-only"),
    "people.write": ("marketer", "reviewer"),
    "people.merge": ("reviewer",),
    "people.forget": (),
    "codes.write": ("marketer", "reviewer", "till"),
    "programs.read": ("marketer", "reviewer", "till", "analyst", "read-only"),
    "programs.write": ("marketer",),
    "programs.launch": ("marketer",),
    "messages.read": ("marketer", "reviewer", "analyst", "read-only"),
    "messages.write": ("marketer", "reviewer"),
    "events.read": ("marketer", "reviewer", "analyst"),
    "events.write": ("reviewer",),
    "stages.read": ("marketer", "reviewer", "analyst", "read-only"),
    "stages.write": ("marketer",),
    "leads.read": ("marketer", "reviewer", "analyst", "read-only"),
    "leads.write": ("marketer", "reviewer"),
    "leads.rules": ("marketer",),
    "imports.read": ("marketer", "reviewer", "analyst"),
    "imports.write": ("marketer",),
    "groups.read": ("marketer", "reviewer", "analyst", "read-only"),
    "groups.write": ("marketer",),
    "segments.read": ("marketer", "reviewer", "analyst", "read-only"),
    "segments.write": ("marketer",),
    "segments.export": ("marketer", "analyst"),
    "keys.read": ("analyst",),
    "keys.write": (),
    "team.read": (),
    "team.write": (),
}

View = Callable[..., HttpResponseBase]


def role_of(user: AbstractBaseUser | AnonymousUser) -> str:
    """The user's role, "" for none. Superusers are owners; somebody in two groups has the stronger, as listed."""
    if not isinstance(user, User):
        return ""
    if user.is_superuser:
        return "owner"
    known: dict[str, str] = user.__dict__
    if "role" not in known:
        held = {group.name for group in user.groups.all()}
        known["role"] = next((role for role in ROLES if role in held), "")
    return known["role"]


def may(user: AbstractBaseUser | AnonymousUser, permission: str) -> bool:
    """Whether the user's role carries the permission. An unknown permission is a mistake of ours and raises KeyError."""
    allowed = MATRIX[permission]
    role = role_of(user)
    return role == "owner" or role in allowed


def give(user: User, role: str) -> None:
    """Make this the user's one role."""
    group, _made = Group.objects.get_or_create(name=role)
    user.groups.set([group])


def needs(permission: str) -> Callable[[View], View]:
    """Let only those with the permission in: others to sign in, or a page that says which role it takes."""
    MATRIX[permission]

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not may(request.user, permission):
                who = ["owner", *MATRIX[permission]]
                return render(request, "console/forbidden.html", {"roles": [ROLES[r] for r in who]}, status=403)
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return wrap
