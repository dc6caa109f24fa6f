"""The customer pyramid: who is active, inactive or potential, by one definition for figures, lists and rules.

Active bought in the period, inactive before it, potential has a name with us and never bought. Whoever has no name with
us is no contact: such people are figures of the level *probable*, as the rest of the world is (docs/why/pyramid.md).
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings

from passaparola.events import intake
from passaparola.kernel import database
from passaparola.kernel.models import Setting

LEVELS = ("active", "inactive", "potential", "probable", "rest")
# Of the active, by revenue: up to which per cent of them each band reaches (Curry's pyramid).
BANDS = (("top", 1), ("big", 5), ("medium", 20), ("small", 100))
PERIOD_SETTING, MARKET_SETTING = "pyramid", "market"
PEOPLE_MAX = 10**10
SOURCE_LENGTH_MAX = 300

# Whoever was merged into somebody else is counted there.
EVERYBODY, IS_ROOT = "person LEFT JOIN traits ON traits.person_id = person.id", "person.root_id = person.id"
# Other kinds of identity are names; a browser's is none.
HAS_NAME = """EXISTS (SELECT 1 FROM person AS self JOIN identity ON identity.person_id = self.id
WHERE self.root_id = person.id AND identity.kind <> 'anonymous_id')"""


class Period(msgspec.Struct, frozen=True):
    """What active means: bought within so many days. `margin_percent` is the usual margin where orders do not say theirs."""

    period_days: int = 365
    margin_percent: int | None = None

    @classmethod
    def read(cls, value: Any) -> "Period":
        """From the shape of the act and of the setting. Raises ValueError with a sentence."""
        if not isinstance(value, dict):
            raise ValueError("the pyramid's settings must be an object")
        days, margin = value.get("period_days", 365), value.get("margin_percent")
        if not _is_within(days, 7, 3660):
            raise ValueError("the period must be between 7 days and ten years")
        if margin is not None and not _is_within(margin, 0, 100):
            raise ValueError("the margin must be between 0 and 100 per cent")
        return cls(days, margin)

    def as_json(self) -> dict[str, Any]:
        """The shape of the act and of the setting."""
        return {"period_days": self.period_days, "margin_percent": self.margin_percent}


class Market(msgspec.Struct, frozen=True):
    """How many people there are besides, as the operator estimates them, and where the estimate comes from."""

    probable: int
    rest: int
    source: str

    @classmethod
    def read(cls, value: Any) -> "Market":
        """From the shape of the act and of the setting. Raises ValueError with a sentence."""
        if not isinstance(value, dict):
            raise ValueError("the estimate must be an object")
        probable, rest, source = value.get("probable", 0), value.get("rest", 0), value.get("source")
        if not (_is_within(probable, 0, PEOPLE_MAX) and _is_within(rest, 0, PEOPLE_MAX)):
            raise ValueError("probable and rest must be numbers of people")
        if not isinstance(source, str) or not source.strip() or len(source) > SOURCE_LENGTH_MAX:
            raise ValueError("an estimate needs its source, in at most 300 characters")
        return cls(probable, rest, source.strip())

    def as_json(self) -> dict[str, Any]:
        """The shape of the act and of the setting."""
        return {"probable": self.probable, "rest": self.rest, "source": self.source}


def _is_within(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


# What may be set, by the name of its act: the setting's name and who reads it.
ACTS: dict[str, tuple[str, type[Period] | type[Market]]] = {
    "Pyramid Changed": (PERIOD_SETTING, Period),
    "Market Estimated": (MARKET_SETTING, Market),
}


def period_in_force() -> Period:
    """The period the operator set, or the default."""
    found = Setting.objects.filter(name=PERIOD_SETTING).first()
    return Period.read(found.value) if found else Period()


def market_in_force() -> tuple[Market, datetime] | None:
    """The operator's estimate and when it was given; None before the first."""
    found = Setting.objects.filter(name=MARKET_SETTING).first()
    return (Market.read(found.value), found.changed_at) if found else None


def relation(today: int, period_days: int) -> str:
    """SQL of a relation (person_id, level) of everybody with a name or a purchase: active, inactive or potential now.

    `today` is the business-local day number. It holds no parameters.
    """
    return (
        "SELECT person.id AS person_id, CASE WHEN COALESCE(traits.orders, 0) = 0 THEN 'potential' "
        f"WHEN traits.last_order_at >= {instant(today - period_days + 1)} THEN 'active' ELSE 'inactive' END AS level "
        f"FROM {EVERYBODY} WHERE {IS_ROOT} AND (traits.orders > 0 OR {HAS_NAME})"
    )


def instant(day: int) -> str:
    """The moment at which a business-local day begins, as a literal of the store's own dialect."""
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    at = datetime.combine(intake.EPOCH + timedelta(days=day), time.min, zone).astimezone(UTC)
    if database.vendor() == "sqlite":
        return f"'{at:%Y-%m-%d %H:%M:%S}'"
    return f"TIMESTAMPTZ '{at:%Y-%m-%d %H:%M:%S}+00'"


def band(place: str, people: str) -> str:
    """SQL that says in which band a place among so many active people lies; each cut is rounded up, ties were settled."""
    cuts = " ".join(f"WHEN {place} <= ({people} * {percent} + 99) / 100 THEN '{name}'" for name, percent in BANDS)
    return f"CASE {cuts} END"
