"""Group commit: what arrives while the disk is busy goes into the next commit together.

One thread commits. The loop hands it everything that is waiting, the thread answers with one `call_soon_threadsafe`,
and only then are the waiting requests told. A commit that fails tells failure to every request in it.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

# No commit grows beyond this; the rest waits for the next one.
ENTRIES_PER_COMMIT_MAX = 2_000
BYTES_PER_COMMIT_MAX = 32 * 1024 * 1024
# Where several came together last time, the next group is given this long to gather: fewer commits and fewer changes
# between threads. A lone request never waits.
GATHER_SECONDS = 0.001
GATHER_FROM = 4
# After a failure nobody waits for a store that is away: one try in this time.
PAUSE_SECONDS = 0.5
# A commit that takes longer counts as failed for those who wait; it may still succeed (the corridor knows repeats).
STUCK_SECONDS = 5.0
_WATCH_SECONDS = 0.25


class Entry(NamedTuple):
    """One row of the inbox to be; the time of receipt is the commit's."""

    kind: str
    source: str
    call: str
    body: bytes


class StoreAway(Exception):
    """The store did not take it: nothing was acknowledged, so the caller may send it again."""


Waiting = tuple[Entry, "asyncio.Future[None]"]


class GroupCommit:
    """Puts entries through `commit` in groups, from one thread; everything else happens in the loop's thread."""

    def __init__(self, commit: Callable[[Sequence[Entry]], None], *, name: str) -> None:
        self._commit = commit
        self._name = name
        self._handed: queue.SimpleQueue[list[Waiting] | None] = queue.SimpleQueue()
        self._waiting: list[Waiting] = []
        self._in_hand: list[Waiting] = []
        self._handed_at = 0.0
        self._scheduled = False
        self._latest_count = 0
        self._away_until = 0.0
        self.waiting_bytes = 0
        self.failure: str = ""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin; `put` may be called from now on, in this loop's thread."""
        self._loop = loop
        self._thread = threading.Thread(target=self._turn, name=self._name, daemon=True)
        self._thread.start()
        self._watcher = loop.call_later(_WATCH_SECONDS, self._watch)

    async def stop(self) -> None:
        """Commit what is waiting, then end the thread. A store that hangs is not waited for beyond STUCK_SECONDS."""
        until = time.monotonic() + STUCK_SECONDS
        while (self._waiting or self._in_hand) and time.monotonic() < until:
            await asyncio.sleep(0.005)
        self._watcher.cancel()
        self._handed.put(None)
        await self._loop.run_in_executor(None, self._thread.join, STUCK_SECONDS)

    def put(self, entry: Entry) -> "asyncio.Future[None]":
        """A future that is done when the entry is on disk, or fails with StoreAway."""
        future: asyncio.Future[None] = self._loop.create_future()
        if self._away_until and time.monotonic() < self._away_until:
            future.set_exception(StoreAway(self.failure))
            return future
        self._waiting.append((entry, future))
        self.waiting_bytes += len(entry.body)
        if not self._scheduled and not self._in_hand:
            self._schedule()
        return future

    @property
    def is_away(self) -> bool:
        """Whether the last commit failed, or one hangs."""
        return bool(self.failure)

    def _schedule(self) -> None:
        self._scheduled = True
        if self._latest_count >= GATHER_FROM:
            self._loop.call_later(GATHER_SECONDS, self._hand_over)
        else:
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        """Give the thread what is waiting. Scheduled, not called, so that one turn of the loop makes one group."""
        self._scheduled = False
        if self._in_hand or not self._waiting:
            return
        count = _how_many(self._waiting)
        self._in_hand, self._waiting = self._waiting[:count], self._waiting[count:]
        self._handed_at = time.monotonic()
        self._handed.put(self._in_hand)

    def _turn(self) -> None:
        while (group := self._handed.get()) is not None:
            failure = ""
            try:
                self._commit([entry for entry, _ in group])
            except Exception as problem:  # whatever it was, nobody in this group may be told “stored”
                failure = f"{type(problem).__name__}: {problem}"
            try:
                self._loop.call_soon_threadsafe(self._done, group, failure)
            except RuntimeError:
                return  # the loop was closed under us: the process is ending

    def _done(self, group: list[Waiting], failure: str) -> None:
        if group:
            self._in_hand, self._latest_count = [], len(group)
        self.failure = failure
        self._away_until = time.monotonic() + PAUSE_SECONDS if failure else 0.0
        self._tell(group, failure)
        if failure:
            waiting, self._waiting = self._waiting, []
            self._tell(waiting, failure)
        elif self._waiting and not self._scheduled:
            self._schedule()

    def probe(self) -> None:
        """Find out whether a store that was away is back: an empty commit must be able to write."""
        if not self._in_hand:
            self._handed.put([])

    def _tell(self, group: list[Waiting], failure: str) -> None:
        size = 0
        for entry, future in group:
            size += len(entry.body)
            if future.done():
                continue
            if failure:
                future.set_exception(StoreAway(failure))
            else:
                future.set_result(None)
        self.waiting_bytes -= size

    def _watch(self) -> None:
        """Nobody waits longer than STUCK_SECONDS for a store that neither answers nor fails."""
        self._watcher = self._loop.call_later(_WATCH_SECONDS, self._watch)
        if not self._in_hand or time.monotonic() - self._handed_at < STUCK_SECONDS:
            return
        self.failure = f"no answer for {STUCK_SECONDS:g} seconds"
        self._away_until = time.monotonic() + 2 * _WATCH_SECONDS
        for _, future in self._in_hand:
            if not future.done():
                future.set_exception(StoreAway(self.failure))
        waiting, self._waiting = self._waiting, []
        self._tell(waiting, self.failure)


def _how_many(waiting: list[Waiting]) -> int:
    """How many of those waiting go into one commit."""
    if len(waiting) < 8:
        return len(waiting)
    size = 0
    for count, (entry, _) in enumerate(waiting):
        size += len(entry.body)
        if count and (count >= ENTRIES_PER_COMMIT_MAX or size > BYTES_PER_COMMIT_MAX):
            return count
    return len(waiting)
