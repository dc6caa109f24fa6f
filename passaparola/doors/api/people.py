"""What the API says about a person, in a fixed number of queries."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.db.models import F, Q, QuerySet
from pydantic import Field

from passaparola.doors.api import saying
from passaparola.doors.api.shapes import Amount, Day, Out, Said, Time
from passaparola.events.models import Event
from passaparola.messages.models import Message
from passaparola.people import finding, names
from passaparola.people.models import Consent, Merge, Person, PersonWord
from passaparola.programs.models import Decision
from passaparola.segments.models import StageChange, Traits


class TraitsOut(Out):
    """What is known from what the person did."""

    stage: str = Field(description="none, few, some or many returns in the observation period.")
    stage_since_at: Time | None
    visits_period: int
    visits_ever: int
    orders: int
    spent: Amount = Field(description="Net of refunds.")
    refunds: int
    complaints_open: int
    first_seen_at: Time
    last_seen_at: Time
    first_order_at: Time | None
    last_order_at: Time | None


class PersonBrief(Out):
    """A person in a list."""

    id: int
    uid: str
    name: str
    language: str
    created_at: Time
    stage: str
    orders: int
    forgotten_at: Time | None


class PersonOut(Out):
    """A person."""

    id: int
    uid: str
    name: str
    given_name: str
    birth_on: Day | None
    sex: str
    language: str
    time_zone: str
    profile: dict[str, Any] = Field(description="Own traits, as sent.")
    shows_name: bool = Field(description="Whether friends may see the given name.")
    created_at: Time
    forgotten_at: Time | None
    merged: list[int] = Field(description="Numbers of rows found to be this person.")
    traits: TraitsOut | None


class IdentityOut(Out):
    """A name under which the person is known."""

    kind: str
    value: str
    verified_at: Time | None
    created_at: Time


class ConsentOut(Out):
    """What the person said about being written to."""

    id: int
    channel: str
    purpose: str
    state: str
    in_force: bool
    wording: str
    language: str
    source: str
    at: Time


class MergeOut(Out):
    """That two persons are one."""

    id: int
    kept: int
    merged: int
    reason: str
    at: Time
    undone_at: Time | None


class TimelineItem(Out):
    """One line of a person's timeline."""

    at: Time
    kind: Literal["event", "decision", "stage", "message"]
    id: int
    name: str = Field(description="The event's name, the decision's kind, the stage entered or the message's text.")
    outcome: str = Field(description="What was decided, or the message's state; empty for events.")
    reasons: list[Said]
    values: dict[str, Any]


class TimelinePage(Out):
    """Some of a timeline, newest first."""

    items: list[TimelineItem]
    next: str | None = Field(description="The cursor of the following page; null on the last.")


def search(q: str | None, stage: str | None) -> QuerySet[Person]:
    """People by beginnings of what they are called or known by, and by stage; merged rows left out."""
    found = Person.objects.filter(root_id=F("id"))
    if q is not None:
        for meant in (text := _meant(names.searchable(q))):
            found = found.filter(pk__in=Person.objects.filter(pk__in=meant).values("root_id"))
        found = found if text else found.none()
    if stage == "none":
        return found.exclude(pk__in=Traits.objects.exclude(stage="none").values("person_id"))
    return found.filter(pk__in=Traits.objects.filter(stage=stage).values("person_id")) if stage else found


def _meant(text: str) -> list[Any]:
    """For each word and number of a `searchable` question the ids of those who have one that begins so."""
    words = [PersonWord.objects.filter(word__gte=w, word__lt=w + chr(0x10FFFF)).values("person_id") for w in names.asked(text)]
    numbers = [one for one in text.split() if finding.is_number(one) and "@" not in one]
    return [*words, *([finding.by_number(numbers)] if numbers else [])]


def briefs(rows: list[Person]) -> list[PersonBrief]:
    """People of one page, with their stages by one more query."""
    traits = {t.person_id: t for t in Traits.objects.filter(pk__in=[p.pk for p in rows])}
    return [
        PersonBrief(
            id=p.pk, uid=p.uid, name=p.name, language=p.language, created_at=p.created_at, forgotten_at=p.forgotten_at,
            stage=t.stage if (t := traits.get(p.pk)) else "none", orders=t.orders if t else 0,
        )
        for p in rows
    ]  # fmt: skip


def person_out(person: Person) -> PersonOut:
    """One person, three queries."""
    traits = Traits.objects.filter(pk=person.pk).first()
    merged = Person.objects.filter(root_id=person.pk).exclude(pk=person.pk).order_by("id").values_list("id", flat=True)
    return PersonOut(
        **{f: getattr(person, f) for f in PersonOut.model_fields if f not in {"merged", "traits"}},
        merged=list(merged[:1000]),
        traits=TraitsOut(
            **{f: getattr(traits, f) for f in TraitsOut.model_fields if f != "spent"},
            spent=Amount(amount=traits.spent_minor, unit=settings.CURRENCY),
        )
        if traits
        else None,
    )


