"""What the advocate's page tells her, read in a handful of queries: her codes, her friends' states, her rewards."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Sum
from django.utils.translation import gettext

from passaparola.doors.portal import page
from passaparola.events.models import Event
from passaparola.kernel import words
from passaparola.ledger.models import Account, Reward, Transfer
from passaparola.people.models import Person
from passaparola.programs import codes, wording
from passaparola.programs.models import Click, Code, Program, ProgramVersion, Referral

FRIENDS_SHOWN_MAX = 50
REWARDS_SHOWN_MAX = 50
OPENINGS_SHOWN_MAX = 5
_NEVER = datetime.min.replace(tzinfo=UTC)

# How a state looks: what is on its way, what came, what did not.
TONES = {
    "registered": "waiting", "qualified": "waiting", "converted": "waiting", "rewarded": "good",
    "refused": "no", "expired": "no", "reversed": "no",
    "held": "waiting", "confirmed": "good", "released": "no",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One row of a list: what, its state in a word, why, since when, and how it looks."""

    what: str
    state: str
    why: str
    on: str
    tone: str


@dataclass(frozen=True)
class Card:
    """One code of hers with the programme's rules as she accepted them."""

    code: Code
    shown_code: str
    link: str
    program: Program
    terms: dict[str, Any]
    headline: str
    steps: list[wording.Step]
    tracked: list[str]
    rules: list[str]
    clicks: int


def terms_of(program_id: int, version: int) -> dict[str, Any]:
    """The terms of one version; empty if there is none."""
    row = ProgramVersion.objects.filter(program_id=program_id, number=version).values_list("terms", flat=True).first()
    return dict(row or {})


def link(code: str, channel: str = "") -> str:
    """The address under which a code's clicks are counted, for a channel if given."""
    return f"{settings.BASE_URL}/r/{code}" + (f"/{channel}" if channel else "")


def cards(person_ids: Sequence[int], language: str) -> list[Card]:
    """Her codes, the newest running programme first."""
    found = list(Code.objects.filter(person_id__in=person_ids, retired_at=None).order_by("-id"))
    programs = Program.objects.in_bulk([code.program_id for code in found])
    clicks = dict(
        Click.objects.filter(code_id__in=[code.id for code in found])
        .values("code_id").annotate(n=Count("id")).values_list("code_id", "n")
    )  # fmt: skip
    made = [
        _card(code, programs[code.program_id], clicks.get(code.id, 0), language)
        for code in found
        if code.program_id in programs
    ]
    return sorted(made, key=lambda card: card.program.state != "active")


def _card(code: Code, program: Program, clicks: int, language: str) -> Card:
    terms = terms_of(program.id, code.version)
    who = {"business": settings.BUSINESS_NAME}
    money = {"currency": settings.CURRENCY}
    return Card(
        code=code,
        shown_code=codes.show(code.value),
        link=link(code.value),
        program=program,
        terms=terms,
        headline=wording.give_and_get(language, terms, **who),
        steps=wording.how_it_works(language, terms, **who, **money),
        tracked=wording.how_it_is_tracked(language, terms),
        rules=wording.summary(language, terms, **who, **money),
        clicks=clicks,
    )


@dataclass(frozen=True)
class Opening:
    """A running programme that she may still join, with the rules she would accept."""

    id: int
    name: str
    headline: str
    rules: list[str]


def joinable(person_ids: Sequence[int], language: str) -> list[Opening]:
    """Running programmes in which she has no code yet."""
    mine = Code.objects.filter(person_id__in=person_ids).values_list("program_id", flat=True)
    found = Program.objects.filter(state="active").exclude(id__in=list(mine)).order_by("-id")[:OPENINGS_SHOWN_MAX]
    return [_opening(program, terms_of(program.id, program.version), language) for program in found]


def _opening(program: Program, terms: dict[str, Any], language: str) -> Opening:
    business = settings.BUSINESS_NAME
    return Opening(
        id=program.id,
        name=program.name,
        headline=wording.give_and_get(language, terms, business=business),
        rules=wording.summary(language, terms, business=business, currency=settings.CURRENCY),
    )


@dataclass(frozen=True)
class Friends:
    """Her friends' states: counts of all, lines for the latest."""

    signed_up: int
    bought: int
    lines: list[Line]
    more: int


def friends(person_ids: Sequence[int], language: str, today: datetime) -> Friends:
    """Steps and reasons; a friend's first name only if the friend agreed to show it, never a purchase."""
    every = Referral.objects.filter(advocate_id__in=person_ids)
    counts = dict(every.values("state").annotate(n=Count("id")).values_list("state", "n"))
    latest = list(every.order_by("-changed_at", "-id")[:FRIENDS_SHOWN_MAX])
    due = dict(
        Reward.objects.filter(referral_id__in=[one.id for one in latest], rule="advocate", state="held")
        .values_list("referral_id", "due_at")
    )  # fmt: skip
    names = _names_shown({one.friend_id for one in latest})
    masked = _unconfirmed(latest)
    total = sum(counts.values())
    return Friends(
        signed_up=total,
        bought=counts.get("converted", 0) + counts.get("rewarded", 0),
        lines=[
            _friend(
                _masked(one) if one.id in masked else one,
                names.get(one.friend_id, ""),
                due.get(one.id),
                language,
                today,
            )
            for one in latest
        ],
        more=max(0, total - len(latest)),
    )


