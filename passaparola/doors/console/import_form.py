"""How a file is read, as a form: from the mapping to choices, and from what was chosen back to the mapping."""

import re
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
from django.http import QueryDict

from passaparola.doors.console import import_words as words
from passaparola.doors.imports import mapping as mappings
from passaparola.doors.imports import prepare, recognise, suggest
from passaparola.doors.imports.cells import Unreadable, currency
from passaparola.doors.imports.mapping import Format, Lookup, Mapping
from passaparola.doors.imports.preview import delimiters
from passaparola.doors.imports.suggest import Looked
from passaparola.kernel.errors import Refusal

SAMPLES = 3
_OPEN = ("property:", "number:", "product:", "trait:")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


@dataclass
class Column:
    """One column of the file: its heading, some values, and what it fills now."""

    place: int
    name: str
    samples: list[str]
    chosen: str


@dataclass
class Chosen:
    """What a form says: the mapping, the row's own fields, and what in it cannot be."""

    mapping: Mapping
    own: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Unfitting(Refusal):
    """Two columns cannot both be {field}: leave one of them unused."""

    code, status = "two_columns", 422


class BadChoice(Refusal):
    """{value} cannot be used here: {why}."""

    code, status = "bad_choice", 422


# --- from the mapping to the page -----------------------------------------------------------------


def columns(looked: Looked) -> list[Column]:
    """Every column with what it fills now."""
    filled = {place: name for name, place in looked.mapping.columns.items()}
    return [
        Column(
            place,
            name,
            list(dict.fromkeys(row[place - 1].strip() for row in looked.rows[:50] if row[place - 1].strip()))[:SAMPLES],
            _choice(filled.get(place, "")),
        )
        for place, name in enumerate(looked.names, start=1)
    ]


def _choice(name: str) -> str:
    return next((prefix for prefix in _OPEN if name.startswith(prefix)), name)


def fields(kind: str) -> list[tuple[Any, list[tuple[str, Any]]]]:
    """What a column can be in a file of this kind, in groups."""
    known = mappings.FIELDS[kind]
    prefixes = mappings.PREFIXES[kind]
    found = []
    for title, group in words.GROUPS:
        some = [(name, word) for name, word in group.items() if name in known or name.startswith(prefixes)]
        if some:
            found.append((title, some))
    return found


# --- from the form to the mapping -----------------------------------------------------------------


def read(data: QueryDict, looked: Looked) -> Chosen:
    """What was chosen, on top of how the file was read before. Raises a Refusal for what no honest form holds."""
    before = looked.mapping
    kind = _one_of(data, "kind", mappings.KINDS, before.kind or "orders")
    form = _format(data, before.format)
    chosen = Chosen(before)
    columns_, chosen.problems = _columns(data, kind, looked)
    wanted = msgspec.structs.replace(
        before,
        kind=kind,
        format=form,
        exact=True,
        columns=columns_,
        constants=_constants(data, kind, columns_),
        group_by="order_id" if kind == "orders" and data.get("group") and "order_id" in columns_ else None,
        types=_types(data) if "line_type" in columns_ else {},
        negative=_one_of(data, "negative", mappings.NEGATIVE, before.negative or "refuse") if kind == "orders" else None,
        guests=_one_of(data, "guests", mappings.GUESTS, before.guests) if kind == "orders" else "refuse",
        lookup=_lookup(data, before.lookup),
    )
    if kind != before.kind or _rewritten(form, before.format):
        # Another delimiter makes other columns: what was chosen for the old ones says nothing about these.
        wanted = msgspec.structs.replace(wanted, columns={} if _rewritten(form, before.format) else columns_)
    chosen.mapping = wanted
    chosen.own = own(data)
    return chosen


def own(data: QueryDict) -> dict[str, Any]:
    """What is said of the import rather than of the file. Raises BadChoice."""
    return {"source": _source(data), "live_from": _day(data.get("live_from", ""))}


def _rewritten(now: Format, before: Format) -> bool:
    return (now.delimiter, now.header, now.sheet) != (before.delimiter, before.header, before.sheet)


