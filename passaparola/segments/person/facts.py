"""What is known about one person: her facts and states, as every interpreter sees them. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


class Fact(msgspec.Struct, frozen=True):
    """Something she did: an event, or one line of an order (name "Product Bought", line from 1)."""

    name: str
    # Microseconds since 1970 UTC; the business-local day number and hour.
    at_us: int
    day: int
    hour: int
    event_id: int = 0
    line: int = 0
    product: str | None = None
    category: str | None = None
    quantity_milli: int | None = None
    amount_minor: int | None = None
    offer_minor: int | None = None
    # How many came together, 1 is alone; where it was bought.
    company: int | None = None
    channel: str | None = None
    # Row of the order.
    order_key: int | None = None
    props: Mapping[str, Any] = {}


class Person(msgspec.Struct, frozen=True):
    """A person at one moment; people merged into her are she."""

    id: int
    facts: Sequence[Fact] = ()
    # Times in microseconds, days as day numbers; what is missing or None is unknown.
    traits: Mapping[str, Any] = {}
    # stage, tier, pyramid, lead
    levels: Mapping[str, str | None] = {}
    segments: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()
    # (channel, purpose) → newest state
    consents: Mapping[tuple[str, str], str] = {}
    # (programme, state, friend) of whom she brought; (programme, state) of how she came.
    friends: Sequence[tuple[int, str, int]] = ()
    invitations: Sequence[tuple[int, str]] = ()
    generation: int = 0
    # (kind, other)
    relationships: Sequence[tuple[str, int]] = ()
