"""Reading request bodies: limited in size, packed and unpacked, in time, and all together in memory."""

import asyncio
import time
import zlib
from typing import Any

from django.conf import settings

from passaparola.doors.edge.answer import WAIT_SECONDS, Problem, Receive

# What all requests together may hold in memory while they are read.
READING_BYTES_MAX = 256 * 1024 * 1024
# So much of a body that will be refused is taken from the wire, to be forgotten at once.
DISCARD_BYTES_MAX = 32 * 1024 * 1024
_SWEEP_SECONDS = 1.0
GZIP = b"\x1f\x8b"


class BodyReader:
    """Reads bodies and ends those that come too slowly: one sweep a second costs less than a timer a request."""

    def __init__(self) -> None:
        self._until: dict[asyncio.Task[None], float] = {}
        self._late: set[asyncio.Task[None]] = set()
        # Asked once: each look at the settings costs some 0.7 µs.
        self._seconds_max = settings.BODY_SECONDS_MAX
        self.bytes = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin sweeping."""
        self._loop = loop
        self._sweeper = loop.call_later(_SWEEP_SECONDS, self._sweep)

    def stop(self) -> None:
        """End sweeping."""
        self._sweeper.cancel()

    async def read(self, receive: Receive, length: int, size_max: int) -> bytes:
        """The whole body, of which the client said that it has `length` bytes. Raises Problem 400, 408, 413 or 429."""
        if self.bytes + length > READING_BYTES_MAX:
            raise Problem(429, "busy", "Too much is being received at once.", retry_seconds=WAIT_SECONDS)
        task = asyncio.current_task()
        assert task is not None
        self._until[task] = time.monotonic() + self._seconds_max
        try:
            if length <= size_max:
                message = await receive()
                body: bytes = message.get("body", b"")
                # The server says that more follows even behind the last byte, and to ask it again is not cheap (some 20 µs).
                if length and len(body) == length:
                    return body
                whole = await self._rest(message, receive, size_max)
                if whole is not None:
                    return whole
            await _discard(receive)
            raise too_large(size_max)
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise self._too_slow() from None
        finally:
            self._late.discard(task)
            del self._until[task]

    async def piece(self, receive: Receive) -> tuple[bytes, bool]:
        """The next piece of a long body, and whether more follows: each in time. Raises Problem 400 or 408."""
        task = asyncio.current_task()
        assert task is not None
        self._until[task] = time.monotonic() + self._seconds_max
        try:
            message = await receive()
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise self._too_slow() from None
        finally:
            self._late.discard(task)
            del self._until[task]
        if message["type"] != "http.request":
            raise Problem(400, "broken_body", "The body ended before it was whole.")
        return message.get("body", b""), bool(message.get("more_body"))

    @staticmethod
    def _too_slow() -> Problem:
        seconds = settings.BODY_SECONDS_MAX
        return Problem(408, "too_slow", f"The request body did not arrive within {seconds:g} seconds.")

    async def _rest(self, message: dict[str, Any], receive: Receive, size_max: int) -> bytes | None:
        """A body in several pieces; None as soon as it is too large. Raises Problem 400."""
        chunks: list[bytes] = []
        held = 0
        try:
            while True:
                if message["type"] != "http.request":
                    # The client went away, or what it sent is no HTTP: then it still hears this.
                    raise Problem(400, "broken_body", "The body ended before it was whole.")
                chunk = message.get("body", b"")
                held += len(chunk)
                self.bytes += len(chunk)
                if held > size_max:
                    return None
                chunks.append(chunk)
                if not message.get("more_body"):
                    return b"".join(chunks)
                message = await receive()
        finally:
            self.bytes -= held

    def _sweep(self) -> None:
        self._sweeper = self._loop.call_later(_SWEEP_SECONDS, self._sweep)
        now = time.monotonic()
        for task, until in list(self._until.items()):
            if until < now and task not in self._late:
                self._late.add(task)
                task.cancel()


async def _discard(receive: Receive) -> None:
    """Let the sender finish, within bounds: who is answered while still sending sees a broken connection, not the answer."""
    left = DISCARD_BYTES_MAX
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return


def unpack(body: bytes, encoding: bytes, size_max: int) -> bytes:
    """The body as it was before gzip. Raises Problem 400 for a broken stream, 413 for a bomb, 415 for other packings."""
    if encoding in (b"", b"identity") and not body.startswith(GZIP):
        return body
    if encoding not in (b"", b"identity", b"gzip", b"x-gzip"):
        raise Problem(415, "unknown_encoding", "Content-Encoding must be gzip or absent.")
    try:
        return _gunzip(body, size_max)
    except zlib.error as problem:
        raise Problem(400, "broken_gzip", "The body is not a whole gzip stream.") from problem


def _gunzip(body: bytes, size_max: int) -> bytes:
    """All members of a gzip stream, never more than one byte beyond the limit in memory."""
    whole = b""
    while body:
        stream = zlib.decompressobj(wbits=31)
        whole += stream.decompress(body, size_max + 1 - len(whole))
        if len(whole) > size_max:
            raise too_large(size_max)
        if not stream.eof:
            raise zlib.error("ends early")
        body = stream.unused_data
    return whole


def too_large(size_max: int) -> Problem:
    """The refusal of a body over the limit."""
    return Problem(413, "too_large", f"The body is larger than {size_max} bytes, which is the most taken at once.")


def declared_length(value: bytes) -> int:
    """A Content-Length as a number; 0 for what is none (the server refuses it)."""
    return int(value) if value.isdigit() else 0
