"""The corridor: the rooms in order, and the one transaction. Read it and you have read the house.

A micro-batch is read once, folded event by event through the rooms in memory, and written once, together with the
fact that it was consumed. Decisions look at the event's own times, never at the clock, so the same log gives the same
books. An event that cannot be taken is put aside with its reason and the rest goes on.
"""

import json
import secrets
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Model

from passaparola.events import intake, log, parking
from passaparola.events import withdrawing as taken_back
from passaparola.events.actions import Events
from passaparola.events.intake import Happening, Rejected
from passaparola.events.models import Order
from passaparola.events.reading import Unfit
from passaparola.kernel import database
from passaparola.kernel.batch import Batch
from passaparola.kernel.errors import Refusal
from passaparola.ledger.actions import Ledger
from passaparola.messages.planning import Messages
from passaparola.people.actions import People
from passaparola.people.actions.groups import Groups
from passaparola.people.models import Consent, GroupMember, Person, Relationship
from passaparola.programs import actions as programs
from passaparola.programs.actions import Desk
from passaparola.programs.models import Referral
from passaparola.segments import actions as segments
from passaparola.segments import lead_actions
from passaparola.segments.actions import Segments
from passaparola.segments.lead_actions import Leads
from passaparola.segments.membership import Memberships
from passaparola.segments.membership.touch import MOVES
from passaparola.segments.models import Lead, StageChange
from passaparola.withdrawing import Withdrawal

# Rows that say something about a person whom the event itself need not be about.
TOUCHING: tuple[tuple[str, type[Model], tuple[str, ...]], ...] = (
    ("person", Person, ("id",)),
    ("consent", Consent, ("person_id",)),
    ("relationship", Relationship, ("person_id", "other_id")),
    ("group", GroupMember, ("person_id",)),
    ("order", Order, ("person_id",)),
    ("lead", Lead, ("person_id",)),
    ("stage", StageChange, ("person_id",)),
    ("referral", Referral, ("advocate_id", "friend_id")),
)


Steps = tuple[Callable[[Happening], None], ...]


class Outcome(msgspec.Struct):
    """What became of one event: its number in the log, whether it was known already, what it made, or the refusal."""

    event_id: int | None
    repeated: bool = False
    result: dict[str, Any] = {}
    refused: Refusal | None = None


class Reused(Refusal):
    """This message id was used before for something else: send the event again with an id of its own."""

    code, status = "message_id_reused", 409


class Broken(Refusal):
    """The event could not be processed; it was put aside and the operator can see why."""

    code, status = "broken_event", 500


def act(
    name: str,
    *,
    source: str,
    now: datetime,
    properties: dict[str, Any] | None = None,
    traits: dict[str, Any] | None = None,
    user_id: str | None = None,
    anonymous_id: str | None = None,
    person_id: int | None = None,
    message_id: str | None = None,
    actor: str = "",
    context: dict[str, Any] | None = None,
) -> Happening:
    """An event of our own doors, ready for `submit`. `now` is aware UTC, read once at the door.

    Without a `message_id` a random one is taken: the act then counts each time. What is random in an act (a new
    programme's seed) is recorded in it here, so that a replay needs no dice.
    """
    properties = dict(properties or {})
    if name == "Program Created":
        properties.setdefault("seed", secrets.token_hex(16))
    context = dict(context or {})
    if actor:
        context["actor"] = actor
    return intake.make_act(
        name, source=source, message_id=message_id or secrets.token_urlsafe(12), now=now, time_zone=settings.BUSINESS_TIME_ZONE,
        properties=properties, traits=traits, context=context or None, user_id=user_id, anonymous_id=anonymous_id,
        person_id=person_id,
    )  # fmt: skip


def submit(happenings: Sequence[Happening], *, now: datetime | None = None) -> list[Outcome]:
    """Walk events down the corridor at once, in a transaction of their own, and say what became of each, in order."""
    with database.turn():
        return walk(happenings)


