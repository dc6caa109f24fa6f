"""How the API does anything: an act, walked down the corridor at once, with its line in the audit trail."""

import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Header

from passaparola import corridor
from passaparola.doors.api.shapes import Done
from passaparola.kernel import audit

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[0-9A-Za-z_.:-]{1,64}$",
        description="Any text of yours, at most 64 characters. The same again does nothing twice.",
    ),
]


@dataclass(frozen=True, slots=True)
class Made:
    """What came of an act."""

    event: int | None
    repeated: bool
    result: dict[str, Any]

    def out(self) -> Done:
        """As the API says it."""
        return Done(event=self.event, repeated=self.repeated, result=self.result)


def act(
    request: HttpRequest,
    name: str,
    properties: dict[str, Any],
    *,
    subject: str,
    key: str | None,
    now: datetime | None = None,
) -> Made:
    """Do `name` for the calling key; raises the Refusal of the room that would not.

    With an Idempotency-Key the act's message id is that key within the calling key's source, so that the log itself
    keeps it from happening twice. The audit line follows the commit: a crash between the two leaves the event, which
    names the key's source, without its audit line.
    """
    now = now or timezone.now()
    info = request.auth  # type: ignore[attr-defined]
    message_id = f"{info.source}:{key}"[:100] if key else str(uuid.uuid4())
    happening = corridor.act(name, source="api", properties=properties, message_id=message_id, now=now)
    outcome = corridor.submit([happening], now=now)[0]
    if outcome.refused is not None:
        raise outcome.refused
    if not outcome.repeated:
        audit.record(actor=f"key:{info.name}", act=name, subject=subject, detail={"event": outcome.event_id}, now=now)
    return Made(outcome.event_id, outcome.repeated, dict(outcome.result))


def seed(request: HttpRequest, key: str | None) -> str:
    """What is random in a new programme: the same for the same Idempotency-Key, so that a repeat is no other act.

    Nobody without the installation's secret can tell it, which is what codes and holdout rest on.
    """
    text = f"{request.auth.source}:{key}" if key else secrets.token_hex(16)  # type: ignore[attr-defined]
    return hmac.digest(settings.SECRET_KEY.encode(), f"program seed {text}".encode(), "sha256").hex()[:32]
