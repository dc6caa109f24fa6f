"""Our own export of events as a table becomes the lines of JSON it would have been: a row's type decides what it is.

As a table of somebody else's, rows without an event's name (who somebody is, groups, merges) could not be told from mistakes.
"""

import csv
import json
from pathlib import Path
from typing import Any

from passaparola.doors.imports import rows
from passaparola.doors.imports.rows import Record
from passaparola.doors.imports.source import open_bytes

# What no table of somebody else's is headed by.
_HEADING = frozenset(("message_id", "type", "event", "user_id", "timestamp", "received_at", "properties", "traits", "context"))
_OBJECTS = ("properties", "traits", "context")
_HEADING_BYTES_MAX = 4096


def is_own(path: Path) -> bool:
    """Whether this text (plain or gzip) is headed as `export events` heads its table."""
    return set(_heading(path)) >= _HEADING


def as_lines(path: Path, target: Path) -> None:
    """The table as lines of JSON, each where it stood in the table, so that a line's number stays what it was."""
    names = _heading(path)
    with open_bytes(path) as stream, target.open("w", encoding="utf-8") as out:
        line = 0
        for record in rows.records(stream, encoding="utf-8-sig", delimiter=",", width=len(names)):
            out.write("\n" * (record.line - line - 1) + ("" if record.line == 1 else _line(names, record)) + "\n")
            line = record.line


def _heading(path: Path) -> list[str]:
    with open_bytes(path) as stream:
        first = stream.readline(_HEADING_BYTES_MAX).decode("utf-8-sig", "replace")
    return next(csv.reader([first.rstrip("\r\n")]), [])


def _line(names: list[str], record: Record) -> str:
    """What cannot be split goes on as it is, to be refused with its reason."""
    if record.reason:
        return record.raw.replace("\n", " ").replace("\r", " ")
    said = {name: _value(name, _as_written(cell)) for name, cell in zip(names, record.cells, strict=True) if cell}
    return json.dumps(said, ensure_ascii=False)


def _as_written(cell: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from running a text as a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@\t\r") else cell


def _value(name: str, cell: str) -> Any:
    if name not in _OBJECTS:
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell
