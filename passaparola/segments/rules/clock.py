"""The moment a rule is asked about. Pure."""

from typing import Any

import msgspec

from passaparola.segments.rules.operands import calendar
from passaparola.segments.rules.tree import DAY_US

# After the clocks have changed twice a local midnight is known to this much.
SLACK_US = 2 * 3600 * 1_000_000
# No day that anybody speaks of.
_NEVER = 10**8


class Clock(msgspec.Struct, frozen=True):
    """The moment asked about: microseconds since 1970 UTC, the business-local day, and when that day ends.

    Later days begin whole days after that; from `turn_day` on, when the clocks have changed, `turn_us` later; and from
    `second_day` on, when they change again, nobody knows exactly: at most SLACK_US before or after.
    """

    as_of_us: int
    today: int
    midnight_us: int
    turn_day: int = _NEVER
    turn_us: int = 0
    second_day: int = _NEVER

    def values(self) -> dict[str, Any]:
        """What the slots of a statement stand for; `calendar` is a year from today, six letters a day."""
        days = "".join(f",{10000 + date}" for date in calendar(self.today))
        return {**msgspec.structs.asdict(self), "calendar": days}

    def day_begins(self, day: int) -> int | None:
        """When a later local day begins; beyond `second_day` SLACK_US early, never late. None: it has begun."""
        if day <= self.today:
            return None
        late = 0 if day < self.turn_day else self.turn_us - (SLACK_US if day >= self.second_day else 0)
        return self.midnight_us + (day - self.today - 1) * DAY_US + late
