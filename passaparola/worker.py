"""Turns the corridor: takes the inbox, rings the timers, again and again. `python -m passaparola.worker`."""

import gc
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

# How long the worker rests when there is nothing to do, and between transactions so that the console can write.
IDLE_SECONDS, GAP_SECONDS = 0.02, 0.005
# While events wait, whom they touched is weighed for several batches at once: after a second, or so much later that the
# weighing takes a tenth of the time (a file of long histories touches everybody in every batch); half of the time
# where nothing waits at the moment; a minute at most.
WEIGH_WAIT_SECONDS, WEIGH_WAIT_SECONDS_MAX, WEIGH_SHARE = 1.0, 60.0, 0.1
# A turn that took so many events has left others waiting, most likely.
BEHIND_EVENTS = 500
_RINGS_MAX = 500
# These look at a slice of everybody: each is a transaction of its own.
_ALONE = ("sweep", "restage", "relead", "gather", "withdraw")
_INBOX_ROWS_MAX = 1000
# How often the worker asks whether groups are to be looked for again; the question costs two short queries.
SUGGEST_ASK_SECONDS = 300.0
# How often the worker asks whether a page waits for a picture; one look into an index.
PICTURE_ASK_SECONDS = 1.0
_TURNS_BETWEEN_COLLECTIONS = 20


class Progress(msgspec.Struct):
    """What one turn did."""

    rows: int = 0
    events: int = 0
    parked: int = 0
    rings: int = 0
    # How long weighing took, if anybody was weighed.
    weighed_seconds: float = 0.0


def turn(now: datetime, *, patience: timedelta = timedelta()) -> Progress:
    """One transaction: due timers, then the oldest inbox rows, with all their effects and the fact of consumption.

    patience: so long after they were touched people are weighed at the earliest.
    """
    from passaparola.kernel import database

    progress, began = Progress(), time.monotonic()
    with database.turn():
        weighs = _ring(now, progress, patience)
    if weighs:
        progress.weighed_seconds = time.monotonic() - began
    with database.turn():
        _take(progress)
    return progress


def drain(now: datetime | None = None, *, turns_max: int = 10**9) -> Progress:
    """Turn until the inbox is empty and no timer is due; what was done in all."""
    total, one = Progress(), Progress()
    for _ in range(turns_max):
        # Nothing else will come: what is touched by now is weighed by the end.
        patience = _patience(one) if one.rows else timedelta()
        one = turn_after(one, now, patience=patience)
        for field in Progress.__struct_fields__:
            setattr(total, field, getattr(total, field) + getattr(one, field))
        if not one.rows and not one.rings and not patience:
            return total
    return total


def turn_after(before: Progress, now: datetime | None = None, *, patience: timedelta | None = None) -> Progress:
    """The turn after one that came to `before`, with the patience that follows from it."""
    wait = _patience(before) if patience is None else patience
    done = turn(now or datetime.now(UTC), patience=wait)
    done.weighed_seconds = done.weighed_seconds or before.weighed_seconds
    return done


def _patience(before: Progress) -> timedelta:
    """How long people may wait to be weighed while events wait, or may come in the next moment."""
    share = WEIGH_SHARE if before.rows else 0.5
    least = WEIGH_WAIT_SECONDS if before.events >= BEHIND_EVENTS else 0.0
    wait = max(least, before.weighed_seconds / share - before.weighed_seconds)
    return timedelta(seconds=min(wait, WEIGH_WAIT_SECONDS_MAX))


# --- timers --------------------------------------------------------------------------------------


