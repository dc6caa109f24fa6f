"""Rows that are work: one claim for all of them, by lease, for jobs and messages alike.

A row is free when its queue says so and its `due_at` has come. Claiming moves `due_at` to the end of the lease and
counts `attempts`; id and attempts together name the claim (`Claim`), so that somebody who slept through his lease
cannot answer for his successor. On PostgreSQL several may claim at once and never get the same row; on SQLite
competing claimers starve each other, so run one (OPERATIONS 2.3).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from passaparola.kernel import database
from passaparola.kernel.models import Job

FAILURE_CHARACTERS_MAX = 200


class Claim(NamedTuple):
    """That row `id` is ours, for the `attempts`-th time it was anybody's."""

    id: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Queue:
    """A table of work. `lane` is the column that tells kinds of work apart; `free` and `taken` are SQL of our own."""

    table: str
    lane: str
    # Which rows may be taken, besides that they are due.
    free: str
    # What else a claim changes, e.g. "state = 'claimed'".
    taken: str = ""


JOBS = Queue("job", lane="kind", free="done_at IS NULL")


@contextmanager
def short_transaction() -> Iterator[None]:
    """A transaction that changes no derived state: on SQLite it waits its turn, on PostgreSQL it need not."""
    with database.turn() if database.vendor() == "sqlite" else transaction.atomic():
        yield


def is_any_due(queue: Queue, lanes: Sequence[str], *, now: datetime) -> bool:
    """Whether a claim would find something; reads only, so it may be asked often."""
    sql = f"SELECT 1 FROM {queue.table} WHERE {queue.free} AND {queue.lane} = ? AND due_at <= ? LIMIT 1"
    return any(database.rows(sql, [lane, now]) for lane in lanes)


def claim(queue: Queue, lanes: Sequence[str], *, limit: int, lease_seconds: float, now: datetime) -> list[Claim]:
    """Take up to `limit` due rows until the lease ends, those of earlier lanes first. In the caller's transaction."""
    taken: list[Claim] = []
    for lane in lanes:
        if len(taken) < limit:
            taken += _claim_lane(queue, lane, limit - len(taken), now + timedelta(seconds=lease_seconds), now)
    return taken


def _claim_lane(queue: Queue, lane: str, limit: int, until: datetime, now: datetime) -> list[Claim]:
    skip = " FOR UPDATE SKIP LOCKED" if database.vendor() == "postgresql" else ""
    pick = f"SELECT id FROM {queue.table} WHERE {queue.free} AND {queue.lane} = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?"
    # PostgreSQL may run a bare IN (SELECT … LIMIT) more than once; as an array it is run once.
    among = f"= ANY(ARRAY({pick}{skip}))" if skip else f"IN ({pick})"
    changes = f"due_at = ?, attempts = attempts + 1{', ' + queue.taken if queue.taken else ''}"
    sql = f"UPDATE {queue.table} SET {changes} WHERE id {among} RETURNING id, attempts"
    return sorted(Claim(*row) for row in database.rows(sql, [until, lane, now, limit]))


# --- Jobs -------------------------------------------------------------------------------------
def claim_jobs(
    kinds: Sequence[str], *, limit: int, lease_seconds: float, now: datetime
) -> list[tuple[Claim, dict[str, object]]]:
    """Take due jobs; each with its row."""
    with short_transaction():
        claims = claim(JOBS, kinds, limit=limit, lease_seconds=lease_seconds, now=now)
        found = {row["id"]: row for row in database.select(Job, database.any_of("id"), [[c.id for c in claims]])}
    return [(taken, found[taken.id]) for taken in claims]


def finish_job(taken: Claim, *, now: datetime) -> bool:
    """The job is done. False if the claim had lapsed and somebody else has it, or it was done already."""
    sql = "UPDATE job SET done_at = ?, failure = '' WHERE id = ? AND attempts = ? AND done_at IS NULL"
    with short_transaction():
        return database.run(sql, [now, *taken]) == 1


def try_job_again(taken: Claim, *, due_at: datetime, failure: str) -> bool:
    """The job did not work out; it is due again then. False if the claim had lapsed."""
    sql = "UPDATE job SET due_at = ?, failure = ? WHERE id = ? AND attempts = ? AND done_at IS NULL"
    with short_transaction():
        return database.run(sql, [due_at, failure[:FAILURE_CHARACTERS_MAX], *taken]) == 1


def back_off(attempts: int, *, first_seconds: float = 60.0, most_seconds: float = 4 * 3600.0) -> timedelta:
    """How long to wait after so many tries: doubling from the first, up to a limit."""
    return timedelta(seconds=min(most_seconds, first_seconds * 2 ** min(attempts - 1, 30)))
