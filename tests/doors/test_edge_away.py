"""The store goes away and comes back: senders are told so, visitors are not, and nothing is lost or made up."""

import os
import resource
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from tests.edge import Edge, track


def fill_disk(edge: Edge, bytes_max: int) -> None:
    """No file of the edge may grow beyond so many bytes: what a full disk looks like from inside."""
    for pid in edge.pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (bytes_max, resource.RLIM_INFINITY))


def clear_disk(edge: Edge) -> None:
    fill_disk(edge, resource.RLIM_INFINITY)


@pytest.fixture
def sqlite_edge(new_edge, store: str) -> Edge:  # type: ignore[no-untyped-def]
    if store != "sqlite":
        pytest.skip("the disk is PostgreSQL's")
    return new_edge()


@pytest.fixture
def postgres_edge(new_edge, store: str) -> Edge:  # type: ignore[no-untyped-def]
    if store != "postgresql":
        pytest.skip("SQLite has no server to lose")
    return new_edge()


def test_a_full_disk_acknowledges_nothing_and_recovers_alone(sqlite_edge: Edge) -> None:
    edge = sqlite_edge
    acknowledged = [f"before-{n}" for n in range(5) if edge.send("/v1/track", track(messageId=f"before-{n}")).status == 200]
    fill_disk(edge, 60_000)
    statuses = set()
    for number in range(30):
        answer = edge.send("/v1/track", track(messageId=f"full-{number}", properties={"x": "y" * 20_000}))
        statuses.add(answer.status)
        if answer.status == 200:
            acknowledged.append(f"full-{number}")
        else:
            assert answer.json["code"] == "store_away" and int(answer.headers["retry-after"]) > 0
    assert 503 in statuses and statuses <= {200, 503}
    assert edge.visit("/r/A1MA7K00/wa").status == 302, "a visitor never pays for our disk"
    fill_disk(edge, 1)
    assert edge.send("/v1/track", track(messageId="last")).status == 503
    assert edge.visit("/r/A1MA7K00/tg").status == 302, "kept in memory: not even the spool can be written"
    edge.wait("/readyz", 503)
    clear_disk(edge)
    edge.wait("/readyz")
    assert edge.send("/v1/track", track(messageId="after")).status == 200
    ids = edge.message_ids()
    assert set(acknowledged) | {"after"} <= set(ids) and len(ids) == len(set(ids))
    wait_for_clicks(edge, 2)
    check = sqlite3.connect(edge.folder / "inbox.sqlite3").execute("PRAGMA integrity_check").fetchone()
    assert check == ("ok",)


def test_a_lost_inbox_file_spools_clicks(sqlite_edge: Edge) -> None:
    """The folder's other files are fine: clicks go to the spool, survive a kill, and come home."""
    edge = sqlite_edge
    lock = sqlite3.connect(edge.folder / "inbox.sqlite3", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    statuses = [edge.visit("/r/A1MA7K00").status for _ in range(3)]
    assert statuses == [302] * 3
    assert edge.send("/v1/track", track()).status == 503
    spooled = (edge.folder / "clicks.spool").read_bytes()
    assert spooled.count(b"\n") == 3
    edge.kill()
    with (edge.folder / "clicks.spool").open("ab") as file:
        file.write(b'{"code":"A1MA7K00","tok')
    lock.execute("ROLLBACK")
    lock.close()
    edge.start()
    wait_for_clicks(edge, 3)
    assert len({made["token"] for made in edge.clicks()}) == 3
    deadline = time.monotonic() + 5
    while list(edge.folder.glob("clicks.spool*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not list(edge.folder.glob("clicks.spool*"))


def test_a_database_that_goes_away_and_comes_back(postgres_edge: Edge, prepared_edge) -> None:  # type: ignore[no-untyped-def]
    """The server is stopped in the act (SIGSTOP): it neither answers nor fails."""
    edge = postgres_edge
    assert edge.send("/v1/track", track(messageId="before")).status == 200
    assert edge.visit("/r/A1MA7K00").status == 302
    backends = postgres_backends(edge)
    for pid in backends:
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert edge.visit("/r/A1MA7K00").status == 302, "the destination is remembered, the click spooled"
        answer = edge.send("/v1/track", track(messageId="away"))
        assert answer.status == 503 and int(answer.headers["retry-after"]) > 0
        assert time.monotonic() - began < 20
    finally:
        for pid in backends:
            os.kill(pid, signal.SIGCONT)
    edge.wait("/readyz")
    assert edge.send("/v1/track", track(messageId="after")).status == 200
    assert {"before", "after"} <= set(edge.message_ids())
    wait_for_clicks(edge, 2)


def test_cut_connections_are_made_anew(postgres_edge: Edge) -> None:
    edge = postgres_edge
    assert edge.send("/v1/track", track(messageId="before")).status == 200
    assert edge.ask("GET", "/readyz").status == 200
    for pid in postgres_backends(edge):
        os.kill(pid, signal.SIGTERM)
    time.sleep(0.2)
    assert edge.visit("/r/A1MA7K00").status == 302
    deadline = time.monotonic() + 10
    while edge.send("/v1/track", track(messageId="after")).status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    edge.wait("/readyz")
    assert {"before", "after"} <= set(edge.message_ids())
    wait_for_clicks(edge, 1)


def postgres_backends(edge: Edge) -> list[int]:
    """The server processes that serve this edge's database."""
    name = edge.database_url.split("?")[0].rsplit("/", 1)[1]
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words.startswith("postgres:") and f" {name} " in words:
            found.append(int(path.parent.name))
    assert found
    return found


def wait_for_clicks(edge: Edge, count: int) -> None:
    """Spooled clicks come home within seconds; a repeat has the same token."""
    deadline = time.monotonic() + 10
    while len({made["token"] for made in edge.clicks()}) < count:
        assert time.monotonic() < deadline, edge.log.read_text()
        time.sleep(0.1)


