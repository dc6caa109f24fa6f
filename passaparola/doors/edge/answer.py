"""Answers of the edge: JSON objects, always with `code` and `message` when something is wrong (SDKs retry otherwise)."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_encode = msgspec.json.Encoder().encode
JSON = (b"content-type", b"application/json")
NO_STORE = (b"cache-control", b"no-store")
# How long senders are asked to wait: when too much work waits, and when the store is away.
WAIT_SECONDS = 5
AWAY_SECONDS = 2


class Problem(Exception):
    """What is answered instead of 200; `retry_seconds` where trying again makes sense."""

    def __init__(self, status: int, code: str, message: str, *, retry_seconds: int = 0, headers: Headers | None = None) -> None:
        self.status, self.code, self.message = status, code, message
        self.headers: Headers = list(headers or ())
        if retry_seconds:
            reset = str(int(time.time()) + retry_seconds).encode()
            self.headers += [(b"retry-after", str(retry_seconds).encode()), (b"x-ratelimit-reset", reset)]
        super().__init__(code)


async def send_json(send: Send, status: int, value: Any, headers: Headers | None = None, *, head: bool = False) -> None:
    """Answer with a JSON object; `head` leaves the body out."""
    await send_bytes(send, status, _encode(value), [JSON, NO_STORE, *(headers or ())], head=head)


async def send_bytes(send: Send, status: int, body: bytes, headers: Headers, *, head: bool = False) -> None:
    """Answer with a body of known length."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": b"" if head else body})


async def send_problem(send: Send, problem: Problem, headers: Headers | None = None) -> None:
    """Answer with the problem's code and message."""
    body = {"code": problem.code, "message": problem.message}
    await send_json(send, problem.status, body, [*problem.headers, *(headers or ())])
