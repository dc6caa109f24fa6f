"""How much accepted work the corridor has not yet done; beyond the settings' limits the edge asks senders to wait."""

import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from passaparola.events.inbox.group import StoreAway

# The corridor's name for its place in the inbox file (table cursor).
CURSOR = "inbox"
_MEASURE_SECONDS = 1.0
_TRIM_ROWS = 200
_TRIM_PAUSE_SECONDS = 0.005
_TRIM_SECONDS_MAX = 0.5


@dataclass(frozen=True, slots=True)
class Backlog:
    """Rows and bytes waiting, as last counted."""

    rows: int = 0
    bytes: int = 0

    @property
    def is_over(self) -> bool:
        """Whether senders must wait."""
        return self.rows > settings.INBOX_BACKLOG_ROWS_MAX or self.bytes > settings.INBOX_BACKLOG_BYTES_MAX


class Keeper:
    """Counts every second in a thread of its own; on SQLite it also removes what the corridor has consumed."""

    def __init__(self, count: Callable[[], Backlog]) -> None:
        self._count = count
        self._ended = threading.Event()
        self.latest, self.is_over = Backlog(), False
        self.failure = ""

    def start(self) -> None:
        """Count once now, then go on in the background."""
        self._measure()
        self._thread = threading.Thread(target=self._turn, name="backlog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        self._thread.join(_MEASURE_SECONDS + _TRIM_SECONDS_MAX)

    def _turn(self) -> None:
        while not self._ended.wait(_MEASURE_SECONDS):
            self._measure()

    def _measure(self) -> None:
        try:
            self.latest, self.failure = self._count(), ""
            # Kept apart: it is asked with each request.
            self.is_over = self.latest.is_over
        except (sqlite3.Error, StoreAway, OSError) as problem:
            # The last count stands; that the store is away is told by the commits.
            self.failure = type(problem).__name__


def open_keeper() -> Keeper:
    """The keeper for the store the settings name."""
    if settings.DATABASE_URL:
        from passaparola.events.inbox.postgres import PostgresCount

        return Keeper(PostgresCount(settings.DATABASES["default"]))
    return Keeper(
        SqliteCount(Path(str(settings.DATABASES["inbox"]["NAME"])), Path(str(settings.DATABASES["default"]["NAME"])))
    )


class SqliteCount:
    """Counts by the distance between the last row and the corridor's cursor; trims what lies behind the cursor."""

    def __init__(self, inbox: Path, main: Path) -> None:
        self._inbox, self._main = inbox, main

    def __call__(self) -> Backlog:
        """Trim, then count. Raises sqlite3.Error."""
        position = self._position()
        inbox = sqlite3.connect(
            f"{self._inbox.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=0.05
        )
        try:
            _catch_up(inbox, position)
            _trim(inbox, position)
            (last,) = inbox.execute("SELECT COALESCE(MAX(id), 0) FROM inbox").fetchone()
            pages, free, size = (
                inbox.execute(f"PRAGMA {p}").fetchone()[0] for p in ("page_count", "freelist_count", "page_size")
            )
        finally:
            inbox.close()
        rows = max(0, last - position)
        return Backlog(rows, (pages - free) * size if rows else 0)

    def _position(self) -> int:
        main = sqlite3.connect(f"{self._main.absolute().as_uri()}?mode=ro", uri=True, timeout=1)
        try:
            row = main.execute("SELECT position FROM cursor WHERE name = ?", [CURSOR]).fetchone()
        finally:
            main.close()
        return row[0] if row else 0


def _catch_up(inbox: sqlite3.Connection, position: int) -> None:
    """Give out no number that the cursor has passed: an inbox restored from an older copy would otherwise do so.

    Such rows would count as consumed, and be trimmed. Runs before the first row is taken in.
    """
    row = inbox.execute("SELECT seq FROM sqlite_sequence WHERE name = 'inbox'").fetchone()
    if row is None and position:
        inbox.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('inbox', ?)", [position])
    elif row is not None and row[0] < position:
        inbox.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'inbox'", [position])


def _trim(inbox: sqlite3.Connection, position: int) -> None:
    """Remove consumed rows in small steps with pauses, so that the writer is never kept waiting for long."""
    until = time.monotonic() + _TRIM_SECONDS_MAX
    sql = "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE id <= ? ORDER BY id LIMIT ?)"
    try:
        while inbox.execute(sql, [position, _TRIM_ROWS]).rowcount == _TRIM_ROWS and time.monotonic() < until:
            time.sleep(_TRIM_PAUSE_SECONDS)
    except sqlite3.OperationalError:
        pass  # the writer is at it, or the disk is full: the next second will do
