"""How people moved between stages from one day to another, and how many were in each on the days between.

Counted from the days on which they came, under the ranges given, by visits alone: so a day of before is told as today's
ranges tell it, imported history included. What a margin or minimum stay holds is not seen here.
"""

from collections.abc import Sequence

from passaparola.kernel.database import rows
from passaparola.measure.visits import per_person
from passaparola.segments.stages import STAGES, Ranges

# Whoever first came after the day the flow begins.
NEW = "new"


def _visits(until: int, ranges: Ranges) -> str:
    """How many of the days lie in the period that ends with the local day `until`."""
    return f"SUM(CASE WHEN day > {int(until) - ranges.period_days} AND day <= {int(until)} THEN 1 ELSE 0 END)"


def _stage(column: str, ranges: Ranges) -> str:
    return (
        f"CASE WHEN {column} >= {int(ranges.many)} THEN 'many' WHEN {column} >= {int(ranges.some)} THEN 'some' "
        f"WHEN {column} >= {int(ranges.few)} THEN 'few' ELSE 'none' END"
    )


def flow(since: int, until: int, ranges: Ranges) -> dict[tuple[str, str], int]:
    """People by (stage at the end of local day `since`, stage at the end of `until`); only those who ever came by then."""
    picks = f"MIN(day) AS first_day, {_visits(since, ranges)} AS a, {_visits(until, ranges)} AS b"
    sql = (
        f"SELECT CASE WHEN first_day > {int(since)} THEN '{NEW}' ELSE {_stage('a', ranges)} END, {_stage('b', ranges)}, "
        f"COUNT(*) FROM ({per_person(picks, f'day <= {int(until)}')}) AS came GROUP BY 1, 2"
    )
    return {(before, after): people for before, after, people in rows(sql)}


def history(days: Sequence[int], ranges: Ranges) -> list[dict[str, int]]:
    """People by stage at the end of each of the local days (those who had come by then); one query."""
    if not days:
        return []
    counts = ", ".join(f"{_visits(day, ranges)} AS v{i}" for i, day in enumerate(days))
    sums = ", ".join(
        f"SUM(CASE WHEN first_day <= {int(day)} AND {_stage(f'v{i}', ranges)} = '{stage}' THEN 1 ELSE 0 END)"
        for i, day in enumerate(days)
        for stage in STAGES
    )
    whole = per_person(f"MIN(day) AS first_day, {counts}", f"day <= {int(max(days))}")
    numbers = [int(value or 0) for value in rows(f"SELECT {sums} FROM ({whole}) AS came")[0]]
    size = len(STAGES)
    return [dict(zip(STAGES, numbers[i * size : (i + 1) * size], strict=True)) for i in range(len(days))]
