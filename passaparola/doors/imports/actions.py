"""Walking a file through the front door: survey, plan, then row by row into the inbox, with progress kept."""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from passaparola.doors.imports import cells, jsonl, reasons, rows, shape
from passaparola.doors.imports.cells import Unreadable
from passaparola.doors.imports.mapping import Mapping
from passaparola.doors.imports.prepare import Business, Plan, plan
from passaparola.doors.imports.progress import Progress
from passaparola.doors.imports.rows import Record
from passaparola.doors.imports.shape import Reading
from passaparola.doors.imports.source import Survey, open_bytes, survey

# So many events make one inbox row, and so many rows' progress one durable step.
EVENTS_A_BODY = 500
BODY_BYTES_MAX = 1 << 20
# Sorted, so that the order of columns is no difference between two files.
_encode = msgspec.json.Encoder(decimal_format="number", order="sorted").encode


class Door(Protocol):
    """Where events go in: the inbox, or for a dry run nowhere."""

    def send(self, source: str, bodies: list[bytes]) -> None:
        """Accept these bodies durably, in this order; may wait while the corridor is behind."""


@dataclass(frozen=True)
class Job:
    """One file to import."""

    path: Path
    # What the file is called in messages.
    label: str
    mapping: Mapping
    source: str
    kind: str | None = None
    # Rows from this moment on are news, not history: they may ask and pay.
    live_from: datetime | None = None
    rejected: Path | None = None
    again: bool = False
    dry_run: bool = False


@dataclass
class Summary:
    """What an import did."""

    rows: int = 0
    events: int = 0
    orders: int = 0
    total_minor: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    first_at: str = ""
    last_at: str = ""
    rejected_bytes: int = 0
    finished_before: bool = False
    resumed_line: int = 0

    def count(self, item: dict[str, Any], minor: int | None = None, unit: str = "") -> None:
        """Add an event that goes in."""
        self.events += 1
        at = item.get("timestamp", "")
        if at:
            self.first_at = min(self.first_at or at, at)
            self.last_at = max(self.last_at, at)
        if minor is not None:
            self.orders += 1
            self.total_minor[unit] += minor


