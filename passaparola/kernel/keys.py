"""Keys: how a program shows who it is. Only the SHA-256 of a key is kept, so a stolen database opens nothing.

`pk_…` may stand in a browser: whoever reads the page has it, so what comes with it is a claim and never moves money,
consents or identities. `sk_…` is secret and carries the scopes given to it.
"""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from passaparola.kernel.errors import Refusal
from passaparola.kernel.models import Key

SEND_EVENTS = "events:write"


def _(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is shown."""
    return text


# Every scope and what it lets a secret key do.
SCOPES: dict[str, str] = {
    SEND_EVENTS: _("send events"),
    "events:read": _("read events and what could not be taken"),
    "people:read": _("read people, consents, timelines and decisions"),
    "people:write": _("record consents, leads, groups and relationships, merge and unmerge people"),
    "people:forget": _("forget people for good"),
    "identities:read": _("read ids, addresses, numbers and cards of people"),
    "programs:read": _("read programmes and their terms"),
    "programs:write": _("create, change, start, pause and end programmes"),
    "codes:read": _("check whether a code is good"),
    "codes:write": _("give a person a code"),
    "referrals:read": _("read referrals and decisions"),
    "ledger:read": _("read rewards, accounts and transfers"),
    "messages:read": _("read messages and what became of them"),
    "messages:write": _("send again a message whose fate is unknown"),
    "segments:read": _("read segments and who is in them"),
    "segments:write": _("create and change segments, put people in or out"),
    "settings:read": _("read stage ranges and the rules of leads"),
    "settings:write": _("change stage ranges and the rules of leads"),
    "metrics:read": _("read the figures of the overview"),
}
# Short for several: what a key is made with, never what it carries.
READ, WRITE = "read", "write"
GROUPS: dict[str, tuple[str, ...]] = {
    READ: tuple(scope for scope in SCOPES if scope.endswith(":read") and scope != "identities:read"),
    WRITE: tuple(scope for scope in SCOPES if scope.endswith(":write")),
}
PUBLIC_PREFIX = "pk_"
SECRET_PREFIX = "sk_"
# Longer text than any key of ours is not worth hashing.
LENGTH_MAX = 100
# A revoked key is refused at the latest after this time, in every process.
REMEMBER_SECONDS = 3.0
_REMEMBERED_MAX = 10_000
COLUMNS = "id, name, source, prefix, scopes, expires_at, revoked_at"


class UnknownScope(Refusal):
    """There is no scope called “{scope}”."""

    code = "unknown_scope"
    status = 422


class NoSuchKey(Refusal):
    """There is no key with the number {id}."""

    code = "no_such_key"
    status = 404


@dataclass(frozen=True, slots=True)
class Held:
    """A key that was shown and is good: whose events it sends and what else it may do."""

    id: int
    name: str
    source: str
    scopes: frozenset[str]
    expires_at: datetime | None
    # It may stand in a browser, so anybody may have it: what comes with it is a claim, not a fact.
    public: bool = False

    def may(self, scope: str) -> bool:
        """Whether the key carries the scope."""
        return scope in self.scopes


def make(
    *,
    name: str,
    source: str,
    now: datetime,
    public: bool = False,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> tuple[Key, str]:
    """A new key and its text, which is shown this once. A public key only ever sends events. Raises UnknownScope.

    `scopes` may name groups ("read", "write"); none at all stands for every scope.
    """
    for scope in scopes:
        if scope not in SCOPES and scope not in GROUPS:
            raise UnknownScope(scope=scope)
    wanted = {one for scope in scopes for one in GROUPS.get(scope, (scope,))}
    text = (PUBLIC_PREFIX if public else SECRET_PREFIX) + secrets.token_urlsafe(24)
    key = Key.objects.create(
        name=name,
        source=source,
        prefix=text[:8],
        digest=digest(text),
        scopes=[SEND_EVENTS] if public else sorted(wanted or SCOPES),
        created_at=now,
        expires_at=expires_at,
    )
    return key, text


def revoke(*, key_id: int, now: datetime) -> None:
    """The key stops working, within REMEMBER_SECONDS everywhere. Raises NoSuchKey; a second time changes nothing."""
    if not Key.objects.filter(id=key_id).exists():
        raise NoSuchKey(id=key_id)
    Key.objects.filter(id=key_id, revoked_at=None).update(revoked_at=now)


def digest(text: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def find(text: str, *, now: datetime) -> Held | None:
    """The key with this text if it is good at `now`; remembered for REMEMBER_SECONDS. For pages and API (uses the ORM)."""
    return _ring.find(text, now=now)


def held(row: Sequence[Any] | None) -> Held | None:
    """A row of COLUMNS as a good key; None for no row or a revoked one. Expiry is judged when the key is used."""
    if row is None or row[6] is not None:
        return None
    scopes = json.loads(row[4]) if isinstance(row[4], str) else row[4]
    return Held(row[0], row[1], row[2], frozenset(scopes), _as_time(row[5]), row[3].startswith(PUBLIC_PREFIX))


class Ring:
    """Looks keys up by digest through `read` and remembers the answer, also “no such key”, for a short time."""

    def __init__(self, read: Callable[[str], Held | None]) -> None:
        self._read = read
        self._remembered: dict[str, tuple[float, Held | None]] = {}

    def find(self, text: str, *, now: datetime) -> Held | None:
        """The good key, or None."""
        if len(text) > LENGTH_MAX:
            return None
        name, clock = digest(text), time.monotonic()
        known = self._remembered.get(name)
        if known is None or known[0] < clock:
            if len(self._remembered) >= _REMEMBERED_MAX:
                self._remembered.clear()
            known = self._remembered[name] = (clock + REMEMBER_SECONDS, self._read(name))
        key = known[1]
        return None if key is None or (key.expires_at is not None and key.expires_at <= now) else key

    def forget(self) -> None:
        """Ask anew from now on (tests; right after a revocation in the same process)."""
        self._remembered.clear()


def _read_with_orm(name: str) -> Held | None:
    return held(Key.objects.filter(digest=name).values_list(*COLUMNS.split(", ")).first())


def _as_time(value: Any) -> datetime | None:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


_ring = Ring(_read_with_orm)
forget = _ring.forget