def is_rewritten(chosen: Chosen, looked: Looked) -> bool:
    """Whether the file is cut into other columns than before, or holds another kind of rows."""
    return _rewritten(chosen.mapping.format, looked.mapping.format) or chosen.mapping.kind != looked.mapping.kind


def _format(data: QueryDict, before: Format) -> Format:
    mark = _one_of(data, "delimiter", tuple(words.DELIMITERS), delimiters(before.delimiter or ","))
    if mark == recognise.FIXED:
        cuts = re.sub(r"[^0-9,]", "", data.get("cuts", ""))
        mark += cuts if re.fullmatch(r"\d{1,5}(,\d{1,5}){0,60}", cuts) else ""
    zone = data.get("time_zone", "").strip()
    if zone:
        prepare.zone(zone)
    return Format(
        delimiter=mark,
        header=bool(data.get("header")),
        encoding=_one_of(data, "encoding", tuple(words.ENCODINGS), before.encoding or "utf-8"),
        decimal=_one_of(data, "decimal", (".", ","), "") or None,
        dates=_one_of(data, "dates", tuple(words.DATES), before.dates or "") or None,
        time_zone=zone or None,
        sheet=data.get("sheet") or before.sheet,
    )


def _columns(data: QueryDict, kind: str, looked: Looked) -> tuple[dict[str, str | int], list[str]]:
    known = {name for _title, group in fields(kind) for name, _word in group}
    found: dict[str, str | int] = {}
    twice: list[str] = []
    for place, heading in enumerate(looked.names, start=1):
        name = data.get(f"column-{place}", "")
        if name not in known:
            continue
        if name in _OPEN:
            name += _key(heading if looked.mapping.format.header else "", place)
        if name in found:
            twice.append(Unfitting(field=words.field(name)).message)
            continue
        found[name] = place
    return found, twice


def _key(heading: str, place: int) -> str:
    return re.sub(r"[\s.:]+", "_", heading.strip().lower())[:60].strip("_") or f"column_{place}"


def _constants(data: QueryDict, kind: str, columns_: Dictionary[str, str | int]) -> dict[str, str]:
    found = {}
    if kind == "orders" and "currency" not in columns_:
        try:
            found["currency"] = currency(data.get("currency", "") or "EUR")
        except Unreadable as problem:
            raise BadChoice(value=data.get("currency", ""), why="ISO 4217") from problem
    if any(name.startswith("consent.") for name in columns_) and (said := data.get("consent_wording", "").strip()):
        found["consent_wording"] = said[:500]
    return found


def _types(data: QueryDict) -> dict[str, str]:
    """Pairs of what stands in the file and what it means; unexplained ones are left to be put aside."""
    found = {}
    for number in range(suggest.TYPES_MAX):
        text, meaning = data.get(f"type-{number}", ""), data.get(f"meaning-{number}", "")
        if text and meaning in mappings.LINE_TYPES:
            found[text[:120]] = meaning
    return found


def _lookup(data: QueryDict, before: Lookup | None) -> Lookup | None:
    if before is None or data.get("list-off"):
        return None
    fills: dict[str, str] = {}
    for number in range(100):
        heading, name = data.get(f"list-column-{number}", ""), data.get(f"list-field-{number}", "")
        if heading and name in words.LIST_FIELDS:
            fills[name + _key(heading, number) if name.endswith(":") else name] = heading
    return Lookup(before.file, data.get("list-on", "") or before.on, before.by, fills or before.columns)


def _one_of(data: QueryDict, name: str, known: tuple[str, ...], otherwise: str) -> str:
    value = data.get(name, "")
    return value if value in known else otherwise


def _source(data: QueryDict) -> str:
    text = data.get("source", "").strip().lower() or "shop"
    if not _SOURCE.fullmatch(text):
        raise BadChoice(value=text, why="a-z 0-9 - _")
    return text


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as problem:
        raise BadChoice(value=text, why="2026-01-31") from problem
