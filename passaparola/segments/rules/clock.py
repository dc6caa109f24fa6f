"""The moment a rule is asked about. Pure."""

from typing import Any

import msgspec

from passaparola.segments.rules.operands import calendar


class Clock(msgspec.Struct, frozen=True):
    """The moment asked about: microseconds since 1970 UTC, the business-local day, and when that day ends."""

    as_of_us: int
    today: int
    midnight_us: int

    def values(self) -> dict[str, Any]:
        """What the slots of a statement stand for; `calendar` is a year from today, six letters a day."""
        days = "".join(f",{10000 + date}" for date in calendar(self.today))
        return {"as_of_us": self.as_of_us, "today": self.today, "midnight_us": self.midnight_us, "calendar": days}