def consents(member_ids: list[int]) -> list[ConsentOut]:
    """Every consent of a person, newest first; the newest of each channel and purpose is in force. At most 1000."""
    seen: set[tuple[str, str]] = set()
    out = []
    for c in Consent.objects.filter(person_id__in=member_ids).order_by("-id")[:1000]:
        fresh = (c.channel, c.purpose) not in seen
        seen.add((c.channel, c.purpose))
        out.append(
            ConsentOut(
                id=c.pk,
                channel=c.channel,
                purpose=c.purpose,
                state=c.state,
                in_force=fresh,
                wording=c.wording,
                language=c.language,
                source=c.source,
                at=c.at,
            )  # fmt: skip
        )
    return out


def merges(member_ids: list[int]) -> list[MergeOut]:
    """Merges in which any of these rows took part, newest first."""
    found = Merge.objects.filter(Q(kept_id__in=member_ids) | Q(merged_id__in=member_ids)).order_by("-id")[:200]
    return [
        MergeOut(id=m.pk, kept=m.kept_id, merged=m.merged_id, reason=m.reason, at=m.at, undone_at=m.undone_at)
        for m in found
    ]


def _event(e: Event) -> TimelineItem:
    properties = json.loads(e.properties or "{}")
    name = e.name or e.type
    return TimelineItem(at=e.occurred_at, kind="event", id=e.pk, name=name, outcome="", reasons=[], values=properties)


def _decision(d: Decision) -> TimelineItem:
    values = {"program": d.program_id, "subject": d.subject}
    return TimelineItem(
        at=d.at,
        kind="decision",
        id=d.pk,
        name=d.kind,
        outcome=d.outcome,
        reasons=saying.reasons(d.reasons),
        values=values,
    )


def _stage(s: StageChange) -> TimelineItem:
    values = {"before": s.before, **s.reason}
    return TimelineItem(at=s.at, kind="stage", id=s.pk, name=s.after, outcome="", reasons=[], values=values)


def _message(m: Message) -> TimelineItem:
    values = {"channel": m.channel, "purpose": m.purpose, "program": m.program_id, "reason": m.reason}
    return TimelineItem(
        at=m.planned_at, kind="message", id=m.pk, name=m.template, outcome=m.state, reasons=[], values=values
    )


# What a timeline is woven from: the table, its time, and how a row is said. The position is the rank in a tie.
_STRANDS: tuple[tuple[Any, str, Any], ...] = (
    (Event, "occurred_at", _event),
    (Decision, "at", _decision),
    (StageChange, "at", _stage),
    (Message, "planned_at", _message),
)


def timeline(member_ids: list[int], limit: int, after: str | None) -> TimelinePage:
    """A page of the timeline: each strand's newest rows after the cursor, woven by time; four queries."""
    lines: list[tuple[datetime, int, int, Any, Any]] = []
    for rank, (model, at, say) in enumerate(_STRANDS):
        found = model.objects.filter(person_id__in=member_ids).filter(_past(at, rank, after))
        for row in found.order_by(f"-{at}", "-id")[: limit + 1]:
            lines.append((getattr(row, at), rank, row.pk, say, row))
    # Newest first; in a tie the lower rank, then the higher number.
    lines.sort(key=lambda line: (-_micros(line[0]), line[1], -line[2]))
    following = None
    if len(lines) > limit:
        at_, rank, number, *_ = lines[limit - 1]
        following = f"{_micros(at_)}.{rank}.{number}"
    return TimelinePage(items=[say(row) for *_, say, row in lines[:limit]], next=following)


def _micros(at: datetime) -> int:
    whole = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (whole.days * 86_400 + whole.seconds) * 1_000_000 + whole.microseconds


def _past(at: str, rank: int, after: str | None) -> Q:
    """The condition that a row of a strand comes after the cursor."""
    if after is None:
        return Q()
    micros, cursor_rank, number = (int(part) for part in after.split("."))
    moment = _moment(micros)
    earlier = Q(**{f"{at}__lt": moment})
    if rank < cursor_rank:
        return earlier
    if rank > cursor_rank:
        return Q(**{f"{at}__lte": moment})
    return earlier | Q(**{at: moment, "id__lt": number})


def _moment(micros: int) -> datetime:
    """The moment of a cursor; 10¹⁶ microseconds lie in the year 2286, within what databases keep."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
