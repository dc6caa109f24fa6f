"""What two shares can and cannot tell: intervals without a distribution's tables, and the courage to say "too few"."""

from dataclasses import dataclass
from math import sqrt

# 95 %, two-sided.
_Z = 1.959963984540054
# Below these an interval of a difference is wide enough to mean anything; then we say so instead.
PEOPLE_MIN = 50
HITS_MIN = 5


def wilson(hits: int, people: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; (0, 1) of nobody."""
    if not people:
        return 0.0, 1.0
    share, z2 = hits / people, _Z * _Z
    middle = (share + z2 / (2 * people)) / (1 + z2 / people)
    half = _Z * sqrt(share * (1 - share) / people + z2 / (4 * people * people)) / (1 + z2 / people)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Difference:
    """How much higher the first share is: the difference with its interval, and whether it may be named an effect."""

    difference: float
    low: float
    high: float
    verdict: str


def difference(hits: int, people: int, other_hits: int, other_people: int) -> Difference:
    """Newcombe's interval of a difference of two shares (method 10, Statistics in Medicine 17, 1998).

    The verdict is "too_few", "none" (the interval holds 0), "more" or "less".
    """
    share = hits / people if people else 0.0
    other = other_hits / other_people if other_people else 0.0
    low, high = wilson(hits, people)
    other_low, other_high = wilson(other_hits, other_people)
    gap = share - other
    least = gap - sqrt((share - low) ** 2 + (other_high - other) ** 2)
    most = gap + sqrt((high - share) ** 2 + (other - other_low) ** 2)
    if min(people, other_people) < PEOPLE_MIN or hits + other_hits < HITS_MIN:
        return Difference(gap, least, most, "too_few")
    return Difference(gap, least, most, "more" if least > 0 else "less" if most < 0 else "none")
