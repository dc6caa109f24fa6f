"""Taking an import back, in the room of facts: which events go, slice by slice of people, and what their orders become.

"Import Withdrawn" sets a timer; each ring of it takes one slice: some of the import's people with all that the import
said about them, so that everybody is counted again once. What goes is moved whole into `withdrawn_event`: it stays in the
log, and no reader of `event` sees it. docs/decisions/withdrawing.md says why it is done so.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from passaparola.events import log
from passaparola.events.actions import WITHDRAW, Events, refund_facts
from passaparola.events.intake import Happening
from passaparola.events.models import Event, WithdrawnEvent
from passaparola.kernel import database
from passaparola.kernel.batch import Batch, Record

# One transaction looks at so many people, found among so many of the import's events.
PEOPLE_MAX, EVENTS_MAX = 200, 2_000
_SECOND_WAY = {"company": None, "channel": None, "margin_minor": None, "offer_minor": None}


class Slice:
    """Some people of a withdrawn import: the events that go, and those that stay."""

    def __init__(self, batch: Batch, ring: Happening) -> None:
        self.batch, self.events, self.ring = batch, batch.table(Event), ring
        payload = ring.props["payload"]
        self.import_id = int(ring.props["subject"].split(":")[1])
        self.first, self.after, self.until = (int(payload[key]) for key in ("first", "after", "until"))
        self.people: set[int] = set()
        # Their other selves too.
        self.selves: set[int] = set()
        self.gone: dict[int, Record] = {}
        self.kept: list[Record] = []
        # Whoever nothing is left of; and who has no history left but is tied to us by a promise, a message, a decision.
        self.left: set[int] = set()
        self.tied: set[int] = set()
        # Whose report of an order takes the place of one that went.
        self.heirs: set[int] = set()
        self.is_last = True

    def read(self, room: Events) -> None:
        """Whom the next of the import's events are about; all about them, and about orders that others spoke of too."""
        self._scan()
        wanted = set(self.people)
        while wanted - self.selves:
            self.selves |= _selves(wanted)
            rows = self.events.take_any("person_id", sorted(self.selves))
            mine = [row["id"] for row in rows if self._is_mine(row)]
            room.orders.take_any("person_id", sorted(self.selves))
            about = room.reports.take_any("event_id", mine)
            room.orders.take_any("id", {row["order_key"] for row in about})
            reports = room.reports.take_any("order_key", sorted(room.orders.rows))
            reporters = self.events.take_any("id", [row["event_id"] for row in reports])
            wanted = {row["person_id"] for row in (*reporters, *room.orders.rows.values()) if row["person_id"]}
        self.people |= wanted
        room.take_orders(list(room.orders.rows.values()))
        room.take_occurrences(room.occurrences.take_any("person_id", sorted(self.selves)))
        room.lines.take_any("order_key", sorted(room.orders.rows))
        everything = [row for row in self.events.rows.values() if row["person_id"] in self.selves]
        self.gone = {row["id"]: row for row in everything if self._is_mine(row)}
        self.kept = sorted((row for row in everything if row["id"] not in self.gone), key=lambda row: row["id"])

    def _is_mine(self, row: Record) -> bool:
        return row["import_id"] == self.import_id and self.first < row["id"] <= self.until

    def _scan(self) -> None:
        sql = f"SELECT id, person_id FROM event WHERE id > ? AND id <= ? AND import_id = ? ORDER BY id LIMIT {EVENTS_MAX}"
        rows = database.rows(sql, [self.after, self.until, self.import_id])
        self.is_last = len(rows) < EVENTS_MAX
        for id_, person in rows:
            if person not in self.people and len(self.people) >= PEOPLE_MAX:
                self.is_last = False
                return
            self.people.add(person)
            self.after = id_

    def put_aside(self, row: Record, ring: Happening) -> None:
        """The event goes, whole, to where no reader looks; the same fact may come again."""
        self.batch.table(WithdrawnEvent).add(**row, withdrawn_by=ring.id)
        self.events.drop(row)

    def repeats(self) -> list[Happening]:
        """What may be taken anew: orders reported again, for the rooms to read what they need of them."""
        return [log.from_row(row) for row in self.kept if '"repeated_order"' in row["result"]]

    def of(self, people: Iterable[int]) -> list[Record]:
        """What stays of these, in the order of the log."""
        wanted = set(people)
        return [row for row in self.kept if row["person_id"] in wanted]


def read(batch: Batch, room: Events, happenings: Sequence[Happening]) -> Slice | None:
    """The slice that a ring of this batch is about, if there is one: such a ring is alone in its batch."""
    for happening in happenings:
        if happening.type == "act" and happening.name == "Timer Rang" and happening.props.get("kind") == WITHDRAW:
            found = Slice(batch, happening)
            found.read(room)
            return found
    return None


