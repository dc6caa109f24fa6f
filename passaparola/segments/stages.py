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
    # So many visits below its start a stage is still kept, and so many days at least: against flapping.
    margin: int = 0
    stay_days: int = 0

    @classmethod
    def read(cls, value: Any) -> "Ranges":
        """From the shape of the act and of the setting: {period_days, few: [1, 2], some: [3, 5], many: [6, null]}.

        `margin` and `stay_days` may be left out: none.
        Raises ValueError with a sentence if the ranges overlap, leave a gap or are out of order.
        """
        if not isinstance(value, dict):
            raise ValueError("ranges must be an object")
        try:
            period = int(value.get("period_days", 365))
            starts = [int(value[name][0]) for name in STAGES[1:]]
            ends = [value[name][1] for name in STAGES[1:]]
            margin, stay = int(value.get("margin") or 0), int(value.get("stay_days") or 0)
        except (KeyError, TypeError, IndexError) as problem:
            raise ValueError("each of few, some and many needs a first and a last number") from problem
        if not 7 <= period <= 3660:
            raise ValueError("the period must be between 7 days and ten years")
        if not 1 <= starts[0] < starts[1] < starts[2] <= 100_000:
            raise ValueError("few must start at 1 or more, some above few, many above some")
        if starts[0] != 1 or ends[2] is not None or ends[0] != starts[1] - 1 or ends[1] != starts[2] - 1:
            raise ValueError("the ranges must follow one another without gap or overlap, from 1 and open at the end")
        if not 0 <= margin < max(1, min(starts[1] - starts[0], starts[2] - starts[1])):
            raise ValueError("the margin must be smaller than the narrowest range")
        if not 0 <= stay <= period:
            raise ValueError("the minimum stay must be between no day and the whole period")
        return cls(period, starts[0], starts[1], starts[2], margin, stay)

    def as_json(self) -> dict[str, Any]:
        """The shape of the act and of the setting; what is not used is not said."""
        more = {"margin": self.margin, "stay_days": self.stay_days}
        return {
            "period_days": self.period_days,
            "few": [self.few, self.some - 1],
            "some": [self.some, self.many - 1],
            "many": [self.many, None],
            **{name: value for name, value in more.items() if value},
        }

    def start(self, stage: str) -> int:
        """How many visits the stage starts from; 0 for none."""
        return {"none": 0, "few": self.few, "some": self.some, "many": self.many}[stage]

    def end(self, stage: str) -> int | None:
        """How many visits the stage reaches to; None for many."""
        return {"none": self.few - 1, "few": self.some - 1, "some": self.many - 1, "many": None}[stage]

    def floor(self, stage: str) -> int:
        """Below how many visits somebody in the stage loses it: its start less the margin, but without visits none."""
        return max(self.start(stage) - self.margin, 1) if stage != "none" else 0


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


def settle(stage: str, visits: int, ranges: Ranges) -> str:
    """The stage of somebody who was in `stage`: up at once, down only below a stage's floor."""
    reached = stage_of(visits, ranges)
    while STAGES.index(stage) > STAGES.index(reached) and visits < ranges.floor(stage):
        stage = STAGES[STAGES.index(stage) - 1]
    return reached if STAGES.index(reached) > STAGES.index(stage) else stage


def hold(stage: str, since: int | None, visits: int, today: int, ranges: Ranges) -> str:
    """`settle`, but nobody falls before the minimum stay since the local day `since` is over."""
    after = settle(stage, visits, ranges)
    fell = STAGES.index(after) < STAGES.index(stage)
    return stage if fell and since is not None and today < since + ranges.stay_days else after


def falls_on(days: list[int], today: int, ranges: Ranges, stage: str = "", since: int | None = None) -> int | None:
    """The local day on which the stage will fall if nobody comes again; None for stage none.

    `stage` is the one held since the local day `since`; left out, the one the visits give. A visit of day d counts up
    to and including day d + period - 1. With n visits in the period and a stage whose floor is f, it is lost when the
    (n - f + 1)-th oldest of them leaves, but not before the minimum stay is over. Fewer than f are held by that only.
    """
    first = bisect_right(days, today - ranges.period_days)
    n = bisect_right(days, today) - first
    stage = stage or stage_of(n, ranges)
    if stage == "none":
        return None
    spare = n - ranges.floor(stage)
    falls = days[first + spare] + ranges.period_days if spare >= 0 else today + 1
    return max(falls, since + ranges.stay_days) if since is not None else falls
