"""People who may be one and the same: proposed with the evidence, merged only by somebody who looks at both."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from passaparola.doors.console import people, sayings
from passaparola.doors.console.acting import note, say
from passaparola.kernel.models import AuditEntry
from passaparola.people.models import Identity, Person
from passaparola.programs.models import Decision
from passaparola.segments.models import Traits

PAGE = 25
# Of each kind of evidence so many are looked at, the newest first where there is an order.
CANDIDATES_MAX = 500
_GROUP_MAX = 6
_APART = "Persons kept apart"
# How sure each evidence makes by itself that two are one; together they make surer.
EVIDENCE = {
    "same_email": (0.9, _("both gave the same e-mail address")),
    "same_mailbox": (0.8, _("their e-mail addresses lead to the same mailbox")),
    "same_name_birthday": (0.7, _("same name and same birthday")),
    "same_phone": (0.5, _("both gave the same telephone number")),
}
Pair = tuple[int, int]


@dataclass
class Proposal:
    """Two persons, what speaks for their being one, and how strongly (0 to 1)."""

    pair: Pair
    reasons: list[Any] = field(default_factory=list)
    doubt: float = 1.0
    both: list[dict[str, Any]] = field(default_factory=list)

    @property
    def likelihood(self) -> float:
        """How likely they are one, were each evidence independent."""
        return 1 - self.doubt


def duplicates(request: HttpRequest) -> HttpResponse:
    """The pairs with the strongest evidence."""
    found = proposals()
    shown = found[:PAGE]
    for proposal in shown:
        proposal.both = [_side(person_id) for person_id in proposal.pair]
    return render(request, "console/duplicates.html", {"proposals": shown, "count": len(found)})


@require_POST
def apart(request: HttpRequest) -> HttpResponse:
    """Somebody looked: these two are not one. Kept in the audit trail, and not proposed again."""
    given = [request.POST.get(name, "") for name in ("one", "other")]
    if all(text.isdecimal() for text in given):
        one, other = sorted(people.root(int(text)).id for text in given)
        note(request, _APART, f"person:{one}", {"other": other})
        say(request, gettext("They stay two, and are not proposed again."))
    return redirect("console:duplicates")


def proposals() -> list[Proposal]:
    """All pairs that any evidence speaks for, strongest first; without those somebody kept apart."""
    found: dict[Pair, Proposal] = {}
    for kind, pairs in (
        ("same_email", _refused_merges()),
        ("same_mailbox", _mailboxes()),
        ("same_name_birthday", _namesakes()),
        ("same_phone", _phones()),
    ):
        weight, words = EVIDENCE[kind]
        for pair in _roots(pairs):
            proposal = found.setdefault(pair, Proposal(pair))
            proposal.reasons.append(words)
            proposal.doubt *= 1 - weight
    for pair in _kept_apart():
        found.pop(pair, None)
    return sorted(found.values(), key=lambda one: (one.doubt, one.pair))


def _refused_merges() -> Iterator[Pair]:
    """What the corridor would not decide: one address, two customer numbers."""
    rows = Decision.objects.filter(kind="merge", outcome="refused").order_by("-id")[:CANDIDATES_MAX]
    for person_id, subject in rows.values_list("person_id", "subject"):
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


def _roots(pairs: Iterable[Pair]) -> set[Pair]:
    """The pairs as who they are now; those already one, or forgotten, are none."""
    listed = list(pairs)
    ids = {person_id for pair in listed for person_id in pair}
    known = dict(Person.objects.filter(id__in=ids, forgotten_at=None).values_list("id", "root_id"))
    found = {
        (min(known[one], known[other]), max(known[one], known[other]))
        for one, other in listed
        if one in known and other in known
    }
    return {pair for pair in found if pair[0] != pair[1]}


def _kept_apart() -> set[Pair]:
    entries = AuditEntry.objects.filter(act=_APART).order_by("-id").values_list("subject", "detail")[:5000]
    pairs = {(int(subject.split(":")[1]), int(detail["other"])) for subject, detail in entries}
    return {(min(pair), max(pair)) for pair in pairs}


def _side(person_id: int) -> dict[str, Any]:
    """What one compares at a glance."""
    person = Person.objects.get(id=person_id)
    ids = people.everything_of(person)
    named = Identity.objects.filter(person_id__in=ids).exclude(kind__in=("anonymous_id", "forgotten")).order_by("id")[:4]
    return {
        "person": person,
        "traits": Traits.objects.filter(person_id=person_id).first(),
        "identities": [(sayings.identity(one.kind), one.value) for one in named],
    }


