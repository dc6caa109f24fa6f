"""What the timeline tells of leads, groups and relationships: each coming, going and change, with why."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from passaparola.doors import look
from passaparola.doors.console import happenings, lead_card, ties, titles
from passaparola.events.models import Event
from passaparola.people.models import Group, GroupMember, GroupSuggestion, Relationship
from passaparola.segments.models import Lead, LeadChange

if TYPE_CHECKING:
    from passaparola.doors.console.timeline import Entry, Reader

_TONES = {"cold": "", "warm": "warn", "hot": "accent", "": "good"}


def _entry(at: datetime, kind: str, icon: str, tone: str, title: Any, why: list[str], event_id: int, url: str = "") -> "Entry":
    from passaparola.doors.console.timeline import Entry

    return Entry(at, kind, icon, tone, title, why=[one for one in why if one], url=url, event_id=event_id)


# --- leads ---------------------------------------------------------------------------------------


def warmth(reader: "Reader") -> Iterator["Entry"]:
    """How a lead became warmer and colder, by which numbers and because of what."""
    found = LeadChange.objects.filter(person_id__in=reader.ids, at__lt=reader.before)
    rows = list(found.order_by("-at")[: reader.rows_max])
    sources = dict(Lead.objects.filter(person_id__in={row.person_id for row in rows}).values_list("person_id", "source"))
    for row in rows:
        source = lead_card.SOURCES.get(sources.get(row.person_id, ""), "")
        why = [_("Source: %(source)s") % {"source": source}] if source and not row.before else []
        yield _entry(
            row.at, "leads", "target", _TONES.get(row.after, ""), _warmer(row.before, row.after),
            why + _numbers(row) + [_because(str(row.reason.get("because", "")), row)], row.event_id,
        )  # fmt: skip


def _warmer(before: str, after: str) -> str:
    if not after:
        return _("Lead no more")
    words = look.STATES["lead"]
    if not before:
        return _("Lead: %(warmth)s") % {"warmth": words[after][1]}
    return _("Lead: %(before)s → %(after)s") % {"before": words[before][1], "after": words[after][1]}


def _numbers(row: LeadChange) -> list[str]:
    if not row.after:
        return []
    numbers = {"score": row.score, "fit": row.reason.get("fit", 0), "engagement": row.reason.get("engagement", 0)}
    said = {name: look.number(number) for name, number in numbers.items()}
    return [_("Score %(score)s: fit %(fit)s, engagement %(engagement)s.") % said]


def _because(code: str, row: LeadChange) -> str:
    if code == "time":
        return _("Time passed: what was done long ago weighs less.")
    if not code:
        return ""
    known = titles.EVENTS.get(code) or titles.TYPES.get(code)
    return _("Because of: %(event)s") % {"event": known[2] if known else code}


def taken(reader: "Reader") -> Iterator["Entry"]:
    """Who of sales took her on, and gave her back."""
    found = Event.objects.filter(
        person_id__in=reader.ids, type="act", name__in=("Lead Taken", "Lead Returned"), occurred_at__lt=reader.before
    )
    for row in found.order_by("-occurred_at")[: reader.rows_max]:
        by = json.loads(row.properties or "{}").get("by") or json.loads(row.context or "{}").get("actor") or row.source
        title = _("Lead taken on") if row.name == "Lead Taken" else _("Lead given back")
        why = _("By %(who)s") % {"who": lead_card.taker(str(by))}
        yield _entry(row.occurred_at, "leads", "target", "", title, [why], row.id)


# --- groups --------------------------------------------------------------------------------------


def groups(reader: "Reader") -> Iterator["Entry"]:
    """Which groups she joined and left, by what."""
    mine = Q(person_id__in=reader.ids) & (Q(from_at__lt=reader.before) | Q(until_at__lt=reader.before))
    rows = list(GroupMember.objects.filter(mine).order_by("-id")[: reader.rows_max])
    found = Group.objects.in_bulk({row.group_id for row in rows})
    ended = dict(Event.objects.filter(id__in=[row.ended_by_id for row in rows if row.ended_by_id]).values_list("id", "name"))
    for row in rows:
        group = found[row.group_id]
        name, url = ties.name(group), reverse("console:group", args=[group.id])
        why = [str(ties.SOURCES.get(row.source, row.source)), "" if row.role == "member" else str(ties.ROLES[row.role])]
        if row.from_at < reader.before:
            yield _entry(row.from_at, "groups", "users", "", _("Joined %(group)s") % {"group": name}, why, row.event_id, url)
        if row.until_at and row.until_at < reader.before:
            left = _ENDS.get(ended.get(row.ended_by_id or 0, ""), lambda: "")()
            yield _entry(
                row.until_at, "groups", "users", "", _("Left %(group)s") % {"group": name}, [left], row.ended_by_id or 0, url
            )


# What ended a membership, said when asked.
_ENDS = {
    "Group Left": lambda: _("Taken out by hand."),
    "Group Closed": lambda: _("The group was closed."),
    "Person Forgotten": lambda: _("The person was forgotten."),
}


def suggested(reader: "Reader") -> Iterator["Entry"]:
    """In which suggestions for a group she was, why, and what staff said; she is in no group by that."""
    rows = GroupSuggestion.objects.filter(at__lt=reader.before).exclude(state="stale").order_by("-id")[: reader.rows_max]
    states = {"open": _("Waiting for a yes or no."), "accepted": _("A group was made of it."), "dismissed": _("Dismissed.")}
    for row in rows:
        if not set(reader.ids).isdisjoint(row.members):
            title = _("Suggested for a group: %(what)s") % {"what": ties.suggestion_title(row)}
            why = [ties.suggestion_reason(row), states.get(row.state, "")]
            yield _entry(row.at, "groups", "users", "", title, why, row.event_id)


# --- relationships -------------------------------------------------------------------------------


def relationships(reader: "Reader") -> Iterator["Entry"]:
    """Whom she knows and who knows her: recorded and ended."""
    mine = Q(person_id__in=reader.ids) | Q(other_id__in=reader.ids)
    rows = list(Relationship.objects.filter(mine, at__lt=reader.before).order_by("-at", "-id")[: reader.rows_max])
    who = happenings.everybody([i for row in rows for i in (row.person_id, row.other_id)])
    ended = Event.objects.in_bulk([row.ended_by_id for row in rows if row.ended_by_id])
    for row in rows:
        outward = row.person_id in reader.ids
        said = {"other": happenings.link(who.get(row.other_id if outward else row.person_id)), "kind": ties.KINDS[row.kind]}
        title = _("Knows {other}: {kind}") if outward else _("{other} knows her: {kind}")
        why = [_("Source: %(source)s") % {"source": row.source}]
        yield _entry(row.at, "relationships", "heart-handshake", "", format_html(title, **said), why, row.event_id)
        if row.until_at and row.until_at < reader.before:
            over = format_html(_("No longer: {other}, {kind}"), **said)
            why = [_why_over(ended.get(row.ended_by_id or 0))]
            yield _entry(row.until_at, "relationships", "heart-handshake", "", over, why, row.ended_by_id or row.event_id)


def _why_over(event: Event | None) -> str:
    """What ended it; nothing where an older store did not keep that."""
    if event is None:
        return ""
    if event.name == "Person Forgotten":
        return _("The person was forgotten.")
    by = json.loads(event.context or "{}").get("actor", "")
    return _("Ended: %(who)s") % {"who": lead_card.taker(str(by)) if by else ties.SOURCES.get(event.source, event.source)}
