"""What people do on public pages becomes an act that walks down the corridor."""

from datetime import datetime
from typing import Any

from passaparola import corridor

SOURCE = "portal"


def act(name: str, *, now: datetime, **parts: Any) -> Any:
    """Submit one act of the portal; its outcome. `parts`: properties, traits, anonymous_id, person_id."""
    return corridor.submit([corridor.act(name, source=SOURCE, now=now, **parts)], now=now)[0]


def consent(person_id: int, purpose: str, state: str, *, wording: str, language: str, page: str, now: datetime) -> Any:
    """Record that a person gave, refused or withdrew consent to e-mail for a purpose, in the words shown."""
    properties = {
        "person": person_id,
        "channel": "email",
        "purpose": purpose,
        "state": state,
        "wording": wording,
        "language": language,
        "source": SOURCE,
        "evidence": {"page": page},
    }
    return act("Consent Recorded", properties=properties, now=now)
