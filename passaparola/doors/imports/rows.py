"""A table as records, one at a time in bounded memory; what cannot be read comes out with its reason. Pure but for reading."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from passaparola.doors.imports.recognise import BLANK, FIXED

LINE_BYTES_MAX = 1 << 20
# A quoted cell may hold line ends; more lines than these mean that a quotation mark was never closed.
QUOTED_LINES_MAX = 100


@dataclass(slots=True)
class Record:
    """One record: where it stood, where it ended (bytes), its cells, or why it has none."""

    line: int
    end: int
    cells: list[str]
    reason: str = ""
    raw: str = ""


class _Lines:
    """Physical lines with their numbers and byte positions, and a way to put some back."""

    def __init__(self, stream: BinaryIO, line: int, offset: int) -> None:
        self.stream, self.line, self.offset = stream, line, offset
        self.back: deque[bytes] = deque()

    def take(self) -> bytes:
        raw = self.back.popleft() if self.back else self.stream.readline(LINE_BYTES_MAX)
        if raw:
            self.line += 1
            self.offset += len(raw)
        return raw

    def put_back(self, lines: list[bytes]) -> None:
        self.back.extendleft(reversed(lines))
        self.line -= len(lines)
        self.offset -= sum(map(len, lines))

    def skip_line(self) -> None:
        """Past the rest of a line that is too long to be held."""
        while (rest := self.stream.readline(LINE_BYTES_MAX)) and not rest.endswith(b"\n"):
            self.offset += len(rest)
        self.offset += len(rest)


def records(
    stream: BinaryIO, *, encoding: str, delimiter: str, width: int, line: int = 0, offset: int = 0
) -> Iterator[Record]:
    """Every record from here on; `width` is how many cells one must have (0: the first record decides nothing)."""
    lines = _Lines(stream, line, offset)
    if offset:
        stream.seek(offset)
    while raw := lines.take():
        number = lines.line
        if len(raw) >= LINE_BYTES_MAX and not raw.endswith(b"\n"):
            lines.skip_line()
            yield Record(number, lines.offset, [], "line_too_long")
            continue
        try:
            text = raw.decode("utf-8-sig" if number == 1 and encoding == "utf-8-sig" else encoding.replace("-sig", ""))
        except UnicodeDecodeError:
            yield Record(number, lines.offset, [], "not_in_the_encoding", raw.decode("latin-1").rstrip("\r\n"))
            continue
        record = _record(text, number, lines, encoding, delimiter, width)
        if record is not None:
            yield record


def _record(text: str, number: int, lines: _Lines, encoding: str, delimiter: str, width: int) -> Record | None:
    bare = text.rstrip("\r\n")
    if not bare.strip():
        return None
    if delimiter == BLANK:
        cells, reason = bare.split(), ""
    elif delimiter.startswith(FIXED):
        cells, reason = _cut(bare, delimiter), ""
    elif bare.startswith('"') or f'{delimiter}"' in bare:
        cells, reason, text = _quoted(text, lines, encoding, delimiter, width)
    else:
        cells, reason = bare.split(delimiter), ""
    if not reason and width and len(cells) != width:
        half = len(cells) < width and not text.endswith("\n")
        reason = "line_half_written" if half else "too_few_columns" if len(cells) < width else "too_many_columns"
    return Record(number, lines.offset, cells, reason, text.rstrip("\r\n"))


def _cut(bare: str, delimiter: str) -> list[str]:
    at = [0, *(int(place) for place in delimiter.removeprefix(FIXED).split(",") if place), len(bare)]
    return [bare[start:end].strip() for start, end in zip(at, at[1:])]


def _quoted(text: str, lines: _Lines, encoding: str, delimiter: str, width: int) -> tuple[list[str], str, str]:
    """A record with quoted cells, which may go over several lines. An unclosed quotation costs its own line only."""
    taken: list[bytes] = []
    whole = text
    while whole.count('"') % 2:
        raw = lines.take() if len(taken) < QUOTED_LINES_MAX else b""
        if not raw:
            lines.put_back(taken)
            return [], "quotation_never_closed", text
        taken.append(raw)
        whole += raw.decode(encoding.replace("-sig", ""), "replace")
    try:
        cells = next(csv.reader(io.StringIO(whole, newline=""), delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        cells = []
    if taken and (not cells or (width and len(cells) != width)):
        lines.put_back(taken)
        return [], "quotation_never_closed", text
    return cells, "" if cells else "quotation_misplaced", whole
