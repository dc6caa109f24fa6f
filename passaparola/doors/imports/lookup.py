"""A second file that says more about what the rows name: kept in a small SQLite file, asked by key, never held whole."""

import itertools
import json
import os
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from passaparola.doors.imports import convert, recognise, rows, source
from passaparola.doors.imports.mapping import Lookup, WrongLookup
from passaparola.kernel.errors import Refusal

_REMEMBERED = 20_000


def look_up(lookup: Lookup, path: Path, store: Path, *, bytes_max: int | None = None) -> Callable[[str], dict[str, str]]:
    """Read the list at `path` into `store`; who asks with a key gets field → text, {} for an unknown key.

    Raises WrongLookup where the list is no table or lacks a column; of two rows with one key the later holds. A
    `store` that is there already is asked as it is.
    """
    if not store.exists():
        if not path.exists():
            raise WrongLookup(file=lookup.file, detail="there is no such file")
        part = store.with_name(f"{store.name}.{os.getpid()}.part")
        try:
            _read(lookup, path, part, bytes_max)
            part.replace(store)
        except WrongLookup:
            raise
        except Refusal as problem:
            raise WrongLookup(file=lookup.file, detail=problem.message) from problem
        finally:
            part.unlink(missing_ok=True)
    # Asked by one thread at a time, though not always the one that read it.
    asked = sqlite3.connect(store, check_same_thread=False)

    @lru_cache(maxsize=_REMEMBERED)
    def ask(key: str) -> dict[str, str]:
        found = asked.execute("SELECT said FROM list WHERE key = ?", [key]).fetchone()
        return json.loads(found[0]) if found else {}

    return ask


def heading(path: Path, folder: Path, *, bytes_max: int | None = None) -> list[str]:
    """The column names of a list. Raises a Refusal."""
    text = convert.as_text(path, folder, bytes_max=bytes_max)
    try:
        with source.open_bytes(text) as stream:
            survey = source.survey(text)
            mark = recognise.delimiter(survey.head.decode(survey.encoding, "replace").splitlines()[:50])
            first = next(rows.records(stream, encoding=survey.encoding, delimiter=mark, width=0), None)
            return first.cells if first else []
    finally:
        if text != path:
            text.unlink(missing_ok=True)


def _read(lookup: Lookup, path: Path, store: Path, bytes_max: int | None) -> None:
    store.parent.mkdir(parents=True, exist_ok=True)
    store.unlink(missing_ok=True)
    text = convert.as_text(path, store.parent, bytes_max=bytes_max)
    try:
        survey = source.survey(text, bytes_max=bytes_max)
        mark = recognise.delimiter(survey.head.decode(survey.encoding, "replace").splitlines()[:50])
        with source.open_bytes(text) as stream:
            found = rows.records(stream, encoding=survey.encoding, delimiter=mark, width=0)
            names = next((record.cells for record in found), [])
            key, places = _places(lookup, names)
            kept = ((row.cells[key].strip(), _said(row.cells, places)) for row in found if len(row.cells) == len(names))
            with sqlite3.connect(store) as made:
                made.execute("CREATE TABLE list (key TEXT PRIMARY KEY, said TEXT NOT NULL) WITHOUT ROWID")
                while some := list(itertools.islice(kept, 5000)):
                    made.executemany("INSERT OR REPLACE INTO list VALUES (?, ?)", some)
            made.close()
    finally:
        if text != path:
            text.unlink(missing_ok=True)


def _places(lookup: Lookup, names: list[str]) -> tuple[int, dict[str, int]]:
    heads = [name.strip() for name in names]
    for column in (lookup.on, *lookup.columns.values()):
        if column not in heads:
            raise WrongLookup(file=lookup.file, detail=f"it has no column {column}, only {', '.join(heads)}")
    return heads.index(lookup.on), {field: heads.index(column) for field, column in lookup.columns.items()}


def _said(cells: list[str], places: dict[str, int]) -> str:
    said = {field: text for field, place in places.items() if (text := cells[place].strip())}
    return json.dumps(said, ensure_ascii=False)
