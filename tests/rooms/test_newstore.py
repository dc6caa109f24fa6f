"""An empty SQLite file gets its tables at once: the very same as by walking through all migrations."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import ROOT

AT_ONCE = "import django; django.setup(); from passaparola import prepare; prepare.stores()"
WALKED = """
import django; django.setup()
from django.core.management import call_command
for alias in ("default", "inbox"):
    call_command("migrate", database=alias, verbosity=0)
"""
FILES = ("main.sqlite3", "inbox.sqlite3")
# What Django and we write at the end of either way, without numbers and times.
ROWS = {
    "main.sqlite3": (
        "SELECT app, name FROM django_migrations",
        "SELECT app_label, model FROM django_content_type",
        "SELECT c.model, p.codename, p.name FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id",
    ),
    "inbox.sqlite3": ("SELECT app, name FROM django_migrations",),
}


def run(code: str, folder: Path) -> str:
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("PASSAPAROLA_")},
        "PYTHONPATH": str(ROOT), "PASSAPAROLA_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "passaparola.settings",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


def shape(file: Path) -> dict[tuple[str, str], Any]:
    """Tables as the set of their columns and constraints, whatever their order; indexes and triggers as written."""
    found: dict[tuple[str, str], Any] = {}
    with sqlite3.connect(file) as store:
        for kind, name, sql in store.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"):
            found[kind, name] = sorted(_parts(sql)) if kind == "table" else sql
    return found


def _parts(sql: str) -> Iterator[str]:
    """What stands between the commas of a CREATE TABLE, outside of inner brackets."""
    depth, part = 0, ""
    for character in sql[sql.index("(") + 1 : sql.rindex(")")]:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += character
    yield part.strip()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    at_once, walked = tmp_path_factory.mktemp("at_once"), tmp_path_factory.mktemp("walked")
    said = run(AT_ONCE, at_once)
    assert "store.built_by_migrations" not in said, f"a migration needs the models of its time (kernel/newstore.py): {said}"
    run(WALKED, walked)
    return at_once, walked


@pytest.mark.parametrize("file", FILES)
def test_the_tables_indexes_and_triggers_are_the_same(file: str, both: tuple[Path, Path]) -> None:
    at_once, walked = (shape(folder / file) for folder in both)
    assert at_once.keys() == walked.keys()
    for thing, written in walked.items():
        assert at_once[thing] == written, thing


@pytest.mark.parametrize("file", FILES)
def test_the_rows_that_come_with_them_are_the_same(file: str, both: tuple[Path, Path]) -> None:
    for sql in ROWS[file]:
        first, second = (sorted(sqlite3.connect(folder / file).execute(sql)) for folder in both)
        assert first == second


def test_what_is_there_already_is_walked(both: tuple[Path, Path]) -> None:
    """A store that an older version left behind keeps its rows: only an empty file is filled at once."""
    folder, _ = both
    with sqlite3.connect(folder / "main.sqlite3") as store:
        store.execute("DELETE FROM django_migrations WHERE app = 'messages' OR app = 'outreach' AND name <> '0001_first'")
        store.execute("DROP TRIGGER message_delete_guard")
        store.execute("DROP INDEX message_waiting")
        for table in ("delivery",):
            for event in ("update", "delete", "erasure"):
                store.execute(f"DROP TRIGGER {table}_{event}_guard")
        store.execute("INSERT INTO setting (name, value, changed_at) VALUES ('mine', '1', '2026-01-01 00:00:00')")
    run(AT_ONCE, folder)
    with sqlite3.connect(folder / "main.sqlite3") as store:
        assert store.execute("SELECT COUNT(*) FROM setting WHERE name = 'mine'").fetchone() == (1,)
        assert store.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'message_delete_guard'").fetchone() == (1,)
