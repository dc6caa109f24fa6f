"""Fewer, better sorted files: landed ones merged into months by time, and all facts once more in buckets by person.

By time is the log of facts: every fact stands there once. By person is a second copy, sorted by event, person and time, from which
traits for everybody are counted a bucket at a time; it is made anew when a quarter of the facts is not in it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from passaparola.measure.lake import duck, manifest, shape, writing
from passaparola.measure.lake.manifest import Manifest

LANDED_FILES_MAX = 50
BUCKET_ROWS = 1_500_000
BUCKETS_MAX = 1_024
# So many parts are written at once: what is open for each is held for every column.
PARTS_MAX = 32
# By person is made anew when so large a part of the facts is missing there.
STALE_PART = 4
# About a month, in local days: the files by time need no calendar.
MONTH_DAYS = 32
_COLUMNS = ", ".join(shape.FACT)


def compact(*, force: bool = False, wait: bool = False) -> Manifest:
    """Merge what landed into its months, and make the buckets anew where that is due. Raises Busy."""
    with manifest.writing(wait=wait) as (known, at):
        landed = [file for file in known.time if file.month is None]
        if landed and (force or len(landed) >= LANDED_FILES_MAX):
            _by_month(known, at)
        missing = sum(file.rows for file in known.time if file.last_event > known.sealed)
        if known.rows and known.states and (missing * STALE_PART > known.rows or (force and missing)):
            _by_person(known, at)
        return known


def _by_month(known: Manifest, at: Path) -> None:
    """The months that something landed in, written anew with it; late events find their month."""
    landed = [file.name for file in known.time if file.month is None]
    with duck.engine(at) as engine:
        sql = f"SELECT DISTINCT day // {MONTH_DAYS} FROM {duck.files(at, landed)} ORDER BY 1"
        months = [month for (month,) in engine.execute(sql).fetchall()]
        made = []
        for month in months:
            old = [file.name for file in known.time if file.month == month]
            name = manifest.new_name("time")
            engine.execute(
                f"COPY (SELECT {_COLUMNS} FROM {duck.files(at, [*old, *landed])} WHERE day // {MONTH_DAYS} = {month} "
                f"ORDER BY at_us, event_id, line) TO '{at / name}' {duck.COMPRESSION}"
            )
            made.append(writing.described(engine, at, name, month=month))
    gone = [file for file in known.time if file.month is None or file.month in months]
    known.time = [file for file in known.time if file not in gone] + made
    manifest.retire(known, *(file.name for file in gone))
    manifest.save(known, at)


def _by_person(known: Manifest, at: Path) -> None:
    """Divide all facts among the buckets, then sort each; memory holds one bucket."""
    if known.states["person"].watermark < known.watermark:
        # Facts of somebody who came since would belong to nobody.
        writing.snapshot(known, at)
    buckets = bucket_count(known.rows)
    parts = at / "parts"
    _clear(parts)
    parts.mkdir()
    with duck.engine(at) as engine:
        # Nearly everybody is nobody else: only the others are looked up, and ten million people need no memory.
        person = duck.files(at, [known.states["person"].name])
        engine.execute(f"CREATE TEMP TABLE other AS SELECT id, root_id FROM {person} WHERE id <> root_id")
        root = "COALESCE(other.root_id, fact.self_id) AS person_id"
        facts = f"SELECT fact.*, {root} FROM {_picked(known, at)} AS fact LEFT JOIN other ON other.id = fact.self_id"
        made = []
        for bucket, part in _divided(engine, facts, parts, buckets):
            name = manifest.new_name("people")
            engine.execute(
                f"COPY (SELECT {_COLUMNS}, person_id FROM {part} ORDER BY {duck.BY_PERSON_ORDER}) "
                f"TO '{at / name}' {duck.BY_PERSON}"
            )
            made.append(writing.described(engine, at, name, bucket=bucket))
    _clear(parts)
    _replace(known, at, sorted(made, key=lambda file: file.bucket or 0), buckets)


def _picked(known: Manifest, at: Path) -> str:
    return f"(SELECT {_COLUMNS} FROM {duck.files(at, [file.name for file in known.time])})"


def _divided(
    engine: Any, facts: str, parts: Path, buckets: int, done: int = 1, here: int = 0
) -> Iterator[tuple[int, str]]:
    """Each bucket with the relation of its facts, which is gone once the next is asked for.

    Every file that is open for writing takes memory: many buckets are divided into few parts, and each of these again.
    `done`, `here`: the facts given are those of the people whose number leaves the remainder `here` by `done`.
    """
    few = min(PARTS_MAX, buckets // done)
    folder = parts / f"{done}-{here}"
    engine.execute(
        f"COPY (SELECT *, person_id // {done} % {few} AS part FROM ({facts}) AS divided) "
        f"TO '{folder}' (FORMAT parquet, COMPRESSION lz4, PARTITION_BY (part))"
    )
    for part in range(few):
        inside, bucket = folder / f"part={part}", here + part * done
        if not inside.exists():
            continue
        relation = f"read_parquet('{inside}/*.parquet', hive_partitioning = false)"
        if done * few == buckets:
            yield bucket, relation
        else:
            yield from _divided(engine, f"SELECT * FROM {relation}", parts, buckets, done * few, bucket)
        _clear(inside)
    _clear(folder)


def _replace(known: Manifest, at: Path, made: list[Any], buckets: int) -> None:
    manifest.retire(known, *(file.name for file in known.people), known.sealed_person)
    known.people, known.buckets, known.sealed = made, buckets, known.watermark
    # Of its own: the state goes on, this one stays with the buckets it made.
    known.sealed_person = manifest.new_name("sealed")
    with duck.engine(at) as engine:
        person = duck.files(at, [known.states["person"].name])
        engine.execute(f"COPY (SELECT id, root_id FROM {person}) TO '{at / known.sealed_person}' {duck.COMPRESSION}")
    manifest.save(known, at)


def bucket_count(rows: int) -> int:
    """A power of two with at most about BUCKET_ROWS in each."""
    buckets = 1
    while buckets * BUCKET_ROWS < rows and buckets < BUCKETS_MAX:
        buckets *= 2
    return buckets


def _clear(path: Path) -> None:
    import shutil

    if path.exists():
        shutil.rmtree(path)
