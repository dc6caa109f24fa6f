"""The latest things that happened, as sentences whose names lead to their people."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from passaparola.doors import look
from passaparola.kernel.database import rows
from passaparola.ledger.models import Reward
from passaparola.people.models import Person
from passaparola.programs.models import Decision, Referral
from passaparola.programs.refusals import refused
from passaparola.segments.models import StageChange


@dataclass(frozen=True)
class Happened:
    """One line of the feed."""

    at: datetime
    icon: str
    tone: str
    sentence: SafeString
    simulated: bool


def regulars(limit: int) -> list[StageChange]:
    """Who reached the highest stage last."""
    # Spelled out, so that the index of these alone is seen to be enough: of a placeholder SQLite cannot know.
    found = rows("SELECT id FROM stage_change WHERE after = 'many' ORDER BY id DESC LIMIT ?", [limit])
    changes = StageChange.objects.in_bulk([number for (number,) in found])
    return list(changes.values())


def latest(limit: int) -> list[Happened]:
    """The newest of referrals, rewards, stage changes and refusals: a third of the lines at most of one kind.

    The newest rows are those with the highest numbers: nothing is sorted.
    """
    each = max(1, limit // 3)
    referrals = list(Referral.objects.exclude(state="refused").order_by("-id")[:each])
    rewards = list(Reward.objects.order_by("-id")[:each])
    settled = list(Reward.objects.exclude(settled_at=None).order_by("-settled_at")[:each])
    changes = regulars(each)
    refusals = refused("attribute", each)
    who = everybody(
        [i for r in referrals for i in (r.advocate_id, r.friend_id)]
        + [reward.person_id for reward in (*rewards, *settled)]
        + [change.person_id for change in changes]
        + [refusal.person_id for refusal in refusals]
    )
    lines = [
        *(_referral(r, who) for r in referrals),
        *(_held(r, who) for r in rewards),
        *(_settled(r, who) for r in settled),
        *(_change(c, who) for c in changes),
        *(_refusal(d, who) for d in refusals),
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:limit]


def everybody(ids: Iterable[int]) -> dict[int, Person]:
    """Persons by the id a row carries, merged ones as the person they are."""
    found = Person.objects.in_bulk(set(ids))
    roots = Person.objects.in_bulk({p.root_id for p in found.values()} - set(found))
    return {i: roots.get(p.root_id) or found.get(p.root_id, p) for i, p in found.items()}


def link(person: Person | None, name: Callable[[Person], str] = look.called) -> SafeString:
    """A name that leads to its person."""
    if person is None:
        return format_html("{}", _("somebody"))
    return format_html('<a href="{}">{}</a>', reverse("console:person", args=[person.id]), name(person))


def _beside(person: Person | None) -> SafeString:
    """The same in a line that carries the badge "simulated" for all in it."""
    return link(person, look.called_beside)


def _line(at: datetime, icon: str, tone: str, sentence: str, who: list[Person | None], **values: Any) -> Happened:
    pretend = any(look.is_simulated(person) for person in who if person)
    return Happened(at, icon, tone, format_html(sentence, **values), pretend)


def _referral(row: Referral, who: dict[int, Person]) -> Happened:
    advocate, friend = who.get(row.advocate_id), who.get(row.friend_id)
    sentence = _("{friend} signed up, recommended by {advocate}")
    return _line(
        row.opened_at, "user-plus", "friend", sentence, [advocate, friend], friend=_beside(friend), advocate=_beside(advocate)
    )


def _held(row: Reward, who: dict[int, Person]) -> Happened:
    person = who.get(row.person_id)
    sentence = _("{amount} set aside for {person} until the return window is over")
    return _line(
        row.held_at, "clock", "warn", sentence, [person], amount=look.money(row.amount, row.unit), person=_beside(person)
    )


def _settled(row: Reward, who: dict[int, Person]) -> Happened:
    person = who.get(row.person_id)
    sentence, icon, tone = {
        "confirmed": (_("{person} was paid {amount}"), "gift", "good"),
        "reversed": (_("{amount} was taken back from {person}"), "receipt-refund", "bad"),
    }.get(row.state, (_("{amount} set aside for {person} lapsed"), "receipt-refund", ""))
    at = row.settled_at or row.held_at
    return _line(at, icon, tone, sentence, [person], amount=look.money(row.amount, row.unit), person=_beside(person))


def _change(row: StageChange, who: dict[int, Person]) -> Happened:
    person = who.get(row.person_id)
    sentence = _("{person} reached the stage {stage}")
    return _line(row.at, "stairs", "accent", sentence, [person], person=_beside(person), stage=look.STAGES[row.after])


def _refusal(row: Decision, who: dict[int, Person]) -> Happened:
    person = who.get(row.person_id)
    return _line(
        row.at, "ban", "bad", _("A recommendation for {person} was not counted"), [person], person=_beside(person)
    )
