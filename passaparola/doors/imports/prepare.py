"""Before the first row: what kind of file it is, how it is written, and which column means what."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from passaparola.doors.imports import headings, recognise, rows
from passaparola.doors.imports import mapping as mappings
from passaparola.doors.imports.mapping import Mapping
from passaparola.doors.imports.shape import Reading
from passaparola.doors.imports.source import Survey, open_bytes
from passaparola.kernel.errors import Refusal

SAMPLE_ROWS = 1000


class NoHeader(Refusal):
    """{path} has no column names: say in a mapping file {{"format": {{"header": false}}, "columns": {{"user_id": 1, …}}}}."""

    code = "no_header"


class OnlyHeader(Refusal):
    """{path} holds column names and no row: nothing to import."""

    code = "only_header"


class UnknownZone(Refusal):
    """There is no time zone {zone}: write it like Europe/Madrid."""

    code = "unknown_zone"


@dataclass(frozen=True)
class Plan:
    """How one file will be read. `reading` is None for JSON lines."""

    kind: str
    encoding: str
    reading: Reading | None
    delimiter: str
    width: int
    header_lines: int
    header_bytes: int
    zone: ZoneInfo
    earliest_year: int
    latest: datetime

    @property
    def is_json(self) -> bool:
        """Whether the file is JSON lines."""
        return self.reading is None


@dataclass(frozen=True)
class Business:
    """What is assumed where the file does not say."""

    currency: str
    time_zone: str
    earliest_year: int
    latest: datetime


LookUp = Callable[[str], dict[str, str]]


def plan(
    path: Path, survey: Survey, mapping: Mapping, kind: str | None, business: Business, look_up: LookUp | None = None
) -> Plan:
    """Recognise the file. Raises a Refusal that says what to do where it cannot be done without guessing."""
    encoding = mapping.format.encoding or survey.encoding
    there = zone(mapping.format.time_zone or business.time_zone)
    if is_json(survey.head):
        return Plan(
            "events", encoding, None, "", 0, 0, 0, there, business.earliest_year, business.latest,
        )  # fmt: skip
    text = survey.head.decode(encoding, "replace")
    delimiter = mapping.format.delimiter or recognise.delimiter(text.splitlines()[:50])
    delimiter = "\t" if delimiter in ("tab", "\\t") else delimiter
    found = sample(path, encoding, delimiter)
    if not found:
        raise OnlyHeader(path=path)
    names, body, lines, used = _head(path, mapping, found)
    cut = [record.cells for record in body]
    layout = mappings.lay(mapping, names, kind, cut)
    if not mapping.exact and not mapping.format.time_zone:
        there = _utc(layout) or there
    reading = _reading(mapping, layout, cut, there, business, look_up)
    return Plan(
        layout.kind,
        encoding,
        reading,
        delimiter,
        len(names),
        lines,
        used,
        there,
        business.earliest_year,
        business.latest,
    )


def sample(path: Path, encoding: str, delimiter: str) -> list[rows.Record]:
    """The first records that have cells, as many as are looked at to recognise anything."""
    with open_bytes(path) as stream:
        found = rows.records(stream, encoding=encoding, delimiter=delimiter, width=0)
        return list(itertools.islice((record for record in found if record.cells), SAMPLE_ROWS))


def _utc(layout: mappings.Layout) -> ZoneInfo | None:
    """UTC where the column of times says so in its heading."""
    place = layout.places.get("occurred_at")
    return ZoneInfo("UTC") if place is not None and headings.says_utc(layout.names[place]) else None


def _head(path: Path, mapping: Mapping, found: list[rows.Record]) -> tuple[list[str], list[rows.Record], int, int]:
    """Column names, the sampled rows, and how many lines and bytes the heading takes."""
    first = found[0]
    if not mapping.format.header:
        return [str(place + 1) for place in range(len(first.cells))], found, 0, 0
    if recognise.looks_headerless(first.cells):
        raise NoHeader(path=path)
    if len(found) == 1:
        raise OnlyHeader(path=path)
    return first.cells, found[1:], first.line, first.end


def _reading(
    mapping: Mapping,
    layout: mappings.Layout,
    body: list[list[str]],
    zone: ZoneInfo,
    business: Business,
    look_up: LookUp | None,
) -> Reading:
    def column(field: str) -> tuple[list[str], str]:
        place = layout.places.get(field)
        if place is None:
            return [], ""
        return [row[place] for row in body if len(row) > place], layout.names[place]

    amounts, amount_name = column("amount")
    moments, moment_name = column("occurred_at")
    return Reading(
        layout=layout,
        decimal=mapping.format.decimal or recognise.decimal(amounts, column=amount_name),
        dates=mapping.format.dates or recognise.dates(moments, column=moment_name),
        zone=zone,
        currency=business.currency,
        earliest_year=business.earliest_year,
        latest=business.latest,
        constants=mapping.constants,
        simulated=mapping.simulated,
        types={text.strip().lower(): meaning for text, meaning in mapping.types.items()},
        statuses=not mapping.exact and not mapping.types,
        negative=mapping.negative,
        guests=mapping.guests,
        look_up=look_up,
        looked_up=mapping.lookup.by if mapping.lookup else "",
    )


def is_json(head: bytes) -> bool:
    """Whether a file that begins so is lines of JSON."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def zone(name: str) -> ZoneInfo:
    """The time zone of that name. Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise UnknownZone(zone=name) from problem
