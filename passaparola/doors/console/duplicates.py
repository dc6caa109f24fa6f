"""People who may be one and the same: proposed with the evidence, merged only by somebody who looks at both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from passaparola.doors.console import people, sayings
from passaparola.doors.console.acting import note, say
from passaparola.kernel.models import AuditEntry
from passaparola.measure import pictures
from passaparola.measure.duplicates import Pair
from passaparola.people.models import Identity, Person
from passaparola.segments.models import Traits

PAGE = 25
_APART = "Persons kept apart"
# How sure each evidence makes by itself that two are one; together they make surer.
EVIDENCE = {
    "same_email": (0.9, _("both gave the same e-mail address")),
    "same_mailbox": (0.8, _("their e-mail addresses lead to the same mailbox")),
    "same_name_birthday": (0.7, _("same name and same birthday")),
    "same_phone": (0.5, _("both gave the same telephone number")),
}


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
    shown = pictures.look("duplicates", now=timezone.now())
    found = proposals(shown.value)
    some = found[:PAGE]
    for proposal in some:
        proposal.both = [_side(person_id) for person_id in proposal.pair]
    return render(request, "console/duplicates.html", {"proposals": some, "count": len(found), "shown": shown})


@require_POST
def apart(request: HttpRequest) -> HttpResponse:
    """Somebody looked: these two are not one. Kept in the audit trail, and not proposed again."""
    given = [request.POST.get(name, "") for name in ("one", "other")]
    if all(text.isdecimal() for text in given):
        one, other = sorted(people.root(int(text)).id for text in given)
        note(request, _APART, f"person:{one}", {"other": other})
        say(request, gettext("They stay two, and are not proposed again."))
    return redirect("console:duplicates")


def proposals(drawn: Mapping[str, list[Pair]]) -> list[Proposal]:
    """All pairs that any evidence speaks for, strongest first; without those somebody kept apart or merged since."""
    found: dict[Pair, Proposal] = {}
    for kind, (weight, words) in EVIDENCE.items():
        for pair in _roots(drawn[kind]):
            proposal = found.setdefault(pair, Proposal(pair))
            proposal.reasons.append(words)
            proposal.doubt *= 1 - weight
    for pair in _kept_apart():
        found.pop(pair, None)
    return sorted(found.values(), key=lambda one: (one.doubt, one.pair))


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


