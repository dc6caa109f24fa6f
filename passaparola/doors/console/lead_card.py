"""Somebody as a lead, in the words of the console: what her page shows."""

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from passaparola.measure import leads as figures
from passaparola.people.models import Person
from passaparola.segments.lead_actions import rules_in_force
from passaparola.segments.models import Lead

SOURCES = {
    "form": _("Form"),
    "co-registration": _("Partner’s form"),
    "referral": _("Recommendation"),
    "event": _("Event or fair"),
    "draw": _("Draw"),
}


def taker(by: str) -> str:
    """Who took a lead on, as colleagues know them."""
    if not by.startswith("user:") or not by[5:].isdecimal():
        return by
    return User.objects.filter(pk=int(by[5:])).values_list("username", flat=True).first() or by


def card(who: Person) -> dict[str, Any] | None:
    """What the person's page shows of her as a lead; None for whoever never was one."""
    row = Lead.objects.filter(person_id=who.id).exclude(source="").first()
    if row is None:
        return None
    (explained,) = figures.explain([row], timezone.now(), rules_in_force())
    return {"explained": explained, "source": SOURCES.get(row.source, row.source), "taker": taker(row.taken_by)}
