"""What other stage ranges would mean for everybody, before they are changed: counted, nothing moved."""

from dataclasses import dataclass

from passaparola.kernel.database import rows
from passaparola.segments.stages import STAGES, Ranges, stage_of

_SAME_PERIOD = "SELECT stage, visits_period, COUNT(*) FROM traits GROUP BY stage, visits_period"
_OTHER_PERIOD = """
SELECT traits.stage, COALESCE(came.visits, 0), COUNT(*)
FROM traits LEFT JOIN (
    SELECT person.root_id AS person_id, COUNT(DISTINCT visit.day) AS visits
    FROM visit JOIN person ON person.id = visit.person_id
    WHERE visit.day > ? AND visit.day <= ? GROUP BY person.root_id
) AS came ON came.person_id = traits.person_id
GROUP BY traits.stage, COALESCE(came.visits, 0)
"""


@dataclass(frozen=True, slots=True)
class Simulation:
    """People by stage now and then, by number of visits, and how many would move up or down."""

    before: dict[str, int]
    after: dict[str, int]
    visits: dict[int, int]
    up: int
    down: int


def simulate(ranges: Ranges, in_force: Ranges, today: int) -> Simulation:
    """Everybody under other ranges. `today` is the business-local day number; one query."""
    if ranges.period_days == in_force.period_days:
        found = rows(_SAME_PERIOD)
    else:
        found = rows(_OTHER_PERIOD, [today - ranges.period_days, today])
    before, after = dict.fromkeys(STAGES, 0), dict.fromkeys(STAGES, 0)
    visits: dict[int, int] = {}
    up = down = 0
    for stage, count, people in found:
        then = stage_of(count, ranges)
        before[stage] = before.get(stage, 0) + people
        after[then] += people
        visits[count] = visits.get(count, 0) + people
        step = STAGES.index(then) - (STAGES.index(stage) if stage in STAGES else 0)
        up, down = up + (people if step > 0 else 0), down + (people if step < 0 else 0)
    return Simulation(before, after, visits, up, down)