def _unconfirmed(latest: Sequence[Referral]) -> set[int]:
    """Refusals that rest on nothing but an address typed into the landing page, which nobody has confirmed since.

    Told at once they would answer a question nobody may ask: "is this address a customer's?"
    """
    refused = [one for one in latest if one.state == "refused"]
    typed = set(
        Event.objects.filter(id__in=[one.event_id for one in refused], name="Friend Signed Up").values_list(
            "id", flat=True
        )
    )
    confirmed: dict[int | None, datetime] = {}
    rows = Event.objects.filter(person_id__in=[one.friend_id for one in refused], name="Opt-in Confirmed").order_by(
        "id"
    )
    for person_id, at in rows.values_list("person_id", "occurred_at"):
        confirmed[person_id] = at
    return {one.id for one in refused if one.event_id in typed and confirmed.get(one.friend_id, _NEVER) < one.opened_at}


def _masked(one: Referral) -> Referral:
    """The same referral as it looks to whoever may not know more yet."""
    return Referral(id=one.id, state="registered", reason="waiting_confirmation", opened_at=one.opened_at)


def _friend(one: Referral, name: str, due_at: datetime | None, language: str, today: datetime) -> Line:
    local = today.astimezone(page.zone()).date()
    until = words.short_day(due_at, language, page.zone(), local) if due_at and one.state == "converted" else ""
    signed_up = words.short_day(one.opened_at, language, page.zone(), local)
    return Line(
        what=name or gettext("A friend"),
        state=wording.referral_state(language, one.state),
        why=wording.referral_reason(language, one.reason, "advocate", until=until) if one.reason else "",
        on=gettext("signed up {day}").format(day=signed_up),
        tone=TONES.get(one.state, "waiting"),
    )


def _names_shown(person_ids: set[int]) -> dict[int, str]:
    """First names of those who agreed that they be shown."""
    roots = dict(Person.objects.filter(id__in=person_ids).values_list("id", "root_id"))
    people = Person.objects.in_bulk(set(roots.values()))
    return {
        one: people[root].given_name
        for one, root in roots.items()
        if root in people and people[root].shows_name and people[root].given_name and not people[root].forgotten_at
    }


@dataclass(frozen=True)
class Purse:
    """What is hers and what is set aside, in words for each unit; and the rewards behind it."""

    own: list[str]
    held: list[str]
    lines: list[Line]


def purse(person_ids: Sequence[int], language: str, today: datetime, unit: str) -> Purse:
    """Balances summed from the transfers themselves, and her latest rewards; nothing yet is 0 of `unit`."""
    own = balances(person_ids, "own") or {unit: 0}
    rewards = Reward.objects.filter(person_id__in=person_ids).order_by("-id")[:REWARDS_SHOWN_MAX]
    return Purse(
        own=[wording.amount(language, value, unit) for unit, value in own.items()],
        held=[
            wording.amount(language, value, unit) for unit, value in balances(person_ids, "pending").items() if value
        ],
        lines=[_reward(one, language, today) for one in rewards],
    )


def balances(person_ids: Sequence[int], kind: str) -> dict[str, int]:
    """Minor units by unit in somebody's "own" or "pending" accounts: what came in less what went out."""
    accounts = dict(Account.objects.filter(kind=kind, owner_id__in=person_ids).values_list("id", "unit"))
    totals: dict[str, int] = defaultdict(int)
    for side, sign in (("target_id", 1), ("source_id", -1)):
        moved = Transfer.objects.filter(**{f"{side}__in": list(accounts)}).values(side).annotate(total=Sum("amount"))
        for row in moved:
            totals[accounts[row[side]]] += sign * row["total"]
    return dict(sorted(totals.items()))


def _reward(one: Reward, language: str, today: datetime) -> Line:
    local = today.astimezone(page.zone()).date()
    moment = one.due_at if one.state == "held" else one.settled_at
    until = words.short_day(moment, language, page.zone(), local) if moment else ""
    reason = one.reason or {"held": "waiting_return_window", "confirmed": "paid"}.get(one.state, "")
    return Line(
        what=wording.amount(language, one.amount, one.unit),
        state=wording.reward_state(language, one.state),
        why=wording.reward_reason(language, reason, until=until) if reason else "",
        on=words.short_day(one.held_at, language, page.zone(), local),
        tone=TONES.get(one.state, "waiting"),
    )
