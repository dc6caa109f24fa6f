"""Pairs of people who may be one and the same, by what speaks for it: numbers only, everybody looked at."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.db.models.functions import Lower

from passaparola.people.models import Identity, Person
from passaparola.programs.refusals import refused

# Of each kind of evidence so many are looked at, the newest first where there is an order.
CANDIDATES_MAX = 500
_GROUP_MAX = 6
Pair = tuple[int, int]


def draw(now: datetime) -> dict[str, list[Pair]]:
    """The picture: for each kind of evidence the pairs it speaks for, as it found them: not yet as who they are today."""
    return {name: list(dict.fromkeys(find())) for name, find in FINDERS.items()}


def _refused_merges() -> Iterator[Pair]:
    """What the corridor would not decide: one address, two customer numbers."""
    for decision in refused("merge", CANDIDATES_MAX):
        person_id, subject = decision.person_id, decision.subject
        kind, _colon, number = subject.partition(":")
        if kind == "person" and number.isdecimal():
            yield person_id, int(number)


def _mailboxes() -> Iterator[Pair]:
    """Dots and tags make no other mailbox."""
    same = (
        Identity.objects.filter(kind="email").exclude(likeness="").values("likeness")
        .annotate(n=Count("id")).filter(n__gt=1).values_list("likeness", flat=True)[:CANDIDATES_MAX]
    )  # fmt: skip
    held: dict[str, list[int]] = {}
    for likeness, person_id in Identity.objects.filter(kind="email", likeness__in=list(same)).values_list(
        "likeness", "person_id"
    ):
        held.setdefault(likeness, []).append(person_id)
    yield from _pairs(held.values())


def _namesakes() -> Iterator[Pair]:
    everybody = Person.objects.filter(forgotten_at=None).exclude(birth_on=None).exclude(name="")
    same = (
        everybody.annotate(low=Lower("name")).values("low", "birth_on").annotate(n=Count("id")).filter(n__gt=1)
        .values_list("low", "birth_on")[:CANDIDATES_MAX]
    )  # fmt: skip
    wanted = set(same)
    held: dict[tuple[Any, Any], list[int]] = {}
    candidates = everybody.annotate(low=Lower("name")).filter(birth_on__in={born for _name, born in wanted})
    for person_id, low, born in candidates.filter(low__in={low for low, _born in wanted}).values_list(
        "id", "low", "birth_on"
    ):
        if (low, born) in wanted:
            held.setdefault((low, born), []).append(person_id)
    yield from _pairs(held.values())


def _phones() -> Iterator[Pair]:
    """A number belongs to whoever gave it first; who gave it later has it noted."""
    later = Person.objects.filter(profile__has_key="shared_phone", forgotten_at=None).order_by("-id")[:CANDIDATES_MAX]
    numbers = {person.id: person.profile["shared_phone"] for person in later}
    holders = dict(Identity.objects.filter(kind="phone", value__in=set(numbers.values())).values_list("value", "person_id"))
    for person_id, number in numbers.items():
        if number in holders:
            yield person_id, holders[number]


def _pairs(groups: Iterable[list[int]]) -> Iterator[Pair]:
    """Everybody of a group with its first; a group too large is a shop's own address or a made-up birthday."""
    for members in groups:
        if len(members) <= _GROUP_MAX:
            first, *others = sorted(set(members))
            yield from ((first, other) for other in others)


FINDERS = {
    "same_email": _refused_merges,
    "same_mailbox": _mailboxes,
    "same_name_birthday": _namesakes,
    "same_phone": _phones,
}
