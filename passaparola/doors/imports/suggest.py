"""A first mapping for a file nobody has described yet: everything that can be recognised, and what is doubtful."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from passaparola.doors.imports import cells, headings, prepare, recognise, statuses
from passaparola.doors.imports import mapping as mappings
from passaparola.doors.imports.mapping import Format, Mapping
from passaparola.doors.imports.prepare import Business
from passaparola.doors.imports.source import Survey
from passaparola.kernel.errors import Refusal

# The order in which headings are looked at: an id before what could pass for one.
_KINDS = ("events", "orders", "people")
TYPES_MAX = 40


@dataclass
class Looked:
    """A file as it seems: its columns, some of its rows, a mapping that names every column used by its place."""

    mapping: Mapping
    names: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    is_json: bool = False
    # What could not be decided: "dates", "decimal".
    doubts: list[str] = field(default_factory=list)

    @property
    def heading(self) -> str:
        """By which a file of the same shape is known: its columns, or where they have no names how many there are."""
        if self.is_json:
            return ""
        named = self.mapping.format.header
        said = "\x1f".join(self.names) if named else f"{self.mapping.format.delimiter} {len(self.names)}"
        return hashlib.sha256(f"{named}\x1f{said}".encode()).hexdigest()


def split(path: Path, survey: Survey, form: Format) -> Looked:
    """The columns and the first rows as `form` has them, the rest recognised. Raises OnlyHeader for an empty table."""
    encoding = form.encoding or survey.encoding
    if prepare.is_json(survey.head):
        return Looked(Mapping(kind="events", format=Format(encoding=encoding)), is_json=True)
    lines = survey.head.decode(encoding, "replace").splitlines()[:50]
    mark = form.delimiter or recognise.delimiter(lines)
    if mark == recognise.FIXED:
        mark = recognise.cuts(lines)
    found = prepare.sample(path, encoding, mark)
    if not found:
        raise prepare.OnlyHeader(path=path.name)
    usual = _usual_width([record.cells for record in found])
    first = found[0].cells
    header = form.header if form.delimiter else not recognise.looks_headerless(first)
    names = first if header else [str(place + 1) for place in range(usual)]
    rows = [record.cells for record in (found[1:] if header else found) if len(record.cells) == len(names)]
    made = Format(
        delimiter=mark, header=header, encoding=encoding, time_zone=form.time_zone, sheet=form.sheet,
        decimal=form.decimal, dates=form.dates,
    )  # fmt: skip
    return Looked(Mapping(exact=True, format=made), [name.strip() for name in names], rows)


def suggest(path: Path, survey: Survey, business: Business, form: Format | None = None, kind: str = "") -> Looked:
    """Everything recognised. `form` says what is known already about how the file is written."""
    found = split(path, survey, form or Format())
    if found.is_json:
        return found
    names = found.names if found.mapping.format.header else []
    kind = kind or (next(kind for kind in _KINDS if _fits(kind, names)) if names else "orders")
    columns = _columns(kind, names, found.rows)
    if not names:
        columns = _by_content(found.rows)
    found.mapping = msgspec.structs.replace(
        found.mapping, kind=kind, columns=columns, constants={} if "currency" in columns else {"currency": business.currency},
    ) if kind == "orders" else msgspec.structs.replace(found.mapping, kind=kind, columns=columns)  # fmt: skip
    return settle(_completed(found, business))


def _completed(found: Looked, business: Business) -> Looked:
    """What the chosen columns say of the rest: states of orders, the currency's sign, times in UTC."""
    wanted = found.mapping
    form, constants = wanted.format, dict(wanted.constants)
    when = wanted.columns.get("occurred_at")
    if form.header and not form.time_zone and isinstance(when, int) and headings.says_utc(found.names[when - 1]):
        form = msgspec.structs.replace(form, time_zone="UTC")
    if wanted.kind == "orders" and "currency" in constants:
        constants["currency"] = cells.unit_of(column(found, "amount"), otherwise=business.currency)
    types_ = statuses.types(column(found, "line_type"))
    found.mapping = msgspec.structs.replace(wanted, format=form, constants=constants, types=types_)
    return found


def settle(found: Looked) -> Looked:
    """Fill in what follows from the columns chosen: decimal mark, dates, lines of one order, what is negative."""
    wanted = found.mapping
    dates = _recognised(found, "dates", wanted.format.dates, lambda values, name: recognise.dates(values, column=name))
    decimal = _recognised(
        found, "decimal", wanted.format.decimal, lambda values, name: recognise.decimal(values, column=name)
    )
    made = msgspec.structs.replace(wanted.format, dates=dates, decimal=decimal)
    changes: dict[str, object] = {"format": made}
    if wanted.kind == "orders":
        changes["group_by"] = "order_id" if recognise.repeats(column(found, "order_id")) else None
        if any(value.strip().startswith("-") for value in column(found, "amount")):
            changes["negative"] = "refund" if "order_id" in wanted.columns else "refuse"
    found.mapping = msgspec.structs.replace(wanted, **changes)
    return found


def column(found: Looked, name: str) -> list[str]:
    """The sampled values of a field; empty if no column fills it."""
    place = found.mapping.columns.get(name)
    return [row[place - 1] for row in found.rows] if isinstance(place, int) and place <= len(found.names) else []


def types(found: Looked) -> list[str]:
    """The different values of the column that says of which type a line is, in the sample, longest known first."""
    known = dict.fromkeys(value.strip() for value in column(found, "line_type") if value.strip())
    return list(dict.fromkeys([*found.mapping.types, *(text for text in known if text.lower() not in _lower(found))]))[
        :TYPES_MAX
    ]


def _lower(found: Looked) -> set[str]:
    return {text.lower() for text in found.mapping.types}


def _recognised(found: Looked, what: str, given: str | None, read: object) -> str | None:
    """The given way, else the recognised one; with a doubt the first of those possible is left for a person to choose."""
    if given:
        return given
    values = column(found, "occurred_at" if what == "dates" else "amount")
    try:
        return read(values, "") if values else None  # type: ignore[operator,no-any-return]
    except Refusal:
        found.doubts.append(what)
        return None


def _usual_width(rows: Sequence[Sequence[str]]) -> int:
    widths = [len(row) for row in rows]
    return max(set(widths), key=widths.count)


def _fits(kind: str, names: Sequence[str]) -> bool:
    def has(field: str) -> bool:
        return any(headings.means(field, name) for name in names)

    if kind == "events":
        return has("event")
    return has("amount") and has("occurred_at") if kind == "orders" else True


def _columns(kind: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str | int]:
    """Field → place from 1, by the usual names; each column once."""
    found = headings.recognised(mappings.FIELDS[kind], names, rows)
    return {name: found[name] + 1 for name in mappings.FIELDS[kind] if name in found}


def _by_content(rows: Sequence[Sequence[str]]) -> dict[str, str | int]:
    """For a table without headings: the column of dates, the first of ids before it, the last with decimals."""
    if not rows:
        return {}
    columns = [[row[place] for row in rows] for place in range(len(rows[0]))]
    found: dict[str, str | int] = {}
    for place, values in enumerate(columns, start=1):
        if "occurred_at" not in found and _are_dates(values):
            found["occurred_at"] = place
        elif "user_id" not in found and place not in found.values():
            found["user_id"] = place
        elif sum("." in value or "," in value for value in values) > 0.5 * len(values):
            found["amount"] = place
    return found


def _are_dates(values: Sequence[str]) -> bool:
    try:
        return bool(recognise.dates(values, column=""))
    except Refusal:
        return isinstance(values, list) and all("/" in value for value in values)
