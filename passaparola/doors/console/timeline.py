"""One person's timeline: everything that happened and was decided, merged in time order, with why beside each decision."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from passaparola.doors import look
from passaparola.doors.console import happenings, sayings, timeline_ties
from passaparola.doors.console.finding import plain
from passaparola.events.models import Event
from passaparola.ledger.models import Reward
from passaparola.messages.models import Message
from passaparola.people.models import Consent, Merge, Person
from passaparola.programs import wording
from passaparola.programs.models import Click, Code, Decision, Program, Referral, Share
from passaparola.segments.models import StageChange

# How many of each kind are read at most for one page; older ones are a page further.
ROWS_MAX = 200
PAGE = 60


@dataclass(frozen=True)
class Entry:
    """One line: when, what, in which tone, why, and the raw thing for whoever wants to see it."""

    at: datetime
    kind: str
    icon: str
    tone: str
    title: Any
    why: list[str] = field(default_factory=list)
    badge: tuple[str, str] | None = None
    url: str = ""
    raw: str = ""
    simulated: bool = False
    # The event that brought it about: what happened at one moment is told in the order of the log.
    event_id: int = 0


@dataclass(frozen=True)
class Reader:
    """Whose timeline, in which language, and before which moment."""

    ids: Sequence[int]
    language: str
    before: datetime
    programs: dict[int, str]
    rows_max: int = ROWS_MAX


Source = Callable[[Reader], Iterator[Entry]]


def read(ids: Sequence[int], language: str, *, before: datetime, kind: str = "", query: str = "") -> list[Entry]:
    """The newest entries before a moment, one more than a page if there are older ones.

    `kind` keeps one of KINDS; `query` keeps entries in whose words all of its words occur.
    """
    reader = Reader(ids, language, before, dict(Program.objects.values_list("id", "name")))
    entries = [entry for name, source in SOURCES if kind in ("", name) for entry in source(reader)]
    words = plain(query).split()
    if words:
        entries = [entry for entry in entries if all(word in _text(entry) for word in words)]
    return sorted(entries, key=lambda entry: (entry.at, entry.event_id, entry.kind != "events"), reverse=True)[
        : PAGE + 1
    ]


def _text(entry: Entry) -> str:
    return (
        plain(f"{entry.title} {' '.join(entry.why)}" + entry.raw)[:4000]
        if entry.raw
        else plain(f"{entry.title} {' '.join(entry.why)}")
    )


def _events(reader: Reader) -> Iterator[Entry]:
    rows = Event.objects.filter(person_id__in=reader.ids, occurred_at__lt=reader.before).exclude(type="act")
    for row in rows.order_by("-occurred_at")[:ROWS_MAX]:
        icon, tone, title = sayings.event(row)
        context = json.loads(row.context) if row.context else {}
        yield Entry(
            row.occurred_at,
            "events",
            icon,
            tone,
            title,
            raw=sayings.raw(row),
            url=reverse("console:event", args=[row.id]),
            simulated=look.is_simulated(context),
            why=[_("Imported history: it neither asks nor pays.")] if row.history else [],
            event_id=row.id,
        )


def _stages(reader: Reader) -> Iterator[Entry]:
    for row in StageChange.objects.filter(person_id__in=reader.ids, at__lt=reader.before).order_by("-at")[:ROWS_MAX]:
        title = _("Stage: %(before)s → %(after)s") % {
            "before": look.stage_word(row.before),
            "after": look.stage_word(row.after),
        }
        yield Entry(
            row.at, "stages", "stairs", "accent", title, why=sayings.stage_reason(row.reason), event_id=row.event_id
        )


def _decisions(reader: Reader) -> Iterator[Entry]:
    # A merge is told from its own row, which knows with whom.
    rows = Decision.objects.filter(person_id__in=reader.ids, at__lt=reader.before).exclude(
        kind="merge", outcome="merged"
    )
    for row in rows.order_by("-at")[:ROWS_MAX]:
        icon, tone = sayings.DECISION_LOOKS.get((row.kind, row.outcome), ("list-details", ""))
        title = wording.decision(reader.language, row.kind, row.outcome)
        if row.program_id in reader.programs:
            title = f"{title} · {reader.programs[row.program_id]}"
        why = wording.decision_reasons(reader.language, row.reasons)
        yield Entry(row.at, "decisions", icon, tone, title, why=why, event_id=row.event_id)


def _referrals(reader: Reader) -> Iterator[Entry]:
    as_advocate = Referral.objects.filter(advocate_id__in=reader.ids, opened_at__lt=reader.before)
    as_friend = Referral.objects.filter(friend_id__in=reader.ids, opened_at__lt=reader.before)
    found = [("advocate", r) for r in as_advocate.order_by("-opened_at")[:ROWS_MAX]]
    found += [("friend", r) for r in as_friend.order_by("-opened_at")[:ROWS_MAX]]
    who = happenings.everybody([i for _role, r in found for i in (r.advocate_id, r.friend_id)])
    for role, row in found:
        other = who.get(row.friend_id if role == "advocate" else row.advocate_id)
        sentence = _("Brought {other}") if role == "advocate" else _("Was recommended by {other}")
        yield Entry(
            row.opened_at,
            "referrals",
            "heart-handshake",
            "friend",
            format_html(sentence, other=happenings.link(other)),
            why=[wording.referral_reason(reader.language, row.reason, "staff")] if row.reason else [],
            badge=("referral", row.state),
            simulated=bool(other and look.is_simulated(other)),
            event_id=row.event_id,
        )


def _rewards(reader: Reader) -> Iterator[Entry]:
    for row in Reward.objects.filter(person_id__in=reader.ids, held_at__lt=reader.before).order_by("-held_at")[
        :ROWS_MAX
    ]:
        title = _("Reward of %(amount)s") % {"amount": look.money(row.amount, row.unit)}
        until = look.day(row.settled_at or row.due_at)
        why = [wording.reward_reason(reader.language, row.reason, until=until)] if row.reason else []
        yield Entry(row.held_at, "rewards", "gift", "good", title, why=why, badge=("reward", row.state))


def _messages(reader: Reader) -> Iterator[Entry]:
    rows = Message.objects.filter(person_id__in=reader.ids, planned_at__lt=reader.before)
    for row in rows.order_by("-planned_at")[:ROWS_MAX]:
        title = _("Message: %(what)s") % {"what": sayings.template(row.template)}
        why = [sayings.message_reason(reader.language, row.reason)] if row.reason else []
        url = reverse("console:message", args=[row.id])
        badge = ("message", row.state)
        yield Entry(row.planned_at, "messages", "mail", "", title, why, badge, url, event_id=row.event_id)


def _consents(reader: Reader) -> Iterator[Entry]:
    rows = Consent.objects.filter(person_id__in=reader.ids, at__lt=reader.before).order_by("-at")[:ROWS_MAX]
    for row in rows:
        title = _("Consent: %(purpose)s by %(channel)s") % {
            "purpose": sayings.purpose(row.purpose),
            "channel": sayings.channel(row.channel),
        }
        why = [f"“{row.wording}”"] if row.wording else []
        why.append(_("Source: %(source)s") % {"source": row.source})
        badge = ("consent", row.state)
        yield Entry(row.at, "consents", "shield-check", "", title, why, badge, event_id=row.event_id)


def _sharing(reader: Reader) -> Iterator[Entry]:
    codes = dict(Code.objects.filter(person_id__in=reader.ids).values_list("id", "value"))
    shares = Share.objects.filter(code_id__in=list(codes), at__lt=reader.before).order_by("-at")[:ROWS_MAX]
    for share in shares:
        title = _("Shared %(code)s by %(channel)s") % {
            "code": codes[share.code_id],
            "channel": sayings.share(share.channel),
        }
        yield Entry(share.at, "referrals", "share", "accent", title, event_id=share.event_id)
    clicks = Click.objects.filter(code_id__in=list(codes), at__lt=reader.before).order_by("-at")[:ROWS_MAX]
    for click in clicks:
        title = _("Somebody opened the link of %(code)s") % {"code": codes[click.code_id]}
        yield Entry(click.at, "referrals", "click", "friend", title, event_id=click.event_id)


def _merges(reader: Reader) -> Iterator[Entry]:
    for row in Merge.objects.filter(kept_id__in=reader.ids, at__lt=reader.before).order_by("-at")[:ROWS_MAX]:
        other = Person.objects.filter(id=row.merged_id).first()
        title = format_html(_("Found to be the same person as {other}"), other=look.called(other) if other else "")
        why = [sayings.merge_reason(row.reason)]
        if row.undone_at:
            why.append(_("Undone on %(day)s.") % {"day": look.day(row.undone_at)})
        yield Entry(row.at, "decisions", "git-merge", "accent", title, why=why, event_id=row.event_id)


# What the timeline is read from; the names are also its filters.
SOURCES: tuple[tuple[str, Source], ...] = (
    ("events", _events),
    ("decisions", _decisions),
    ("stages", _stages),
    ("referrals", _referrals),
    ("referrals", _sharing),
    ("rewards", _rewards),
    ("messages", _messages),
    ("consents", _consents),
    ("decisions", _merges),
    ("leads", timeline_ties.warmth),
    ("leads", timeline_ties.taken),
    ("groups", timeline_ties.groups),
    ("groups", timeline_ties.suggested),
    ("relationships", timeline_ties.relationships),
)
