"""Who did what: append-only, each entry carrying the hash of the one before, so that a missing one shows."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from passaparola.kernel.database import turn
from passaparola.kernel.models import AuditEntry

FIRST = "0" * 64


def record(actor: str, act: str, subject: str, detail: Mapping[str, Any], now: datetime) -> AuditEntry:
    """Append one entry, alone among writers, so that the chain has one order. `detail` holds ids, never addresses."""
    with turn():
        last = AuditEntry.objects.order_by("-id").values_list("hash", flat=True).first() or FIRST
        at = now.astimezone(UTC)
        return AuditEntry.objects.create(
            at=at,
            actor=actor,
            act=act,
            subject=subject,
            detail=dict(detail),
            previous_hash=last,
            hash=_hash(last, at, actor, act, subject, detail),
        )


def broken() -> list[int]:
    """Ids of the entries that do not follow from the one before: changed, or with a gap before them."""
    wrong, last = [], FIRST
    for entry in AuditEntry.objects.order_by("id").iterator():
        expected = _hash(last, entry.at, entry.actor, entry.act, entry.subject, entry.detail)
        if entry.previous_hash != last or entry.hash != expected:
            wrong.append(entry.id)
        last = entry.hash
    return wrong


def _hash(previous: str, at: datetime, actor: str, act: str, subject: str, detail: Mapping[str, Any]) -> str:
    content = [previous, at.astimezone(UTC).isoformat(), actor, act, subject, detail]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
