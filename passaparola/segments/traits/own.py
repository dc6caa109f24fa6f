"""Traits a marketer defines from the properties of an event, without code: the last size bought, the sum of points.

They are counted when asked for, from the log, so that a new one holds for all history at once.
"""

import re
from typing import Any

import msgspec

from passaparola.events.intake import Happening
from passaparola.kernel import database
from passaparola.kernel.batch import Batch
from passaparola.kernel.errors import Refusal
from passaparola.segments.models import OwnTraitRow
from passaparola.segments.traits.definitions import by_name

TRAITS_MAX = 50
WINDOW_DAYS_MAX = 3660
AGGREGATES = ("last", "first", "sum", "count", "max", "min")
TYPES = ("number", "text", "boolean")
NAME_PATTERN = r"[a-z][a-z0-9_]{0,39}"
# Quotes, brackets and the like have meanings of their own in the path languages of the databases.
PROPERTY_PATTERN = r"""[^"'`\\\[\]*?$@{}\x00-\x1f\x7f]{1,120}"""
EVENT_LENGTH_MAX = 120


class BadTrait(Refusal):
    """The trait cannot be defined: {why}."""

    code, status = "bad_trait", 422


class UnknownTrait(Refusal):
    """There is no trait of your own called {name}."""

    code, status = "unknown_trait", 404


