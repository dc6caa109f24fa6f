"""The bridge to WSGI: what goes in, what comes out, in how many pieces, and who is taken to ask."""

import asyncio
import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import override_settings

from passaparola.doors.bridge import Bridge, environment
from passaparola.doors.edge.body import BodyReader

Start = Callable[..., Any]


Pairs = tuple[tuple[bytes, bytes], ...]


def scope(method: str = "GET", path: str = "/x", headers: Pairs = (), query: bytes = b"") -> dict[str, Any]:
    return {
        "type": "http", "method": method, "path": path, "query_string": query, "headers": list(headers), "scheme": "http",
        "http_version": "1.1", "server": ("127.0.0.1", 8600), "client": ("10.0.0.9", 5000),
    }  # fmt: skip


def ask(wsgi: Callable[[dict[str, Any], Start], Iterable[bytes]], asked: dict[str, Any], body: bytes = b"") -> list[dict[str, Any]]:
    """Every ASGI message the bridge sends."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def main() -> None:
        bridge = Bridge(wsgi, ThreadPoolExecutor(2), 1000)
        reader = BodyReader()
        reader.start(asyncio.get_running_loop())
        bridge.attach(reader)
        await bridge(asked, receive, send)
        reader.stop()
        bridge.close()

    asyncio.run(main())
    return sent


def page(environ: dict[str, Any], start: Start) -> list[bytes]:
    start("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [environ["REQUEST_METHOD"].encode() + b" " + environ["wsgi.input"].read()]


def test_a_page_is_one_piece() -> None:
    start, body = ask(page, scope("POST"), b"hello")
    assert start["status"] == 200
    assert start["headers"] == [(b"content-type", b"text/plain"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    assert body == {"type": "http.response.body", "body": b"POST hello", "more_body": False}


def test_head_has_no_body() -> None:
    assert ask(page, scope("HEAD"))[1]["body"] == b""


class Slowly:
    """An answer in pieces that are made while they are sent, and that must be closed."""

    def __init__(self, environ: dict[str, Any], start: Start) -> None:
        start("200 OK", [])
        self.made_in: set[str] = set()
        Slowly.latest, self.closed = self, False

    def __iter__(self) -> Iterator[bytes]:
        for number in range(5):
            self.made_in.add(threading.current_thread().name)
            yield str(number).encode()

    def close(self) -> None:
        self.closed = True


def test_a_long_answer_is_streamed_from_one_thread_and_closed() -> None:
    bodies = ask(Slowly, scope())[1:]
    assert b"".join(one["body"] for one in bodies) == b"01234"
    assert [one["more_body"] for one in bodies] == [True, True, True, True, False]
    assert len(Slowly.latest.made_in) == 1, "a cursor of the database must not change threads"
    assert Slowly.latest.closed


def test_an_empty_answer_is_an_answer() -> None:
    def nothing(environ: dict[str, Any], start: Start) -> list[bytes]:
        start("204 No Content", [])
        return []

    assert [one["type"] for one in ask(nothing, scope())] == ["http.response.start", "http.response.body"]


def test_a_body_over_the_limit_never_reaches_the_application() -> None:
    start = ask(lambda environ, start: pytest.fail("reached"), scope("POST"), b"x" * 1001)[0]
    assert start["status"] == 413


def test_pages_do_not_hold_up_the_loop() -> None:
    def slow(environ: dict[str, Any], start: Start) -> list[bytes]:
        time.sleep(0.2)
        return page(environ, start)

    async def main() -> float:
        bridge = Bridge(slow, ThreadPoolExecutor(2), 1000)

        async def send(message: dict[str, Any]) -> None: ...

        began = time.monotonic()
        task = asyncio.ensure_future(bridge(scope(), None, send))  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
        seen = time.monotonic() - began
        await task
        bridge.close()
        return seen

    assert asyncio.run(main()) < 0.15


def test_the_environment() -> None:
    headers = ((b"host", b"x"), (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"accept", b"a"), (b"accept", b"b"),
               (b"content-type", b"text/x"), (b"x_forwarded_proto", b"https"), (b"content-length", b"9"))  # fmt: skip
    found = environment(scope("POST", "/ñ", headers, b"q=%C3%B1"), io.BytesIO(b"abc"))
    assert found["PATH_INFO"] == "/ñ".encode().decode("latin-1") and found["QUERY_STRING"] == "q=%C3%B1"
    assert found["HTTP_COOKIE"] == "a=1; b=2" and found["HTTP_ACCEPT"] == "a,b" and found["CONTENT_TYPE"] == "text/x"
    assert found["CONTENT_LENGTH"] == "3" and "HTTP_X_FORWARDED_PROTO" not in found and "HTTP_CONTENT_LENGTH" not in found


@pytest.mark.parametrize(
    ("proxies", "chain", "taken"),
    [
        (0, b"6.6.6.6", "10.0.0.9"),
        (1, b"6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (2, b"6.6.6.6, 1.1.1.1", "6.6.6.6"),
        (2, b"1.1.1.1", "10.0.0.9"),
    ],
)
def test_who_asks_is_not_for_the_client_to_say(proxies: int, chain: bytes, taken: str) -> None:
    with override_settings(TRUSTED_PROXIES=proxies):
        assert environment(scope(headers=((b"x-forwarded-for", chain),)), io.BytesIO())["REMOTE_ADDR"] == taken