class Importer:
    """One import from beginning (or where it stopped) to end."""

    def __init__(
        self, job: Job, *, door: Door, business: Business, folder: Path, advance: Callable[[int], None] = lambda _: None
    ) -> None:
        self.job, self.door, self.folder, self.advance = job, door, folder, advance
        self.survey: Survey = survey(job.path)
        self.plan: Plan = plan(job.path, self.survey, job.mapping, job.kind, business)
        self.summary = Summary()
        self.waiting: list[tuple[bool, bytes]] = []
        self.waiting_bytes = 0
        self.rejects = job.rejected or folder / f"{_plain(job.label)}.rejected.csv"
        self._said: dict[str, None] = {}

    def run(self) -> Summary:
        """Import; what happened. Raises a Refusal before anything was sent, never in the middle."""
        progress = self._progress()
        if progress.state.get("done"):
            self.summary = _restore(progress.state)
            self.summary.finished_before = True
            progress.close()
            return self.summary
        if progress.state:
            self.summary = _restore(progress.state)
            self.summary.resumed_line = progress.state["line"]
            self._cut_rejects()
        else:
            self.rejects.unlink(missing_ok=True)
        try:
            self._read(progress)
            if self.job.mapping.group_by:
                self._orders_of_lines(progress)
        except BaseException:
            progress.close()
            raise
        if self.job.dry_run:
            progress.forget()
        else:
            progress.finish(**_store(self.summary))
        return self.summary

    def _progress(self) -> Progress:
        """Known by the file's content and how it is read, whatever its name."""
        job = self.job
        said = [self.survey.sha256, job.source, job.kind, str(job.live_from), msgspec.to_builtins(job.mapping)]
        key = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]
        path = self.folder / (f"{key}.dry.sqlite3" if job.dry_run else f"{key}.sqlite3")
        progress = Progress(path)
        if (job.again and progress.state.get("done")) or job.dry_run:
            progress.forget()
            progress = Progress(path)
        return progress

    def _read(self, progress: Progress) -> None:
        """First (mostly only) pass: every row from the last position on."""
        if progress.state.get("read"):
            return
        line, offset = (
            progress.state.get("line", self.plan.header_lines),
            progress.state.get("offset", self.plan.header_bytes),
        )
        self.advance(offset)
        since = 0
        with open_bytes(self.job.path) as stream:
            for record in self._records(stream, line, offset):
                self.summary.rows += 1
                self._take(record, progress)
                self.advance(record.end - offset)
                line, offset, since = record.line, record.end, since + 1
                if since >= EVENTS_A_BODY * 4 or self.waiting_bytes > BODY_BYTES_MAX * 4:
                    self._flush(progress, line=record.line, offset=offset)
                    since = 0
        self._flush(progress, line=line, offset=offset, read=True)

    def _records(self, stream: Any, line: int, offset: int) -> Iterator[Record]:
        if self.plan.is_json:
            # A line of JSON is one cell: a delimiter that no JSON text holds unescaped.
            return rows.records(
                stream, encoding=self.plan.encoding, delimiter="\x1f", width=1, line=line, offset=offset
            )
        return rows.records(
            stream, encoding=self.plan.encoding, delimiter=self.plan.delimiter, width=self.plan.width, line=line, offset=offset,
        )  # fmt: skip

    def _take(self, record: Record, progress: Progress) -> None:
        try:
            if record.reason:
                raise Unreadable(record.reason)
            if self.job.mapping.group_by and self.plan.reading is not None:
                order_id = shape.value(self.plan.reading, record.cells, "order_id")
                progress.stage(cells.identifier(order_id, "order_id"), record.line, record.cells)
            else:
                self._make(record, progress)
        except Unreadable as problem:
            self._reject(record.line, record.cells or [record.raw], problem.code)
            self._spoil(record, progress)

    def _make(self, record: Record, progress: Progress) -> None:
        """The events of a row that stands for itself. Raises Unreadable."""
        reading = self.plan.reading
        if reading is None:
            self._accept(self._json(record, progress))
        elif self.plan.kind == "events":
            self._accept(shape.event(reading, record.cells, nth=progress.nth))
        else:
            one = shape.line(reading, record.cells) if self.plan.kind == "orders" else None
            for item in shape.person(reading, record.cells):
                self._accept_once(item)
            if one is not None:
                self._accept(shape.order([one], nth=progress.nth), one.amount_minor, one.unit)

    def _spoil(self, record: Record, progress: Progress) -> None:
        """A line that cannot be split leaves its order without a part, if one can tell which order it was."""
        reading = self.plan.reading
        if self.job.mapping.group_by and reading is not None:
            place = reading.layout.places["order_id"]
            if len(record.cells) > place and record.cells[place].strip():
                progress.spoil(record.cells[place].strip(), record.line)

    def _json(self, record: Record, progress: Progress) -> dict[str, Any]:
        plan = self.plan
        return jsonl.read(
            record.raw, zone=plan.zone, earliest_year=plan.earliest_year, latest=plan.latest, nth=progress.nth
        )

    def _orders_of_lines(self, progress: Progress) -> None:
        """Second pass where lines make orders: each order whole, in the sequence of the file."""
        reading = self.plan.reading
        assert reading is not None
        since, position = 0, progress.state.get("basket", 0)
        for first, bad, pieces in progress.baskets(position):
            self._order_of(reading, bad, pieces, progress)
            since += 1
            position = first
            if since >= EVENTS_A_BODY * 4:
                # The open cursor over the orders stays valid: only `state` changes.
                self._flush(progress, basket=position)
                since = 0
        self._flush(progress, basket=position)

    def _order_of(self, reading: Reading, bad: int, pieces: list[tuple[int, list[str]]], progress: Progress) -> None:
        """One order from its lines. If one of them cannot be read none is taken: the total would be wrong."""
        lines, reasons_by_line = [], {}
        for number, row in pieces:
            try:
                lines.append(shape.line(reading, row, negative=True))
            except Unreadable as problem:
                reasons_by_line[number] = problem.code
        try:
            if bad or reasons_by_line:
                raise Unreadable("another_line_of_the_order")
            people = shape.person(reading, pieces[0][1]) if pieces else []
            item = shape.order(lines, nth=progress.nth)
        except Unreadable as problem:
            for number, row in pieces:
                self._reject(number, row, reasons_by_line.get(number, problem.code))
            return
        for one in people:
            self._accept_once(one)
        self._accept(item, sum(one.amount_minor for one in lines), lines[0].unit)

    def _accept_once(self, item: dict[str, Any]) -> None:
        """The same fact about a person on many rows is sent once (the log would drop the repeats anyway)."""
        if item["messageId"] in self._said:
            return
        self._said[item["messageId"]] = None
        if len(self._said) > 50_000:
            self._said.pop(next(iter(self._said)))
        self._accept(item)

    def _accept(self, item: dict[str, Any], minor: int | None = None, unit: str = "") -> None:
        data = _encode(item)
        if len(data) > jsonl.EVENT_BYTES_MAX:
            raise Unreadable("event_too_large")
        live = self.job.live_from is not None and item.get("timestamp", "") >= shape.iso(self.job.live_from)
        self.waiting.append((live, data))
        self.waiting_bytes += len(data)
        self.summary.count(item, minor, unit)

    def _flush(self, progress: Progress, **position: Any) -> None:
        self._send()
        progress.keep(**position, **_store(self.summary))

    def _send(self) -> None:
        bodies: list[bytes] = []
        for live, items in _runs(self.waiting):
            history = b"false" if live else b"true"
            bodies.append(b'{"context":{"history":' + history + b'},"batch":[' + b",".join(items) + b"]}")
        if bodies and not self.job.dry_run:
            self.door.send(self.job.source, bodies)
        self.waiting, self.waiting_bytes = [], 0

    def _reject(self, line: int, row: list[str], code: str) -> None:
        self.summary.rejected[code] += 1
        fresh = not self.rejects.exists()
        self.rejects.parent.mkdir(parents=True, exist_ok=True)
        with self.rejects.open("a", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            if fresh:
                names = self.plan.reading.layout.names if self.plan.reading else ("item",)
                out.writerow(["line", "code", "reason", *names])
            out.writerow([line, code, reasons.sentence(code), *row])
            file.flush()
            self.summary.rejected_bytes = file.tell()

    def _cut_rejects(self) -> None:
        """What was rejected after the last durable step will be rejected again: cut it off."""
        if not self.summary.rejected_bytes:
            self.rejects.unlink(missing_ok=True)
        elif self.rejects.exists() and self.rejects.stat().st_size > self.summary.rejected_bytes:
            with self.rejects.open("r+b") as file:
                file.truncate(self.summary.rejected_bytes)


def _runs(waiting: list[tuple[bool, bytes]]) -> Iterator[tuple[bool, list[bytes]]]:
    """Neighbours of the same kind (history or news), cut where a body would grow too large."""
    run: list[bytes] = []
    size, kind = 0, False
    for live, data in waiting:
        if run and (live != kind or len(run) >= EVENTS_A_BODY or size + len(data) > BODY_BYTES_MAX):
            yield kind, run
            run, size = [], 0
        kind = live
        run.append(data)
        size += len(data)
    if run:
        yield kind, run


def _store(summary: Summary) -> dict[str, Any]:
    names = ("rows", "events", "orders", "total_minor", "rejected", "first_at", "last_at", "rejected_bytes")
    return {"summary": {name: getattr(summary, name) for name in names}}


def _restore(state: dict[str, Any]) -> Summary:
    kept = dict(state["summary"])
    kept["total_minor"], kept["rejected"] = Counter(kept["total_minor"]), Counter(kept["rejected"])
    return Summary(**kept)


def _plain(label: str) -> str:
    return "".join(mark if mark.isalnum() or mark in "-_." else "-" for mark in Path(label).name) or "import"


def live_from(day: date, zone: Any) -> datetime:
    """The first moment of a local day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
