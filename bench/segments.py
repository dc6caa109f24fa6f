"""Traits of everybody, stages and 50 segments in the engine, beside a bare scan of the same Parquet; CPU seconds.

A synthetic shop over 24 months, 20 events a person: page views, visits, purchases of one line, clicks, shares, scores. The
lake is written by DuckDB in the shape the worker writes it, and compacted by the product's own code.
"""

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench.figures import Figure, median

SIZES = {"100k": 100_000, "2m": 2_000_000, "20m": 20_000_000, "200m": 200_000_000}
EVENTS_A_PERSON = 20
MANY = 10_000_000
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def run(*, quick: bool = False, full: bool = False) -> Iterator[Figure]:
    """recompute_cpu_*, recompute_rss_20m_mb, growth_exponent, touched_1pct, live_count_ms, spark_equal."""
    sizes = ("100k",) if quick else ("2m", "20m", *(("200m",) if full else ()))
    found: dict[str, dict[str, Any]] = {}
    for size in sizes:
        found[size] = one = _measure(size)
        yield Figure("segments", f"recompute_cpu_{size}", one["recompute_cpu"], "CPU s", "bare scan", one["scan_cpu"], False)
        yield Figure("segments", f"recompute_rss_{size}_mb", one["rss_mb"], "MB", "", 0, False)
    if len(sizes) > 1:
        first, last = found[sizes[0]], found[sizes[-1]]
        grown = math.log10(last["recompute_cpu"] / first["recompute_cpu"]) / math.log10(SIZES[sizes[-1]] / SIZES[sizes[0]])
        yield Figure("segments", "growth_exponent", grown, "", "", 0, False)
    largest = found[sizes[-1]]
    for size, one in found.items():
        name = "touched_1pct" if one is largest else f"touched_1pct_{size}"
        yield Figure("segments", name, one["touched_cpu"], "CPU s", "recompute of everybody", one["recompute_cpu"], False)
    yield Figure("segments", "live_count_ms", largest["live_ms"], "ms", "", 0, False, largest["live_cpu"] * 1e6)
    yield from _spark()


def _measure(size: str) -> dict[str, Any]:
    """In a process of its own, on a lake made for it."""
    with tempfile.TemporaryDirectory(prefix="passaparola-bench-", dir=os.environ.get("PASSAPAROLA_BENCH_DIR")) as folder:
        _child("make", folder, size)
        return _child("recompute", folder, size) | _child("rest", folder, size)


