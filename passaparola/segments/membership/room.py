"""The room that keeps memberships: what it reads for a batch, and what each event means to it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from passaparola.events.intake import Happening
from passaparola.kernel import database
from passaparola.kernel.batch import Batch, Record, Table
from passaparola.people.actions import People
from passaparola.segments import rules, traits
from passaparola.segments.membership import knowledge, orders, syncing
from passaparola.segments.membership.touch import MOVES, Watch
from passaparola.segments.membership.weigh import Asked, Move, weigh
from passaparola.segments.models import Membership, Pin, Segment, SegmentVersion, Sync

# How many people one "weigh" timer names, and how long it must be quiet before everybody is looked at after an import.
TOUCHED_PEOPLE_MAX = 2000
IMPORT_REST = timedelta(seconds=2)
_ORDERS = {
    "Segment Created": orders.create,
    "Segment Edited": orders.edit,
    "Segment Archived": orders.archive,
    "Segment Restored": orders.restore,
    "Segment Pinned": orders.pin,
    "Sync Started": syncing.start,
    "Sync Stopped": syncing.stop,
    "Sync Done": syncing.done,
}
# Settings that a rule's answer hangs on: everybody is looked at again.
_TURNING = {"Stages Changed": "period", "Pyramid Changed": "pyramid"}


@lru_cache(maxsize=1024)
def _parse(text: bytes) -> rules.Group:
    return rules.read(msgspec.json.decode(text))


def tree_of(rule: Any) -> rules.Group:
    """The tree of a stored rule; each is parsed once."""
    return _parse(msgspec.json.encode(rule, order="sorted"))


@lru_cache(maxsize=8)
def _watch(rules_: tuple[tuple[int, bytes], ...], own: tuple[tuple[str, traits.OwnTrait], ...]) -> Watch:
    """What these rules look at: the same from one batch to the next, as long as nobody edits one."""
    return Watch({id_: _parse(text) for id_, text in rules_}, dict(own))


class Memberships:
    """`read` before the fold, `step` for each event, `finish` after the last."""

    def __init__(self, batch: Batch, people: People, zone: str) -> None:
        self.batch, self.people, self.zone = batch, people, zone
        self.segments, self.versions = batch.table(Segment), batch.table(SegmentVersion)
        self.memberships, self.pins = batch.table(Membership), batch.table(Pin)
        self.syncs = batch.table(Sync)
        self._touched: dict[int, set[int]] = {}
        # Whether the batch holds imported history, and whether anything else.
        self._imported, self._present = False, False
        self._last: datetime | None = None
        self._moves: dict[bytes, Move] = {}
        self.watch = Watch({}, {})
        self.asked: dict[bytes, Asked] = {}

    # --- before the fold ----------------------------------------------------------------------

    def read(self, happenings: Sequence[Happening]) -> list[Happening]:
        """Read all segments and answer the batch's rings. The events that follow, each to be folded after its ring."""
        self.segments.take("1 = 1")
        own = traits.in_force()
        rules_ = tuple((row["id"], msgspec.json.encode(row["rule"], order="sorted")) for row in self.live())
        self.watch = _watch(rules_, tuple(own.items()))
        self.asked = weigh(self, happenings)
        moves = [move for asked in self.asked.values() for move in asked.moves if move.announced]
        self._moves = {move.announced.fingerprint: move for move in moves if move.announced}
        return [move.announced for move in moves if move.announced]

    def live(self) -> list[Record]:
        """The segments whose rule is asked."""
        return [row for row in self.segments.rows.values() if row["state"] == "live"]

    def tree(self, row: Record) -> rules.Group:
        """The rule of a segment."""
        return tree_of(row["rule"])

    def segment(self, number: object) -> Record:
        """A segment by its number. Raises UnknownSegment."""
        row = self.segments.rows.get(number) if isinstance(number, int) else None
        if row is None:
            raise orders.UnknownSegment(segment=number)
        return row

    def known(self) -> rules.Known:
        """What a rule may speak of."""
        return knowledge.known({row["id"]: self.tree(row) for row in self.live() if row["version"]})

    # --- one event ----------------------------------------------------------------------------

    def _unsay(self, members: list[int]) -> None:
        """Why staff put somebody forgotten in, or kept her out, was said in their own words."""
        sql = f"UPDATE pin SET reason = '' WHERE reason <> '' AND {database.any_of('person_id')}"
        self.batch.at_end(lambda: database.run(sql, [members]))

    def step(self, happening: Happening) -> None:
        """Carry out an order, take a ring's answers, keep a move; note whom the event touched."""
        if self._last is None or happening.received_at > self._last:
            self._last = happening.received_at
        if happening.history and happening.type != "act":
            self._imported = True
            return
        self._present = True
        if happening.type == "act":
            if happening.name == "Timer Rang":
                self._ring(happening)
                for note in happening.told("withdrawn"):
                    for person in note["people"]:
                        self.touch(person, {row["id"] for row in self.live()})
                return
            if happening.name in _ORDERS:
                _ORDERS[happening.name](self, happening)
            elif happening.name in MOVES:
                self._move(happening)
            elif happening.name == "Person Forgotten" and happening.person_id is not None:
                self.touch(happening.person_id, {row["id"] for row in self.live()})
                self._unsay(sorted(self.people.members(happening.person_id)))
            elif happening.name in _TURNING:
                for row in self.live():
                    if row["id"] in self.watch.by_kind.get(_TURNING[happening.name], ()):
                        self.gather(row, happening)
        if happening.notes:
            for note in (*happening.told("merged"), *happening.told("unmerged")):
                for person in (note["kept"], note["gone"] if "gone" in note else note["back"]):
                    self.touch(person, {row["id"] for row in self.live()})
        if happening.person_id is None:
            return
        concerned = self.watch.concerns(happening)
        if concerned or self.watch.counts(happening):
            self.touch(happening.person_id, concerned)

    def touch(self, person: int, segments: set[int]) -> None:
        """Count this person's traits again, in the next turn, and look whether she is in these segments."""
        self._touched.setdefault(person, set()).update(segments)

    def gather(self, row: Record, happening: Happening) -> None:
        """Look at everybody again, slice by slice, each slice a ring of its own."""
        self.segments.change(row, gathered_at=None)
        self.batch.set_timer("gather", f"segment:{row['id']}", happening.received_at, {"after": 0, "by": happening.id})

    def _ring(self, happening: Happening) -> None:
        if happening.props["kind"] == "sync":
            syncing.ring(self, happening)
        asked = self.asked.get(happening.fingerprint)
        if asked is None:
            return
        for move in asked.moves:
            if move.announced is None:
                self._carry(move, happening)
            else:
                self.batch.raise_(move.announced)
        for person, due in asked.timers.items():
            if due is None:
                self.batch.clear_timer("weigh", f"person:{person}")
            else:
                self.batch.set_timer("weigh", f"person:{person}", due)
        if happening.props["kind"] == "gather":
            self._next_slice(happening, asked.after)

    def _next_slice(self, happening: Happening, after: int | None) -> None:
        subject = happening.props["subject"]
        if after is not None:
            due = happening.received_at + timedelta(microseconds=1)
            self.batch.set_timer("gather", subject, due, {**happening.props["payload"], "after": after})
            return
        for row in self.segments.rows.values():
            if subject in ("everybody", f"segment:{row['id']}"):
                self.segments.change(row, gathered_at=happening.received_at)

    def _move(self, happening: Happening) -> None:
        move = self._moves.get(happening.fingerprint)
        if move is not None:
            self._carry(move, happening)

    def _carry(self, move: Move, happening: Happening) -> None:
        """End what ends, begin what begins, at the moment of the event."""
        for row in move.closes:
            self.memberships.change(row, until_at=happening.received_at, end_event_id=happening.id)
        if move.entered:
            self.memberships.add(
                segment_id=move.segment, person_id=move.person, from_at=happening.received_at, event_id=happening.id
            )

    # --- after the fold -----------------------------------------------------------------------

    def finish(self, also: Iterable[tuple[str, Table, Sequence[str]]]) -> None:
        """Set the timer by which the touched are weighed.

        also: kinds of rows, their tables and the columns that hold people: new or changed rows touch those people too,
        whoever's event it was (a referral's advocate when the friend buys).
        """
        if self._last is None:
            return
        if self._imported:
            # Whoever a file is about is looked at with everybody, once, when it is through.
            self.batch.set_timer("gather", "everybody", self._last + IMPORT_REST, {"after": 0, "by": self.batch.number})
        if self._present:
            self._touch_rows(also)
        people = sorted(self._touched)
        for start in range(0, len(people), TOUCHED_PEOPLE_MAX):
            some = people[start : start + TOUCHED_PEOPLE_MAX]
            segments = sorted(set().union(*(self._touched[person] for person in some)))
            subject = f"batch:{self.batch.number}:{start}"
            self.batch.set_timer("weigh", subject, self._last, {"people": some, "segments": segments})

    def _touch_rows(self, also: Iterable[tuple[str, Table, Sequence[str]]]) -> None:
        """Whoever a new or changed row is about."""
        everything = {row["id"] for row in self.live()}
        for kind, table, columns in also:
            if kind == "person":
                # Of somebody new nothing has happened yet, and that too is something a rule may ask for.
                for row in table.fresh:
                    self.touch(row["id"], everything)
            concerned = self.watch.by_kind.get(kind, set())
            # A refund changes what is kept of the buyer's traits, whoever reports it.
            rows = (*table.fresh, *table.touched.values()) if concerned else table.touched.values() if kind == "order" else ()
            for row in rows:
                for column in columns:
                    if row.get(column) and not row.get("history"):
                        self.touch(row[column], concerned)