def walk(happenings: Sequence[Happening], *, number: int | None = None, park: bool = False) -> list[Outcome]:
    """Fold events into the books, inside a `database.turn()`. One outcome for each, in order.

    `number` is the batch's number (a replay gives the recorded one); with `park` an event that cannot be taken is
    kept aside in `parked`, otherwise only its outcome tells.
    """
    outcomes: list[Outcome | None] = [None] * len(happenings)
    fresh = _sift(happenings, outcomes)
    number = log.last_batch() + 1 if number is None else number
    failed: list[tuple[int, Refusal]] = []
    while True:
        try:
            batch = _fold([happenings[i] for i in fresh], number)
        except _Stumbled as stumbled:
            # Nothing was written: go again without the one that cannot be taken.
            failed.append((fresh.pop(stumbled.position), stumbled.why))
            continue
        try:
            _write(batch, happenings, failed if park else [])
            break
        except DatabaseError:
            if len(fresh) <= 1:
                if not fresh:
                    raise
                failed.append((fresh.pop(), Broken()))
                continue
            return _halves(happenings, number, park)
    for index in fresh:
        outcomes[index] = Outcome(happenings[index].id, result=happenings[index].result)
    for index, why in failed:
        outcomes[index] = Outcome(None, refused=why)
    return [outcome or Outcome(None) for outcome in outcomes]


def _sift(happenings: Sequence[Happening], outcomes: list[Outcome | None]) -> list[int]:
    """Positions of events the log does not hold; repeats are answered as the first time."""
    known = log.known(happenings)
    fresh: list[int] = []
    here: dict[bytes, int] = {}
    for index, happening in enumerate(happenings):
        mark = happening.fingerprint
        if mark in known:
            id_, body_hash, result = known[mark]
            same = body_hash == happening.body_hash
            outcomes[index] = Outcome(id_, True, json.loads(result)) if same else Outcome(None, refused=Reused())
        elif mark in here:
            same = happenings[here[mark]].body_hash == happening.body_hash
            outcomes[index] = Outcome(None, True) if same else Outcome(None, refused=Reused())
        else:
            here[mark] = index
            fresh.append(index)
    return fresh


class _Stumbled(Exception):
    """An event at a position of the fold cannot be taken."""

    def __init__(self, position: int, why: Refusal) -> None:
        self.position, self.why = position, why


def _fold(happenings: Sequence[Happening], number: int) -> Batch:
    """Read everything the events are about, then fold them one by one, in memory."""
    for happening in happenings:
        happening.id, happening.person_id, happening.result, happening.notes = 0, None, {}, {}
        happening.before = None
    batch = Batch(number)
    steps, moving, memberships = _open(batch, happenings)
    for position, happening in enumerate(happenings):
        try:
            _one(batch, happening, steps)
            for follower in batch.raised():
                follower.caused_by = happening.id
                _one(batch, follower, moving if follower.name in MOVES else steps)
        except Refusal as refusal:
            raise _Stumbled(position, refusal) from refusal
        except Unfit as unfit:
            raise _Stumbled(position, _Unfit(unfit)) from unfit
        except DatabaseError:
            raise
        except Exception as problem:
            raise _Stumbled(position, _Bug(problem)) from problem
    memberships.finish((kind, batch.table(model), columns) for kind, model, columns in TOUCHING)
    return batch


def _one(batch: Batch, happening: Happening, steps: Steps) -> None:
    """One event through all rooms."""
    row = log.keep(batch, happening)
    if happening.name == "Timer Rang" and happening.type == "act":
        batch.clear_timer(happening.props["kind"], happening.props["subject"])
    for step in steps:
        step(happening)
    log.close(row, happening)


