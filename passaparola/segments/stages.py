"""Loyalty stages: few, some or many visits in the observation period. Pure."""

from bisect import bisect_right
from typing import Any

import msgspec

STAGES = ("none", "few", "some", "many")


class Ranges(msgspec.Struct, frozen=True):
    """From how many visits in `period_days` each stage starts (docs/why/stages.md; defaults from the field)."""

    period_days: int = 365
    few: int = 1
    some: int = 3
    many: int = 6

    @classmethod
    def read(cls, value: Any) -> "Ranges":
        """From the shape of the act and of the setting: {period_days, few: [1, 2], some: [3, 5], many: [6, null]}.

        Raises ValueError with a sentence if the ranges overlap, leave a gap or are out of order.
        """
        if not isinstance(value, dict):
            raise ValueError("ranges must be an object")
        try:
            period = int(value.get("period_days", 365))
            starts = [int(value[name][0]) for name in STAGES[1:]]
            ends = [value[name][1] for name in STAGES[1:]]
        except (KeyError, TypeError, IndexError) as problem:
            raise ValueError("each of few, some and many needs a first and a last number") from problem
        if not 7 <= period <= 3660:
            raise ValueError("the period must be between 7 days and ten years")
        if not 1 <= starts[0] < starts[1] < starts[2] <= 100_000:
            raise ValueError("few must start at 1 or more, some above few, many above some")
        if starts[0] != 1 or ends[2] is not None or ends[0] != starts[1] - 1 or ends[1] != starts[2] - 1:
            raise ValueError("the ranges must follow one another without gap or overlap, from 1 and open at the end")
        return cls(period, *starts)

    def as_json(self) -> dict[str, Any]:
        """The shape of the act and of the setting."""
        return {
            "period_days": self.period_days,
            "few": [self.few, self.some - 1],
            "some": [self.some, self.many - 1],
            "many": [self.many, None],
        }

    def start(self, stage: str) -> int:
        """How many visits the stage starts from; 0 for none."""
        return {"none": 0, "few": self.few, "some": self.some, "many": self.many}[stage]


def stage_of(visits: int, ranges: Ranges) -> str:
    """The stage of somebody with so many visits in the period."""
    if visits >= ranges.many:
        return "many"
    if visits >= ranges.some:
        return "some"
    return "few" if visits >= ranges.few else "none"


def in_period(days: list[int], today: int, ranges: Ranges) -> int:
    """How many of the sorted `days` lie in the period ending today: from ≤ day < until."""
    return bisect_right(days, today) - bisect_right(days, today - ranges.period_days)


def falls_on(days: list[int], today: int, ranges: Ranges) -> int | None:
    """The local day on which the stage will fall if nobody comes again; None for stage none.

    A visit of day d counts up to and including day d + period - 1. With n visits in the period and a stage that
    starts at L, the stage is lost when the (n - L + 1)-th oldest of them leaves.
    """
    first = bisect_right(days, today - ranges.period_days)
    n = bisect_right(days, today) - first
    stage = stage_of(n, ranges)
    if stage == "none":
        return None
    return days[first + n - ranges.start(stage)] + ranges.period_days
