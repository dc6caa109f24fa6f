"""New events into the lake: read by number, written as a Parquet file, counted in by one rename.

The corridor does not know of it. A run takes what came since the last one and ends; a run that is killed leaves the lake as
it was before.
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from passaparola.kernel import database
from passaparola.measure.lake import duck, facts, manifest, shape
from passaparola.measure.lake.manifest import File, Manifest, State

# So many events make one landed file at most; a longer backlog makes several.
LANDING_EVENTS_MAX = 200_000
# New snapshots of the states at most so often, and never so often that they take more than a twentieth of the time.
STATES_EVERY_SECONDS, STATES_REST = 600, 20
_STATE_ROWS = 10_000
_encode = msgspec.json.Encoder().encode


def write(*, states: bool | None = None, wait: bool = False) -> Manifest:
    """Bring the lake up to the newest event. Raises Busy while another process writes.

    states: take new snapshots of the states too; None: where the last are old (_are_old).
    """
    with manifest.writing(wait=wait) as (known, at):
        until, forgot = facts.highest(), False
        withdrew = _withdraw(known, at, until)
        while known.watermark < until:
            forgot |= _land(known, at, min(until, known.watermark + LANDING_EVENTS_MAX))
        if states or forgot or withdrew or (states is None and _are_old(known)):
            snapshot(known, at)
        if forgot:
            # Who asked to be forgotten waits for no reader: the files from before go at once.
            known.retired = {}
            manifest.save(known, at)
        return known


def _land(known: Manifest, at: Path, until: int) -> bool:
    """One file of new facts; whether somebody asked to be forgotten among them."""
    name = manifest.new_name("landed")
    forgotten: set[int] = set()
    spool = at / f".{name}.jsonl"
    with spool.open("wb") as out:
        rows = 0
        for _last, some in facts.after(known.watermark, until):
            out.writelines(_encode(fact) + b"\n" for fact in some)
            rows += len(some)
            forgotten |= {fact["self_id"] for fact in some if fact["name"] == "Person Forgotten"}
    if rows:
        known.time.append(_to_parquet(at, spool, name, dict(shape.FACT)))
    spool.unlink()
    known.watermark = until
    if forgotten:
        _forget(known, at, forgotten)
    manifest.save(known, at)
    return bool(forgotten)


def _to_parquet(at: Path, spool: Path, name: str, columns: dict[str, str]) -> File:
    read = f"read_json({duck.quoted(str(spool))}, format = 'newline_delimited', columns = {_shape(columns)})"
    with duck.engine(at) as engine:
        engine.execute(
            f"COPY (SELECT * FROM {read} ORDER BY at_us, event_id, line) TO '{at / name}' {duck.COMPRESSION}"
        )
        return described(engine, at, name)


def described(engine: Any, at: Path, name: str, *, month: int | None = None, bucket: int | None = None) -> File:
    """What the manifest says of a file of facts, read from the file itself."""
    _sync(at / name)
    sql = f"SELECT COUNT(*), MIN(event_id), MAX(event_id), MIN(day), MAX(day) FROM {duck.files(at, [name])}"
    rows, first, last, first_day, last_day = engine.execute(sql).fetchone()
    return File(name, rows, first or 0, last or 0, first_day or 0, last_day or 0, month, bucket)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _shape(columns: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name}: '{kind}'" for name, kind in columns.items()) + "}"


# --- states ---------------------------------------------------------------------------------------


def snapshot(known: Manifest, at: Path) -> None:
    """Every table of states, whole, as of the newest event; tables this installation does not have are left out."""
    tables, began = set(_tables()), time.monotonic()
    for kind, state in shape.STATES.items():
        if _table(kind) not in tables:
            continue
        name = manifest.new_name(kind)
        spool = at / f".{name}.jsonl"
        rows = _spool(kind, state, spool)
        with duck.engine(at) as engine:
            read = f"read_json('{spool}', format = 'newline_delimited', columns = {_shape(dict(state.columns))})"
            engine.execute(f"COPY (SELECT * FROM {read}) TO '{at / name}' {duck.COMPRESSION}")
        _sync(at / name)
        spool.unlink()
        if kind in known.states:
            manifest.retire(known, known.states[kind].name)
        known.states[kind] = State(name, rows, facts.highest(), time.time_ns() // 1000)
    known.states_seconds = time.monotonic() - began
    manifest.save(known, at)


def _spool(kind: str, state: shape.State, spool: Path) -> int:
    """In slices by key: no transaction stays open."""
    sql, rows, last = state.sql(database.vendor(), database.currency()), 0, 0
    with spool.open("wb") as out:
        while some := database.rows(sql, [last, _STATE_ROWS]):
            out.writelines(_encode(dict(zip(state.columns, row, strict=True))) + b"\n" for row in some)
            rows, last = rows + len(some), some[-1][0]
    return rows


def _table(kind: str) -> str:
    return {"refund": "purchase_order", "named": "identity"}.get(kind, kind)


def _tables() -> Iterable[str]:
    from django.db import connection

    return connection.introspection.table_names()


def _are_old(known: Manifest) -> bool:
    if not known.states:
        return True
    oldest = min(state.taken_us for state in known.states.values())
    behind = any(state.watermark < known.watermark for state in known.states.values())
    rest = max(STATES_EVERY_SECONDS, known.states_seconds * STATES_REST)
    return behind and time.time_ns() // 1000 - oldest > rest * 1_000_000


# --- erasure --------------------------------------------------------------------------------------


def _forget(known: Manifest, at: Path, people: set[int]) -> None:
    """Take the properties of whoever asked to be forgotten out of every file they are in; numbers and codes stay."""
    selves = _selves(people)
    listed = ", ".join(map(str, sorted(selves)))
    columns = ", ".join(
        f"CASE WHEN self_id IN ({listed}) THEN NULL ELSE props END AS props" if name == "props" else name
        for name in shape.FACT
    )
    with duck.engine(at) as engine:
        for kind in ("time", "people"):
            kept = []
            for file in getattr(known, kind):
                held = engine.execute(
                    f"SELECT COUNT(*) FROM {duck.files(at, [file.name])} WHERE self_id IN ({listed}) AND props IS NOT NULL"
                ).fetchone()[0]
                kept.append(_without(engine, at, file, columns, known) if held else file)
            setattr(known, kind, kept)


def _without(engine: Any, at: Path, file: File, columns: str, known: Manifest) -> File:
    name = manifest.new_name(file.name.split("-")[0])
    order = "at_us, event_id, line" if file.bucket is None else duck.BY_PERSON_ORDER
    form = duck.COMPRESSION if file.bucket is None else duck.BY_PERSON
    more = "" if file.bucket is None else ", person_id"
    engine.execute(
        f"COPY (SELECT {columns}{more} FROM {duck.files(at, [file.name])} ORDER BY {order}) TO '{at / name}' {form}"
    )
    return described(engine, at, name, month=file.month, bucket=file.bucket)


# --- withdrawal -----------------------------------------------------------------------------------


def _withdraw(known: Manifest, at: Path, until: int) -> bool:
    """Take the facts of withdrawn events out of the files they are in; whether there were any.

    By person is made anew when it is next tidied: until then everything is read by time.
    """
    sql = "SELECT id FROM withdrawn_event WHERE withdrawn_by > ? AND withdrawn_by <= ? AND id <= ?"
    gone = database.rows(sql, [known.withdrawn, until, known.watermark])
    known.withdrawn = until
    if not gone:
        return False
    spool = at / f".{manifest.new_name('withdrawn')}.jsonl"
    with spool.open("wb") as out:
        out.writelines(_encode({"id": id_}) + b"\n" for (id_,) in gone)
    first, last = min(gone)[0], max(gone)[0]
    with duck.engine(at) as engine:
        listed = f"read_json({duck.quoted(str(spool))}, format = 'newline_delimited', columns = {{id: 'BIGINT'}})"
        engine.execute(f"CREATE TABLE gone AS SELECT id FROM {listed}")
        near = [file for file in known.time if file.last_event >= first and file.first_event <= last]
        kept = {file.name: _but(engine, at, file) for file in near}
    spool.unlink()
    manifest.retire(known, *kept, *(file.name for file in known.people), known.sealed_person)
    known.time = [one for file in known.time if (one := kept.get(file.name, file)) is not None]
    known.people, known.sealed, known.buckets, known.sealed_person = [], 0, 0, ""
    manifest.save(known, at)
    return True


def _but(engine: Any, at: Path, file: File) -> File | None:
    """A file without the withdrawn events; None where nothing else was in it."""
    source = duck.files(at, [file.name])
    name = manifest.new_name(file.name.split("-")[0])
    rest = f"SELECT f.* FROM {source} AS f ANTI JOIN gone ON gone.id = f.event_id"
    engine.execute(f"COPY ({rest} ORDER BY f.at_us, f.event_id, f.line) TO '{at / name}' {duck.COMPRESSION}")
    made = described(engine, at, name, month=file.month)
    return made if made.rows else None


def _selves(people: set[int]) -> set[int]:
    """All selves of the persons."""
    sql = "SELECT p.id FROM person p JOIN person q ON q.root_id = p.root_id WHERE " + database.any_of("q.id")
    return {id_ for (id_,) in database.rows(sql, [sorted(people)])} | people
