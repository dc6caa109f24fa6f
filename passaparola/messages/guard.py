"""Whether a message may be handed over at this moment: no, and why; asked again at each hand-over, not only when planned. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

# Below this age nobody is written to (age of consent in Spain and Italy).
CONSENT_AGE_YEARS = 14


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about the recipient of one message, now."""

    # The person as whom she is known today (after merges), and her address on the message's channel; "" for none.
    root_id: int
    address: str
    language: str = ""
    given_name: str = ""
    birth_on: date | None = None
    is_forgotten: bool = False
    is_suppressed: bool = False
    # The newest consent per purpose, on the message's channel.
    consents: Mapping[str, str] = field(default_factory=dict)
    program_state: str = ""
    program_name: str = ""
    # The promise this message is about: the frozen terms, and the code it belongs to.
    terms: Mapping[str, Any] = field(default_factory=dict)
    # Programme and number of those terms: what was made from them once stays right.
    version: tuple[int, int] | None = None
    code: str = ""


Message = Mapping[str, Any]
Check = Callable[[Message, Facts, datetime], str | None]


def _deadline(message: Message, facts: Facts, now: datetime) -> str | None:
    return "too_late" if now >= message["deadline_at"] else None


def _forgotten(message: Message, facts: Facts, now: datetime) -> str | None:
    return "forgotten" if facts.is_forgotten else None


def _address(message: Message, facts: Facts, now: datetime) -> str | None:
    return None if facts.address else "no_address"


def _suppressed(message: Message, facts: Facts, now: datetime) -> str | None:
    return "suppressed" if facts.is_suppressed else None


def _age(message: Message, facts: Facts, now: datetime) -> str | None:
    return "under_age" if facts.birth_on and years(facts.birth_on, now.date()) < CONSENT_AGE_YEARS else None


def _consent(message: Message, facts: Facts, now: datetime) -> str | None:
    """Asks and offers need a yes; service messages go unless there was a no."""
    state = facts.consents.get(message["purpose"])
    if message["purpose"] == "service":
        return "no_consent" if state in ("withdrawn", "refused") else None
    return None if state == "given" else "no_consent"


def _program(message: Message, facts: Facts, now: datetime) -> str | None:
    return "program_not_active" if message["template"] == "ask" and facts.program_state != "active" else None


# In this order: the first that objects gives the reason.
CHECKS: tuple[Check, ...] = (_deadline, _forgotten, _address, _suppressed, _age, _consent, _program)


def objection(message: Message, facts: Facts, now: datetime) -> str | None:
    """Why the message may not be handed over: a key of messages/wording.py; None if it may."""
    return next((reason for check in CHECKS if (reason := check(message, facts, now))), None)


def years(born_on: date, today: date) -> int:
    """Full years of age; who was born on 29 February has her birthday on 1 March in other years."""
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
