"""From a signed token to the person it speaks for."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy

from passaparola.kernel import signing
from passaparola.kernel.errors import Refusal
from passaparola.people.models import Consent, Person


class LinkBroken(Refusal):
    """This link is not complete, or not one of ours. Please open it again from the message we sent you."""

    code = "link_broken"
    status = 404


class LinkExpired(Refusal):
    """This link was valid for a limited time, and that is over."""

    code = "link_expired"
    status = 410


class NobodyThere(Refusal):
    """There is nothing behind this link any more."""

    code = "nobody_there"
    status = 404


TITLES = {
    "link_broken": gettext_lazy("This link does not work"),
    "link_expired": gettext_lazy("This link has expired"),
    "nobody_there": gettext_lazy("Nothing to see here"),
    "no_page": gettext_lazy("Nothing to see here"),
    "stale_form": gettext_lazy("Please send it once more"),
}


def ids(purpose: str, token: str, *, now: datetime) -> list[int]:
    """The ids in a token. Raises LinkBroken or LinkExpired."""
    try:
        return signing.open_token(purpose, token, now=now)
    except signing.Expired as problem:
        raise LinkExpired() from problem
    except signing.Forged as problem:
        raise LinkBroken() from problem


def person(person_id: int) -> Person:
    """The root of a person. Raises NobodyThere when unknown or forgotten."""
    found = Person.objects.filter(pk=person_id).first()
    root = found if found is None or found.root_id == found.id else Person.objects.filter(pk=found.root_id).first()
    if root is None or root.forgotten_at:
        raise NobodyThere()
    return root


def all_ids(root: Person) -> list[int]:
    """Every row that is this person: rows that merged keep their id."""
    return list(Person.objects.filter(root_id=root.root_id).values_list("id", flat=True))


def consents(person_ids: Sequence[int], channel: str = "email") -> dict[str, str]:
    """The state in force of each purpose ever spoken of: the newest row counts."""
    rows = Consent.objects.filter(person_id__in=person_ids, channel=channel).order_by("id")
    return dict(rows.values_list("purpose", "state"))
