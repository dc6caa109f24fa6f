"""Workbooks, Parquet files and UTF-16 text become plain CSV in UTF-8 once, streamed, so that one reader reads them all."""

import codecs
import csv
import os
import re
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from passaparola.doors.imports import own
from passaparola.doors.imports.source import NotText, TooLarge
from passaparola.kernel.errors import Refusal

_BLOCK = 1 << 20
# A spreadsheet keeps numbers as doubles: whole ones are exact up to here.
_EXACT_MAX = 10**15
# Sheets are read row by row; whatever else is in a workbook (its texts, its styles) is held in memory, many times as large.
_STREAMED, HELD_BYTES_MAX = "xl/worksheets/", 256 * 1024 * 1024
# How often the size of a file being written is looked at.
_LOOK_SECONDS = 0.2
# A number format of nothing but zeros is how spreadsheets show 00042.
_PADDED = re.compile(r"0{2,20}")


class NoSuchSheet(Refusal):
    """The workbook has no sheet called {sheet}; it has: {found}."""

    code = "no_such_sheet"


class BrokenWorkbook(Refusal):
    """{path} is no workbook that can be read ({detail}): save it anew as .xlsx, or as CSV."""

    code = "broken_workbook"


class BrokenParquet(Refusal):
    """{path} is no Parquet file that can be read ({detail})."""

    code = "broken_parquet"


def kind(path: Path) -> str:
    """ "excel", "parquet" or "utf-16" for what must be converted first, else ""."""
    with path.open("rb") as file:
        head = file.read(4)
    if head == b"PK\x03\x04":
        return "excel"
    if head == b"PAR1":
        return "parquet"
    return "utf-16" if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else ""


def as_text(path: Path, folder: Path, *, sheet: str | None = None, bytes_max: int | None = None) -> Path:
    """`path` itself if it is text, else a CSV of what it holds beside `folder`'s other files. Raises a Refusal.

    Of our own export of events as a table: its lines of JSON.
    """
    if not path.exists():
        return path
    found = kind(path)
    target = folder / f"{path.name}.{os.getpid()}.converted"
    folder.mkdir(parents=True, exist_ok=True)
    text = _converted(found, path, target, sheet, bytes_max) if found else path
    if not _is_own(text):
        return text
    lines = target.with_suffix(".lines")
    own.as_lines(text, lines)
    if text != path:
        text.unlink()
    return lines


def _is_own(text: Path) -> bool:
    try:
        return own.is_own(text)
    except (OSError, EOFError, csv.Error):
        # What is wrong with it is said by whoever reads all of it.
        return False


def _converted(found: str, path: Path, target: Path, sheet: str | None, bytes_max: int | None) -> Path:
    if found == "excel":
        _excel(path, target, sheet, bytes_max)
    elif found == "parquet":
        _parquet(path, target, bytes_max)
    else:
        _utf16(path, target)
    return target


def sheets(path: Path) -> list[str]:
    """The names of a workbook's sheets, in order; empty for any other file. Raises BrokenWorkbook."""
    if kind(path) != "excel":
        return []
    book = _open(path, None)
    try:
        return [str(name) for name in book.sheetnames]
    finally:
        book.close()


def _open(path: Path, bytes_max: int | None) -> Any:
    """A workbook, read row by row. What it unpacks to is bounded before anything is unpacked."""
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
            held = sum(part.file_size for part in parts if not part.filename.startswith(_STREAMED))
            for size, most in ((held, HELD_BYTES_MAX), (sum(part.file_size for part in parts), bytes_max)):
                if most is not None and size > most:
                    raise TooLarge(path=path.name, limit=f"{most:,}")
        # By content: given a name, the library would judge by its ending.
        return load_workbook(path.open("rb"), read_only=True, data_only=True, keep_links=False)
    except Refusal:
        raise
    except Exception as problem:  # the library raises whatever it stumbles over
        raise BrokenWorkbook(path=path.name, detail=type(problem).__name__) from problem


