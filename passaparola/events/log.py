"""The log itself: what is already in it, how an event becomes a row and a row an event again."""

import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from passaparola.events import intake
from passaparola.events.intake import Happening, Limits
from passaparola.events.models import Event
from passaparola.kernel import database
from passaparola.kernel.batch import Batch, Record


def limits() -> Limits:
    """What intake needs to know of the settings."""
    return Limits(
        time_zone=settings.BUSINESS_TIME_ZONE,
        future_seconds_max=settings.FUTURE_SECONDS_MAX,
        earliest_year=settings.EARLIEST_YEAR,
        event_bytes_max=settings.EVENT_BYTES_MAX,
    )


def last_batch() -> int:
    """The number of the batch that wrote last: that of the highest id, for ids and batches grow together."""
    found = database.rows("SELECT batch FROM event ORDER BY id DESC LIMIT 1")
    return int(found[0][0]) if found else 0


def known(happenings: Sequence[Happening]) -> dict[bytes, tuple[int, bytes, str]]:
    """Which fingerprints the log holds already: id, body hash and result (JSON) of the first time."""
    prints = [happening.fingerprint for happening in happenings]
    found: dict[bytes, tuple[int, bytes, str]] = {}
    for some in database.chunks(prints, 5000):
        for id_, mark, body_hash, result in _find(some):
            found[bytes(mark)] = (id_, bytes(body_hash), result)
    return found


def _find(prints: Sequence[bytes]) -> list[tuple[Any, ...]]:
    sql = "SELECT id, fingerprint, body_hash, result FROM event WHERE fingerprint "
    if database.vendor() == "sqlite":
        return database.rows(f"{sql} IN ({','.join('?' * len(prints))})", prints)
    return database.rows(f"{sql} = ANY(?::bytea[])", [list(prints)])


def keep(batch: Batch, happening: Happening) -> Record:
    """Give the event its place in the log; its row, for `close`."""
    row = {
        "batch": batch.number,
        "source": happening.source,
        "message_id": happening.message_id,
        "fingerprint": happening.fingerprint,
        "body_hash": happening.body_hash,
        "type": happening.type,
        "name": happening.name,
        "person_id": None,
        "occurred_at": happening.occurred_at,
        "received_at": happening.received_at,
        "day": happening.day,
        "hour": happening.hour,
        "history": happening.history,
        "caused_by": happening.caused_by,
        "import_id": happening.import_id,
        "properties": happening.properties,
        "result": "{}",
        "user_id": happening.user_id,
        "anonymous_id": happening.anonymous_id,
        "group_id": happening.group_id,
        "previous_id": happening.previous_id,
        "traits": happening.traits,
        "context": happening.context,
    }
    happening.id = batch.table(Event).put(row)["id"]
    return row


def close(row: Record, happening: Happening) -> None:
    """What the rooms found out about the event: whose it is and what it came to."""
    row["person_id"] = happening.person_id
    if happening.result:
        row["result"] = json.dumps(happening.result, sort_keys=True)


def from_row(row: dict[str, Any]) -> Happening:
    """The event as it entered the corridor, from its row in the log (column names of Event)."""
    happening = Happening(**{key: row[key] for key in _ENTERED})
    intake.unpack(happening)
    return happening


_ENTERED = (
    "source", "message_id", "type", "name", "occurred_at", "received_at", "day", "hour", "fingerprint", "body_hash",
    "user_id", "anonymous_id", "group_id", "previous_id", "properties", "traits", "context", "history", "caused_by",
    "import_id",
)  # fmt: skip


def as_body(happening: Happening) -> bytes:
    """An event in the specification's shape, so that a parked one can be sent again."""
    whole = {
        "type": happening.type,
        "messageId": happening.message_id,
        "userId": happening.user_id,
        "anonymousId": happening.anonymous_id,
        "groupId": happening.group_id,
        "previousId": happening.previous_id,
        "event" if happening.type == "track" else "name": happening.name,
        "timestamp": happening.occurred_at.isoformat(),
        "properties": happening.props,
        "traits": happening.given_traits,
        "context": json.loads(happening.context) if happening.context else {},
    }
    return json.dumps({key: value for key, value in whole.items() if value not in (None, {})}, sort_keys=True).encode()
