"""Walking a file through the front door: survey, plan, then row by row into the inbox, with progress kept."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from passaparola.doors.imports import cells, convert, jsonl, lookup, orders, rows, shape
from passaparola.doors.imports.cells import Unreadable
from passaparola.doors.imports.mapping import Mapping
from passaparola.doors.imports.orders import Fact
from passaparola.doors.imports.prepare import Business, Plan, plan
from passaparola.doors.imports.progress import Progress
from passaparola.doors.imports.rejects import Rejects
from passaparola.doors.imports.rows import Record
from passaparola.doors.imports.shape import Reading
from passaparola.doors.imports.source import Survey, open_bytes, survey
from passaparola.doors.imports.summary import Summary

# So many events make one inbox row, and so many rows' progress one durable step.
EVENTS_A_BODY = 500
BODY_BYTES_MAX = 1 << 20
# A whole basket may be larger than what a sender may send at once.
ORDER_BYTES_MAX = 256 * 1024
# Sorted, so that the order of columns is no difference between two files.
_encode = msgspec.json.Encoder(decimal_format="number", order="sorted").encode


class Door(Protocol):
    """Where events go in: the inbox, or for a dry run nowhere."""

    def send(self, source: str, bodies: list[bytes]) -> None:
        """Accept these bodies durably, in this order; may wait while the corridor is behind."""


class Stopped(Exception):
    """Somebody asked the import to stop; it can go on where it was."""


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
    # The import's number, kept with each of its events: what it brought can be told from the rest.
    number: int | None = None
    # Where the mapping's second file lies; beside the mapping file as a rule.
    lookup: Path | None = None
    bytes_max: int | None = None


class Importer:
    """One import from beginning (or where it stopped) to end."""

    def __init__(
        self,
        job: Job,
        *,
        door: Door,
        business: Business,
        folder: Path,
        advance: Callable[[int], None] = lambda _: None,
        stopped: Callable[[Summary, int], bool] = lambda *_: False,
    ) -> None:
        self.job, self.door, self.folder, self.advance, self.stopped = job, door, folder, advance, stopped
        self.text = convert.as_text(job.path, folder, sheet=job.mapping.format.sheet, bytes_max=job.bytes_max)
        self._spare = [self.text] if self.text != job.path else []
        self.survey: Survey = survey(self.text, bytes_max=job.bytes_max)
        self.plan: Plan = plan(self.text, self.survey, job.mapping, job.kind, business, self._look_up())
        self.summary = Summary()
        self.waiting: list[tuple[bool, bytes]] = []
        self.waiting_bytes = 0
        names = self.plan.reading.layout.names if self.plan.reading else ("item",)
        self.rejects = Rejects(job.rejected or folder / f"{_plain(job.label)}.rejected.csv", names)
        self._said: dict[str, None] = {}

    def _look_up(self) -> Callable[[str], dict[str, str]] | None:
        wanted = self.job.mapping.lookup
        if wanted is None:
            return None
        store = self.folder / f"{os.getpid()}-{id(self)}.list"
        self._spare.append(store)
        return lookup.look_up(wanted, self.job.lookup or Path(wanted.file), store, bytes_max=self.job.bytes_max)

    def run(self) -> Summary:
        """Import; what happened. Raises a Refusal before anything was sent, never in the middle; Stopped if asked to."""
        try:
            return self._run()
        finally:
            for path in self._spare:
                path.unlink(missing_ok=True)

    def _run(self) -> Summary:
        progress = self._progress()
        if progress.state.get("done"):
            self.summary = Summary.restored(progress.state["summary"])
            self.summary.finished_before = True
            progress.close()
            return self.summary
        if progress.state:
            self.summary = Summary.restored(progress.state["summary"])
            self.summary.resumed_line = progress.state["line"]
        self.rejects.cut(self.summary.rejected_bytes)
        try:
            self._read(progress)
            if self.job.mapping.group_by:
                self._orders_of_lines(progress)
            self.summary.people = progress.people()
        except BaseException:
            progress.close()
            raise
        if self.job.dry_run:
            progress.forget()
        else:
            progress.finish(summary=self.summary.kept())
        return self.summary

    def _progress(self) -> Progress:
        """Known by the file's content and how it is read, whatever its name."""
        job = self.job
        said = [self.survey.sha256, job.source, job.kind, str(job.live_from), msgspec.to_builtins(job.mapping)]
        key = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]
        path = self.folder / (f"{key}-{os.getpid()}-{id(self)}.dry.sqlite3" if job.dry_run else f"{key}.sqlite3")
        self.progress_name = path.name
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
        with open_bytes(self.text) as stream:
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
            self._accept(jsonl.fact(self._json(record, progress)), progress)
        elif self.plan.kind == "events":
            self._accept(Fact(shape.event(reading, record.cells, nth=progress.nth)), progress)
        elif self.plan.kind == "people":
            for item in shape.person(reading, record.cells):
                self._accept_once(item, progress)
        elif (one := orders.line(reading, record.cells)) is None:
            self.summary.skipped += 1
        else:
            self._accept_facts(reading, [one], [record.cells], progress)

    def _accept_facts(
        self, reading: Reading, lines: list[orders.Line], cells_: Sequence[list[str]], progress: Progress
    ) -> None:
        """What the rows of one order came to, and what they say about the person. Raises Unreadable before anything."""
        found = orders.facts(lines, nth=progress.nth)
        for fact in found:
            # Two rows with one order id that say different things: which is right?
            if lines[0].order_id and not progress.agrees(fact.item["messageId"], shape.digest(fact.item)):
                raise Unreadable("order_id_on_several_rows")
        named = next((row for row in cells_ if shape.is_somebody(reading, row)), None)
        for item in shape.person(reading, named) if named is not None else []:
            self._accept_once(item, progress)
        for fact in found:
            self._accept(fact, progress)

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
        read: list[orders.Line | None] = []
        reasons_by_line = {}
        for number, row in pieces:
            try:
                read.append(orders.line(reading, row, part=True))
            except Unreadable as problem:
                reasons_by_line[number] = problem.code
        lines = orders.counted(read)
        self.summary.skipped += len(read) - len(lines)
        try:
            if bad or reasons_by_line:
                raise Unreadable("another_line_of_the_order")
            if lines and not any(one.who for one in lines) and reading.guests != "person":
                if reading.guests == "refuse":
                    raise Unreadable("user_id_missing")
                self.summary.skipped += len(lines)
            elif lines:
                self._accept_facts(reading, lines, [row for _, row in pieces], progress)
        except Unreadable as problem:
            for number, row in pieces:
                self._reject(number, row, reasons_by_line.get(number, problem.code))

    def _accept_once(self, item: dict[str, Any], progress: Progress) -> None:
        """The same fact about a person on many rows is sent once (the log would drop the repeats anyway)."""
        if item["messageId"] in self._said:
            return
        self._said[item["messageId"]] = None
        if len(self._said) > 50_000:
            self._said.pop(next(iter(self._said)))
        self._accept(Fact(item), progress)

    def _accept(self, fact: Fact, progress: Progress) -> None:
        item = fact.item
        data = _encode(item)
        if len(data) > (ORDER_BYTES_MAX if fact.sold_minor is not None else jsonl.EVENT_BYTES_MAX):
            raise Unreadable("event_too_large")
        live = self.job.live_from is not None and item.get("timestamp", "") >= shape.iso(self.job.live_from)
        self.waiting.append((live, data))
        self.waiting_bytes += len(data)
        progress.met(item.get("userId") or item.get("anonymousId") or "")
        self.summary.count(fact)

    def _flush(self, progress: Progress, **position: Any) -> None:
        self._send()
        progress.keep(**position, summary=self.summary.kept())
        if self.stopped(self.summary, position.get("offset", self.survey.size_bytes)):
            raise Stopped

    def _send(self) -> None:
        bodies: list[bytes] = []
        mark = b"" if self.job.number is None else b',"import":%d' % self.job.number
        for live, items in _runs(self.waiting):
            history = b"false" if live else b"true"
            bodies.append(b'{"context":{"history":' + history + mark + b'},"batch":[' + b",".join(items) + b"]}")
        if bodies and not self.job.dry_run:
            self.door.send(self.job.source, bodies)
        self.waiting, self.waiting_bytes = [], 0

    def _reject(self, line: int, row: list[str], code: str) -> None:
        self.summary.rejected[code] += 1
        self.summary.rejected_bytes = self.rejects.add(line, code, row)


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


def _plain(label: str) -> str:
    return "".join(mark if mark.isalnum() or mark in "-_." else "-" for mark in Path(label).name) or "import"


def live_from(day: date, zone: Any) -> datetime:
    """The first moment of a local day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
