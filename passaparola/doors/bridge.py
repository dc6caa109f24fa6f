"""Django behind the edge: a WSGI application in a few threads. Its own ASGI handler costs ten times as much."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import IO, Any

from django.conf import settings

from passaparola.doors.edge.answer import Headers, Problem, Receive, Scope, Send, send_bytes, send_problem
from passaparola.doors.edge.body import BodyReader, declared_length
from passaparola.doors.uploading import Uploads

# Pages wait for a free thread; beyond this many the site says that it is busy.
WAITING_MAX = 512
_SEND_SECONDS_MAX = 60.0
_PLAIN = (b"content-type", b"text/plain; charset=utf-8")
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Bridge:
    """Hands requests to a WSGI application and streams its answer back."""

    def __init__(self, wsgi: Wsgi, pool: ThreadPoolExecutor, body_bytes_max: int) -> None:
        self._wsgi, self.pool, self._body_bytes_max = wsgi, pool, body_bytes_max
        self._reader: BodyReader | None = None
        self._uploads = Uploads()
        self._waiting = 0

    def attach(self, reader: BodyReader) -> None:
        """Share the edge's reader of bodies and its limits."""
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            body = await self._body(scope, receive)
        except Problem as problem:
            await _say(scope, send, problem)
            return
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self.pool, _Call(self._wsgi, scope, body, send, loop).run)
        finally:
            self._waiting -= 1
            body.close()

    def close(self) -> None:
        """Let the threads end."""
        self.pool.shutdown(wait=False, cancel_futures=True)

    async def _body(self, scope: Scope, receive: Receive) -> IO[bytes]:
        """The whole body, in memory or, for a file to import, on disk. Raises Problem."""
        if self._waiting >= WAITING_MAX:
            raise Problem(503, "busy", "Too many pages are being asked for at once.", retry_seconds=1)
        if scope["method"] in ("GET", "HEAD"):
            return BytesIO()
        assert self._reader is not None, "attach() comes first"
        length = next((declared_length(value) for name, value in scope["headers"] if name == b"content-length"), 0)
        if self._uploads.is_one(scope):
            return await self._uploads.take(environment(scope, BytesIO()), receive, self._reader, length)
        return BytesIO(await self._reader.read(receive, length, self._body_bytes_max))


class _Call:
    """One request in its thread; every piece of the answer is sent through the loop."""

    def __init__(self, wsgi: Wsgi, scope: Scope, body: IO[bytes], send: Send, loop: asyncio.AbstractEventLoop) -> None:
        self._wsgi, self._scope, self._body, self._send, self._loop = wsgi, scope, body, send, loop
        self._status = 500
        self._headers: Headers = []

    def run(self) -> None:
        answer = self._wsgi(environment(self._scope, self._body), self._start)
        try:
            self._pass_on(answer)
        finally:
            if close := getattr(answer, "close", None):
                close()

    def _start(self, status: str, headers: list[tuple[str, str]], problem: Any = None) -> Callable[[bytes], None]:
        self._status = int(status[:3])
        self._headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return _no_write

    def _pass_on(self, answer: Iterable[bytes]) -> None:
        pieces = iter(answer)
        first = next(pieces, b"")
        if self._scope["method"] == "HEAD":
            first, pieces = b"", iter(())
        self._tell({"type": "http.response.start", "status": self._status, "headers": self._headers}, first, pieces)

    def _tell(self, start: dict[str, Any], first: bytes, pieces: Iterable[bytes]) -> None:
        """Start and first piece in one hop to the loop; nearly every page is one piece."""
        second = next(iter(pieces), None)
        asyncio.run_coroutine_threadsafe(self._both(start, first, second is not None), self._loop).result(_SEND_SECONDS_MAX)
        while second is not None:
            following = next(iter(pieces), None)
            message = {"type": "http.response.body", "body": second, "more_body": following is not None}
            asyncio.run_coroutine_threadsafe(_await(self._send(message)), self._loop).result(_SEND_SECONDS_MAX)
            second = following

    async def _both(self, start: dict[str, Any], first: bytes, more: bool) -> None:
        await self._send(start)
        await self._send({"type": "http.response.body", "body": first, "more_body": more})


def environment(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    """The request as WSGI wants it. Of a header sent twice, all values are joined, as HTTP allows."""
    server = scope.get("server") or ("127.0.0.1", 80)
    client = scope.get("client") or ("", 0)
    values: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 0),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "CONTENT_LENGTH": str(_length(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name_bytes, value_bytes in scope["headers"]:
        name, value = name_bytes.decode("latin-1"), value_bytes.decode("latin-1")
        # Names with underscores could pass for others (X_Forwarded_Proto); no honest client sends them.
        if "_" in name or name == "content-length":
            continue
        key = "CONTENT_TYPE" if name == "content-type" else "HTTP_" + name.upper().replace("-", "_")
        values[key] = f"{values[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}" if key in values else value
    values["REMOTE_ADDR"] = _visitor(client[0], values.get("HTTP_X_FORWARDED_FOR", ""))
    return values


def _length(body: IO[bytes]) -> int:
    length = body.seek(0, os.SEEK_END)
    body.seek(0)
    return length


def _visitor(peer: str, chain: str) -> str:
    """Who asks: behind trusted proxies the address that the outermost of them saw, else the other end of the line."""
    seen = [one.strip() for one in chain.split(",") if one.strip()]
    proxies = settings.TRUSTED_PROXIES
    return seen[-proxies] if proxies and len(seen) >= proxies else peer


async def _say(scope: Scope, send: Send, problem: Problem) -> None:
    """JSON for programs, a plain sentence for people."""
    wants_page = any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
    if wants_page:
        await send_bytes(send, problem.status, problem.message.encode(), [_PLAIN, *problem.headers])
    else:
        await send_problem(send, problem)


async def _await(something: Any) -> None:
    await something


def _no_write(data: bytes) -> None:
    raise NotImplementedError("Django never uses WSGI's write()")
