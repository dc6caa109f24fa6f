"""What the first rows of a file would become, shown before anything goes in. Nothing is counted or kept."""

import hashlib
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from passaparola.doors.imports import cells, jsonl, orders, recognise, rows, shape
from passaparola.doors.imports.cells import Unreadable
from passaparola.doors.imports.orders import Fact
from passaparola.doors.imports.prepare import SAMPLE_ROWS, Plan
from passaparola.doors.imports.shape import Reading
from passaparola.doors.imports.source import open_bytes

SHOWN_MAX = 8
_SAMPLES = 3


@dataclass
class Shown:
    """One row, or the rows of one order: the events they make, or why they make none."""

    line: int
    facts: list[Fact] = field(default_factory=list)
    reason: str = ""
    raw: str = ""


@dataclass
class Read:
    """A cell as it stands in the file and as it is read; `problem` where it cannot be."""

    before: str
    after: Any = None
    problem: str = ""


def events(path: Path, plan: Plan, *, grouped: bool) -> list[Shown]:
    """What the first rows, or the orders that begin there, would become."""
    nth = _counter()
    with open_bytes(path) as stream:
        found = list(itertools.islice(_records(stream, plan), SAMPLE_ROWS if grouped else SHOWN_MAX))
    if not grouped or plan.reading is None:
        return [_shown(plan, record, nth) for record in found]
    reading = plan.reading
    baskets: dict[str, list[rows.Record]] = {}
    for record in found:
        key = shape.value(reading, record.cells, "order_id") if not record.reason else f"\0{record.line}"
        baskets.setdefault(key, []).append(record)
    return [_basket(reading, some, nth) for some in itertools.islice(baskets.values(), SHOWN_MAX)]


def _records(stream: Any, plan: Plan) -> Any:
    if plan.is_json:
        return rows.records(stream, encoding=plan.encoding, delimiter="\x1f", width=1)
    return rows.records(
        stream, encoding=plan.encoding, delimiter=plan.delimiter, width=plan.width,
        line=plan.header_lines, offset=plan.header_bytes,
    )  # fmt: skip


def _shown(plan: Plan, record: rows.Record, nth: Callable[[str], int]) -> Shown:
    shown = Shown(record.line, raw=record.raw[:200])
    reading = plan.reading
    try:
        if record.reason:
            raise Unreadable(record.reason)
        if reading is None:
            item = jsonl.read(
                record.raw, zone=plan.zone, earliest_year=plan.earliest_year, latest=plan.latest, nth=nth
            )
            shown.facts = [jsonl.fact(item)]
        elif plan.kind == "events":
            shown.facts = [Fact(shape.event(reading, record.cells, nth=nth))]
        elif plan.kind == "people":
            shown.facts = [Fact(item) for item in shape.person(reading, record.cells)]
        else:
            one = orders.line(reading, record.cells)
            shown.facts = orders.facts([one], nth=nth) if one else []
    except Unreadable as problem:
        shown.reason = problem.code
    return shown


def _basket(reading: Reading, records: list[rows.Record], nth: Callable[[str], int]) -> Shown:
    shown = Shown(records[0].line, raw=records[0].raw[:200])
    try:
        if reason := next((record.reason for record in records if record.reason), ""):
            raise Unreadable(reason)
        lines = orders.counted([orders.line(reading, record.cells, part=True) for record in records])
        if lines and not any(one.who for one in lines) and reading.guests != "person":
            if reading.guests == "refuse":
                raise Unreadable("user_id_missing")
            lines = []
        shown.facts = orders.facts(lines, nth=nth) if lines else []
    except Unreadable as problem:
        shown.reason = problem.code
    return shown


def _counter() -> Callable[[str], int]:
    seen: Counter[str] = Counter()

    def nth(digest: str) -> int:
        seen[digest] += 1
        return seen[digest]

    return nth


def amounts(reading: Reading, body: list[list[str]]) -> list[Read]:
    """Some different cells of the amount, before and after: those that could be misread first."""
    found = _some(reading, body, "amount", lambda text: "," in text or "." in text)
    return [_read(text, lambda cell: cells.amount(cell, reading.decimal, negative=True)) for text in found]


def moments(reading: Reading, body: list[list[str]]) -> list[Read]:
    """Some different cells of the time, before and after: aware times in UTC."""
    found = _some(reading, body, "occurred_at", lambda text: False)
    return [
        _read(
            text,
            lambda cell: cells.moment(
                cell, reading.dates, reading.zone, earliest_year=reading.earliest_year, latest=reading.latest
            ),
        )
        for text in found
    ]


def _some(reading: Reading, body: list[list[str]], name: str, telling: Callable[[str], bool]) -> list[str]:
    place = reading.layout.places.get(name)
    if place is None:
        return []
    values = dict.fromkeys(row[place].strip() for row in body if len(row) > place and row[place].strip())
    return sorted(values, key=lambda text: not telling(text))[:_SAMPLES]


def _read(text: str, read: Callable[[str], Any]) -> Read:
    try:
        return Read(text, read(text))
    except Unreadable as problem:
        return Read(text, problem=problem.code)


def delimiters(mark: str) -> str:
    """A delimiter as a choice: fixed widths are one kind."""
    return recognise.FIXED if mark.startswith(recognise.FIXED) else mark


def digest(said: object) -> str:
    """By which a dry run knows whether it was made under the mapping of now."""
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
