"""Triggers that make the database itself refuse: written once here, put on each room's tables by its migration 0002.

Triggers live in the main store only; on PostgreSQL there is but one. A refusal reaches Python as an IntegrityError
(SQLite: RAISE(ABORT), PostgreSQL: errcode integrity_constraint_violation) whose text says which rule was broken.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db import migrations

_SQLITE = """
CREATE TRIGGER {table}_{name}_guard BEFORE {event} ON {table} {when}
BEGIN SELECT RAISE(ABORT, '{table} is append-only: {event} refused'); END;
"""
_POSTGRES = """
CREATE TRIGGER {table}_{name}_guard BEFORE {event} ON {table} FOR EACH ROW {when}
EXECUTE FUNCTION passaparola_refuse();
"""
# A row trigger does not see TRUNCATE; SQLite has none.
_POSTGRES_TRUNCATE = """
CREATE TRIGGER {table}_truncate_guard BEFORE TRUNCATE ON {table} EXECUTE FUNCTION passaparola_refuse();
"""
_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION passaparola_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
_POSTGRES_UNLESS = """
CREATE OR REPLACE FUNCTION passaparola_{table}_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {condition} THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '{table} is append-only: DELETE refused' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
_SQLITE_ERASURE = """
CREATE TRIGGER {table}_erasure_guard BEFORE {event} ON {table} WHEN (NOT ({condition}))
BEGIN SELECT RAISE(ABORT, '{table} is append-only: only erasure may change this'); END;
"""
_POSTGRES_ERASURE = """
CREATE OR REPLACE FUNCTION passaparola_{table}_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {condition} THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '{table} is append-only: only erasure may change this' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
# What may go from an append-only table, and only this: what a withdrawn event had made, or what is left of a person
# whose events were withdrawn (a chain of stages cannot lose a link in the middle).
OF_WITHDRAWN_EVENT = "EXISTS (SELECT 1 FROM withdrawn_event w WHERE w.id = OLD.event_id)"
OF_WITHDRAWN_PERSON = (
    "EXISTS (SELECT 1 FROM withdrawn_event w WHERE w.person_id = OLD.person_id) OR EXISTS (SELECT 1 FROM withdrawn_event w "
    "JOIN person p ON p.id = w.person_id JOIN person q ON q.root_id = p.root_id WHERE q.id = OLD.person_id)"
)


def append_only(table: str, *, but: str = "", updates: bool = False) -> migrations.RunPython:
    """An operation after which rows of `table` are neither changed nor deleted.

    but: rows for which this condition on OLD holds stay free (SQL, either database). updates: True leaves UPDATE
    alone, either because the row's state moves on or because a rule of its own follows.
    """
    events = ("DELETE",) if updates else ("UPDATE", "DELETE")
    when = f"WHEN (NOT ({but}))" if but else ""

    def put(apps: Any, editor: Any) -> None:
        if editor.connection.vendor == "sqlite":
            statements = [_SQLITE.format(table=table, event=event, name=event.lower(), when=when) for event in events]
        else:
            statements = [_POSTGRES_FUNCTION, _POSTGRES_TRUNCATE.format(table=table)]
            statements += [
                _POSTGRES.format(table=table, event=event, name=event.lower(), when=when) for event in events
            ]
        for statement in statements:
            editor.execute(statement, params=None)

    def lift(apps: Any, editor: Any) -> None:
        on = "" if editor.connection.vendor == "sqlite" else f" ON {table}"
        for event in (*events, "TRUNCATE"):
            editor.execute(f"DROP TRIGGER IF EXISTS {table}_{event.lower()}_guard{on}")

    return migrations.RunPython(put, lift, hints={"home": "default"})


def withdrawable(table: str, condition: str) -> migrations.RunPython:
    """An operation after which rows of an append-only table may go where `condition` on OLD holds, and no others.

    condition: SQL that either database reads, as a rule about withdrawn_event: nothing goes that was not put aside.
    """

    def put(apps: Any, editor: Any) -> None:
        _delete_guard(editor, table, condition)

    def lift(apps: Any, editor: Any) -> None:
        _delete_guard(editor, table, "")

    return migrations.RunPython(put, lift, hints={"home": "default"})


def _delete_guard(editor: Any, table: str, condition: str) -> None:
    if editor.connection.vendor == "sqlite":
        editor.execute(f"DROP TRIGGER IF EXISTS {table}_delete_guard")
        when = f"WHEN (NOT ({condition}))" if condition else ""
        editor.execute(_SQLITE.format(table=table, event="DELETE", name="delete", when=when), params=None)
        return
    editor.execute(f"DROP TRIGGER IF EXISTS {table}_delete_guard ON {table}")
    if condition:
        # A trigger's own condition may not look into other tables here; its function may.
        editor.execute(_POSTGRES_UNLESS.format(table=table, condition=condition), params=None)
    function = f"passaparola_{table}_delete" if condition else "passaparola_refuse"
    editor.execute(
        f"CREATE TRIGGER {table}_delete_guard BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
        params=None,
    )


def written_in(migration: str, name: str, *, undo: str) -> migrations.RunPython:
    """An operation that runs `name`.sqlite.sql or `name`.postgresql.sql beside the migration file `migration`.

    undo: statements, separated by semicolons, that take the rule away again, as PostgreSQL wants them
    ("DROP TRIGGER a ON b"); SQLite is given the part before ON.
    """
    folder = Path(migration).parent

    def put(apps: Any, editor: Any) -> None:
        vendor = editor.connection.vendor
        for statement in _statements((folder / f"{name}.{vendor}.sql").read_text(), vendor):
            editor.execute(statement, params=None)

    def lift(apps: Any, editor: Any) -> None:
        sqlite = editor.connection.vendor == "sqlite"
        for statement in filter(None, (part.strip() for part in undo.split(";"))):
            editor.execute(statement.split(" ON ")[0] if sqlite else statement, params=None)

    return migrations.RunPython(put, lift, hints={"home": "default"})


def _statements(text: str, vendor: str) -> Iterator[str]:
    """PostgreSQL takes a whole file at once; Python's SQLite wants one statement at a time, triggers whole."""
    if vendor != "sqlite":
        yield text
        return
    gathered = ""
    for line in text.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""


def erasable(table: str, columns: Sequence[str], person: str) -> migrations.RunPython:
    """An operation after which these columns of an append-only table may change where its person was forgotten.

    person: SQL for the person's number, of OLD. All other columns stay as they are.
    """
    free = forgotten(person)

    def put(apps: Any, editor: Any) -> None:
        sqlite = editor.connection.vendor == "sqlite"
        with editor.connection.cursor() as cursor:
            described = editor.connection.introspection.get_table_description(cursor, table)
        fixed = ", ".join(column.name for column in described if column.name not in columns)
        editor.execute(f"DROP TRIGGER IF EXISTS {table}_update_guard{'' if sqlite else f' ON {table}'}")
        template = _SQLITE if sqlite else _POSTGRES
        editor.execute(template.format(table=table, event=f"UPDATE OF {fixed}", name="update", when=""), params=None)
        erasure_guard(editor, table, columns, free)

    def lift(apps: Any, editor: Any) -> None:
        on = "" if editor.connection.vendor == "sqlite" else f" ON {table}"
        editor.execute(f"DROP TRIGGER IF EXISTS {table}_erasure_guard{on}")
        editor.execute(f"DROP TRIGGER IF EXISTS {table}_update_guard{on}")
        template = _POSTGRES if on else _SQLITE
        editor.execute(template.format(table=table, event="UPDATE", name="update", when=""), params=None)

    return migrations.RunPython(put, lift, hints={"home": "default"})


def forgotten(person: str) -> str:
    """SQL: whether the person of that number asked to be forgotten."""
    return f"EXISTS (SELECT 1 FROM person p WHERE p.id = {person} AND p.forgotten_at IS NOT NULL)"


def erasure_guard(editor: Any, table: str, columns: Sequence[str], free: str) -> None:
    """Refuse a change of these columns but where `free`, SQL on OLD, holds."""
    event = f"UPDATE OF {', '.join(columns)}"
    if editor.connection.vendor == "sqlite":
        editor.execute(_SQLITE_ERASURE.format(table=table, event=event, condition=free), params=None)
        return
    editor.execute(_POSTGRES_ERASURE.format(table=table, condition=free), params=None)
    editor.execute(
        f"CREATE TRIGGER {table}_erasure_guard BEFORE {event} ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION passaparola_{table}_erasure()",
        params=None,
    )
