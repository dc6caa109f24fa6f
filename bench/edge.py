"""The edge beside a bare answer on the same server, and its intake beside the raw insert of the same events.

Slices of the bare server and of the edge alternate within one run, so that both meet the same neighbours; CPU is that of
the server's processes, from /proc. While links are followed, a corridor worker is kept busy with a backlog of batches.
"""

import base64
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.figures import Figure
from bench.load import write_requests
from tests.edge import PERSON, Edge, Prepared
from tests.postgres import NoPostgres, cluster
from tests.running import ROOT, free_port

LINK_CONNECTIONS, TRACK_CONNECTIONS, BATCH_CONNECTIONS = 32, 32, 16
EVENTS_PER_BATCH = 100
ROWS_PER_TRANSACTION = 1_000
SLICES, SLICE_SECONDS = 5, 3.0
_TICKS = os.sysconf("SC_CLK_TCK")
_COLUMNS = "received_at, source, message_id, type, name, user_id, occurred_at, properties, context"


@dataclass(frozen=True, slots=True)
class Slice:
    """What one slice of load showed."""

    cpu_us: float
    per_second: float
    p99_ms: float


def run(*, quick: bool = False) -> Iterator[Figure]:
    """redirect_cpu, redirect_p99_ms, track_cpu, batch_sqlite and, where a cluster can be had, batch_postgres."""
    slices, seconds = (2, 1.0) if quick else (SLICES, SLICE_SECONDS)
    yield from _small(slices, seconds)
    yield _batches("batch_sqlite", None, slices, seconds)
    try:
        with cluster(durable=True) as made:
            yield _batches("batch_postgres", made, slices, seconds)
    except NoPostgres as problem:
        print(f"batch_postgres: {problem}", file=sys.stderr)


def _small(slices: int, seconds: float) -> Iterator[Figure]:
    """Links and single events, in turns with the bare server."""
    with ExitStack() as stack:
        edge = stack.enter_context(_edge(None))
        bare_port, bare_pid = stack.enter_context(_process("bench.bare"))
        stack.enter_context(_worker(edge))
        links, tracks = [_link(edge)], [_track(edge, number) for number in range(500)]
        found: dict[str, list[Slice]] = {"bare": [], "redirect": [], "track": []}
        for turn in range(slices + 1):
            _keep_corridor_busy(edge, seconds)
            some = {
                "bare": _drive(bare_port, bare_pid, links, LINK_CONNECTIONS, seconds),
                "redirect": _drive(edge.port, edge.pids[0], links, LINK_CONNECTIONS, seconds),
                "track": _drive(edge.port, edge.pids[0], tracks, TRACK_CONNECTIONS, seconds),
            }
            for name, one in some.items():
                if turn:  # the first turn warms up
                    found[name].append(one)
    bare = _median(found["bare"], "cpu_us")
    for name in ("redirect", "track"):
        value = _median(found[name], "cpu_us")
        yield Figure("edge", f"{name}_cpu", value, "µs", "bare server answer", bare, False, value)
        if name == "redirect":
            p99, bare_p99 = _median(found[name], "p99_ms"), _median(found["bare"], "p99_ms")
            yield Figure("edge", "redirect_p99_ms", p99, "ms", "bare server answer", bare_p99, False, value)


def _batches(name: str, made: Any, slices: int, seconds: float) -> Figure:
    """Events a second in batches of 100, durable, beside the raw insert of one row an event."""
    bodies = [_events(number) for number in range(100)]
    rows = [_row(event) for events in bodies for event in events]
    insert = _sqlite_rows if made is None else _postgres_rows(made.url)
    with _edge(made) as edge:
        requests = [_post(edge, "/v1/batch", {"batch": events}) for events in bodies]
        ours, raw, cpu = [], [], []
        for turn in range(slices + 1):
            limit = insert(rows)
            one = _drive(edge.port, edge.pids[0], requests, BATCH_CONNECTIONS, seconds)
            if turn:
                raw.append(limit)
                ours.append(one.per_second * EVENTS_PER_BATCH)
                cpu.append(one.cpu_us / EVENTS_PER_BATCH)
    yardstick = "raw insert of the events (executemany)" if made is None else "raw COPY of the events"
    value = statistics.median(ours)
    return Figure("edge", name, value, "events/s", yardstick, statistics.median(raw), True, statistics.median(cpu))


# --- Processes ------------------------------------------------------------------------------------


@contextmanager
def _edge(made: Any) -> Iterator[Edge]:
    """An edge with keys and codes on a store of its own, without a limit on what waits."""
    prepared = Prepared(made)
    try:
        with Edge(prepared, PASSAPAROLA_BACKLOG_ROWS_MAX="100000000", PASSAPAROLA_BACKLOG_BYTES_MAX=str(2**40)) as edge:
            yield edge
    finally:
        prepared.close()


@contextmanager
def _process(module: str) -> Iterator[tuple[int, int]]:
    """A server process of ours on a free port: (port, pid)."""
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "passaparola.settings"}
    with tempfile.TemporaryDirectory() as folder:
        environment["PASSAPAROLA_DATA"] = folder
        process = subprocess.Popen([sys.executable, "-m", module, str(port)], env=environment, cwd=ROOT)
        try:
            _wait_for(port)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def _worker(edge: Edge) -> Iterator[None]:
    """The corridor's worker on the edge's store."""
    command = [sys.executable, "-m", "passaparola.worker"]
    process = subprocess.Popen(command, env=edge.environment, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int) -> None:
    import socket

    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


