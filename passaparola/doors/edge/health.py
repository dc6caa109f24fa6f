"""/livez says that the process answers; /readyz says whether it can do its work, and if not, what is missing."""

import shutil
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, connections
from django.db.migrations.executor import MigrationExecutor

from passaparola.events.inbox import GroupCommit
from passaparola.events.inbox.backlog import Keeper

DISK_FREE_BYTES_MIN = 64 * 1024 * 1024
_REMEMBER_SECONDS = 1.0


class Health:
    """The checks, run in a thread (they use Django's connections), remembered for a second."""

    def __init__(self, inbox: GroupCommit, keeper: Keeper) -> None:
        self._inbox, self._keeper = inbox, keeper
        self._is_migrated = False
        self._latest: tuple[float, int, dict[str, Any]] = (0.0, 503, {})

    def ready(self) -> tuple[int, dict[str, Any]]:
        """HTTP status and what was found."""
        if self._latest[0] > time.monotonic():
            return self._latest[1:]
        # Outside Django's requests nobody else gives up a connection that the server has cut.
        close_old_connections()
        checks: dict[str, dict[str, Any]] = {name: _safely(check) for name, check in self._checks()}
        good = all(check["ok"] for check in checks.values())
        status, word = (200, "ready") if good else (503, "not_ready")
        self._latest = (time.monotonic() + _REMEMBER_SECONDS, status, {"status": word, "checks": checks})
        return self._latest[1:]

    def _checks(self) -> tuple[tuple[str, Callable[[], dict[str, Any]]], ...]:
        return (
            ("database", self._database),
            ("migrations", self._migrations),
            ("inbox", self._inbox_writable),
            ("backlog", self._backlog),
            ("disk", self._disk),
        )

    def _database(self) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return {"ok": True, "kind": connection.vendor}

    def _migrations(self) -> dict[str, Any]:
        if not self._is_migrated:
            executor = MigrationExecutor(connection)
            self._is_migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        return {"ok": self._is_migrated}

    def _inbox_writable(self) -> dict[str, Any]:
        if self._inbox.is_away:
            return {"ok": False, "reason": "the last commit failed"}
        with connections["inbox" if "inbox" in settings.DATABASES else "default"].cursor() as cursor:
            cursor.execute("SELECT id FROM inbox LIMIT 1")
        return {"ok": True}

    def _backlog(self) -> dict[str, Any]:
        latest = self._keeper.latest
        return {"ok": not latest.is_over, "rows": latest.rows, "bytes": latest.bytes}

    def _disk(self) -> dict[str, Any]:
        free = shutil.disk_usage(settings.DATA_DIR).free
        return {"ok": free >= DISK_FREE_BYTES_MIN, "free_bytes": free}


def _safely(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A check that cannot be made is one that failed; the kind of failure is told, never its words."""
    try:
        return check()
    except (DatabaseError, sqlite3.Error, OSError) as problem:
        return {"ok": False, "reason": type(problem).__name__}
