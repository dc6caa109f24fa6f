"""What an import did, or would do: counts and sums that survive a stop."""

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from passaparola.doors.imports.orders import Fact


@dataclass
class Summary:
    """What an import did."""

    rows: int = 0
    events: int = 0
    orders: int = 0
    total_minor: Counter[str] = field(default_factory=Counter)
    refunds: int = 0
    refunded_minor: Counter[str] = field(default_factory=Counter)
    # Different ids of people, as the file writes them.
    people: int = 0
    # Rows left out because the mapping says so: no mistakes.
    skipped: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    first_at: str = ""
    last_at: str = ""
    rejected_bytes: int = 0
    finished_before: bool = False
    resumed_line: int = 0

    def count(self, fact: Fact) -> None:
        """Add an event that goes in."""
        self.events += 1
        at = fact.item.get("timestamp", "")
        if at:
            self.first_at = min(self.first_at or at, at)
            self.last_at = max(self.last_at, at)
        if fact.sold_minor is not None:
            self.orders += 1
            self.total_minor[fact.unit] += fact.sold_minor
        if fact.refunded_minor is not None:
            self.refunds += 1
            self.refunded_minor[fact.unit] += fact.refunded_minor

    def kept(self) -> dict[str, Any]:
        """As it is stored: what happened, without how this run began."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _OF_THIS_RUN}

    @classmethod
    def restored(cls, kept: dict[str, Any]) -> "Summary":
        """From what was stored, also by an earlier version."""
        names = {one.name for one in fields(cls)}
        known = {name: value for name, value in kept.items() if name in names}
        for name in ("total_minor", "refunded_minor", "rejected"):
            known[name] = Counter(known.get(name, {}))
        return cls(**known)


_OF_THIS_RUN = ("finished_before", "resumed_line")
