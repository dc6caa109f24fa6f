"""Why somebody is in a segment, or why not: each condition with what was seen, which events counted, what is missing."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from passaparola.doors import look, saying
from passaparola.doors.console import people, sayings
from passaparola.doors.console.segments import spelling, who, wording
from passaparola.doors.console.segments.vocabulary import Vocabulary
from passaparola.events.models import Event
from passaparola.segments import dossier, rules
from passaparola.segments.membership import answers, knowledge
from passaparola.segments.models import Membership, Pin, Segment
from passaparola.segments.person import Explanation, events, explain
from passaparola.segments.person.facts import Person
from passaparola.segments.rules import tree

EVENTS_SHOWN = 20
STAYS_SHOWN = 10
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_TONES = {True: ("yes", "check"), False: ("no", "x"), None: ("unknown", "help-circle")}


@dataclass(frozen=True)
class Counted:
    """An event that counted."""

    id: int
    title: str
    at: datetime


@dataclass(frozen=True)
class Reason:
    """One node as shown: its verdict, its words, what was seen, what would be needed, the events that counted."""

    tone: str
    icon: str
    word: str
    title: str
    lines: list[str] = field(default_factory=list)
    events: list[Counted] = field(default_factory=list)
    events_word: str = ""
    # Of events that miss a detail: which detail how many of them have.
    near: list[str] = field(default_factory=list)
    near_word: str = ""
    parts: list["Reason"] = field(default_factory=list)


def why(request: HttpRequest, segment_id: int, person_id: int) -> HttpResponse:
    """The rule of now, weighed for one person; and what a hand decided about her."""
    row, person = get_object_or_404(Segment, id=segment_id), people.root(person_id)
    ids = people.everything_of(person)
    stays = list(Membership.objects.filter(segment_id=row.id, person_id__in=ids).order_by("-id")[:STAYS_SHOWN])
    inside = next((stay for stay in stays if stay.until_at is None), None)
    pin = Pin.objects.filter(segment_id=row.id, person_id__in=ids).order_by("-id").first()
    asked = Asked.now(rules.read(row.rule or {"rules": []}), person.id)
    found = asked.explained()
    answer = found.answer is True and row.state == "live"
    words = Vocabulary((get_language() or "en")[:2], row.id)
    name = {"who": look.called(person), "segment": look.named(row)}
    context = {
        "segment": row,
        "person": person,
        "row": inside,
        "pin": pin,
        "pin_by": who.named({0: pin.actor}).get(0, "") if pin else "",
        "stays": stays,
        "headline": _("Why %(who)s is in “%(segment)s”") % name
        if inside
        else _("Why %(who)s is not in “%(segment)s”") % name,
        "summary": _summary(answer, pin.state if pin else "", row.state),
        "differs": _differs(answer, bool(inside), pin.state if pin else "", row),
        "reason": Shown(words, asked, found).reason(found) if found.parts else None,
        "changes_at": answers.moment(found.next_us),
    }
    return render(request, "console/segments/why.html", context)


@dataclass(frozen=True)
class Asked:
    """A rule and one person (a root) at one moment, as read from the store."""

    rule: rules.Group
    person: Person
    clock: rules.Clock

    @classmethod
    def now(cls, rule: rules.Group, person_id: int) -> "Asked":
        """Read everything the rule may ask about her."""
        clock = answers.clock_at(timezone.now(), settings.BUSINESS_TIME_ZONE)
        return cls(rule, dossier.read(person_id, rule, clock.today), clock)

    def explained(self) -> Explanation:
        """What each node of the rule says of her, and why."""
        return explain(self.rule, self.person, self.clock, knowledge.traits())

    def times(self, leaf: tree.Event, where: rules.Group | None) -> int:
        """How often the event happened in the leaf's window, with other details asked of it."""
        asked = msgspec.structs.replace(leaf, where=where, measure="count", of="", operator=">=", value=0)
        return int(events.event(asked, self.person.facts, self.clock.as_of_us).value or 0)


def _summary(answer: bool, pinned: str, state: str) -> str:
    if state != "live":
        return _("The segment is archived: nobody is in it.")
    if pinned == "in":
        return _("Somebody put this person in by hand; the rule is not asked.")
    if pinned == "out":
        return _("Somebody keeps this person out by hand; the rule is not asked.")
    return _("The rule fits.") if answer else _("The rule does not fit: see which condition is missing.")


def _differs(answer: bool, inside: bool, pinned: str, row: Segment) -> str:
    if pinned or row.state != "live" or answer == inside:
        return ""
    if row.gathered_at is None:
        return _("Everybody is being looked at just now; this will follow.")
    return _("This changed a moment ago; the segment follows within a second.")


