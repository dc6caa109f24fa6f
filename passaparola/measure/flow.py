"""How people moved between stages from one day to another, and how many were in each on the days between.

Counted from the days on which they came, under the ranges given, by visits alone: so a day of before is told as today's
ranges tell it, imported history included. What a margin or minimum stay holds is not seen here.
"""

from collections.abc import Sequence
from typing import Any

from passaparola.kernel.database import rows
from passaparola.measure.visits import per_person
from passaparola.segments.stages import STAGES, Ranges

# Whoever first came after the day the flow begins.
NEW = "new"
# In so many steps the way from the first day to the last is told.
STEPS = 6


def _visits(until: int, ranges: Ranges) -> str:
    """How many of the days lie in the period that ends with the local day `until`."""
    return f"SUM(CASE WHEN day > {int(until) - ranges.period_days} AND day <= {int(until)} THEN 1 ELSE 0 END)"


def _stage(column: str, ranges: Ranges) -> str:
    return (
        f"CASE WHEN {column} >= {int(ranges.many)} THEN 'many' WHEN {column} >= {int(ranges.some)} THEN 'some' "
        f"WHEN {column} >= {int(ranges.few)} THEN 'few' ELSE 'none' END"
    )


def draw(today: int, until: int, span: int, period_days: int, some: int, many: int) -> dict[str, Any]:
    """The picture: people by their stages at the ends of the local days from `until` - `span` to `until` (0: today)."""
    last = until or today
    days = points(last - span, last)
    return {"days": days, "people": _people(days, Ranges(period_days, 1, some, many))}


def points(since: int, until: int) -> list[int]:
    """The days that are looked at: both, and some between."""
    return sorted({since + (until - since) * i // STEPS for i in range(STEPS + 1)})


def _people(days: Sequence[int], ranges: Ranges) -> list[list[Any]]:
    """[[stage at the end of each day, …], people], of those who came by the last; one query."""
    counts = ", ".join(f"{_visits(day, ranges)} AS v{i}" for i, day in enumerate(days))
    stages = ", ".join(
        f"CASE WHEN first_day > {int(day)} THEN '{NEW}' ELSE {_stage(f'v{i}', ranges)} END" for i, day in enumerate(days)
    )
    places = ", ".join(str(i + 1) for i in range(len(days)))
    came = per_person(f"MIN(day) AS first_day, {counts}", f"day <= {int(days[-1])}")
    return [[list(line[:-1]), line[-1]] for line in rows(f"SELECT {stages}, COUNT(*) FROM ({came}) AS came GROUP BY {places}")]


def moves(drawn: dict[str, Any]) -> dict[tuple[str, str], int]:
    """People by (stage on the first day, stage on the last); only those who ever came by then."""
    found: dict[tuple[str, str], int] = {}
    for stages, people in drawn["people"]:
        key = stages[0], stages[-1]
        found[key] = found.get(key, 0) + people
    return found


def history(drawn: dict[str, Any]) -> list[tuple[int, dict[str, int]]]:
    """Each day with its people by stage: of those who had come by then."""
    return [
        (day, {name: sum(n for stages, n in drawn["people"] if stages[i] == name) for name in STAGES})
        for i, day in enumerate(drawn["days"])
    ]