def _keep_corridor_busy(edge: Edge, seconds: float) -> None:
    """More events than the corridor can do in a turn of three slices."""
    count = int(3 * seconds * 10_000 / EVENTS_PER_BATCH)
    requests = [_post(edge, "/v1/batch", {"batch": _events(random.getrandbits(40))}) for _ in range(count)]
    _load(edge.port, requests, 4, 0.0 if count < 4 else count / 2_000)


# --- Load and its price ---------------------------------------------------------------------------


def _drive(port: int, pid: int, requests: list[bytes], connections: int, seconds: float) -> Slice:
    before = _cpu_seconds(pid)
    found = _load(port, requests, connections, seconds)
    cpu = _cpu_seconds(pid) - before
    bad = {status: count for status, count in found["statuses"].items() if status not in ("200", "302")}
    if bad:
        raise AssertionError(f"the server answered {bad}")
    return Slice(1e6 * cpu / found["requests"], found["per_second"], found["p99_ms"])


def _load(port: int, requests: list[bytes], connections: int, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.load", "127.0.0.1", str(port), str(connections), str(seconds)]
    done = subprocess.run(command, input=write_requests(requests), capture_output=True, cwd=ROOT, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_own_cpu_seconds(int(one)) for one in (pid, *children))


def _own_cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _median(slices: list[Slice], name: str) -> float:
    return float(statistics.median(getattr(one, name) for one in slices))


# --- What is sent ---------------------------------------------------------------------------------


def _link(edge: Edge) -> bytes:
    return f"GET /r/A1MA-7K00/wa HTTP/1.1\r\nHost: x\r\nUser-Agent: {PERSON}\r\nAccept: */*\r\n\r\n".encode()


def _track(edge: Edge, number: int) -> bytes:
    return _post(edge, "/v1/track", {"type": "track", **_event(number)})


def _post(edge: Edge, path: str, value: Any) -> bytes:
    body = json.dumps(value).encode()
    key = base64.b64encode(f"{edge.key}:".encode()).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: analytics-python/2.4.0\r\nAuthorization: Basic {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _events(seed: int) -> list[dict[str, Any]]:
    return [_event(seed * EVENTS_PER_BATCH + number) for number in range(EVENTS_PER_BATCH)]


def _event(number: int) -> dict[str, Any]:
    """About 440 bytes, as the official SDKs send it."""
    draw = random.Random(number)
    return {
        "type": "track",
        "messageId": f"{draw.getrandbits(128):032x}",
        "userId": f"user-{draw.randrange(20_000)}",
        "event": "Product Viewed",
        "timestamp": "2026-11-21T10:00:00.000Z",
        "properties": {"product_id": f"p{draw.randrange(500)}", "price": 49.9, "category": "Coffee", "list": "Home"},
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}, "locale": "es-ES", "ip": "203.0.113.7"},
        "integrations": {},
    }


# --- The raw limits -------------------------------------------------------------------------------


def _row(event: dict[str, Any]) -> tuple[str, ...]:
    at = "2026-11-21 10:00:00.000000"
    more = json.dumps(event["properties"]), json.dumps(event["context"])
    return at, "web", event["messageId"], event["type"], event["event"], event["userId"], at, *more


def _sqlite_rows(rows: list[tuple[str, ...]]) -> float:
    """Rows a second by `executemany` into a table with a unique id, 1,000 a transaction, each on disk."""
    with tempfile.TemporaryDirectory(prefix="passaparola-bench-") as folder:
        connection = sqlite3.connect(Path(folder) / "raw.sqlite3", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"CREATE TABLE raw (id INTEGER PRIMARY KEY, {_COLUMNS}, UNIQUE (source, message_id))")
        sql = f"INSERT OR IGNORE INTO raw ({_COLUMNS}) VALUES ({', '.join('?' * 9)})"

        def some(part: list[tuple[str, ...]]) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(sql, part)
            connection.execute("COMMIT")

        speed = _rows_per_second(rows, some)
        connection.close()
        return speed


def _postgres_rows(url: str) -> Callable[[list[tuple[str, ...]]], float]:
    """Rows a second by COPY into a table with a unique id, 1,000 a transaction, each on disk."""

    def insert(rows: list[tuple[str, ...]]) -> float:
        kinds = ", ".join(f"{name} text" for name in _COLUMNS.split(", "))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE TABLE raw (id bigserial PRIMARY KEY, {kinds}, UNIQUE (source, message_id))")

            def some(part: list[tuple[str, ...]]) -> None:
                with connection.cursor().copy(f"COPY raw ({_COLUMNS}) FROM STDIN") as copy:
                    for row in part:
                        copy.write_row(row)

            speed = _rows_per_second(rows, some)
            connection.execute("DROP TABLE raw")
        return speed

    return insert


def _rows_per_second(rows: list[tuple[str, ...]], some: Callable[[list[tuple[str, ...]]], None]) -> float:
    began = time.perf_counter()
    for start in range(0, len(rows), ROWS_PER_TRANSACTION):
        some(rows[start : start + ROWS_PER_TRANSACTION])
    return len(rows) / (time.perf_counter() - began)
