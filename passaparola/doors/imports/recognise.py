"""Recognising how a table is written, from its first rows: delimiter, decimal mark, dates. Pure.

A guess that could be wrong is not made: where the rows allow two readings the caller is asked to say which.
"""

import csv
import re
from collections.abc import Sequence
from datetime import datetime

from passaparola.doors.imports import cells
from passaparola.kernel.errors import Refusal

DELIMITERS = (",", ";", "\t", "|")
BLANK = "blank"
# "fixed:8,20" cuts each line before its 9th and 21st character.
FIXED = "fixed:"
_DAY_FIRST = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y")
_MONTH_FIRST = ("%m/%d/%Y", "%m.%d.%Y", "%m-%d-%Y")
_TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
# Nobody can read these in two ways: a zone behind the time, or the month as a word.
_PLAIN = (
    "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M %z", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d",
    "%b %d, %Y", "%b %d, %Y %I:%M %p", "%b %d, %Y %I:%M:%S %p", "%b %d, %Y, %I:%M %p", "%b %d, %Y, %I:%M:%S %p",
    "%B %d, %Y", "%B %d, %Y %I:%M %p", "%d %b %Y", "%d %b %Y %H:%M",
)  # fmt: skip
_NUMBER = re.compile(r"[+-]?[\d.,' \u00a0\u202f]+")


class UnclearDates(Refusal):
    """Is {example} in column {column} day or month first? Say so in a mapping file: {{"format": {{"dates": "%d/%m/%Y"}}}}."""

    code = "unclear_dates"


class UnknownDates(Refusal):
    """How is {example} in column {column} to be read? Say so in a mapping file: {{"format": {{"dates": "%d/%m/%Y %H:%M"}}}}."""

    code = "unknown_dates"


class UnclearDecimals(Refusal):
    """Where do the decimals of {example} in column {column} begin? Say so in a mapping file: {{"format": {{"decimal": ","}}}}."""

    code = "unclear_decimals"


def delimiter(lines: Sequence[str]) -> str:
    """The mark that cuts the sample into the most columns, evenly; a comma where there is only one column."""
    best, columns = ",", 1
    for mark in DELIMITERS:
        widths = [len(row) for row in csv.reader(lines, delimiter=mark) if row]
        if not widths:
            continue
        usual = max(set(widths), key=widths.count)
        if usual > columns and widths.count(usual) >= 0.8 * len(widths):
            best, columns = mark, usual
    return BLANK if columns == 1 and _is_blank_separated(lines) else best


def _is_blank_separated(lines: Sequence[str]) -> bool:
    """Columns of numbers and ids parted by blanks; words parted by blanks are a text."""
    rows = [row for line in lines if (row := line.split())]
    if not rows or len(rows[0]) < 3 or sum(len(row) == len(rows[0]) for row in rows) < 0.8 * len(rows):
        return False
    cells = [cell for row in rows[1:] or rows for cell in row]
    return sum(any(mark.isdigit() for mark in cell) for cell in cells) >= 0.5 * len(cells)


def cuts(lines: Sequence[str]) -> str:
    """Where to cut lines of a fixed width: at the ends of the gaps that all of them share. "fixed:" where there is none."""
    bodies = [line.rstrip() for line in lines if line.strip()]
    if not bodies:
        return FIXED
    width = max(map(len, bodies))
    gap = [all(at >= len(line) or line[at] == " " for line in bodies) for at in range(width)]
    return FIXED + ",".join(str(at) for at in range(1, width) if gap[at - 1] and not gap[at] and any(not g for g in gap[:at]))


def repeats(values: Sequence[str]) -> bool:
    """Whether ids come back on neighbouring rows: then rows are lines of orders, not orders."""
    known = [value.strip() for value in values if value.strip()]
    return len(known) > len(set(known))


def looks_headerless(first: Sequence[str]) -> bool:
    """Whether a first row holds values rather than names: a bare number or date among its cells."""
    return any(re.fullmatch(r"[+-]?\d[\d.,:/ T-]*", cell.strip()) for cell in first)


def decimal(values: Sequence[str], *, column: str) -> str:
    """ "," or "." as the decimal mark of the sample. Raises UnclearDecimals where both appear or only 1,234 does."""
    point = comma = unclear = ""
    for value in values:
        text = cells.plain(value)
        if not _NUMBER.fullmatch(text):
            continue
        last = max(text.rfind("."), text.rfind(","))
        if last < 0:
            continue
        mark, behind = text[last], len(text) - last - 1
        if text.count(mark) > 1:
            # 1.234.567 can only be thousands, so the other mark is the decimal one.
            mark, behind = ("," if mark == "." else "."), 0
        elif behind == 3 and not ("," in text and "." in text) and not text.lstrip("+-").startswith("0"):
            unclear = unclear or text
            continue
        if mark == ".":
            point = point or text
        else:
            comma = comma or text
    if point and comma:
        raise UnclearDecimals(column=column, example=f"{point}, {comma}")
    if unclear and not point and not comma:
        raise UnclearDecimals(column=column, example=unclear)
    return "," if comma else "."


def dates(values: Sequence[str], *, column: str) -> str:
    """ "iso", "epoch", "epoch_ms" or a strptime format that reads (nearly) all of the sample."""
    sample = [value.strip() for value in values if value.strip()]
    if not sample:
        return "iso"
    enough = max(1, round(len(sample) * 0.8))
    if sum(bool(re.fullmatch(r"(19|20)\d{6}", v)) for v in sample) >= enough:
        return "%Y%m%d"
    if sum(bool(re.fullmatch(r"\d{10}", v)) for v in sample) >= enough:
        return "epoch"
    if sum(bool(re.fullmatch(r"\d{13}", v)) for v in sample) >= enough:
        return "epoch_ms"
    if sum(_reads_iso(v) for v in sample) >= enough:
        return "iso"
    if form := next((form for form in _PLAIN if sum(_reads(v, form) for v in sample) >= enough), ""):
        return form
    return _slashed(sample, enough, column)


def _slashed(sample: list[str], enough: int, column: str) -> str:
    """Day or month first? Only a part above 12 tells, so all of the sample must be read by exactly one order."""
    fits = []
    for family in (_DAY_FIRST, _MONTH_FIRST):
        scored = [(sum(_reads(v, day + time) for v in sample), day + time) for day in family for time in _TIMES]
        fits.append(max(scored, key=lambda pair: pair[0]))
    (day_score, day_format), (month_score, month_format) = fits
    if max(day_score, month_score) < enough:
        raise UnknownDates(column=column, example=sample[0])
    if day_score == month_score:
        raise UnclearDates(column=column, example=sample[0])
    return day_format if day_score > month_score else month_format


def _reads_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _reads(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007  only whether it fits
    except ValueError:
        return False
    return True
