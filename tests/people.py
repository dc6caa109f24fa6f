"""Alma tells, Bruno buys, Chiara is a stranger, Dora runs the shop: the people in every story."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Somebody:
    """One of the cast; the methods give events in the Segment specification's shape."""

    name: str
    user_id: str
    email: str
    language: str
    anonymous_id: str = ""

    def identify(self, *, message_id: str = "", **traits: Any) -> dict[str, Any]:
        """An `identify` call with name, e-mail and language, and whatever else is given."""
        known = {"name": self.name, "email": self.email, "language": self.language}
        return self._event("identify", message_id, traits={**known, **traits})

    def track(self, event: str, *, message_id: str = "", timestamp: str = "", **properties: Any) -> dict[str, Any]:
        """A `track` call of that name."""
        made = self._event("track", message_id, event=event, properties=properties)
        return {**made, "timestamp": timestamp} if timestamp else made

    def buys(self, order_id: str, total: float, *, message_id: str = "", timestamp: str = "", **more: Any) -> dict[str, Any]:
        """An order of `total` in major units of EUR; `more` may hold code, click_id, line, products."""
        properties = {"order_id": order_id, "total": total, "currency": "EUR", **more}
        return self.track("Order Completed", message_id=message_id, timestamp=timestamp, **properties)

    def returns(self, order_id: str, *, message_id: str = "", **more: Any) -> dict[str, Any]:
        """The refund of an order, whole unless `total` says how much."""
        return self.track("Order Refunded", message_id=message_id, order_id=order_id, **more)

    def _event(self, kind: str, message_id: str, **more: Any) -> dict[str, Any]:
        made: dict[str, Any] = {"type": kind, "userId": self.user_id, **more}
        if self.anonymous_id:
            made["anonymousId"] = self.anonymous_id
        return {**made, "messageId": message_id} if message_id else made


ALMA = Somebody("Alma Ruiz", "alma", "alma@example.test", "es")
BRUNO = Somebody("Bruno Conti", "bruno", "bruno@example.test", "it")
CHIARA = Somebody("Chiara Serra", "chiara", "chiara@example.test", "it", anonymous_id="chiara-phone")
DORA = Somebody("Dora Blake", "dora", "dora@example.test", "en")
