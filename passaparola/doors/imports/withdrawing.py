"""Taking a whole import back: what would go and what stays, the order to do it, and the walk until nothing of it is left.

The importer's process does it (work.py, state "undoing"), or the command line. Killed at any moment it goes on where it
was: the act in the log is the same act, and each slice of people is a transaction of the corridor.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.utils import timezone

from passaparola import corridor
from passaparola.doors.imports import files
from passaparola.doors.imports.inbox import Front
from passaparola.events.actions import WITHDRAW, WITHDRAWN
from passaparola.events.models import Event
from passaparola.kernel import database
from passaparola.kernel.errors import Refusal
from passaparola.kernel.models import FileImport
from passaparola.segments.membership.weigh import SOURCE as CORRIDOR

# From these there is something to take back; of what was not begun nothing is in the log.
FROM = ("running", "stopping", "stopped", "done", "failed")
# An importer that did not hear in time may send a little more: it is taken back too.
ROUNDS_MAX = 5


class AlreadyWithdrawn(Refusal):
    """This import was taken back already: nothing of it is left."""

    code, status = "already_withdrawn", 409


class NothingToWithdraw(Refusal):
    """Nothing of this import is in the log, so there is nothing to take back."""

    code, status = "nothing_to_withdraw", 409


class NoSuchImport(Refusal):
    """There is no import with the number {number}."""

    code, status = "no_such_import", 404


class StillThere(Refusal):
    """Some of this import's events could not be taken back: the parked events say why."""

    code, status = "still_there", 500


class Preview(msgspec.Struct):
    """What taking an import back would come to."""

    events: int = 0
    people: int = 0
    # Known from nothing else: they go, unless something was promised or sent to them.
    people_only: int = 0
    orders: int = 0
    # Net of refunds, by currency, in minor units.
    sums: dict[str, int] = {}
    # Rewards that hang on these orders: set aside, and paid.
    held: int = 0
    paid: int = 0
    # Messages that left because of it; they cannot be taken back.
    sent: int = 0

    @property
    def people_kept(self) -> int:
        """Known from elsewhere too."""
        return self.people - self.people_only


def find(number: int) -> FileImport:
    """An import by its number. Raises NoSuchImport."""
    row = FileImport.objects.filter(pk=number).first()
    if row is None:
        raise NoSuchImport(number=number)
    return row


def check(row: FileImport) -> None:
    """Raises the Refusal that stands in the way, if one does."""
    if row.state in ("undoing", "undone"):
        raise AlreadyWithdrawn()
    if row.state not in FROM or row.started_at is None:
        raise NothingToWithdraw()


def preview(row: FileImport) -> Preview:
    """Count what would go and what would stay. Reads only; some seconds for a million people."""
    mine = "FROM event e WHERE e.id > ? AND e.id <= ? AND e.import_id = ?"
    span = [row.first_event or 0, row.last_event or database.highest(Event), row.pk]
    others = "SELECT 1 FROM event o WHERE o.person_id = t.id AND (o.import_id IS NULL OR o.import_id <> ?) AND o.source <> ?"
    orders = f"FROM purchase_order o JOIN (SELECT e.id {mine}) AS m ON m.id = o.event_id"
    found = Preview()
    found.events, found.people = database.rows(f"SELECT COUNT(*), COUNT(DISTINCT e.person_id) {mine}", span)[0]
    touched = f"FROM (SELECT DISTINCT e.person_id AS id {mine}) AS t"
    found.people_only = database.rows(f"SELECT COUNT(*) {touched} WHERE NOT EXISTS ({others})", [*span, row.pk, CORRIDOR])[0][0]
    net = "SUM(CASE WHEN o.cancelled OR o.refunded_minor > o.amount_minor THEN 0 ELSE o.amount_minor - o.refunded_minor END)"
    for unit, count, total in database.rows(f"SELECT o.unit, COUNT(*), {net} {orders} WHERE o.completed GROUP BY o.unit", span):
        found.orders, found.sums[unit] = found.orders + count, int(total)
    rewards = f"FROM reward w JOIN referral r ON r.id = w.referral_id WHERE r.order_id IN (SELECT o.id {orders})"
    states = dict(database.rows(f"SELECT w.state, COUNT(*) {rewards} GROUP BY w.state", span))
    found.held, found.paid = states.get("held", 0), states.get("confirmed", 0)
    sent = f"SELECT COUNT(*) FROM message m WHERE m.event_id IN (SELECT e.id {mine})"
    found.sent = database.rows(f"{sent} AND m.state NOT IN ('planned', 'refused', 'failed')", span)[0][0]
    return found


def begin(row: FileImport, wake: Callable[[], None]) -> None:
    """Let the importer take it back; an import still under way stops first. Raises AlreadyWithdrawn, NothingToWithdraw."""
    check(row)
    if not FileImport.objects.filter(pk=row.pk, state__in=FROM).update(state="undoing", attempts=0, failure={}):
        raise AlreadyWithdrawn()
    row.state = "undoing"
    wake()


def run(row: FileImport, tell: Callable[[int], None] = lambda _: None) -> None:
    """Take it back, to the end. `tell` hears how many of its events are left. Raises StillThere."""
    front = Front()
    front.settle()
    whole = left = _left(row)
    for turn in range(ROUNDS_MAX):
        if not left:
            break
        _order(row, turn)
        while _is_waiting(row):
            front.go_on()
            tell(_left(row))
        front.settle()
        left = _left(row)
    if left:
        raise StillThere()
    _end(row, whole)


def _order(row: FileImport, turn: int) -> None:
    """The act in the log, the same however often it is begun anew."""
    now = timezone.now()
    act = corridor.act(
        WITHDRAWN, source="import", now=now, message_id=f"import-withdrawn:{row.pk}:{turn}",
        properties={"import": row.pk, "first": row.first_event or 0, "last": database.highest(Event)},
    )  # fmt: skip
    corridor.submit([act], now=now)


def _is_waiting(row: FileImport) -> bool:
    sql = "SELECT 1 FROM timer WHERE kind = ? AND subject = ?"
    return bool(database.rows(sql, [WITHDRAW, f"import:{row.pk}"]))


def _left(row: FileImport) -> int:
    sql = "SELECT COUNT(*) FROM event WHERE id > ? AND import_id = ?"
    return int(database.rows(sql, [row.first_event or 0, row.pk])[0][0])


def _end(row: FileImport, whole: int) -> None:
    """Nothing of it is left: the file may come again as if it never had."""
    files.forget(row)
    sql = "SELECT COUNT(*) FROM withdrawn_event WHERE import_id = ?"
    count = int(database.rows(sql, [row.pk])[0][0])
    row.survey = {**row.survey, "withdrawn": {"events": max(count, whole), "at": datetime.now(UTC).isoformat()}}
    row.state, row.failure = "undone", {}
    row.save()


def result(row: FileImport) -> dict[str, Any]:
    """What came of it: how many events went, and when; empty for an import that is there."""
    said = row.survey.get("withdrawn") or {}
    return {**said, "at": datetime.fromisoformat(said["at"])} if said else {}