def _excel(path: Path, target: Path, sheet: str | None, bytes_max: int | None) -> None:
    book = _open(path, bytes_max)
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise NoSuchSheet(sheet=sheet, found=", ".join(book.sheetnames))
        chosen = [sheet] if sheet is not None else list(book.sheetnames)
        for name in chosen:
            # The first sheet with anything in it, unless one was named.
            if _write(target, _excel_rows(book[name], path)):
                return
    finally:
        book.close()


def _excel_rows(page: Any, path: Path) -> Iterator[list[str]]:
    page.reset_dimensions()
    try:
        for row in page.iter_rows():
            yield [_excel_cell(cell) for cell in row]
    except (zipfile.BadZipFile, SyntaxError, ValueError, KeyError, TypeError, EOFError) as problem:
        raise BrokenWorkbook(path=path.name, detail=type(problem).__name__) from problem


def _excel_cell(cell: Any) -> str:
    """What one sees in the cell, as exactly as a workbook keeps it: whole numbers whole, padded ones padded."""
    value = cell.value
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_MAX:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) >= _EXACT_MAX:
            # More digits than a spreadsheet keeps: said as it would show it, so that an id is refused, not guessed.
            return f"{value:.14E}"
        pad = _PADDED.fullmatch(str(cell.number_format or ""))
        return str(value).zfill(len(pad.group())) if pad and value >= 0 else str(value)
    return _plain(value)


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        # A day without a time is a day; a workbook's clock is good to the second.
        value = value.replace(microsecond=0) if value.tzinfo is None else value
        return value.date().isoformat() if value.tzinfo is None and value.time() == time() else value.isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def _write(target: Path, found: Iterable[list[str]]) -> int:
    """Rows as CSV, empty ones left out, all as wide as the first; how many."""
    count = width = 0
    with target.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        for row in found:
            while row and not row[-1].strip():
                row.pop()
            if not row:
                continue
            width = width or len(row)
            out.writerow(row + [""] * (width - len(row)))
            count += 1
    return count


def _parquet(path: Path, target: Path, bytes_max: int | None) -> None:
    """By the analytical engine, streamed, within bounds of memory and disk: a few bytes may say a million times the same."""
    import duckdb

    def quoted(name: Path) -> str:
        return str(name).replace("'", "''")

    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'; SET threads = 1; SET memory_limit = '512MB'")
        engine.execute(f"SET temp_directory = '{quoted(target.parent / 'spill')}'")
        try:
            with _growing(target, bytes_max, engine.interrupt) as grown:
                engine.execute(
                    f"COPY (SELECT * FROM read_parquet('{quoted(path)}', hive_partitioning = false)) "
                    f"TO '{quoted(target)}' (FORMAT csv, HEADER)"
                )
        except duckdb.Error as problem:
            target.unlink(missing_ok=True)
            if grown.is_set():
                raise TooLarge(path=path.name, limit=f"{bytes_max:,}") from problem
            raise BrokenParquet(path=path.name, detail=type(problem).__name__) from problem


@contextmanager
def _growing(target: Path, bytes_max: int | None, stop: Callable[[], None]) -> Iterator[threading.Event]:
    """Stops whoever writes `target` once it is larger than that; the event says so."""
    grown, ended = threading.Event(), threading.Event()

    def look() -> None:
        while bytes_max is not None and not ended.wait(_LOOK_SECONDS):
            # The engine may write under another name first.
            sizes = [found.stat().st_size for found in target.parent.glob(f"*{target.name}") if found.exists()]
            if sum(sizes) > bytes_max:
                grown.set()
                stop()

    watcher = threading.Thread(target=look, name="growing", daemon=True)
    watcher.start()
    try:
        yield grown
    finally:
        ended.set()
        watcher.join()


def _utf16(path: Path, target: Path) -> None:
    """What spreadsheets call "Unicode text"."""
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        with path.open("rb") as file, target.open("w", newline="", encoding="utf-8") as out:
            while block := file.read(_BLOCK):
                out.write(decoder.decode(block))
            out.write(decoder.decode(b"", True))
    except UnicodeDecodeError as problem:
        raise NotText(path=path.name, what="text in UTF-16, broken off") from problem
