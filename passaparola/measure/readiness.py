"""Whether the log is long and full enough for stages to mean something, with the reason for each doubt."""

from dataclasses import dataclass
from typing import Any

from passaparola.kernel.database import rows
from passaparola.segments.stages import Ranges

# A couple of months, whatever the period (document D of the sources).
OBSERVATION_DAYS_MIN = 60
TWICE_PEOPLE_MIN = 100
KNOWN_SHARE_MIN = 0.5


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: what there is of what is needed. `name` is days, twice or known; `binding` makes stages provisional."""

    name: str
    have: float
    need: float
    binding: bool = False

    @property
    def share(self) -> float:
        """How much of it is there, 0 to 1."""
        return min(self.have / self.need, 1.0) if self.need else 1.0

    @property
    def is_met(self) -> bool:
        """Whether there is enough."""
        return self.have >= self.need


@dataclass(frozen=True, slots=True)
class Readiness:
    """All checks; stages are provisional until the binding ones are met."""

    checks: list[Check]

    @property
    def is_provisional(self) -> bool:
        """Whether stages may still change merely because the log grows."""
        return any(check.binding and not check.is_met for check in self.checks)

    @property
    def is_ready(self) -> bool:
        """Whether every check is met."""
        return all(check.is_met for check in self.checks)


def known(today: int) -> dict[str, Any]:
    """What there is: days of log, people who came twice, orders and those of which we know whose they are. Two queries."""
    first, twice = rows("SELECT MIN(first_visit_day), COUNT(CASE WHEN visits_ever >= 2 THEN 1 END) FROM traits")[0]
    named, orders = rows("SELECT COUNT(person_id), COUNT(*) FROM purchase_order WHERE completed")[0]
    return {"log_days": _days(first, today), "twice": twice, "named": named, "orders": orders}


def log_days(today: int) -> int:
    """How many days lie between the first known visit and today, both counted; 0 without one."""
    return _days(rows("SELECT MIN(first_visit_day) FROM traits")[0][0], today)


def _days(first: int | None, today: int) -> int:
    return 0 if first is None else max(today - first + 1, 0)


def readiness(ranges: Ranges, known: dict[str, Any]) -> Readiness:
    """Days of log against the period, people who came twice, and the share of orders of which we know whose they are."""
    return Readiness(
        [
            Check("days", known["log_days"], _days_needed(ranges), binding=True),
            Check("twice", known["twice"], TWICE_PEOPLE_MIN),
            Check("known", known["named"] / known["orders"] if known["orders"] else 0.0, KNOWN_SHARE_MIN),
        ]
    )


def is_provisional(ranges: Ranges, log_days: int) -> bool:
    """Only whether the observation period is over; for pages that show stages beside other things."""
    return log_days < _days_needed(ranges)


def _days_needed(ranges: Ranges) -> int:
    return max(ranges.period_days, OBSERVATION_DAYS_MIN)
