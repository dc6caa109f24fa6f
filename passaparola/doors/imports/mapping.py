"""Which column means what: the mapping file, and the names recognised without one. Pure."""

import re
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from passaparola.doors.imports import headings
from passaparola.doors.imports.recognise import FIXED
from passaparola.kernel.errors import Refusal

KINDS = ("orders", "people", "events")
WHO = ("user_id", "anonymous_id", "email", "phone")
# What a line of an order can be; anything but a sale is said by a column, or by a negative amount.
LINE_TYPES = ("sale", "refund", "cancellation", "fee", "voucher", "skip")
NEGATIVE = ("refuse", "net", "refund")
GUESTS = ("refuse", "person", "skip")
_PERSON = ("email", "phone", "name", "given_name", "birthday", "gender", "language")
FIELDS: dict[str, tuple[str, ...]] = {
    "orders": (
        "user_id", "anonymous_id", "order_id", "amount", "currency", "occurred_at", "coupon",
        "product", "product_name", "category", "quantity", "price", "discount", "line_type", "refund_of",
        "channel", "party_size", "margin", *_PERSON,
    ),
    "people": ("user_id", "anonymous_id", "occurred_at", *_PERSON),
    "events": ("event", "user_id", "anonymous_id", "occurred_at", "message_id", "properties"),
}  # fmt: skip
REQUIRED = {"orders": ("amount", "occurred_at"), "people": (), "events": ("event", "occurred_at")}
# Open families: property:x is text, number:x a number, product:x what else is known of a line's product, trait:x a
# trait, consent.CHANNEL.PURPOSE yes or no.
PREFIXES = {
    "orders": ("property:", "number:", "product:", "consent."),
    "people": ("trait:", "consent."),
    "events": ("property:", "number:"),
}


class BadMapping(Refusal):
    """The mapping file {path} cannot be used: {detail}."""

    code = "bad_mapping"


class DuplicateColumns(Refusal):
    """The column {column} appears twice in the first line (places {places}): rename one, so that it is clear which is meant."""

    code = "duplicate_columns"


class MissingColumns(Refusal):
    """Which column holds {missing}? There are {found}. Say so with --mapping in a file: {{"columns": {{{example}}}}}."""

    code = "missing_columns"


class UnknownColumn(Refusal):
    """The mapping names the column {column}, but the file has only: {found}."""

    code = "unknown_column"


class UnknownField(Refusal):
    """The mapping fills {field}, which {kind} do not have. Known: {known}."""

    code = "unknown_field"


class WrongLookup(Refusal):
    """The list {file} cannot be joined: {detail}."""

    code = "wrong_lookup"


