"""The inbox's other home: a table in PostgreSQL, shared by several edges; and how much waits in it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.conf import settings

from passaparola.events.inbox.backlog import Backlog
from passaparola.events.inbox.group import Entry, StoreAway

_CONNECT_SECONDS_MAX = 3
_INSERT = (
    "INSERT INTO inbox (received_at, kind, source, call, body) "
    "SELECT %s, u.kind, u.source, u.call, u.body "
    "FROM unnest(%b::text[], %b::text[], %b::text[], %b::bytea[]) AS u(kind, source, call, body)"
)


class PostgresStore:
    """The inbox table in PostgreSQL, on a connection of its own with binary parameters."""

    def __init__(self, database: dict[str, Any]) -> None:
        self._database = database
        self._connection: psycopg.Connection[Any] | None = None

    def commit(self, entries: Sequence[Entry]) -> None:
        """All on disk, or an exception and none: one statement is one transaction."""
        connection = self._connection or self._open()
        columns = [[entry[column] for entry in entries] for column in range(4)]
        try:
            # Nothing to commit writes nothing, yet fails on a server that is gone or read-only.
            with psycopg.Cursor(connection) as cursor:
                cursor.execute(_INSERT, [datetime.now(UTC), *columns], prepare=True)
        except psycopg.Error:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(**parameters(self._database), autocommit=True)
        try:
            connection.execute("SET default_toast_compression = 'lz4'")
        except psycopg.Error:
            pass  # a server built without it: its own compression costs more time, nothing else
        self._connection = connection
        return connection


def parameters(database: dict[str, Any]) -> dict[str, Any]:
    """Django's database settings as psycopg wants them, with limits on every wait."""
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {
        **{name: database[key] for name, key in named.items() if database.get(key)},
        "connect_timeout": _CONNECT_SECONDS_MAX,
        "options": "-c statement_timeout=10s",
        "application_name": "passaparola edge",
    }


class PostgresCount:
    """Counts the rows still there: the corridor deletes what it consumed."""

    def __init__(self, database: dict[str, Any]) -> None:
        self._database = database
        self._connection: psycopg.Connection[Any] | None = None

    def __call__(self) -> Backlog:
        """Count, at most to the limit. Raises StoreAway."""
        # Beyond the limit the exact number matters to nobody.
        sql = "SELECT count(*), COALESCE(sum(size), 0) FROM (SELECT octet_length(body) AS size FROM inbox LIMIT %s) AS waiting"
        try:
            if self._connection is None:
                self._connection = psycopg.connect(**parameters(self._database), autocommit=True)
            row = self._connection.execute(sql, [settings.INBOX_BACKLOG_ROWS_MAX + 1]).fetchone()
        except psycopg.Error as problem:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            raise StoreAway(type(problem).__name__) from problem
        return Backlog(int(row[0]), int(row[1])) if row else Backlog()
