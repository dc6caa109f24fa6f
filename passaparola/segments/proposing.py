"""Where the business's own customers say that some and many should start. Pure: counts in, proposals with reasons out."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import log

import msgspec

# A stage with less than this share of the customers is no stage to write a strategy for.
STAGE_SHARE_MIN = 0.05
# Visits beyond this many are one rung: the cut of many lies far below.
VISITS_MAX = 400
# Below so many people on a rung its share is noise and no flag is raised.
RUNG_PEOPLE_MIN = 30


class Rung(msgspec.Struct, frozen=True):
    """Of `people` with so many visits, `again` came again within the days looked ahead."""

    visits: int
    people: int
    again: int

    @property
    def rate(self) -> float:
        """The share that came again."""
        return self.again / self.people if self.people else 0.0


class Proposal(msgspec.Struct, frozen=True):
    """Where some and many could start. `kind` is why: again (who comes again), shares (quantiles), field (usual values).

    `rates` are the shares of few, some and many that came again, empty where unknown; `steady` is False where a higher
    stage came again less often than a lower one.
    """

    kind: str
    some: int
    many: int
    rates: tuple[float, ...] = ()
    steady: bool = True


def proposals(visits: Mapping[int, int], rungs: Sequence[Rung]) -> list[Proposal]:
    """The proposals there are data for, the best founded first. `visits` is people by number of visits in the period."""
    found: list[tuple[str, tuple[int, int] | None]] = [
        ("again", best_split(rungs)),
        ("shares", by_shares(visits)),
        ("field", (3, 6)),
    ]
    out: list[Proposal] = []
    for kind, cut in found:
        if cut is not None and cut not in {(p.some, p.many) for p in out}:
            rates = stage_rates(rungs, *cut)
            out.append(Proposal(kind, *cut, rates, is_steady(rates)))
    return out


def best_split(rungs: Sequence[Rung]) -> tuple[int, int] | None:
    """Where some and many start so that the three stages differ most in who comes again; None where data are too few.

    The greatest likelihood of three shares for all ways to cut the rungs in three, none smaller than STAGE_SHARE_MIN;
    a cut whose shares rise goes before one whose do not.
    """
    steps = merged(rungs)
    if len(steps) < 3:
        return None
    people = list(accumulate((rung.people for rung in steps), initial=0))
    again = list(accumulate((rung.again for rung in steps), initial=0))
    least = max(people[-1] * STAGE_SHARE_MIN, RUNG_PEOPLE_MIN)

    def fit(start: int, end: int) -> float:
        n, k = people[end] - people[start], again[end] - again[start]
        return _likelihood(n, k) if n >= least else float("-inf")

    ends = len(steps)
    heads, tails = [fit(0, i) for i in range(ends + 1)], [fit(i, ends) for i in range(ends + 1)]

    def rises(first: int, second: int) -> bool:
        spans = ((0, first), (first, second), (second, ends))
        return is_steady([(again[b] - again[a]) / (people[b] - people[a]) for a, b in spans])

    best, cut = (False, float("-inf")), None
    for first in range(1, ends - 1):
        for second in range(first + 1, ends):
            if heads[first] == float("-inf") or tails[second] == float("-inf"):
                continue
            middle = fit(first, second)
            if middle == float("-inf"):
                continue
            whole = (rises(first, second), heads[first] + middle + tails[second])
            if whole > best:
                best, cut = whole, (steps[first].visits, steps[second].visits)
    return cut


def _likelihood(people: int, again: int) -> float:
    """The logarithm of the likelihood that `again` of `people` came again, at their own share."""
    return sum(k * log(k / people) for k in (again, people - again) if k)


def by_shares(visits: Mapping[int, int]) -> tuple[int, int] | None:
    """Few is the lower half of those who came, many the upper fifth; None where they do not differ enough."""
    came = sorted((n, people) for n, people in visits.items() if n >= 1 and people)
    total = sum(people for _, people in came)
    if total < 3:
        return None
    below, some, many = 0, 0, 0
    for n, people in came:
        if not some and n >= 2 and below >= total * 0.5:
            some = n
        if some and n > some and below >= total * 0.8:
            many = n
            break
        below += people
    return (some, many) if some and many else None


def stage_rates(rungs: Sequence[Rung], some: int, many: int) -> tuple[float, ...]:
    """The shares of few, some and many that came again; empty where one of them has nobody."""
    groups = [
        [r for r in rungs if low <= r.visits < high] for low, high in ((1, some), (some, many), (many, 1_000_000))
    ]
    people = [sum(rung.people for rung in group) for group in groups]
    if not all(people):
        return ()
    return tuple(sum(rung.again for rung in group) / n for group, n in zip(groups, people, strict=True))


def is_steady(rates: Sequence[float]) -> bool:
    """Whether each stage came again at least as often as the one below it."""
    return all(low <= high for low, high in zip(rates, rates[1:]))


def unsteady(rungs: Sequence[Rung]) -> list[int]:
    """Numbers of visits whose people came again less often than those with fewer visits, beyond what chance explains."""
    flagged: list[int] = []
    enough = [rung for rung in rungs if rung.visits and rung.people >= RUNG_PEOPLE_MIN]
    for before, rung in zip(enough, enough[1:]):
        spread = sum(r.rate * (1 - r.rate) / r.people for r in (before, rung)) ** 0.5
        if rung.rate < before.rate - 2 * spread and spread:
            flagged.append(rung.visits)
    return flagged


def merged(rungs: Sequence[Rung]) -> list[Rung]:
    """The rungs from one visit on, in order; all beyond VISITS_MAX as one."""
    out: dict[int, Rung] = {}
    for rung in sorted(rungs, key=lambda r: r.visits):
        if rung.visits >= 1 and rung.people:
            at = min(rung.visits, VISITS_MAX)
            was = out.get(at, Rung(at, 0, 0))
            out[at] = Rung(at, was.people + rung.people, was.again + rung.again)
    return list(out.values())