class OwnTrait(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """{name, event, property, aggregate, type?, window_days?}; `property` may be left out for a count.

    `type` says what first and last take: values of another type do not count. Sums are exact to thousandths.
    `window_days`: only the facts of so many local days ending today.
    """

    name: str
    event: str
    aggregate: str
    key: str = msgspec.field(default="", name="property")
    type: str = "number"
    window_days: int | None = None

    @property
    def kind(self) -> str:
        """The type of its values: number, whole, text or boolean."""
        return {"count": "whole", "first": self.type, "last": self.type}.get(self.aggregate, "number")


def read(properties: dict[str, Any]) -> OwnTrait:
    """What the act "Trait Defined" says. Raises BadTrait."""
    known = {key: value for key, value in properties.items() if key in OwnTrait.__struct_encode_fields__}
    try:
        trait = msgspec.convert(known, OwnTrait)
    except msgspec.ValidationError as problem:
        raise BadTrait(why=str(problem)) from problem
    window, most = trait.window_days, WINDOW_DAYS_MAX
    checks = (
        (bool(re.fullmatch(NAME_PATTERN, trait.name)), "the name is of a to z, 0 to 9 and _, at most 40 characters"),
        (trait.name not in by_name(), "a trait of this name is there already"),
        (0 < len(trait.event.strip()) <= EVENT_LENGTH_MAX and "\0" not in trait.event, "it needs the name of an event"),
        (trait.aggregate in AGGREGATES, f"aggregate is one of {', '.join(AGGREGATES)}"),
        (trait.type in TYPES, f"type is one of {', '.join(TYPES)}"),
        (
            trait.type == "number" or trait.aggregate in ("first", "last"),
            "only first and last take texts and yes or no",
        ),
        (
            bool(re.fullmatch(PROPERTY_PATTERN, trait.key)) or (trait.aggregate == "count" and not trait.key),
            "it needs the name of a property without quotes, brackets and the like",
        ),
        (window is None or 0 < window <= most, f"the window is from 1 to {most} days"),
    )
    for fine, why in checks:
        if not fine:
            raise BadTrait(why=why)
    return trait


def define(batch: Batch, happening: Happening) -> None:
    """The act "Trait Defined": a new trait, or another meaning for one of that name. Raises BadTrait."""
    trait = read(happening.props)
    table = batch.table(OwnTraitRow)
    rows = table.take("1 = 1")
    same = next((row for row in table.rows.values() if row["name"] == trait.name), None)
    values = {**msgspec.to_builtins(trait), "defined_at": happening.received_at, "event_id": happening.id}
    if same is not None:
        table.change(same, **values, retired_at=None)
    elif sum(1 for row in table.rows.values() if row["retired_at"] is None) >= TRAITS_MAX:
        raise BadTrait(why=f"there are {len(rows)} already, and {TRAITS_MAX} is the most")
    else:
        same = table.add(**values)
    happening.result = {**happening.result, "trait": trait.name}


def retire(batch: Batch, happening: Happening) -> None:
    """The act "Trait Retired" {name}: it is no longer offered. Raises UnknownTrait."""
    table, name = batch.table(OwnTraitRow), happening.props.get("name")
    table.take("1 = 1")
    row = next((row for row in table.rows.values() if row["name"] == name and row["retired_at"] is None), None)
    if row is None:
        raise UnknownTrait(name=name)
    table.change(row, retired_at=happening.received_at)
    happening.result = {**happening.result, "trait": str(name)}


def in_force() -> dict[str, OwnTrait]:
    """The traits defined and not retired, by name."""
    rows = database.select(OwnTraitRow, "retired_at IS NULL ORDER BY name")
    return {
        row["name"]: msgspec.convert({key: row[key] for key in OwnTrait.__struct_encode_fields__}, OwnTrait)
        for row in rows
    }


# --- as SQL -------------------------------------------------------------------------------------


def store_sql(trait: OwnTrait, today: int, vendor: str, *, people: bool) -> str:
    """A SELECT of person_id (roots) and value from the operational store; with `people` for those of a list parameter."""
    where = [database.any_of("p.root_id") if people else "1 = 1", *_of_name(trait.event, vendor)]
    if trait.window_days is not None:
        where.append(f"e.day > {today - trait.window_days} AND e.day <= {today}")
    rows = (
        f"SELECT p.root_id AS person_id, e.occurred_at AS moment, e.id AS event_id, {_value(trait, vendor)} AS value "
        f"FROM person p JOIN event e ON e.person_id = p.id WHERE {' AND '.join(where)}"
    )
    return aggregated(trait, rows, "REAL" if vendor == "sqlite" else "DOUBLE PRECISION", _floor_of[vendor])


def store_turn_sql(trait: OwnTrait, today: int, vendor: str, *, people: bool) -> str:
    """The next local day on which the trait's window may hold other facts: a SELECT of person_id and value."""
    where = [database.any_of("p.root_id") if people else "1 = 1", *_of_name(trait.event, vendor)]
    return (
        f"SELECT p.root_id AS person_id, {_turn(trait, today, 'e.day')} AS value FROM person p "
        f"JOIN event e ON e.person_id = p.id WHERE {' AND '.join(where)} AND e.day > {today - (trait.window_days or 0)} "
        "GROUP BY p.root_id"
    )


def _turn(trait: OwnTrait, today: int, day: str) -> str:
    """Of facts in the window and after it: when the first of them leaves, or a later one comes in."""
    return f"MIN(CASE WHEN {day} > {today} THEN {day} ELSE {day} + {trait.window_days} END)"


def aggregated(trait: OwnTrait, rows: str, real: str, floor: str) -> str:
    """One row a person from rows (person_id, moment, event_id, value); the same on every engine."""
    if trait.aggregate in ("first", "last"):
        direction = "DESC" if trait.aggregate == "last" else "ASC"
        placed = (
            f"SELECT person_id, value, ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY moment {direction}, "
            f"event_id {direction}) AS place FROM ({rows}) AS facts WHERE value IS NOT NULL"
        )
        return f"SELECT person_id, value FROM ({placed}) AS placed WHERE place = 1"
    if trait.aggregate == "sum":
        # Whole thousandths add up to the same in any order; the division is the last step.
        milli = floor.format("value * 1000 + 0.5")
        value = f"CAST(SUM(CASE WHEN value BETWEEN -1e12 AND 1e12 THEN {milli} END) AS {real}) / 1000"
    else:
        value = {"count": "COUNT(value)", "max": "MAX(value)", "min": "MIN(value)"}[trait.aggregate]
    return f"SELECT person_id, {value} AS value FROM ({rows}) AS facts GROUP BY person_id"


# Whole numbers at or below; not every build of SQLite has FLOOR.
_floor_of = {
    "sqlite": "(CAST({0} AS INTEGER) - ({0} < CAST({0} AS INTEGER)))",
    "postgresql": "CAST(FLOOR({0}) AS BIGINT)",
}


def _of_name(name: str, vendor: str) -> list[str]:
    """Conditions on the event `e` that it is a fact of this name."""
    calls = {"Page Viewed": "page", "Screen Viewed": "screen"}
    if name in calls:
        return [f"e.type = '{calls[name]}'"]
    repeated = ["e.result NOT LIKE '%\"repeated_order\"%'"] if name == "Order Completed" else []
    return [f"e.type IN ('track', 'act') AND e.name = {quoted(name, vendor)}", *repeated]


def _value(trait: OwnTrait, vendor: str) -> str:
    if not trait.key:
        return "1"
    key = trait.key
    kind = "any" if trait.aggregate == "count" else trait.type
    # A text with a NUL is more than PostgreSQL's json reads: such an event says nothing, on either store.
    if vendor == "sqlite":
        wanted = {"number": "'integer', 'real'", "text": "'text'", "boolean": "'true', 'false'",
                  "any": "'integer', 'real', 'text', 'true', 'false'"}[kind]  # fmt: skip
        picked = f"json_extract(e.properties, '$.\"{key}\"')"
        value = {"number": f"CAST({picked} AS REAL)", "any": "1"}.get(kind, picked)
        return (
            f"CASE WHEN instr(e.properties, '\\u0000') = 0 AND json_type(e.properties, '$.\"{key}\"') IN ({wanted}) "
            f"THEN {value} END"
        )
    wanted = f"('{kind}')" if kind != "any" else "('number', 'text', 'string', 'boolean')"
    wanted = wanted.replace("'text'", "'string'")
    picked = f"CAST(e.properties AS json) ->> '{key}'"
    value = {
        "number": f"CAST({picked} AS DOUBLE PRECISION)",
        "any": "1",
        "boolean": f"CAST({picked} = 'true' AS INTEGER)",
    }.get(kind, f'({picked}) COLLATE "C"')
    return (
        "CASE WHEN POSITION('\\u0000' IN e.properties) > 0 THEN NULL "
        f"WHEN json_typeof(CAST(e.properties AS json) -> '{key}') IN {wanted} THEN {value} END"
    )


def quoted(text: str, vendor: str) -> str:
    """A text as a literal; a question mark, which stands for parameters here, by its number."""
    mark = "char(63)" if vendor == "sqlite" else "CHR(63)"
    parts = ["'" + part.replace("'", "''") + "'" for part in text.split("?")]
    return f"({f' || {mark} || '.join(parts)})" if len(parts) > 1 else parts[0]


def lake_sql(trait: OwnTrait, today: int, dialect: str) -> str:
    """The same from the relation `fact` of the lake, whose properties are texts led by a letter for their type."""
    where = ["line = 0", f"name = {plain(trait.event, dialect)}"]
    if trait.window_days is not None:
        where.append(f"day > {today - trait.window_days} AND day <= {today}")
    value = _lake_value(trait, dialect)
    rows = f"SELECT person_id, at_us AS moment, event_id, {value} AS value FROM fact WHERE {' AND '.join(where)}"
    return aggregated(trait, rows, "DOUBLE", "CAST(FLOOR({0}) AS BIGINT)")


def lake_turn_sql(trait: OwnTrait, today: int, dialect: str) -> str:
    """See store_turn_sql."""
    where = f"line = 0 AND name = {plain(trait.event, dialect)} AND day > {today - (trait.window_days or 0)}"
    return f"SELECT person_id, {_turn(trait, today, 'day')} AS value FROM fact WHERE {where} GROUP BY person_id"


def _lake_value(trait: OwnTrait, dialect: str) -> str:
    if not trait.key:
        return "1"
    if dialect == "duckdb":
        found = f"json_extract_string(props, '$.\"{trait.key}\"')"
    else:
        found = f"get_json_object(props, '$[\\'{trait.key}\\']')"
    kind = "any" if trait.aggregate == "count" else trait.type
    return {
        "number": f"CASE WHEN substr({found}, 1, 1) = 'n' THEN CAST(substr({found}, 2) AS DOUBLE) END",
        "text": f"CASE WHEN substr({found}, 1, 1) = 's' THEN substr({found}, 2) END",
        "boolean": f"CASE {found} WHEN 'bt' THEN 1 WHEN 'bf' THEN 0 END",
        "any": f"CASE WHEN {found} IS NOT NULL THEN 1 END",
    }[kind]


def plain(text: str, dialect: str) -> str:
    """A text as a literal of DuckDB or Spark, which reads backslashes."""
    if dialect == "spark":
        text = text.replace("\\", "\\\\")
        return "'" + text.replace("'", "\\'") + "'"
    return "'" + text.replace("'", "''") + "'"
