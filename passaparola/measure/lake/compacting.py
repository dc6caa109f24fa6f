"""Fewer, better sorted files: landed ones merged into months by time, and all facts once more in buckets by person.

By time is the log of facts: every fact stands there once. By person is a second copy, sorted by event, person and time, from which
traits for everybody are counted a bucket at a time; it is made anew when a quarter of the facts is not in it.
"""

from pathlib import Path
from typing import Any

from passaparola.measure.lake import duck, manifest, shape, writing
from passaparola.measure.lake.manifest import Manifest

LANDED_FILES_MAX = 50
BUCKET_ROWS = 1_500_000
BUCKETS_MAX = 1_024
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
    """Two passes: divide all facts among the buckets, then sort each; memory holds one bucket."""
    if known.states["person"].watermark < known.watermark:
        # Facts of somebody who came since would belong to nobody.
        writing.snapshot(known, at)
    buckets = bucket_count(known.rows)
    person = duck.files(at, [known.states["person"].name])
    parts = at / "parts"
    _clear(parts)
    with duck.engine(at) as engine:
        engine.execute(
            f"COPY (SELECT {_facts_with_root('f', 'p')}, p.root_id % {buckets} AS bucket "
            f"FROM {duck.files(at, [file.name for file in known.time])} AS f JOIN {person} AS p ON p.id = f.self_id) "
            f"TO '{parts}' (FORMAT parquet, COMPRESSION lz4, PARTITION_BY (bucket))"
        )
        made = []
        for bucket in range(buckets):
            part = parts / f"bucket={bucket}"
            if not part.exists():
                continue
            name = manifest.new_name("people")
            engine.execute(
                f"COPY (SELECT {_COLUMNS}, person_id FROM read_parquet('{part}/*.parquet', hive_partitioning = false) "
                f"ORDER BY {duck.BY_PERSON_ORDER}) TO '{at / name}' {duck.BY_PERSON}"
            )
            _clear(part)
            made.append(writing.described(engine, at, name, bucket=bucket))
    _clear(parts)
    _replace(known, at, made, buckets)


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


def _facts_with_root(fact: str, person: str) -> str:
    return ", ".join([*(f"{fact}.{name}" for name in shape.FACT), f"{person}.root_id AS person_id"])


def _clear(path: Path) -> None:
    import shutil

    if path.exists():
        shutil.rmtree(path)
