"""Where entries are made durable: what a home of the inbox must do, and the SQLite one. Written by one thread."""

import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings

from passaparola.events.inbox.group import Entry

# One statement is one step of the driver, which lets go of the interpreter's lock once, not once a row.
_ROWS_PER_STATEMENT_MAX = 64
_BUSY_RETRY_SECONDS = 0.002
_BUSY_SECONDS_MAX = 5.0
_CHECKPOINT_PAGES = 4_000


class Store(Protocol):
    """Where entries are made durable."""

    def commit(self, entries: Sequence[Entry]) -> None:
        """All of them on disk, or an exception and none of them. Nothing to commit asks: could you write?"""

    def close(self) -> None:
        """Let go of the connection."""


def open_store() -> Store:
    """The store the settings name. Nothing is opened before the first commit."""
    if settings.DATABASE_URL:
        # Only where it is needed: on SQLite its driver would be a third of the start.
        from passaparola.events.inbox.postgres import PostgresStore

        return PostgresStore(settings.DATABASES["default"])
    return SqliteStore(Path(str(settings.DATABASES["inbox"]["NAME"])))


class SqliteStore:
    """The inbox file: write-ahead log, every commit on disk (synchronous FULL)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def commit(self, entries: Sequence[Entry]) -> None:
        """All on disk, or an exception and none."""
        at = datetime.now(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
        connection = self._connection or self._open()
        try:
            if not entries:
                self._patiently(connection, "PRAGMA user_version = 1", ())
            elif len(entries) <= _ROWS_PER_STATEMENT_MAX:
                self._patiently(connection, _sqlite_insert(len(entries)), _flat(at, entries))
            else:
                self._commit_many(connection, at, entries)
        except sqlite3.Error:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file, undoing what was not committed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        # mode=rw: a missing file is an installation that was never migrated, not a new empty inbox.
        uri = f"{self._path.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=0)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        self._connection = connection
        return connection

    def _commit_many(self, connection: sqlite3.Connection, at: str, entries: Sequence[Entry]) -> None:
        self._patiently(connection, "BEGIN IMMEDIATE", ())
        for start in range(0, len(entries), _ROWS_PER_STATEMENT_MAX):
            some = entries[start : start + _ROWS_PER_STATEMENT_MAX]
            connection.execute(_sqlite_insert(len(some)), _flat(at, some))
        connection.execute("COMMIT")

    def _patiently(self, connection: sqlite3.Connection, sql: str, values: Sequence[Any]) -> None:
        """Wait for the write lock in small even steps; SQLite's own growing pauses starve the loser."""
        until = time.monotonic() + _BUSY_SECONDS_MAX
        while True:
            try:
                connection.execute(sql, values)
                return
            except sqlite3.OperationalError as problem:
                if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(_BUSY_RETRY_SECONDS)


@cache
def _sqlite_insert(count: int) -> str:
    return "INSERT INTO inbox (received_at, kind, source, call, body) VALUES " + ",".join(["(?,?,?,?,?)"] * count)


def _flat(at: str, entries: Sequence[Entry]) -> list[Any]:
    values: list[Any] = []
    for kind, source, call, body in entries:
        values += (at, kind, source, call, body)
    return values
