"""What the edge must know to answer: whose key it is, and where a code leads. Read from the main store, remembered briefly.

When the store is away the last answer is used as long as the process lives, so that links keep working.
"""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.conf import settings

from passaparola.doors.edge.destination import Destination, compose, fold, parse
from passaparola.doors.edge.readers import Reader
from passaparola.events.inbox import StoreAway
from passaparola.kernel import keys

# A changed destination or a retired code takes effect within this time, a revoked key within keys.REMEMBER_SECONDS:
# a header is remembered on top of a key that was, so that each may take half of it.
REMEMBER_SECONDS = 3.0
_KEY_SECONDS = keys.REMEMBER_SECONDS / 2
_REMEMBERED_MAX = 50_000
_CODE_SQL = (
    "SELECT c.value, c.destination, c.retired_at IS NOT NULL, p.state FROM code c JOIN program p ON p.id = c.program_id "
    "WHERE c.value IN (?, ?)"
)
_KEY_SQL = f"SELECT {keys.COLUMNS} FROM key WHERE digest = ?"
_TEXTS_SQL = (
    "SELECT v.terms FROM code c JOIN program_version v ON v.program_id = c.program_id AND v.number = c.version "
    "WHERE c.value = ?"
)
_COUNTED_STATES = ("active", "paused")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a code leads. `counts` is whether a click on it is recorded; `is_known` whether there is such a code."""

    code: str
    destination: Destination
    counts: bool
    is_known: bool
    # The address up to the token and behind it, for visitors who bring no query: nearly all.
    before: str
    after: str


T = TypeVar("T")


class Remembered(Generic[T]):
    """Answers with a time limit, bounded in number; what is out of date stays for the day the store is away."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._answers: dict[Any, tuple[float, T]] = {}

    def fresh(self, key: Any) -> T | None:
        """The answer if it is recent."""
        known = self._answers.get(key)
        return known[1] if known is not None and known[0] > time.monotonic() else None

    def stale(self, key: Any) -> T | None:
        """The answer, however old."""
        known = self._answers.get(key)
        return known[1] if known is not None else None

    def keep(self, key: Any, answer: T) -> T:
        """Remember the answer."""
        if len(self._answers) >= _REMEMBERED_MAX:
            self._answers.clear()
        self._answers[key] = (time.monotonic() + self._seconds, answer)
        return answer


class Lookup:
    """Keys and codes, remembered."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._targets: Remembered[Target] = Remembered(REMEMBER_SECONDS)
        # A tuple, so that “no such key” can be remembered too.
        self._keys: Remembered[tuple[keys.Held | None]] = Remembered(_KEY_SECONDS)
        self._shown: Remembered[keys.Held] = Remembered(_KEY_SECONDS)

    def recent_target(self, text: str) -> Target | None:
        """Where the code leads, if that was asked a moment ago."""
        return self._targets.fresh(text)

    async def target(self, text: str) -> Target:
        """Where the code in a link leads, asked anew; never fails."""
        names = fold(text)
        if names is None:
            return _nowhere("")
        try:
            row = await self.reader.row(_CODE_SQL, names)
        except StoreAway:
            # We cannot know whether the code is good: the click is kept, the landing page or the corridor will tell.
            return self._targets.stale(text) or _landing(names[0], counts=True, is_known=True)
        if row is None:
            return self._targets.keep(text, _nowhere(names[0]))
        return self._targets.keep(text, _target(*row))

    async def key(self, text: str) -> keys.Held | None:
        """The good key with this text. Raises StoreAway when it was never seen and cannot be looked up."""
        if len(text) > keys.LENGTH_MAX:
            return None
        known = self._keys.fresh(text)
        if known is None:
            try:
                known = self._keys.keep(text, (keys.held(await self.reader.row(_KEY_SQL, [keys.digest(text)])),))
            except StoreAway:
                known = self._keys.stale(text)
                if known is None:
                    raise
        key = known[0]
        return None if key is None or (key.expires_at and key.expires_at <= datetime.now(UTC)) else key

    def recent_key(self, shown: bytes) -> keys.Held | None:
        """The good key that came with this very header a moment ago: saves decoding and hashing it."""
        key = self._shown.fresh(shown) if shown else None
        return None if key is None or (key.expires_at and key.expires_at <= datetime.now(UTC)) else key

    def remember_key(self, shown: bytes, key: keys.Held) -> None:
        """Note which key a header held; bounded in length like the keys themselves."""
        if shown and len(shown) <= 2 * keys.LENGTH_MAX:
            self._shown.keep(shown, key)

    async def headline(self, code: str) -> str:
        """What the programme promises, in the installation's language, for previews; empty if there is nothing."""
        try:
            row = await self.reader.row(_TEXTS_SQL, [code])
        except StoreAway:
            return ""
        if row is None:
            return ""
        terms = json.loads(row[0]) if isinstance(row[0], str) else row[0]
        texts = (terms.get("texts") or {}).get("headline") or {}
        return str(texts.get(settings.LANGUAGE_CODE[:2]) or next((t for t in texts.values() if t), ""))


def _target(code: str, url: str, is_retired: bool, state: str) -> Target:
    if is_retired or state not in _COUNTED_STATES:
        return _landing(code, counts=False, is_known=True)
    hosts = (*settings.DESTINATION_HOSTS, _own_host())
    destination = parse(url, hosts) if url and state == "active" else None
    if destination is None:
        return _landing(code, counts=True, is_known=True)
    return _with_edges(code, destination, counts=True, is_known=True)


def _nowhere(code: str) -> Target:
    """For what is no code of ours: the landing page explains, or the front page if it cannot even be a code."""
    return _landing(code, counts=False, is_known=False)


def _landing(code: str, *, counts: bool, is_known: bool) -> Target:
    destination = Destination(f"{settings.BASE_URL}/f/{code}" if code else f"{settings.BASE_URL}/", "", "")
    return _with_edges(code, destination, counts=counts, is_known=is_known)


def _with_edges(code: str, destination: Destination, *, counts: bool, is_known: bool) -> Target:
    # NUL stands in no URL: it marks the token's place.
    before, _, after = compose(destination, "", "\0").partition("\0")
    return Target(code, destination, counts, is_known, before, after)


def _own_host() -> str:
    return settings.BASE_URL.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