class Shown:
    """An explanation made readable: events by their titles, values in their units."""

    def __init__(self, words: Vocabulary, asked: Asked, found: Explanation) -> None:
        self.words, self.asked = words, asked
        numbers = {number for part in _flat(found) for number in part.events[:EVENTS_SHOWN]}
        self.events = Event.objects.in_bulk(numbers)

    def reason(self, found: Explanation) -> Reason:
        """One node with everything below it."""
        tone, icon = _TONES[found.answer]
        word = {True: _("fits"), False: _("does not fit"), None: _("not known")}[found.answer]
        if isinstance(found.node, rules.Group):
            return Reason(tone, icon, word, _together(found.node), parts=[self.reason(part) for part in found.parts])
        counted = [self._counted(self.events[n]) for n in found.events[:EVENTS_SHOWN] if n in self.events]
        said = ngettext("%(n)s event counted", "%(n)s events counted", found.events_count) % {
            "n": look.number(found.events_count)
        }
        title = saying.phrase(found.node, self.words.language)
        lines = [line for line in (self.seen(found), self.needed(found)) if line]
        near_word, near = self.near(found)
        return Reason(tone, icon, word, title, lines, counted, said, near, near_word)

    def _counted(self, event: Event) -> Counted:
        return Counted(event.id, sayings.event(event)[2], event.occurred_at)

    def seen(self, found: Explanation) -> str:
        """What was found about her."""
        node = found.node
        if isinstance(node, tree.Sequence):
            return _("This order of events was found.") if found.answer else _("No such order of events was found.")
        if isinstance(node, (tree.InSegment, tree.InGroup)):
            return _("Is in it.") if found.value else _("Is not in it.")
        value = self.value(node, found.value)
        return _("Seen: %(value)s.") % {"value": value} if value else _("Nothing is known about this.")

    def value(self, node: Any, value: Any) -> str:
        """A value seen or wanted, as people say it."""
        if value is None:
            return ""
        if isinstance(node, tree.Event):
            return self._measured(node, value)
        if isinstance(node, tree.Trait):
            return self._trait(node.trait, value)
        if isinstance(node, tree.Level):
            words = {"stage": wording.STAGES, "pyramid": wording.PYRAMID, "lead": wording.LEADS}.get(_kind(node), {})
            return str(words.get(value, value))
        if isinstance(node, tree.Consent):
            return str(wording.CONSENTS.get(value, value))
        if isinstance(node, tree.Referral) and node.what == "was_invited":
            return _("yes") if value else _("no")
        if isinstance(node, tree.Bucket):
            return _("number %(n)s of the draw") % {"n": value}
        return look.number(value)

    def _measured(self, node: tree.Event, value: Any) -> str:
        if node.measure in ("sum", "min", "max"):
            _kind, scale = self.words.kinds.of_field(node.of, "number")
            if node.of.endswith("_minor"):
                return look.money(int(value), settings.CURRENCY)
            return spelling.number_text(value, scale)
        said = {
            "count": ngettext("%(n)s time", "%(n)s times", int(value)),
            "days": ngettext("on %(n)s day", "on %(n)s days", int(value)),
            "orders": ngettext("in %(n)s order", "in %(n)s orders", int(value)),
            "first": ngettext("%(n)s day ago", "%(n)s days ago", int(value)),
            "last": ngettext("%(n)s day ago", "%(n)s days ago", int(value)),
        }
        return said.get(node.measure, "%(n)s") % {"n": look.number(value)}

    def _trait(self, name: str, value: Any) -> str:
        word = self.words.traits[name]
        if word.type == "boolean":
            return _("yes") if value else _("no")
        if word.unit == "minor":
            return look.money(int(value), settings.CURRENCY)
        if word.type == "time":
            at = answers.moment(value)
            return f"{look.day(at)} {look.clock(at)}" if at else ""
        if word.type == "day":
            return look.day(date.fromordinal(_EPOCH_ORDINAL + int(value)))
        if word.type == "monthday":
            return f"{value % 100}. {value // 100}."
        unit = str(wording.TRAIT_UNITS.get(word.unit, ""))
        return f"{look.number(value) if isinstance(value, (int, float)) else value} {unit}".strip()

    def needed(self, found: Explanation) -> str:
        """What would have to happen; empty where the condition fits, or where nothing better than itself can be said."""
        node, value = found.node, found.value
        if found.answer is True or not isinstance(node, tree.Event) or not isinstance(node.value, (int, float)):
            return ""
        if (
            node.measure in ("count", "days", "orders", "sum", "distinct")
            and node.operator in (">=", ">")
            and value is not None
        ):
            missing = node.value - value + (1 if node.operator == ">" else 0)
            return _("Still missing: %(missing)s.") % {"missing": self._measured(node, missing)}
        if node.measure == "count" and node.operator in ("=", "<=", "<") and found.next_us:
            at = answers.moment(found.next_us)
            return _("The oldest of them no longer counts from %(day)s, %(hour)s.") % {
                "day": look.day(at),
                "hour": look.clock(at),
            }
        return ""

    def near(self, found: Explanation) -> tuple[str, list[str]]:
        """Of an event that did not happen often enough: how often it happened at all, and with each detail alone."""
        leaf = found.node
        if found.answer is True or not isinstance(leaf, tree.Event) or leaf.where is None or not leaf.where.rules:
            return "", []
        times = self.asked.times(leaf, None)
        said = ngettext("“%(event)s” happened %(n)s time in this span, whatever the details.",
                        "“%(event)s” happened %(n)s times in this span, whatever the details.", times)  # fmt: skip
        details = (
            [rule for rule in leaf.where.rules if isinstance(rule, tree.Condition)]
            if leaf.where.combinator == "and"
            else []
        )
        lines = []
        for detail in details if times and not leaf.where.negated else ():
            n = self.asked.times(leaf, rules.Group(rules=(detail,)))
            lines.append(f"{look.number(n)} · {saying.detail(detail, self.words.language)}")
        return said % {"event": leaf.event, "n": look.number(times)}, lines


def _kind(node: Any) -> str:
    return str(type(node).__struct_config__.tag)


def _flat(found: Explanation) -> list[Explanation]:
    return [found, *(below for part in found.parts for below in _flat(part))]


def _together(node: rules.Group) -> str:
    if node.negated:
        return _("Not all of these") if node.combinator == "and" else _("None of these")
    return _("All of these") if node.combinator == "and" else _("At least one of these")