def _ring(now: datetime, progress: Progress, patience: timedelta) -> bool:
    """Timers that are due ring as events of the clock; whether people were weighed."""
    from django.conf import settings

    from passaparola import corridor
    from passaparola.events import intake
    from passaparola.kernel import database
    from passaparola.kernel.models import Timer

    where = f"due_at <= ? AND (kind <> 'weigh' OR due_at <= ?) ORDER BY due_at, id LIMIT {_RINGS_MAX}"
    due = database.select(Timer, where, [now, now - patience])
    if not due:
        return False
    alone = [timer for timer in due if timer["kind"] in _ALONE]
    chosen = alone[:1] if due[0]["kind"] in _ALONE else [timer for timer in due if timer["kind"] not in _ALONE]
    rings = [
        intake.make_act(
            "Timer Rang", source="clock", now=now, time_zone=settings.BUSINESS_TIME_ZONE,
            message_id=_ring_id(timer, now),
            properties={"kind": timer["kind"], "subject": timer["subject"], "payload": timer["payload"],
                        "due_at": timer["due_at"].isoformat()},
        )
        for timer in chosen
    ]  # fmt: skip
    outcomes = corridor.walk(rings, park=True)
    for timer, outcome in zip(chosen, outcomes, strict=True):
        if outcome.refused or outcome.repeated:
            # It can never ring as it stands: it is parked with its reason; do not try for ever.
            database.run("DELETE FROM timer WHERE id = ?", [timer["id"]])
    progress.rings += len(rings)
    return any(timer["kind"] == "weigh" for timer in chosen)


def _ring_id(timer: dict[str, Any], now: datetime) -> str:
    """What tells one ring from every other: ids of timers are used again, so what it carries counts too.

    And when it rings: a clock that was set back lets the same timer be set, and fall due, once more. That none rings
    twice needs no id: it goes in the transaction in which it rings.
    """
    carried = hashlib.blake2b(msgspec.json.encode([timer["payload"], now], order="sorted"), digest_size=6).hexdigest()
    what = f"{timer['id']}:{timer['due_at'].timestamp():.6f}:{carried}:{timer['kind']}:{timer['subject']}"
    return what[:100]


# --- inbox ---------------------------------------------------------------------------------------


def _take(progress: Progress) -> None:
    from django.conf import settings

    from passaparola.kernel import database

    limit = settings.CORRIDOR_EVENTS_MAX
    rows = _postgres_rows(limit) if database.vendor() == "postgresql" else _sqlite_rows(limit)
    rows = _fitting(rows, limit)
    if not rows:
        return
    progress.rows += len(rows)
    _walk(rows, progress)
    if database.vendor() == "postgresql":
        database.run(f"DELETE FROM inbox WHERE {database.any_of('id')}", [[row[0] for row in rows]])
    else:
        database.run(
            "INSERT INTO cursor (name, position) VALUES ('inbox', ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position",
            [rows[-1][0]],
        )


def _sqlite_rows(limit: int) -> list[tuple[Any, ...]]:
    """Rows after the cursor; the cursor lives in the main file and moves with the effects."""
    from passaparola.kernel import database

    found = database.rows("SELECT position FROM cursor WHERE name = 'inbox'")
    sql = "SELECT id, received_at, kind, source, call, body FROM inbox WHERE id > ? ORDER BY id LIMIT ?"
    return database.rows(sql, [found[0][0] if found else 0, min(limit, _INBOX_ROWS_MAX)], alias="inbox")


def _postgres_rows(limit: int) -> list[tuple[Any, ...]]:
    """The oldest rows that are there: consumed ones are deleted, so a late commit with a lower id is not skipped."""
    from passaparola.kernel import database

    sql = "SELECT id, received_at, kind, source, call, body FROM inbox ORDER BY id LIMIT ? FOR UPDATE SKIP LOCKED"
    return database.rows(sql, [min(limit, _INBOX_ROWS_MAX)])


def _fitting(rows: list[tuple[Any, ...]], limit: int) -> list[tuple[Any, ...]]:
    """As many rows as make about `limit` events: one at least, guessed from what their bodies hold."""
    events = 0
    fitting: list[tuple[Any, ...]] = []
    for row in rows:
        size = max(1, bytes(row[5]).count(b'"type"')) if row[4] == "batch" or row[2] == "import" else 1
        if fitting and events + size > limit:
            break
        events += size
        fitting.append(row)
    return fitting


def _walk(rows: list[tuple[Any, ...]], progress: Progress) -> None:
    from passaparola import corridor
    from passaparola.events import intake, log, parking
    from passaparola.kernel import database

    limits, happenings, rejected = log.limits(), [], []
    for id_, received_at, kind, source, call, body in rows:
        good, bad = intake.read(
            kind=kind, call=call, source=source, body=bytes(body), received_at=database.as_time(received_at),
            inbox_id=id_, limits=limits,
        )  # fmt: skip
        happenings += good
        rejected += bad
    outcomes = corridor.walk(happenings, park=True)
    for happening, outcome in zip(happenings, outcomes, strict=True):
        if isinstance(outcome.refused, corridor.Reused):
            rejected.append(corridor.rejected(happening, outcome.refused))
    parking.park(rejected)
    progress.events += len(happenings)
    progress.parked += len(rejected) + sum(
        1 for o in outcomes if o.refused and not isinstance(o.refused, corridor.Reused)
    )


