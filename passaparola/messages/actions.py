"""The only writers of a message's way to its channel: planned → claimed → handing, and back. Outcomes come as events.

| state   | who has it | when its due time passes |
|---------|------------|--------------------------|
| planned | nobody | it is claimed |
| claimed | a dispatcher, until the lease ends | back to planned: nothing was handed over |
| handing | a dispatcher, this moment | tried again if the channel is idempotent, else its fate is unknown |

All are set-based and fenced by (id, attempts): who slept through his lease changes nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from passaparola.kernel import database, outbox
from passaparola.kernel.outbox import Claim, Queue
from passaparola.messages import kinds
from passaparola.messages.models import Message

QUEUE = Queue("message", lane="purpose", free="state = 'planned'", taken="state = 'claimed'")
# A lapsed claim costs nothing, so its lease is short; a lapsed hand-over costs a question to the operator.
CLAIM_SECONDS = 60.0
HANDING_SECONDS = 300.0
_LAPSED_MAX = 200


def is_any_due(*, now: datetime) -> bool:
    """Whether there is a message to be handed over; reads only."""
    return outbox.is_any_due(QUEUE, kinds.PURPOSES, now=now)


def claim(*, limit: int, now: datetime) -> list[Claim]:
    """Take due messages, service messages first."""
    return outbox.claim(QUEUE, kinds.PURPOSES, limit=limit, lease_seconds=CLAIM_SECONDS, now=now)


def read(claims: Iterable[Claim]) -> list[dict[str, Any]]:
    """The claimed messages that are still ours."""
    wanted = {taken.id: taken.attempts for taken in claims}
    rows = database.select(Message, f"{database.any_of('id')} AND state = 'claimed' ORDER BY id", [list(wanted)])
    return [row for row in rows if row["attempts"] == wanted[row["id"]]]


def mark_handing(claims: Iterable[Claim], *, now: datetime) -> list[Claim]:
    """From here on they may be with the person. Only those that were still ours."""
    until = now + timedelta(seconds=HANDING_SECONDS)
    return _move(claims, "state = 'handing', due_at = ?", [until], "state = 'claimed'")


def put_back(claims: Iterable[Claim], *, due_at: datetime) -> list[Claim]:
    """They were not handed over, or not taken: planned again, due then."""
    return _move(claims, "state = 'planned', due_at = ?", [due_at], "state IN ('claimed', 'handing')")


def _move(claims: Iterable[Claim], changes: str, values: Sequence[Any], condition: str) -> list[Claim]:
    """One statement per number of attempts, which nearly always is one statement."""
    by_attempts: dict[int, list[int]] = {}
    for taken in claims:
        by_attempts.setdefault(taken.attempts, []).append(taken.id)
    moved: list[Claim] = []
    for attempts, ids in sorted(by_attempts.items()):
        sql = f"UPDATE message SET {changes} WHERE {database.any_of('id')} AND attempts = ? AND {condition} RETURNING id, attempts"
        moved += [Claim(*row) for row in database.rows(sql, [*values, sorted(ids), attempts])]
    return sorted(moved)


def still_handing(claims: Iterable[Claim]) -> list[Claim]:
    """Those of them whose fate was not recorded."""
    wanted = set(claims)
    if not wanted:
        return []
    sql = f"SELECT id, attempts FROM message WHERE {database.any_of('id')} AND state = 'handing' ORDER BY id"
    return [taken for row in database.rows(sql, [[taken.id for taken in wanted]]) if (taken := Claim(*row)) in wanted]


def take_back_lapsed(*, now: datetime, is_idempotent: bool) -> list[Claim]:
    """What other dispatchers left lying: put back what may be tried again; the rest, whose fate is unknown, is returned."""
    lapsed = ("claimed", "handing") if is_idempotent else ("claimed",)
    for state in lapsed:
        database.run(f"UPDATE message SET state = 'planned', due_at = ? WHERE state = '{state}' AND due_at <= ?", [now, now])
    if is_idempotent:
        return []
    sql = "SELECT id, attempts FROM message WHERE state = 'handing' AND due_at <= ? ORDER BY id LIMIT ?"
    return [Claim(*row) for row in database.rows(sql, [now, _LAPSED_MAX])]


def end_leases(*, now: datetime) -> None:
    """All leases are over: on SQLite, where one dispatcher holds the lock, what is leased at its start is nobody's."""
    database.run("UPDATE message SET due_at = ? WHERE state IN ('claimed', 'handing') AND due_at > ?", [now, now])
