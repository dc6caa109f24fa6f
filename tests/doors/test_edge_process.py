"""The edge as a process: health, one at a time, Django behind it, slow and hostile connections, a graceful end."""

import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from tests.edge import ROOT, Edge, track


def test_health_is_json(edge: Edge) -> None:
    assert edge.ask("GET", "/livez").json == {"status": "alive"}
    ready = edge.ask("GET", "/readyz")
    assert ready.status == 200 and ready.json["status"] == "ready"
    assert set(ready.json["checks"]) == {"database", "migrations", "inbox", "backlog", "disk"}
    assert ready.json["checks"]["disk"]["free_bytes"] > 0
    assert edge.ask("HEAD", "/readyz").body == b""


def test_a_store_that_was_never_migrated_is_not_ready(new_edge, store: str) -> None:  # type: ignore[no-untyped-def]
    if store != "sqlite":
        pytest.skip("on PostgreSQL the database is made by the fixture")
    edge = new_edge(start=False)
    for path in edge.folder.glob("*.sqlite3*"):
        path.unlink()
    edge.start()
    answer = edge.ask("GET", "/readyz")
    assert answer.status == 503 and answer.json["checks"]["migrations"]["ok"] is False
    assert edge.send("/v1/track", track()).status == 503
    assert edge.visit("/r/A1MA7K00").status == 302


def test_a_second_edge_on_sqlite_is_refused_by_name(edge: Edge, store: str) -> None:
    if store != "sqlite":
        pytest.skip("PostgreSQL takes several")
    began = time.monotonic()
    done = subprocess.run(edge.command(), env=edge.environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"pid {edge.pids[1]}" in done.stderr and "on SQLite there may be only one" in done.stderr
    assert time.monotonic() - began < 30
    more = [*edge.command(), "--workers", "2"]
    done = subprocess.run(more, env=edge.environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "exactly one edge process" in done.stderr


def test_several_edges_share_postgresql(new_edge, store: str) -> None:  # type: ignore[no-untyped-def]
    if store != "postgresql":
        pytest.skip("SQLite takes one")
    edge = new_edge(start=False)
    command = edge.command
    edge.command = lambda: [*command(), "--workers", "2"]  # type: ignore[method-assign]
    edge.start()
    deadline = time.monotonic() + 30
    while len(edge.pids) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(edge.pids) == 3
    for number in range(40):
        assert edge.send("/v1/track", track(number)).status == 200
    assert sorted(edge.message_ids()) == sorted(f"m{number}" for number in range(40))


def test_everything_else_is_django(edge: Edge) -> None:
    answer = edge.ask("GET", "/nothing-here", headers={"Accept": "text/html"})
    assert answer.status == 404 and "content-security-policy" in answer.headers
    assert edge.ask("HEAD", "/nothing-here").body == b""
    assert edge.ask("GET", "/nothing-here", headers={"Host": "evil.example"}).status == 400


def test_a_form_over_the_limit_is_413_in_the_readers_form(edge: Edge) -> None:
    body = b"x" * (1024 * 1024 + 1)
    program = edge.ask("POST", "/console/sign-in", body)
    assert program.status == 413 and program.json["code"] == "too_large"
    person = edge.ask("POST", "/console/sign-in", body, {"Accept": "text/html"})
    assert person.status == 413 and person.headers["content-type"].startswith("text/plain")
    assert b"1048576 bytes" in person.body


def test_huge_headers_are_refused(edge: Edge) -> None:
    with socket.create_connection(("127.0.0.1", edge.port)) as link:
        link.settimeout(10)
        link.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000 + b"\r\n\r\n")
        try:
            head = link.recv(100)
        except ConnectionResetError:
            head = b""
    assert head == b"" or b" 431 " in head or b" 400 " in head
    assert edge.ask("GET", "/livez").status == 200


def test_a_body_that_never_comes_is_408(new_edge) -> None:  # type: ignore[no-untyped-def]
    edge = new_edge(PASSAPAROLA_BODY_SECONDS_MAX="1")
    with socket.create_connection(("127.0.0.1", edge.port)) as link:
        link.settimeout(40)
        link.sendall(b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        began = time.monotonic()
        head = link.recv(4096)
    assert b" 408 " in head.split(b"\r\n")[0] + b" " and b"too_slow" in head
    assert time.monotonic() - began < 10


def test_slow_connections_do_not_keep_others_waiting(edge: Edge) -> None:
    links = [socket.create_connection(("127.0.0.1", edge.port)) for _ in range(400)]
    for number, link in enumerate(links):
        link.sendall(b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{" if number % 2 else b"GET /r/A")
    began = time.monotonic()
    assert edge.send("/v1/track", track()).status == 200
    assert edge.visit("/r/A1MA7K00").status == 302
    assert time.monotonic() - began < 5
    for link in links:
        link.close()
    assert edge.ask("GET", "/livez").status == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 100,
        b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ],
)  # fmt: skip
def test_what_is_no_http_harms_nobody(edge: Edge, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", edge.port)) as link:
        link.settimeout(1)
        link.sendall(raw)
        try:
            head = link.recv(100)
        except (TimeoutError, ConnectionResetError):
            head = b""
    assert b" 500 " not in head and b" 200 " not in head
    assert edge.ask("GET", "/livez").status == 200


def test_it_ends_gracefully_answering_what_it_took(new_edge) -> None:  # type: ignore[no-untyped-def]
    edge = new_edge()
    acknowledged: list[str] = []
    ended = threading.Event()

    def send() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            name = f"{threading.get_ident()}-{number}"
            try:
                if edge.send("/v1/track", track(messageId=name)).status == 200:
                    acknowledged.append(name)
            except OSError:
                return

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    process = edge.process
    process.send_signal(signal.SIGTERM)
    code = process.wait(timeout=20)
    ended.set()
    for thread in threads:
        thread.join()
    edge.process = None
    assert code == 0
    assert acknowledged and set(acknowledged) <= set(edge.message_ids())


def test_idle_connections_do_not_hold_up_the_end(new_edge) -> None:  # type: ignore[no-untyped-def]
    edge = new_edge()
    links = [socket.create_connection(("127.0.0.1", edge.port)) for _ in range(20)]
    for link in links[:10]:
        link.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " in link.recv(100)
    process, edge.process = edge.process, None
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert process.wait(timeout=20) == 0
    assert time.monotonic() - began < 10
    for link in links:
        link.close()


def test_an_orphan_ends_with_its_server(new_edge) -> None:  # type: ignore[no-untyped-def]
    edge = new_edge()
    server, worker = edge.pids
    os.kill(server, signal.SIGKILL)
    edge.process.wait()
    edge.process = None
    deadline = time.monotonic() + 5
    while os.path.exists(f"/proc/{worker}") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{worker}")
    edge.start()
    assert edge.send("/v1/track", track()).status == 200


def test_it_says_nothing_personal_in_its_log(new_edge) -> None:  # type: ignore[no-untyped-def]
    edge = new_edge()
    edge.send("/v1/identify", {"userId": "secret-person", "traits": {"email": "who@example.test"}})
    edge.send("/v1/identify", b'{"userId":"secret-person"')
    edge.ask("GET", f"/v1/projects/{edge.key}/settings")
    edge.stop()
    text = edge.log.read_text()
    assert "edge.started" in text and "edge.stopped" in text
    assert not any(word in text for word in ("secret-person", "example.test", edge.key))
    assert all(json.loads(line) for line in text.splitlines() if line.startswith("{"))
