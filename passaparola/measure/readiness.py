"""Whether the log is long and full enough for stages to mean something, with the reason for each doubt."""

from dataclasses import dataclass

from passaparola.kernel.database import rows
from passaparola.measure.returns import log_days
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


def readiness(ranges: Ranges, today: int) -> Readiness:
    """Days of log against the period, people who came twice, and the share of orders of which we know whose they are."""
    twice = rows("SELECT COUNT(*) FROM traits WHERE visits_ever >= 2")[0][0]
    known, orders = rows("SELECT COUNT(person_id), COUNT(*) FROM purchase_order WHERE completed")[0]
    return Readiness(
        [
            Check("days", log_days(today), max(ranges.period_days, OBSERVATION_DAYS_MIN), binding=True),
            Check("twice", twice, TWICE_PEOPLE_MIN),
            Check("known", known / orders if orders else 0.0, KNOWN_SHARE_MIN),
        ]
    )


def is_provisional(ranges: Ranges, today: int) -> bool:
    """Only whether the observation period is over; for pages that show stages beside other things."""
    return log_days(today) < max(ranges.period_days, OBSERVATION_DAYS_MIN)
