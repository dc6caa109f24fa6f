"""POST /v1/…: events as the Segment specification sends them. Answered 200 when, and only when, they are on disk.

Looks no deeper than an honest answer needs: the JSON is whole, a batch is a list of a bearable length, the key is good.
What is wrong with a single event of a batch is found in the corridor, which parks it with the reason.
"""

from asyncio import Future
from base64 import b64decode
from collections.abc import Callable
from urllib.parse import parse_qs

import msgspec
from django.conf import settings

from passaparola.doors.edge.answer import AWAY_SECONDS, WAIT_SECONDS, Problem, Receive, Scope
from passaparola.doors.edge.body import GZIP, BodyReader, declared_length, unpack
from passaparola.doors.edge.lookup import Lookup
from passaparola.events.inbox import Entry, StoreAway
from passaparola.kernel import keys

_CALLS = ("identify", "track", "page", "screen", "group", "alias", "batch")
# Browsers' short names, the beacon, and the batch's old name.
PATHS = {
    **{f"/v1/{call}": call for call in _CALLS},
    **{f"/v1/{call[0]}": call for call in _CALLS},
    "/v1/import": "batch",
    "/beacon/v1/batch": "batch",
}


class _Single(msgspec.Struct, rename="camel"):
    write_key: str | None = None


class _Batch(msgspec.Struct, rename="camel"):
    batch: list[msgspec.Raw]
    write_key: str | None = None


_decode_single = msgspec.json.Decoder(_Single).decode
_decode_batch = msgspec.json.Decoder(_Batch).decode


class Ingest:
    """Takes events in. `put` makes an entry durable; `is_over` says when the world must wait."""

    def __init__(
        self, lookup: Lookup, reader: BodyReader, put: Callable[[Entry], "Future[None]"], is_over: Callable[[], bool]
    ) -> None:
        self._lookup, self._reader, self._put, self._is_over = lookup, reader, put, is_over
        # Asked once: each look at the settings costs some 0.7 µs.
        self._body_max, self._event_max = settings.BODY_BYTES_MAX, settings.EVENT_BYTES_MAX
        self._count_max = settings.BATCH_EVENTS_MAX

    async def take(self, scope: Scope, receive: Receive, call: str) -> None:
        """Make the request's events durable. Raises Problem."""
        headers = dict(scope["headers"])
        shown, encoding = headers.get(b"authorization", b""), headers.get(b"content-encoding", b"").lower()
        length = declared_length(headers.get(b"content-length", b""))
        body = await self._reader.read(receive, length, self._body_max)
        if self._is_over():
            raise Problem(429, "backlog", "Too much work is waiting; send it again later.", retry_seconds=WAIT_SECONDS)
        if encoding or body.startswith(GZIP):
            body = unpack(body, encoding, self._body_max)
        count, written_key = self._look_at(body, call)
        key = self._lookup.recent_key(shown)
        if key is None:
            key = await self._key(key_text(scope, shown, written_key))
            self._lookup.remember_key(shown, key)
        if not count:
            return
        try:
            await self._put(Entry("web" if key.public else "v1", key.source, call, body))
        except StoreAway as problem:
            raise _away() from problem

    def _look_at(self, body: bytes, call: str) -> tuple[int, str | None]:
        """How many events there are and the key in the body. Raises Problem 400 or 413."""
        try:
            if not body.isascii():
                body.decode()
            if call == "batch":
                batch = _decode_batch(body)
                count, key = len(batch.batch), batch.write_key
            else:
                count, key = 1, _decode_single(body).write_key
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
            raise Problem(400, "bad_json", _what_is_wrong(problem)) from problem
        if call != "batch" and len(body) > self._event_max:
            raise Problem(413, "too_large", f"An event may have {self._event_max} bytes.")
        if count > self._count_max:
            raise Problem(413, "too_many", f"A batch may have {self._count_max} events.")
        return count, key

    async def _key(self, text: str) -> keys.Held:
        try:
            key = await self._lookup.key(text) if text else None
        except StoreAway as problem:
            raise _away() from problem
        if key is None:
            raise Problem(401, "unknown_key", "The write key is unknown, expired or revoked.")
        if not key.may(keys.SEND_EVENTS):
            raise Problem(403, "scope", f"The key does not carry the scope {keys.SEND_EVENTS}.")
        return key


def _away() -> Problem:
    return Problem(503, "store_away", "The events could not be stored; send them again.", retry_seconds=AWAY_SECONDS)


def _what_is_wrong(problem: Exception) -> str:
    """Why the body cannot be read, without a word of its content."""
    if isinstance(problem, msgspec.ValidationError):
        return f"The body has the wrong shape: {problem}."
    if isinstance(problem, UnicodeDecodeError):
        return f"The body is not UTF-8 (byte {problem.start})."
    if isinstance(problem, RecursionError):
        return "The body is nested too deeply."
    return f"The body is not JSON: {problem}."


def key_text(scope: Scope, shown: bytes, written: str | None) -> str:
    """The key's text: from the Authorization header, else from the body, else from the query."""
    if shown:
        return _from_header(shown)
    if written:
        return written
    if b"writeKey=" not in scope["query_string"]:
        return ""
    return parse_qs(scope["query_string"].decode("latin-1")).get("writeKey", [""])[0]


def _from_header(shown: bytes) -> str:
    """Basic with the key as the user, or Bearer."""
    scheme, _, rest = shown.partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip().decode("latin-1")
    if scheme.lower() != b"basic":
        return ""
    try:
        return b64decode(rest.strip() + b"==").partition(b":")[0].decode("latin-1")
    except ValueError:
        return ""
