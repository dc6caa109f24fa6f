"""What a channel is, and the one vocabulary in which all of them say what became of a message.

This room declares the interface; the adapters implement it (docs/howto/messages.md).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What became of handing over one message."""

    # The other side answered for it.
    SENT = "sent"
    # Not taken, and trying again later makes sense.
    LATER = "later"
    # The address takes no mail, now or ever: it is suppressed.
    BOUNCED = "bounced"
    # Not taken, and never will be; the address may be fine.
    FAILED = "failed"
    # We did not hand it over: no consent, suppressed, forgotten …
    REFUSED = "refused"
    # It may have been taken: nobody can know. Never sent again but by a person's decision.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Letter:
    """One composed message, ready for its channel."""

    message_id: int
    # The recipient's address on this channel.
    to: str
    language: str
    subject: str
    html: str
    text: str
    made_at: datetime
    # For one-click unsubscribing (RFC 8058): a POST there ends it.
    unsubscribe_url: str
    # Sent because of something that happened, not to advertise (RFC 3834).
    is_service: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one letter. `detail` holds codes, never addresses or sentences of other people's servers."""

    outcome: Outcome
    detail: str = ""
    provider_id: str = ""


class Unreachable(Exception):
    """The channel as a whole is not to be had now (no connection, no sign-in); nothing was handed over."""


class Channel(Protocol):
    """One way to reach people. Used by one thread at a time for each of its `lanes`."""

    name: str
    # Handing the same message over twice reaches the person once: what was lost in a crash may be tried again.
    is_idempotent: bool
    # How many letters a group has at first, or always where no journal tells what a crash left in doubt.
    together_max: int
    # How many letters are handed over side by side.
    lanes: int

    def hand_over(self, letter: Letter) -> Result:
        """Hand over one letter; every answer is a Result. Raises Unreachable if it was not even begun."""
        ...

    def close(self) -> None:
        """Give back connections and files."""
        ...
