"""How far a programme has come towards its goal, and whether the pace will do."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from passaparola.kernel.database import currency, rows
from passaparola.programs.models import Program


@dataclass(frozen=True, slots=True)
class Progress:
    """Reached so far, what was wanted, by when; `expected` is where an even pace would stand today."""

    metric: str
    reached: int
    baseline: int
    target: int
    deadline: date
    expected: float

    @property
    def share(self) -> float:
        """0 to 1 of the way from baseline to target."""
        way = self.target - self.baseline
        return max(0.0, min(1.0, self.reached / way)) if way > 0 else 1.0

    @property
    def on_pace(self) -> bool:
        """Whether an even pace would have brought no more than what is there."""
        return self.reached >= self.expected


# Metric of a goal → how it is counted, by programme.
_COUNTS = {
    "new_customers": "SELECT program_id, COUNT(*) FROM referral WHERE state IN ('converted', 'rewarded') GROUP BY program_id",
    "referrals": "SELECT program_id, COUNT(*) FROM referral WHERE state <> 'refused' GROUP BY program_id",
    "shares": "SELECT code.program_id, COUNT(*) FROM share JOIN code ON code.id = share.code_id GROUP BY code.program_id",
    "revenue_minor": "SELECT referral.program_id, SUM(purchase_order.amount_minor - purchase_order.refunded_minor) FROM referral "
    "JOIN purchase_order ON purchase_order.id = referral.order_id WHERE referral.state IN ('converted', 'rewarded') "
    "AND purchase_order.unit = {currency} GROUP BY referral.program_id",
}


def progress(programs: list[Program], terms: dict[int, dict[str, Any]], now: datetime) -> dict[int, Progress]:
    """Progress of each launched programme with a whole goal: one query a metric in use."""
    wanted = {p.id: terms[p.id]["goal"] for p in programs if p.launched_at and terms[p.id]["goal"].get("target")}
    counts = {
        metric: dict(rows(_COUNTS[metric].format(currency=currency())))
        for metric in {g["metric"] for g in wanted.values()}
        if metric in _COUNTS
    }
    out = {}
    for program in programs:
        goal = wanted.get(program.id)
        if goal is None or goal["metric"] not in counts or program.launched_at is None:
            continue
        try:
            deadline = date.fromisoformat(goal["deadline"])
        except ValueError:
            continue
        reached = int(counts[goal["metric"]].get(program.id) or 0)
        baseline, target = int(goal.get("baseline") or 0), int(goal["target"])
        whole = (
            datetime(deadline.year, deadline.month, deadline.day, tzinfo=UTC) - program.launched_at
        ).total_seconds()
        gone = (now - program.launched_at).total_seconds()
        expected = (target - baseline) * (min(1.0, gone / whole) if whole > 0 else 1.0)
        out[program.id] = Progress(goal["metric"], reached, baseline, target, deadline, expected)
    return out