def _open(batch: Batch, happenings: Sequence[Happening]) -> tuple[Steps, Steps, Memberships]:
    """The steps of the rooms, in order, with what they need of the store: who is meant, then what is known about them.

    The second ones are those that somebody's coming into a segment or going out of it concerns: there are many of them.
    """
    people = People(batch, settings.LANGUAGE_CODE[:2].upper())
    events, groups = Events(batch), Groups(batch, people)
    segment = Segments(batch, people, events, settings.BUSINESS_TIME_ZONE)
    desk = Desk(batch, people, events, segment)
    ledger, messages, leads = Ledger(batch, people), Messages(batch, people), Leads(batch, people, segment)
    memberships = Memberships(batch, people, settings.BUSINESS_TIME_ZONE)

    moves = memberships.read(happenings)
    messages.load(happenings)
    some = taken_back.read(batch, events, happenings)
    if some is not None:
        # What may be taken anew is read for as if it had just come.
        happenings = [*happenings, *some.repeats()]
    named = some.selves if some is not None else set()
    named |= desk.find(happenings) | segments.restage_people(happenings) | programs.sweep_people(happenings)
    named |= lead_actions.slice_people(happenings) | groups.find(happenings)
    people.load(happenings, named)
    events.load(happenings, set(), people.everybody())
    people.more({row["person_id"] for row in events.orders.rows.values() if row["person_id"]})
    for _ in range(3):
        # Whoever a referral or code names is read too; their own referrals may name further people.
        further = desk.load(happenings) - people.everybody()
        if not further:
            break
        people.more(further)
    people.more({row["friend_id"] for row in desk.referrals.rows.values()})
    segment.load(happenings, people.everybody())
    ledger.load(desk.referrals.rows, people.everybody(), desk.programs.rows)
    # Last: of who got a message, or moves, is only asked who that is today, and whether she is a lead.
    moved = {move.props["person"] for move in moves}
    people.more({row["person_id"] for row in messages.messages.rows.values()} | moved)
    leads.load(happenings, people.everybody())
    if leads.counts(MOVES):
        segment.load((), moved)
    program = partial(programs.step, desk)
    withdrawal = Withdrawal(
        some, batch, people=people, groups=groups, events=events, segment=segment, desk=desk, leads=leads
    )
    steps = (people.step, groups.step, events.step, segment.step, withdrawal.step, program, ledger.step, messages.step)
    moving = (people.step, leads.step, memberships.step)
    return (*steps, leads.step, memberships.step, withdrawal.leave), moving, memberships


class _Unfit(Refusal):
    """The event is not complete: {detail}"""

    status = 422

    def __init__(self, unfit: Unfit) -> None:
        self.code = unfit.reason  # type: ignore[misc]
        super().__init__(detail=unfit.detail)


class _Bug(Refusal):
    """The event could not be processed; it was put aside and the operator can see why."""

    code, status = "broken_event", 500

    def __init__(self, problem: Exception) -> None:
        place = traceback.extract_tb(problem.__traceback__)[-1]
        self.detail = f"{type(problem).__name__} at {place.filename.rsplit('/', 1)[-1]}:{place.lineno}"
        self.problem = problem
        super().__init__()


def _write(batch: Batch, happenings: Sequence[Happening], failed: Sequence[tuple[int, Refusal]]) -> None:
    """One statement a table; a savepoint, so that a refusal by the database leaves the transaction usable."""
    with database.savepoint():
        with database.sending():
            batch.write()
        parking.park([rejected(happenings[index], why) for index, why in failed])


def rejected(happening: Happening, why: Refusal) -> Rejected:
    """A refused event as it is put aside: whole, with the reason."""
    detail = getattr(why, "detail", why.english)
    return Rejected(happening.source, happening.received_at, why.code, detail, None, log.as_body(happening))


def _halves(happenings: Sequence[Happening], number: int, park: bool) -> list[Outcome]:
    """The database refused the batch as a whole: find the event it refused by halving."""
    middle = len(happenings) // 2
    first = walk(happenings[:middle], number=number, park=park)
    # The first half may have been halved again: the second takes the next free number.
    return first + walk(happenings[middle:], park=park)
