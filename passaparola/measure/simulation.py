"""What other stage ranges would mean for everybody, before they are changed: counted, nothing moved."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from passaparola.kernel.database import rows
from passaparola.measure import readiness, returns
from passaparola.measure.visits import per_person
from passaparola.segments.actions import is_restaging
from passaparola.segments.stages import STAGES, Ranges, stage_of

# The traits' own number of visits is as of the last event, therefore visits are counted from their days.
_CAME = """
SELECT traits.stage, came.visits, COUNT(*), MIN(traits.person_id), MAX(traits.person_id)
FROM ({came}) AS came JOIN traits ON traits.person_id = came.person_id GROUP BY traits.stage, came.visits
"""
# Whoever was merged into somebody else is counted there.
_STAGES = """
SELECT stage, COUNT(*) FROM traits WHERE person_id NOT IN (SELECT id FROM person WHERE root_id <> id) GROUP BY stage
"""
_LEFT = """
SELECT person_id FROM traits WHERE stage = ? AND NOT EXISTS (
    SELECT 1 FROM visit JOIN person ON person.id = visit.person_id
    WHERE person.root_id = traits.person_id AND visit.day > ? AND visit.day <= ?
) ORDER BY person_id LIMIT ?
"""
SAMPLE_MAX = 4


@dataclass(slots=True)
class Move:
    """How many people would change from one stage to another, and a few of them."""

    before: str
    after: str
    people: int = 0
    sample: list[int] = field(default_factory=list)

    @property
    def is_up(self) -> bool:
        """Whether the stage would be a higher one."""
        return STAGES.index(self.after) > STAGES.index(self.before)


@dataclass(frozen=True, slots=True)
class Simulation:
    """People by stage now and then, by number of visits in the period, and who would move."""

    before: dict[str, int]
    after: dict[str, int]
    visits: dict[int, int]
    moves: list[Move]

    @property
    def up(self) -> int:
        """How many would move up."""
        return sum(move.people for move in self.moves if move.is_up)

    @property
    def down(self) -> int:
        """How many would move down."""
        return sum(move.people for move in self.moves if not move.is_up)


def draw(today: int, period_days: int) -> dict[str, Any]:
    """The picture: all that the page of stages needs of everybody, whichever ranges of that period are tried out on it."""
    known = readiness.known(today)
    return {
        "placed": list(_placed(today - period_days, today)),
        "returns": returns.draw(today, period_days, known),
        "known": known,
        "restaging": is_restaging(),
    }


def simulate(ranges: Ranges, drawn: dict[str, Any]) -> Simulation:
    """Everybody under these ranges, placed by their visits alone, as a change of ranges places them.

    `drawn` is the picture of the ranges' period. Under the ranges in force those move whom a margin or stay holds.
    """
    before, after = dict.fromkeys(STAGES, 0), dict.fromkeys(STAGES, 0)
    visits: dict[int, int] = {}
    moves: dict[tuple[str, str], Move] = {}
    for stage, count, people, sample in drawn["placed"]:
        then = stage_of(count, ranges)
        before[stage] += people
        after[then] += people
        visits[count] = visits.get(count, 0) + people
        if then != stage:
            move = moves.setdefault((stage, then), Move(stage, then))
            move.people += people
            move.sample = sorted({*move.sample, *sample})[:SAMPLE_MAX]
    order = sorted(moves.values(), key=lambda move: (-move.people, move.before, move.after))
    return Simulation(before, after, visits, order)


def _placed(after: int, until: int) -> Iterator[tuple[str, int, int, list[int]]]:
    """Stage held, visits on days after < day <= until, people, and a few of them; everybody once."""
    left = dict(rows(_STAGES))
    came = per_person("COUNT(*) AS visits", f"day > {int(after)} AND day <= {int(until)}")
    for stage, visits, people, first, last in rows(_CAME.format(came=came)):
        left[stage] -= people
        yield stage, visits, people, [first, last]
    for stage, people in left.items():
        if people:
            held = stage != "none"
            yield stage, 0, people, [i for (i,) in rows(_LEFT, [stage, after, until, SAMPLE_MAX])] if held else []