def withdraw(room: Events, some: Slice, ring: Happening) -> None:
    """Put the events aside, settle their orders anew, and count what is left."""
    for row in some.gone.values():
        some.put_aside(row, ring)
    _orders(room, some, ring)
    _occurrences(room, some)
    if not some.is_last:
        due = ring.props["payload"] | {"after": some.after}
        some.batch.set_timer(WITHDRAW, f"import:{some.import_id}", ring.received_at + timedelta(microseconds=1), due)


# --- orders ---------------------------------------------------------------------------------------


def _orders(room: Events, some: Slice, ring: Happening) -> None:
    """Every order that an event of the slice made or changed, from what others said about it."""
    said = {row["id"]: row for row in some.kept}
    for order_ in list(room.orders.rows.values()):
        reports = sorted((r for r in room.reports.rows.values() if r["order_key"] == order_["id"]), key=lambda r: r["event_id"])
        gone = [report for report in reports if report["event_id"] in some.gone]
        for report in gone:
            room.reports.drop(report)
        rest = [report for report in reports if report["event_id"] in said]
        if order_["event_id"] in some.gone:
            _retake(room, some, order_, rest, said, ring)
        elif gone:
            _give_back(order_, [said[report["event_id"]] for report in rest if report["kind"] != "repeat"], room)


def _retake(
    room: Events, some: Slice, order_: Record, rest: list[Record], said: dict[int, Record], ring: Happening
) -> None:
    """The order's own event went. Who else reported it is believed now; with a refund alone it waits for its order."""
    before = dict(order_)
    for line in [line for line in room.lines.rows.values() if line["order_key"] == order_["id"]]:
        room.lines.drop(line)
    backs = [said[report["event_id"]] for report in rest if report["kind"] != "repeat"]
    again = next((report for report in rest if report["kind"] == "repeat"), None)
    heir = said[again["event_id"]] if again else None
    if not backs and heir is None:
        room.orders.drop(order_)
        room.forget_order(order_)
    else:
        first = backs[0] if backs else heir
        assert first is not None
        room.orders.change(
            order_, amount_minor=0, refunded_minor=0, completed=False, cancelled=False, event_id=first["id"],
            person_id=first["person_id"], occurred_at=first["occurred_at"], day=first["day"], history=first["history"],
            **_SECOND_WAY,
        )  # fmt: skip
        _give_back(order_, backs, room)
    if again is not None and heir is not None:
        # Taken as if it came now for the first time: everything that follows from it follows.
        room.reports.drop(again)
        some.put_aside(heir, ring)
        some.kept.remove(heir)
        some.heirs.add(heir["person_id"])
        some.batch.raise_(log.from_row(heir))
    if before["completed"]:
        ring.tell("order_withdrawn", row={**before, "cancelled": True}, dropped=not backs and heir is None)


def _give_back(order_: Record, backs: list[Record], room: Events) -> None:
    """What these refunds and cancellations, in the order of the log, leave of an order."""
    refunded, cancelled, worth = 0, False, order_["amount_minor"]
    for row in backs:
        happening = log.from_row(row)
        before = order_["completed"] and order_["event_id"] < row["id"]
        _, amount = refund_facts(happening, order_["unit"] if before else None)
        whole = amount is None or happening.name == "Order Cancelled"
        cancelled = cancelled or whole
        refunded = worth if whole else refunded + (amount or 0)
        refunded = min(refunded, worth) if order_["completed"] else refunded
    room.orders.change(order_, refunded_minor=refunded, cancelled=cancelled)


# --- occurrences ----------------------------------------------------------------------------------


def _occurrences(room: Events, some: Slice) -> None:
    """How often each did a thing, from what stays."""
    counts: dict[tuple[int, str], list[Any]] = {}
    for row in some.kept:
        if row["type"] == "track" and '"repeated_order"' not in row["result"]:
            counts.setdefault((row["person_id"], row["name"]), []).append(row["occurred_at"])
    for row in [row for row in room.occurrences.rows.values() if row["person_id"] in some.selves]:
        times = counts.get((row["person_id"], row["name"]))
        if not times:
            room.drop_occurrence(row)
        elif (row["n"], row["first_at"], row["last_at"]) != (len(times), min(times), max(times)):
            room.occurrences.change(row, n=len(times), first_at=min(times), last_at=max(times))


def _selves(people: Iterable[int]) -> set[int]:
    """These persons and everybody who is one of them."""
    sql = f"SELECT id FROM person WHERE root_id IN (SELECT root_id FROM person WHERE {database.any_of('id')})"
    return {id_ for (id_,) in database.rows(sql, [sorted(people)])}