def main() -> None:
    """Work until told to stop (SIGTERM, SIGINT)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")
    import django

    django.setup()
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # A batch makes many small objects and drops them together: collecting between turns is cheaper than within.
    gc.disable()
    turns, done, errands = 0, Progress(), (Errand(), Suggestions(), Pictures())
    while not stopping:
        done = _safely(done)
        busy = bool(done.rows or done.rings)
        turns += busy
        for errand in errands:
            errand.look(busy)
        if turns >= _TURNS_BETWEEN_COLLECTIONS or (turns and not busy):
            turns = 0
            gc.collect(1)
        time.sleep(GAP_SECONDS if busy else IDLE_SECONDS)
    for errand in errands:
        errand.stop()


class Errand:
    """Sends somebody to bring the lake up to date: a process of its own, at the lowest priority, gone when done.

    The worker neither waits for it nor carries the engine's memory.
    """

    def __init__(self) -> None:
        self.running: subprocess.Popen[bytes] | None = None
        self.last, self.news = time.monotonic(), True

    def look(self, busy: bool) -> None:
        """Send it off where something is new and it is time again."""
        from django.conf import settings

        self.news |= busy
        if not settings.LAKE_SECONDS or not self.news or time.monotonic() - self.last < settings.LAKE_SECONDS:
            return
        if self.running is not None and self.running.poll() is None:
            return
        self.last, self.news = time.monotonic(), False
        self.running = subprocess.Popen([sys.executable, "-m", "passaparola.measure.lake"], stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        """Nothing is lost with it: it begins again where it was."""
        if self.running is not None and self.running.poll() is None:
            self.running.terminate()
            self.running.wait()


class Suggestions(Errand):
    """Sends somebody to look for groups (passaparola/suggest.py), once a day at most and only where something happened."""

    def look(self, busy: bool) -> None:
        """Send it off where it is due; what it finds waits for somebody to say yes or no."""
        from passaparola import suggest

        self.news |= busy
        if busy or not self.news or time.monotonic() - self.last < SUGGEST_ASK_SECONDS:
            return
        self.last = time.monotonic()
        if (self.running is None or self.running.poll() is not None) and _asked(suggest.is_due):
            self.news = False
            command = [sys.executable, "-m", "passaparola.suggest", suggest.CLOCK]
            self.running = subprocess.Popen(command, stdin=subprocess.DEVNULL)


class Pictures(Errand):
    """Sends somebody to make the pictures that pages wait for (passaparola/drawing.py), whether events come or not."""

    def look(self, busy: bool) -> None:
        """Send it off where somebody waits and nobody is at it."""
        from passaparola.measure import pictures

        if time.monotonic() - self.last < PICTURE_ASK_SECONDS:
            return
        self.last = time.monotonic()
        if (self.running is None or self.running.poll() is not None) and _asked(pictures.is_asked):
            self.running = subprocess.Popen([sys.executable, "-m", "passaparola.drawing"], stdin=subprocess.DEVNULL)


def _asked(question: Callable[[datetime], bool]) -> bool:
    """The answer now; no where the store is away."""
    from passaparola.kernel import database

    try:
        return question(datetime.now(UTC))
    except Exception as problem:
        if not database.is_gone(problem):
            raise
        return False


def _safely(before: Progress) -> Progress:
    """The next turn; when the store is away, wait and come back. What was done."""
    from django.db import close_old_connections, connections

    from passaparola.kernel import database, log

    try:
        return turn_after(before)
    except Exception as problem:
        if not database.is_gone(problem):
            raise
        log.get().warning("worker.store_away", error=type(problem).__name__)
        for connection in connections.all():
            connection.close()
        close_old_connections()
        time.sleep(0.5)
        return Progress()


if __name__ == "__main__":
    main()