def _child(what: str, folder: str, size: str, **more: str) -> dict[str, Any]:
    environment = {**os.environ, "PASSAPAROLA_DATA": folder, "PASSAPAROLA_DATABASE_URL": "", "PASSAPAROLA_MAIL_URL": "null://",
                   "DJANGO_SETTINGS_MODULE": "passaparola.settings", "PASSAPAROLA_TIME_ZONE": "UTC", **more}  # fmt: skip
    command = [sys.executable, "-m", "bench.segments", what, size]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def _spark() -> Iterator[Figure]:
    """Whether every trait of everybody is the same on Spark; left out aloud where there is none."""
    from tests.agreement import cluster

    if not cluster.is_there():
        print(f"spark_equal is left out: {cluster.MISSING}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="passaparola-bench-") as folder:
        _child("make", folder, "100k")
        one = _child("hash", folder, "100k", PASSAPAROLA_ENGINE_URL="duckdb")
        with cluster.running(Path(folder)) as url:
            other = _child("hash", folder, "100k", PASSAPAROLA_ENGINE_URL=url, **cluster.HERE_ONLY)
    yield Figure("segments", "spark_equal", float(one == other), "", "", 0, True)


# --- in a process of its own ---------------------------------------------------------------------


def make(size: str) -> dict[str, Any]:
    """A lake of so many events: by time in months, by person in buckets."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("migrate", database="inbox", verbosity=0)
    from passaparola.measure import lake
    from passaparola.measure.lake import duck, manifest, writing
    from passaparola.measure.lake.compacting import MONTH_DAYS
    from passaparola.measure.lake.manifest import State

    events, people = SIZES[size], SIZES[size] // EVENTS_A_PERSON
    with manifest.writing() as (known, at):
        writing.snapshot(known, at)
        with duck.engine(at, memory_mb=4096) as engine:
            person = manifest.new_name("person")
            engine.execute(f"COPY ({_PERSON.format(people=people)}) TO '{at / person}' {duck.COMPRESSION}")
            known.states["person"] = State(person, people, events, 0)
            for month, first, until in _months(events, MONTH_DAYS):
                rows = _EVENTS.format(first=first, until=until, events=events, people=people, began=_BEGAN_US)
                engine.execute(f"CREATE OR REPLACE VIEW e AS {rows}")
                name = manifest.new_name("time")
                month_of = f"SELECT * FROM ({_FACTS}) WHERE day // {MONTH_DAYS} = {month}"
                order = "ORDER BY at_us, event_id, line"
                engine.execute(f"COPY ({month_of} {order}) TO '{at / name}' {duck.COMPRESSION}")
                known.time.append(writing.described(engine, at, name, month=month))
        known.watermark = events
        manifest.save(known, at)
    lake.compact(force=True)
    return {"rows": lake.load().rows}


def _months(events: int, days: int) -> Iterator[tuple[int, int, int]]:
    """Each month with the first event that may be in it and one after the last: a month at a time is all that memory holds."""
    length, step = days * _DAY_US, 730 * _DAY_US / events
    for month in range(_BEGAN_US // length, int(_BEGAN_US + events * step) // length + 1):
        first, until = ((edge * length - _BEGAN_US) / step for edge in (month, month + 1))
        yield month, max(0, int(first) - 1), min(events, int(until) + 2)


_DAY_US = 86_400_000_000
_BEGAN_US = (int(NOW.timestamp()) - 730 * 86_400) * 1_000_000

# Everything random follows from the event's number: the same lake every time, on every engine.
_EVENTS = """
SELECT
  1 + i AS id, (hash(i) % 1000000) / 1e6 AS u, (hash(i + 7000000007) % 1000000) / 1e6 AS v,
  1 + CAST(FLOOR({people} * POWER((hash(i + 5000000003) % 1000000) / 1e6, 1.5)) AS BIGINT) AS self_id,
  {began}::BIGINT + CAST(i * (730.0 * 86400e6 / {events}) AS BIGINT) AS at_us
FROM range({first}, {until}) AS r(i)
"""
_FACTS = """
WITH named AS (
  SELECT *, CASE WHEN u < 0.45 THEN 'Page Viewed' WHEN u < 0.60 THEN 'Visit Recorded' WHEN u < 0.82 THEN 'Order Completed'
    WHEN u < 0.92 THEN 'Product Viewed' WHEN u < 0.95 THEN 'Link Clicked' WHEN u < 0.97 THEN 'Code Shared'
    WHEN u < 0.99 THEN 'Score Given' ELSE 'Signed Up' END AS name,
    CAST(at_us // 86400000000 AS INTEGER) AS day, CAST(at_us // 3600000000 % 24 AS SMALLINT) AS hour,
    100 + CAST(v * 9900 AS BIGINT) AS amount
  FROM e
)
SELECT self_id, id AS event_id, CAST(0 AS SMALLINT) AS line, at_us, day, hour, name, CAST(NULL AS VARCHAR) AS product,
  CAST(NULL AS VARCHAR) AS category, CAST(NULL AS BIGINT) AS quantity_milli,
  CASE WHEN name = 'Order Completed' THEN amount END AS amount_minor,
  CASE WHEN name = 'Order Completed' THEN amount // 4 END AS margin_minor,
  CASE WHEN name = 'Order Completed' THEN amount * (id % 3 // 2) END AS offer_minor,
  CAST(CASE WHEN name IN ('Order Completed', 'Visit Recorded') THEN 1 + id % 3 END AS SMALLINT) AS company,
  CASE WHEN name = 'Order Completed' THEN CASE id % 2 WHEN 0 THEN 'web' ELSE 'shop' END END AS channel,
  CASE WHEN name = 'Order Completed' THEN id END AS order_key,
  CAST(CASE WHEN name = 'Score Given' THEN id % 11 END AS SMALLINT) AS score,
  CASE WHEN name = 'Product Viewed' THEN '{"product_id":"sp' || CAST(id % 500 AS VARCHAR) || '","price":"n4.9"}' END AS props
FROM named
UNION ALL
SELECT self_id, id, 1, at_us, day, hour, 'Product Bought', 'p' || CAST(CAST(500 * v * v AS INTEGER) AS VARCHAR),
  'c' || CAST(CAST(20 * v * v AS INTEGER) AS VARCHAR), 1000, amount, NULL, amount * (id % 3 // 2), 1 + id % 3, 'web', id, NULL, NULL
FROM named WHERE name = 'Order Completed'
"""
_PERSON = """
SELECT 1 + i AS id, 1 + i AS root_id, CAST(0 AS BIGINT) AS created_us, CAST(0 AS INTEGER) AS forgotten,
  CAST(19500101 + i % 50 * 10000 AS INTEGER) AS born_ymd, CASE i % 2 WHEN 0 THEN 'f' ELSE 'm' END AS sex, 'es' AS language
FROM range({people}) AS r(i)
"""


def segments() -> dict[int, Any]:
    """50 rules: on traits, on events in windows, on sequences, on levels, and mixed."""
    from passaparola.segments import rules

    made: list[list[dict[str, Any]]] = []
    for n in range(10):
        made.append([{"type": "trait", "trait": "purchases", "operator": ">=", "value": n + 1},
                     {"type": "trait", "trait": "days_since_visit", "operator": "<=", "value": 30 * (n + 1)}])  # fmt: skip
        made.append([{"type": "trait", "trait": "favourite_weekday", "operator": "=", "value": n % 7 + 1},
                     {"type": "trait", "trait": "spent_minor", "operator": ">", "value": 1000 * n}])  # fmt: skip
        made.append([{"type": "event", "event": "Order Completed", "operator": ">=", "value": 2,
                      "window": {"kind": "within", "n": 30 + 10 * n, "unit": "days"}}])  # fmt: skip
        made.append([{"type": "event", "event": "Product Bought", "value": 1, "window": {"kind": "within", "n": 60, "unit": "days"},
                      "where": {"rules": [{"field": "product", "operator": "=", "value": f"p{n}"}]}}])  # fmt: skip
        made.append(
            [
                {"type": "sequence", "steps": [{"event": "Code Shared"}, {"event": "Order Completed"}],
                 "within": {"n": n + 1, "unit": "weeks"}},
                {"type": "event", "event": "Link Clicked", "operator": "=", "value": 0},
            ]
        )  # fmt: skip
    return {number: rules.read({"rules": rules_}) for number, rules_ in enumerate(made, start=1)}


def recompute(size: str) -> dict[str, Any]:
    """All traits, levels and segments of everybody; then the bare scan of the facts by person."""
    from passaparola.measure import engine
    from passaparola.measure.lake import duck, manifest, shape

    work = partial(engine.recompute, segments(), as_of=NOW)
    # Of many facts once: nobody would wait for more, and the imports of a first time do not count there.
    used = _cpu(work) if SIZES[size] > MANY else median(lambda: _cpu(work), 5)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    known, at = manifest.load(), manifest.folder()
    picks = ", ".join(f"MAX({name})" for name in (*shape.FACT, "person_id"))
    with duck.engine(at) as scan:
        sql = f"SELECT {picks} FROM {duck.files(at, [file.name for file in known.people])}"
        scan.execute(sql).fetchall()
        bare = sorted(_cpu(lambda: scan.execute(sql).fetchall()) for _ in range(5))[2]
    return {"recompute_cpu": used, "scan_cpu": bare, "rss_mb": rss}


def _cpu(work: Callable[[], Any]) -> float:
    """CPU seconds of this process, children not counted."""
    began = time.process_time()
    work()
    return time.process_time() - began


def rest(size: str) -> dict[str, Any]:
    """1 % of the people; and how many fit a rule that is being edited, asked again and again of an open engine."""
    from passaparola.measure import engine
    from passaparola.measure.engine.recompute import answered, population, spoken
    from passaparola.measure.lake import manifest

    known, at = manifest.load(), manifest.folder()
    # One in a hundred, spread over all buckets.
    some = [n for n in range(1, SIZES[size] // EVENTS_A_PERSON) if n * 2_654_435_761 % 2**32 < 2**32 // 100]
    work = partial(engine.recompute, segments(), as_of=NOW, touched=some)
    touched = median(lambda: _cpu(work), 5)
    walls, cpus = [], []
    with engine.connect("duckdb", at) as made:
        everybody = population(made, known, at, NOW)
        everybody.buckets = 1
        everybody.open(traits=False)
        for rule in (segments()[n] for n in (3, 4, 8, 9, 13)):
            started, cpu = time.perf_counter(), time.process_time()
            statement = answered(rule, made)
            sql, values = spoken(statement, everybody.clock)
            made.rows(f"SELECT COUNT(*) FROM ({sql}) AS s WHERE answer = 1", values)
            walls.append(time.perf_counter() - started)
            cpus.append(time.process_time() - cpu)
    return {"touched_cpu": touched, "touched": len(some), "live_ms": sorted(walls)[2] * 1000, "live_cpu": sorted(cpus)[2]}


def hash_(size: str) -> dict[str, Any]:
    """An order-independent sum over every trait of everybody and every answer of the 50 segments."""
    import hashlib

    from passaparola.measure import engine
    from passaparola.measure.engine.recompute import Asked, population, reads_of, spoken
    from passaparola.measure.lake import manifest
    from passaparola.segments.traits.definitions import TRAITS

    names, rules = ", ".join(trait.name for trait in TRAITS), segments()
    total, rows = 0, 0
    with engine.connect(os.environ["PASSAPAROLA_ENGINE_URL"], manifest.folder()) as made:
        everybody, asked = population(made, manifest.load(), manifest.folder(), NOW), Asked(made, rules)
        sql, values = spoken(asked.statement, everybody.clock)
        answers = f"SELECT person_id, {', '.join(asked.names)} FROM ({sql}) AS said"
        for bucket in range(everybody.buckets):
            everybody.open(bucket, reads=reads_of(rules.values(), [asked.statement.sql]))
            found = made.rows(f"SELECT person_id, {names} FROM trait")
            found += made.rows(answers, values)
            rows += len(found)
            for row in found:
                total += int.from_bytes(hashlib.blake2b(repr(tuple(row)).encode(), digest_size=8).digest(), "big")
    return {"hash": total % 2**64, "rows": rows}


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps({"make": make, "recompute": recompute, "rest": rest, "hash": hash_}[sys.argv[1]](sys.argv[2])))
