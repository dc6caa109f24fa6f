"""The team: who has which role, who is let in, and what everybody did."""

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from passaparola.doors.console import accounts, roles, titles
from passaparola.doors.console.acting import note, say
from passaparola.doors.console.forms import Plain
from passaparola.kernel.models import AuditEntry

AUDIT_PAGE = 50
MEMBERS_MAX = 500


class MemberForm(Plain):
    """A name and a role; the password is made here and told once."""

    username = forms.RegexField(
        r"^[\w.@+-]+$", label=_("User name"), max_length=150, help_text=_("Letters, digits and . @ + - _")
    )
    role = forms.ChoiceField(
        label=_("Role"), choices=[(key, word) for key, word in roles.ROLES.items()], initial="read-only"
    )

    def clean_username(self) -> str:
        """Nobody has it yet."""
        name = str(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(_("Somebody has this name already."))
        return name


@never_cache
def team(request: HttpRequest) -> HttpResponse:
    """Members with their roles, a form for a new one, the audit trail."""
    return _page(request, MemberForm())


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Let somebody in."""
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    password = accounts.new_password()
    user = User.objects.create_user(form.cleaned_data["username"], password=password)
    roles.give(user, form.cleaned_data["role"])
    note(request, "Account made", f"user:{user.pk}", {"role": form.cleaned_data["role"]})
    request.session["fresh_password"] = [user.username, password]
    return redirect("console:team")


def _page(request: HttpRequest, form: MemberForm) -> HttpResponse:
    entries = AuditEntry.objects.order_by("-id")
    if (before := request.GET.get("before", "")).isdecimal():
        entries = entries.filter(id__lt=int(before))
    found = list(entries[: AUDIT_PAGE + 1])
    members = list(User.objects.order_by("username").prefetch_related("groups")[:MEMBERS_MAX])
    names = {f"user:{user.pk}": user.username for user in members}
    context = {
        "form": form,
        "members": [(user, roles.role_of(user)) for user in members],
        "roles": [(key, word, roles.MEANINGS[key]) for key, word in roles.ROLES.items()],
        "fresh": request.session.pop("fresh_password", None),
        "entries": [(entry, titles.audited(entry.act), names.get(entry.actor, entry.actor)) for entry in found[:AUDIT_PAGE]],
        "after": found[AUDIT_PAGE - 1].id if len(found) > AUDIT_PAGE else None,
    }
    return render(request, "console/team.html", context, status=422 if form.errors else 200)


@require_POST
def change(request: HttpRequest, user_id: int) -> HttpResponse:
    """Another role, or out. Nobody changes oneself, so an owner always remains."""
    user = get_object_or_404(User, id=user_id)
    if user.pk == request.user.pk:
        say(request, gettext("You cannot change your own account here; another owner can."), "bad")
        return redirect("console:team")
    role = request.POST.get("role", "")
    if role in roles.ROLES:
        roles.give(user, role)
        user.is_active, user.is_superuser = True, False
    elif role == "out":
        user.is_active = False
    else:
        return redirect("console:team")
    user.save(update_fields=["is_active", "is_superuser"])
    note(request, "Account changed", f"user:{user.pk}", {"role": role})
    say(request, gettext("Changed."))
    return redirect("console:team")