class Format(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How the file is written; what is left out is recognised."""

    delimiter: str | None = None
    header: bool = True
    encoding: str | None = None
    decimal: str | None = None
    # A strptime format, or "iso", "epoch", "epoch_ms".
    dates: str | None = None
    time_zone: str | None = None
    # Which sheet of a workbook; the first with anything in it where none is named.
    sheet: str | None = None


class Lookup(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A second file with more about something the rows name, such as the products: joined by `on` = the field `by`."""

    file: str
    on: str
    by: str = "product"
    columns: dict[str, str] = {}


class Mapping(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A mapping file. A column is named by its heading or, where there is none, by its place counted from 1."""

    kind: str | None = None
    format: Format = Format()
    columns: dict[str, str | int] = {}
    # Values that hold for every row, e.g. {"currency": "USD"}.
    constants: dict[str, str] = {}
    group_by: str | None = None
    source: str | None = None
    # Marks every row as simulated: it says so wherever it shows.
    simulated: bool = False
    # Only the columns named here are used; none is recognised by its heading.
    exact: bool = False
    # What the values of the column line_type mean: {"R": "refund", "ship": "fee"}; what is empty is a sale.
    types: dict[str, str] = {}
    # What a negative amount or quantity is. Left out: refused in a row of its own, netted among the lines of an order.
    negative: str | None = None
    # Rows that do not say whose they are: refused, each an anonymous person's, or left out.
    guests: str = "refuse"
    lookup: Lookup | None = None


@dataclass(frozen=True)
class Layout:
    """A mapping laid over one file: field → place in the row (from 0), and what was not used."""

    kind: str
    places: Dictionary[str, int]
    names: tuple[str, ...]
    unused: tuple[str, ...]


def read(text: bytes, *, path: object) -> Mapping:
    """The mapping in a JSON document. Raises BadMapping, saying where."""
    try:
        found = msgspec.json.decode(text, type=Mapping)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise BadMapping(path=path, detail=str(problem)) from problem
    if found.kind is not None and found.kind not in KINDS:
        raise BadMapping(path=path, detail=f"kind must be one of {', '.join(KINDS)}, not {found.kind}")
    if found.group_by not in (None, "order_id"):
        raise BadMapping(path=path, detail='group_by can only be "order_id"')
    if found.format.decimal not in (None, ".", ","):
        raise BadMapping(path=path, detail='format.decimal must be "." or ","')
    mark = found.format.delimiter or ""
    if mark.startswith(FIXED) and not re.fullmatch(r"\d{1,5}(,\d{1,5})*", mark.removeprefix(FIXED)):
        raise BadMapping(path=path, detail="format.delimiter must name the places to cut at: fixed:8,20")
    for name, given, known in (
        ("negative", found.negative, (None, *NEGATIVE)),
        ("guests", found.guests, GUESTS),
        *(("types", meaning, LINE_TYPES) for meaning in found.types.values()),
    ):
        if given not in known:
            raise BadMapping(path=path, detail=f"{name} must be one of {', '.join(filter(None, known))}, not {given}")
    return found


def lay(mapping: Mapping, names: Sequence[str], kind: str | None, rows: Sequence[Sequence[str]] = ()) -> Layout:
    """Find every field's place. Raises a Refusal naming the columns where something is missing, double or unknown.

    Some of the `rows` tell a column of customers' ids from one of their names.
    """
    heads = tuple(name.strip() for name in names)
    if not mapping.exact or any(isinstance(column, str) for column in mapping.columns.values()):
        _refuse_duplicates(heads)
    kind = kind or mapping.kind or _guess_kind(mapping, heads)
    places = {field: _place(column, heads) for field, column in mapping.columns.items()}
    for field in (*mapping.columns, *mapping.constants):
        _check_field(field, kind)
    taken = set(places.values())
    if mapping.format.header and not mapping.exact:
        open_ = [field for field in FIELDS[kind] if field not in places and field not in mapping.constants]
        found = headings.recognised(open_, heads, rows, taken=taken)
        places |= found
        taken |= set(found.values())
    _check_required(kind, {*places, *mapping.constants}, heads, guests=mapping.guests != "refuse")
    return Layout(kind, places, heads, tuple(name for at, name in enumerate(heads) if at not in taken))


def _refuse_duplicates(heads: tuple[str, ...]) -> None:
    for name in heads:
        if name and heads.count(name) > 1:
            places = ", ".join(str(at + 1) for at, other in enumerate(heads) if other == name)
            raise DuplicateColumns(column=name, places=places)


def _guess_kind(mapping: Mapping, heads: tuple[str, ...]) -> str:
    def has(field: str) -> bool:
        return field in mapping.columns or any(headings.means(field, name) for name in heads)

    if has("event"):
        return "events"
    return "orders" if has("amount") and has("occurred_at") else "people"


def _place(column: str | int, heads: tuple[str, ...]) -> int:
    if isinstance(column, int):
        if not 1 <= column <= len(heads):
            raise UnknownColumn(column=column, found=f"{len(heads)} columns")
        return column - 1
    if column not in heads:
        raise UnknownColumn(column=column, found=", ".join(heads))
    return heads.index(column)


def _check_field(field: str, kind: str) -> None:
    if field not in FIELDS[kind] and not field.startswith(PREFIXES[kind]) and field != "consent_wording":
        known = (*FIELDS[kind], *(f"{prefix}…" for prefix in PREFIXES[kind]))
        raise UnknownField(field=field, kind=kind, known=", ".join(known))


def _check_required(kind: str, given: set[str], heads: tuple[str, ...], *, guests: bool) -> None:
    missing = [field for field in REQUIRED[kind] if field not in given]
    if not (guests and kind == "orders") and not given.intersection(WHO if kind != "events" else WHO[:2]):
        missing.insert(0, "user_id")
    if missing:
        example = ", ".join(f'"{field}": "…"' for field in missing)
        raise MissingColumns(missing=", ".join(missing), found=", ".join(heads), example=example)
