"""Who comes again: by number of visits in the period, and from each visit to the next; what ranges are proposed from.

Both look at people whose next days are known: at a day far enough back, and how many came within the days after it.
"""

from dataclasses import dataclass
from typing import Any

from passaparola.kernel.database import rows
from passaparola.measure.visits import per_person
from passaparola.segments.proposing import Rung

LADDER_VISITS_MAX = 12
AHEAD_DAYS_MIN = 7
# Above so many days of visits the ladder looks at a part of the people: every second, third … by number.
LADDER_ROWS_MAX = 300_000

_AGAIN = "SELECT visits, COUNT(*), SUM(again) FROM ({came}) AS was WHERE visits > 0 GROUP BY visits ORDER BY visits"
_USUAL = """
SELECT 1.0 * (last_visit_day - first_visit_day) / (visits_ever - 1) AS days FROM traits WHERE visits_ever >= 2
ORDER BY days LIMIT 1 OFFSET ?
"""
_LADDER = """
SELECT step.k, COUNT(*), SUM(CASE WHEN step.next_day <= step.day + ? THEN 1 ELSE 0 END) FROM (
    SELECT came.day, ROW_NUMBER() OVER (PARTITION BY came.root_id ORDER BY came.day) AS k,
           LEAD(came.day) OVER (PARTITION BY came.root_id ORDER BY came.day) AS next_day
    FROM (
        SELECT DISTINCT person.root_id, visit.day FROM visit JOIN person ON person.id = visit.person_id
        WHERE person.root_id % ? = 0
    ) AS came
) AS step WHERE step.k <= ? AND step.day <= ? GROUP BY step.k ORDER BY step.k
"""


@dataclass(frozen=True, slots=True)
class Returns:
    """`again`: of those with so many visits in the period, who came in the `ahead_days` after it.

    `ladder`: of those who reached their k-th visit ever, who came once more within `ahead_days`. `part`: of every how
    many-th person. `ahead_days` is 0 where the log is too short to tell.
    """

    ahead_days: int
    again: list[Rung]
    ladder: list[Rung]
    part: int = 1


def draw(today: int, period_days: int, known: dict[str, Any]) -> dict[str, Any]:
    """Who came again within the usual interval of half of the customers; looked at so many days back. Four queries.

    `known` says how long the log is and how many people came twice (measure/readiness.py).
    """
    ahead = min(_usual_days(known["twice"]), period_days, known["log_days"] // 2)
    if ahead < 1:
        return {"ahead_days": 0, "again": [], "ladder": [], "part": 1}
    part = 1 + rows("SELECT COUNT(*) FROM visit")[0][0] // LADDER_ROWS_MAX
    cut = today - ahead
    picks = f"SUM(CASE WHEN day <= {cut} THEN 1 ELSE 0 END) AS visits, MAX(CASE WHEN day > {cut} THEN 1 ELSE 0 END) AS again"
    again = rows(_AGAIN.format(came=per_person(picks, f"day > {cut - period_days} AND day <= {today}")))
    ladder = rows(_LADDER, [ahead, part, LADDER_VISITS_MAX, cut])
    return {"ahead_days": ahead, "again": _whole(again), "ladder": _whole(ladder), "part": part}


def read(drawn: dict[str, Any]) -> Returns:
    """What a picture of the stages says of returns."""
    again, ladder = ([Rung(*row) for row in drawn[name]] for name in ("again", "ladder"))
    return Returns(drawn["ahead_days"], again, ladder, drawn["part"])


def _usual_days(people: int) -> int:
    """The interval in which half of the customers come: the median, over those who came twice, of their mean interval."""
    found = rows(_USUAL, [people // 2]) if people else []
    return max(round(found[0][0]), AHEAD_DAYS_MIN) if found else AHEAD_DAYS_MIN


def _whole(found: list[tuple[Any, ...]]) -> list[list[int]]:
    return [[int(value) for value in row] for row in found]
