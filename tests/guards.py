"""Takes the database's triggers down for a moment: to empty tables between tests, and to plant a corruption."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection as default


@contextmanager
def lifted(connection: Any = default) -> Iterator[None]:
    """No trigger is in force inside; all of them are again afterwards, also after an error.

    On SQLite they are dropped and made again from their own text, on PostgreSQL switched off; both are part of the
    surrounding transaction, so that nobody else ever sees the store without them.
    """
    down, up = _sqlite(connection) if connection.vendor == "sqlite" else _postgres(connection)
    _run(connection, down)
    try:
        yield
    finally:
        if not connection.needs_rollback:
            _run(connection, up)


def _sqlite(connection: Any) -> tuple[list[str], list[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        found = cursor.fetchall()
    return [f'DROP TRIGGER "{name}"' for name, _ in found], [sql for _, sql in found]


def _postgres(connection: Any) -> tuple[list[str], list[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1")
        tables = [table for (table,) in cursor.fetchall()]
    return tuple([f"ALTER TABLE {table} {verb} TRIGGER USER" for table in tables] for verb in ("DISABLE", "ENABLE"))  # type: ignore[return-value]


def _run(connection: Any, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def lift_while_flushing() -> None:
    """Let Django empty all tables between transactional tests, past the triggers, in one transaction."""
    from django.db import transaction
    from django.db.backends.base.operations import BaseDatabaseOperations

    plain = BaseDatabaseOperations.execute_sql_flush
    if getattr(plain, "past_the_guards", False):
        return

    def flush(self: Any, statements: list[str]) -> None:
        with transaction.atomic(using=self.connection.alias), lifted(self.connection):
            plain(self, statements)

    flush.past_the_guards = True  # type: ignore[attr-defined]
    BaseDatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]
