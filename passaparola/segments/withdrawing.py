"""Taking an import back, in the room of segments: days, traits, stages and leads counted again from what stays."""

import json
from collections.abc import Iterable
from datetime import datetime

from passaparola.events import log
from passaparola.events.actions import Events, worth
from passaparola.events.intake import Happening
from passaparola.events.withdrawing import Slice
from passaparola.kernel.batch import Batch, Record, Table
from passaparola.segments import lead_actions, leads
from passaparola.segments.actions import VISITS, Segments
from passaparola.segments.lead_actions import Leads
from passaparola.segments.models import Lead, LeadChange, Membership, StageChange, Traits, Visit

BECAUSE = "import withdrawn"


def withdraw(room: Segments, some: Slice, ring: Happening) -> None:
    """The days on which they came, what is kept of each, and the stage that follows."""
    _visits(room, some)
    cut = _cut(room.changes, some)
    for root in sorted({room.people.root(person) for person in some.selves}):
        members = room.people.members(root)
        kept = some.of(members)
        seen = [row["occurred_at"] for row in kept if row["type"] != "act" or row["name"] == "Friend Signed Up"]
        if not seen and not any(person in some.left for person in members):
            _nothing(room, root, cut, ring)
        elif seen:
            _count(room, root, members, kept, seen)
            _place(room, root, cut, ring)


def _visits(room: Segments, some: Slice) -> None:
    came = {
        (row["person_id"], row["day"])
        for row in some.kept
        if row["type"] == "track" and row["name"] in VISITS and '"repeated_order"' not in row["result"]
    }
    days: dict[int, set[int]] = {room.people.root(person): set() for person in some.selves}
    for row in room.visits.take_any("person_id", sorted(some.selves)):
        if (row["person_id"], row["day"]) in came:
            days[room.people.root(row["person_id"])].add(row["day"])
        else:
            room.visits.drop(row)
    room.keep_days(days, came)


def _cut(changes: Table, some: Slice) -> set[int]:
    """A chain of changes ends before the first that the import made; whose were cut."""
    cut: set[int] = set()
    for row in sorted(changes.take_any("person_id", sorted(some.selves)), key=lambda row: row["id"]):
        if row["person_id"] in cut or row["event_id"] in some.gone:
            cut.add(row["person_id"])
            changes.drop(row)
    return cut


def _count(room: Segments, root: int, members: set[int], kept: list[Record], seen: list[datetime]) -> None:
    row = room.traits.rows.get(root) or room.traits.add(person_id=root, first_seen_at=min(seen), last_seen_at=max(seen))
    events = room.events
    orders = [order for order in events.orders.rows.values() if order["person_id"] in members and order["completed"]]
    times = sorted(order["occurred_at"] for order in orders)
    opened, unhappy = _mood(room, row, kept)
    room.traits.change(
        row,
        first_seen_at=min(seen),
        last_seen_at=max(seen),
        orders=len(orders),
        first_order_at=times[0] if times else None,
        last_order_at=times[-1] if times else None,
        spent_minor=sum(worth(order) for order in orders),
        refunds=_refunds(events, orders),
        complaints_open=opened,
        unhappy=unhappy,
    )


def _refunds(events: Events, orders: list[Record]) -> int:
    """How often something was given back of an order that was there by then."""
    since = {order["id"]: order["event_id"] for order in orders}
    reports = events.reports.rows.values()
    return sum(1 for r in reports if r["kind"] != "repeat" and r["event_id"] > since.get(r["order_key"], 2**63))


def _mood(room: Segments, row: Record, kept: list[Record]) -> tuple[int, bool]:
    """Open complaints and the last score, told again in the order of the log."""
    state: Record = {**row, "complaints_open": 0, "unhappy": False}
    for one in kept:
        if one["type"] == "track":
            state |= room.mood(state, log.from_row(one))
    return state["complaints_open"], state["unhappy"]


def _place(room: Segments, root: int, cut: set[int], ring: Happening) -> None:
    """The stage from here on, after what is left of the chain."""
    if root in cut:
        last = _last(room.changes, root)
        stage, since = (last["after"], last["at"]) if last else ("none", None)
        room.traits.change(room.traits.rows[root], stage=stage, stage_since_at=since)
    room.place(root, ring, BECAUSE)


def _nothing(room: Segments, root: int, cut: set[int], ring: Happening) -> None:
    """She is still somebody, and never came: nothing is kept of her but that."""
    row = room.traits.rows.get(root)
    if row is None:
        return
    if _last(room.changes, root) is None:
        room.batch.clear_timer("stage", f"person:{root}")
        room.traits.drop(row)
    else:
        _count(room, root, room.people.members(root), [], [row["first_seen_at"]])
        _place(room, root, cut, ring)


def _last(changes: Table, person: int) -> Record | None:
    """The newest change of somebody, none of this batch dropped."""
    mine = [row for row in changes.rows.values() if row["person_id"] == person]
    return max(mine, key=lambda row: row["id"], default=None)


# --- leads ----------------------------------------------------------------------------------------


def withdraw_leads(room: Leads, some: Slice, ring: Happening) -> None:
    """What each lead did, counted again; who was made one by the import alone is none."""
    cut = _cut(room.changes, some)
    touched = {row["person_id"] for row in some.gone.values()}
    for person in sorted(some.selves):
        row = room.rows.rows.get(person)
        if row is None or person in some.left:
            continue
        if person in touched:
            room.keep(person, _own(room, person, some))
        if person in cut:
            last = _last(room.changes, person)
            values = (last["after"], last["at"]) if last else ("", None)
            room.rows.change(row, temperature=values[0], temperature_since_at=values[1])
            room.batch.clear_timer("lead", f"person:{person}")
    for root in sorted({room.people.root(person) for person in some.selves} - some.left):
        if any(member in room.rows.rows for member in room.people.members(root)):
            room.settle(root, ring)
            _drop_empty(room, root)


def _own(room: Leads, person: int, some: Slice) -> leads.Own:
    """What was recorded under one number, told again from what stays."""
    before = room.own(person)
    own = leads.Own(taken_by=before.taken_by, taken_us=before.taken_us)
    if not before.opened_by and before.since_event not in some.gone:
        # A lead by another self.
        own.since_event = before.since_event
    members = room.people.members(person)
    orders = [o["event_id"] for o in room.segments.events.orders.rows.values() if o["person_id"] in members and o["completed"]]
    first_order = min(orders, default=2**63)
    for row in some.of([person]):
        happening = log.from_row(row)
        happening.id, happening.person_id, happening.result = row["id"], person, json.loads(row["result"])
        lead_actions.recall(own, happening, is_customer=first_order < row["id"], rules=room.rules)
    return own


def _drop_empty(room: Leads, root: int) -> None:
    """A row that says nothing of somebody who never was a lead."""
    for member in room.people.members(root):
        row = room.rows.rows.get(member)
        if row is not None and not room.own(member).as_json() and not row["source"] and _last(room.changes, member) is None:
            room.rows.drop(row)
            room.forget(member)


# --- whoever nothing is left of -----------------------------------------------------------------


def remove(batch: Batch, people: Iterable[int]) -> None:
    """Everything this room keeps of persons who go."""
    gone = sorted(people)
    for model in (Traits, Visit, StageChange, Lead, LeadChange, Membership):
        table = batch.table(model)
        for row in table.take_any("person_id", gone):
            table.drop(row)
    for person in gone:
        for kind in ("stage", "lead", "weigh"):
            batch.clear_timer(kind, f"person:{person}")

