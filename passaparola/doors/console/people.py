"""People: the list with its search and filters, and one person with everything known and why."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language

from passaparola.doors import look
from passaparola.doors.console import finding, lead_card, playbooks, sayings, ties, timeline
from passaparola.kernel import database, signing
from passaparola.measure import metrics
from passaparola.people.models import Consent, Identity, Merge, Person
from passaparola.programs.models import Assignment, Code, Program
from passaparola.segments.models import Membership, Segment, Traits

PAGE = 50
FOUND_MAX = 200
KINDS = (
    "events", "decisions", "stages", "referrals", "rewards", "messages", "consents", "leads", "groups", "relationships",
)  # fmt: skip


def people(request: HttpRequest) -> HttpResponse:
    """Everybody, or those of a stage, of a step of the funnel, or like a name; state in the address."""
    query = request.GET.get("q", "").strip()[: finding.QUERY_CHARACTERS_MAX]
    stage = request.GET.get("stage", "") if request.GET.get("stage") in look.STAGES else ""
    step = request.GET.get("step", "") if request.GET.get("step") in {s.name for s in metrics.STEPS} else ""
    found, after = _found(request, query, stage, step)
    traits = Traits.objects.in_bulk([p.id for p in found])
    friends = metrics.friends([p.id for p in found])
    counts = metrics.stages()
    context = {
        "query": query,
        "stage": stage,
        "step": step,
        "days": _days(request),
        "rows": [(person, traits.get(person.id), friends.get(person.id, 0)) for person in found],
        "after": after,
        "counts": counts,
        "total": counts.get(stage, 0) if stage else sum(counts.values()),
        "stages": look.STAGES,
        "anybody": bool(found) or Person.objects.exists(),
        "keep": {k: v for k, v in request.GET.items() if k in ("stage", "step", "days", "program", "q") and v},
    }
    template = "console/people_rows.html" if request.headers.get("HX-Target") == "people" else "console/people.html"
    return render(request, template, context)


def _days(request: HttpRequest) -> int:
    days = request.GET.get("days", "")
    return int(days) if days.isdecimal() and 0 < int(days) <= 3650 else 30


def _found(request: HttpRequest, query: str, stage: str, step: str) -> tuple[list[Person], int | None]:
    """The page's people and where the next page begins (None at the end, and for searches, which are ranked)."""
    if query:
        found = finding.people(query, FOUND_MAX)
        if stage:
            inside = set(
                Traits.objects.filter(stage=stage, person_id__in=[p.id for p in found]).values_list(
                    "person_id", flat=True
                )
            )
            found = [p for p in found if p.id in inside]
        return found[:PAGE], None
    everyone = Person.objects.filter(root_id=F("id"), forgotten_at=None)
    if step:
        program = request.GET.get("program", "")
        period = metrics.Period.last(_days(request), timezone.now())
        ids = metrics.people(step, period, int(program) if program.isdecimal() else None, FOUND_MAX)
        roots = dict(Person.objects.filter(id__in=ids).values_list("id", "root_id"))
        known = everyone.in_bulk(set(roots.values()))
        order = dict.fromkeys(roots[i] for i in ids if i in roots)
        return [known[i] for i in order if i in known], None
    if stage:
        everyone = everyone.filter(id__in=Traits.objects.filter(stage=stage).values("person_id"))
    before = request.GET.get("before", "")
    if before.isdecimal():
        everyone = everyone.filter(id__lt=int(before))
    found = list(everyone.order_by("-id")[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def root(person_id: int) -> Person:
    """The person under this number, or whom it was found to be. Raises 404."""
    person = get_object_or_404(Person, id=person_id)
    return person if person.root_id == person.id else get_object_or_404(Person, id=person.root_id)


def everything_of(person: Person) -> list[int]:
    """The numbers under which this person's rows stand: their own and those merged into it."""
    return list(Person.objects.filter(root_id=person.id).values_list("id", flat=True)) or [person.id]


def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """One person: head, balances, names, consents, codes; and the timeline with why."""
    who = root(person_id)
    ids = everything_of(who)
    kind = request.GET.get("kind", "") if request.GET.get("kind") in KINDS else ""
    query = request.GET.get("q", "").strip()[: finding.QUERY_CHARACTERS_MAX]
    entries = timeline.read(ids, get_language() or "en", before=_before(request), kind=kind, query=query)
    context: dict[str, Any] = {
        "person": who,
        "kind": kind,
        "query": query,
        "kinds": KINDS,
        "entries": entries[: timeline.PAGE],
        "older": entries[timeline.PAGE - 1].at.isoformat() if len(entries) > timeline.PAGE else "",
    }
    if request.headers.get("HX-Target") == "timeline":
        return render(request, "console/timeline.html", context)
    return render(request, "console/person.html", context | _head(request, who, ids))


def _before(request: HttpRequest) -> datetime:
    try:
        given = datetime.fromisoformat(request.GET["before"])
    except KeyError:
        return datetime.max.replace(tzinfo=UTC, year=9000)
    except ValueError as problem:
        raise Http404 from problem
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def _head(request: HttpRequest, who: Person, ids: list[int]) -> dict[str, Any]:
    """What stands beside the timeline."""
    codes = list(Code.objects.filter(person_id__in=ids, retired_at=None).order_by("-id")[:20])
    names = dict(Program.objects.values_list("id", "name"))
    arms = Assignment.objects.filter(person_id__in=ids).order_by("id")[:20]
    return {
        "traits": Traits.objects.filter(person_id=who.id).first(),
        "lead": lead_card.card(who),
        "groups": ties.groups(ids),
        "ties": ties.relationships(ids),
        "friends": sum(metrics.friends(ids).values()),
        "playbook": playbooks.card(request, who.id, ids),
        "identities": [
            (sayings.identity(i.kind), i)
            for i in Identity.objects.filter(person_id__in=ids).order_by("kind", "id")[:50]
        ],
        "consents": consents(ids),
        "balances": balances(ids),
        "codes": [(code, names.get(code.program_id, "")) for code in codes],
        "arms": [(arm, names.get(arm.program_id, "")) for arm in arms],
        "advocate_token": signing.sign("advocate", [who.id]) if codes else "",
        "segments": segments_of(ids),
        "merges": Merge.objects.filter(kept_id__in=ids, undone_at=None).order_by("-id")[:20],
        "can_be_coded": [
            (i, n)
            for i, n in Program.objects.filter(state="active").values_list("id", "name")
            if i not in {c.program_id for c in codes}
        ],
    }


def segments_of(ids: list[int]) -> list[tuple[Segment, Membership]]:
    """The segments this person is in, the newest first, each once."""
    rows = list(Membership.objects.filter(person_id__in=ids, until_at=None).order_by("-from_at", "-id")[:100])
    found = Segment.objects.in_bulk({row.segment_id for row in rows})
    return list({row.segment_id: (found[row.segment_id], row) for row in rows if row.segment_id in found}.values())


def consents(ids: list[int]) -> list[tuple[str, str, Consent]]:
    """What is in force, in words: per channel and purpose the newest row."""
    newest: dict[tuple[str, str], Consent] = {}
    for row in Consent.objects.filter(person_id__in=ids).order_by("id"):
        newest[row.channel, row.purpose] = row
    return [(sayings.purpose(row.purpose), sayings.channel(row.channel), row) for _key, row in sorted(newest.items())]


def balances(ids: list[int]) -> list[dict[str, Any]]:
    """Own and pending sums by unit, from the transfers themselves."""
    marks = ", ".join("?" * len(ids))
    sql = (
        "SELECT account.unit, account.kind, SUM(CASE WHEN transfer.target_id = account.id THEN transfer.amount "
        "ELSE -transfer.amount END) FROM account JOIN transfer "
        "ON transfer.source_id = account.id OR transfer.target_id = account.id "
        f"WHERE account.kind IN ('own', 'pending') AND account.owner_id IN ({marks}) GROUP BY account.unit, account.kind"
    )
    sums: dict[str, dict[str, int]] = {}
    for unit, kind, amount in database.rows(sql, ids):
        sums.setdefault(unit, {})[kind] = int(amount)
    return [
        {"unit": unit, "own": kinds.get("own", 0), "pending": kinds.get("pending", 0)}
        for unit, kinds in sorted(sums.items())
    ]
