"""Segments handed on: files whole or not at all, webhooks signed, moves once, the inside of the house not reachable."""

import contextlib
import csv
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import override_settings

from passaparola import worker
from passaparola.adapters import webhook
from passaparola.doors import syncs
from passaparola.kernel.models import Job
from passaparola.segments.models import Sync
from tests.people import ALMA, BRUNO
from tests.world import World

BUYERS = {"rules": [{"type": "event", "event": "Order Completed"}]}


class Receiver:
    """A program on the other side: keeps what it is sent, answers what it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?of=crm"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with override_settings(WEBHOOK_HOSTS=("127.0.0.1",)):
        yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def world() -> World:
    return World()


def started(world: World, **how: Any) -> tuple[int, int]:
    """A segment of all who bought, and a sync of it."""
    world.send(ALMA.buys("A-1", 2000))
    segment = world.act("Segment Created", names={"en": "Buyers"}, rule=BUYERS)["segment_id"]
    worker.drain(world.now)
    sync = world.act("Sync Started", segment=segment, every_hours=1, **how)["sync_id"]
    worker.drain(world.now)
    return segment, sync


def run(world: World) -> None:
    while syncs.once(world.now):
        pass
    worker.drain(world.now)


def test_a_file_of_everybody_is_whole_and_nothing_else_lies_there(world: World) -> None:
    _, sync = started(world, kind="file")
    run(world)
    (file,) = syncs.folder().iterdir()
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [row["user_ids"] for row in rows] == ["alma"] and rows[0]["move"] == "in"
    kept = Sync.objects.get(pk=sync)
    assert (kept.lines, kept.failure, kept.done_at) == (1, "", world.now)
    file.unlink()


def test_moves_are_told_once_and_signed(world: World, receiver: Receiver) -> None:
    segment, sync = started(world, kind="webhook", content="moves", target=receiver.url)
    run(world)
    headers, body = receiver.got[0]
    said = dict(part.split("=", 1) for part in headers["Passaparola-Signature"].split(","))
    mark = hmac.new(syncs.secret(sync), said["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert said["v1"] == mark and int(said["t"]) == int(world.now.timestamp())
    assert [(p["move"], p["user_ids"]) for p in receiver.pages()[0]["people"]] == [("entered", ["alma"])]
    world.send(BRUNO.buys("B-1", 2000))
    world.act("Segment Pinned", segment=segment, person=world.number(ALMA), state="out")
    worker.drain(world.now)
    world.days_pass(1 / 24)
    run(world)
    moves = {(p["move"], p["user_ids"][0]) for p in receiver.pages()[1]["people"]}
    assert moves == {("left", "alma"), ("entered", "bruno")}
    world.days_pass(1 / 24)
    run(world)
    assert receiver.pages()[2]["people"] == []


def test_what_was_not_taken_is_tried_again_with_the_same_key_and_then_given_up(world: World, receiver: Receiver) -> None:
    _, sync = started(world, kind="webhook", target=receiver.url)
    receiver.answers = [503]
    run(world)
    assert Job.objects.get(kind="sync").done_at is None and Job.objects.get(kind="sync").failure == "answered 503"
    world.now += timedelta(minutes=2)
    run(world)
    keys = [headers["Idempotency-Key"] for headers, _ in receiver.got]
    assert keys[0] == keys[1] and Sync.objects.get(pk=sync).lines == 1
    receiver.answers = [500] * 99
    world.days_pass(1 / 24)
    for _ in range(syncs.TRIES_MAX + 1):
        run(world)
        world.now += timedelta(hours=5)
    assert Sync.objects.get(pk=sync).failure == "answered 500"


def test_a_stopped_sync_hands_nothing_on(world: World, receiver: Receiver) -> None:
    _, sync = started(world, kind="webhook", target=receiver.url)
    world.act("Sync Stopped", sync=sync)
    run(world)
    world.days_pass(1)
    run(world)
    assert receiver.got == []


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/", "ftp://example.com/", "https://user:secret@example.com/", "https:///nowhere",
        "https://example.com/#part", "https://example.com/ space", "https://exam\\ple.com/", "https://[::1", "",
    ],
)  # fmt: skip
def test_odd_addresses_are_refused(address: str) -> None:
    with pytest.raises(webhook.BadAddress):
        webhook.check(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.7", "192.168.1.1", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]", "0.0.0.0",
             # Older addresses in newer clothes, as a gateway would undress them; a cloud's own.
             "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::1]", "[::7f00:1]", "[::ffff:0:7f00:1]", "[fec0::1]", "[64:ff9b:1::1]",
             "192.0.0.8", "168.63.129.16"]
)
def test_the_inside_of_the_house_is_not_reached(host: str) -> None:
    with pytest.raises(webhook.InsideAddress):
        webhook.resolve(f"https://{host}/")
    assert webhook.resolve(f"http://{host}/", allowed_hosts=(host.strip("[]"),)).ip


def test_what_anybody_may_reach_is_reached() -> None:
    for host in ("93.184.215.14", "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]"):
        assert webhook.resolve(f"https://{host}/").ip == host.strip("[]")


def test_an_answer_that_trickles_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "CALL_SECONDS_MAX", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def trickle() -> None:
            there, _ = server.accept()
            with there, contextlib.suppress(OSError):
                there.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
                while not done.wait(0.05):
                    there.sendall(b"x")

        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        address = webhook.Address("http", "127.0.0.1", server.getsockname()[1], "/", "127.0.0.1")
        began = time.monotonic()
        answered = webhook.post(address, b"{}", {})
        done.set()
        thread.join(5)
    assert not answered.good and answered.problem == "TimeoutError"
    assert time.monotonic() - began < 10
