"""The figures of segments from their memberships: sizes, movements, sizes over time, overlaps, strategies.

Everything is read from rows the corridor keeps; no rule is asked here, so a page opens at once whatever the rule.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from passaparola.kernel import database
from passaparola.segments.models import Segment

PAIRS_MAX = 6
# Pairs are compared among so many segments at most: beyond that the statement would be too long a wait.
SEGMENTS_PAIRED_MAX = 40


DAYS, MOVED_DAYS = 90, 30


def draw(now: datetime) -> dict[str, Any]:
    """The picture of the list: of each segment its size, and how many entered and left lately."""
    ids = list(Segment.objects.values_list("id", flat=True))
    entered, left = moved(ids, now - timedelta(days=MOVED_DAYS))
    return {"size": sizes(ids), "entered": entered, "left": left}


def draw_one(now: datetime, segment: int) -> dict[str, Any]:
    """The picture of one segment: the same of it, and its size on the last DAYS days."""
    entered, left = moved([segment], now - timedelta(days=MOVED_DAYS))
    days = over_time(segment, now, DAYS, settings.BUSINESS_TIME_ZONE)
    return {"size": days[-1][1], "entered": entered.get(segment, 0), "left": left.get(segment, 0), "days": days}


def draw_map(now: datetime) -> dict[str, Any]:
    """The picture of the map: people by the number of strategies that mean them, and which two meet in most."""
    live = Segment.objects.filter(state="live").order_by("id")
    ids = [segment.id for segment in live if any(segment.strategy.values())]
    return {"strategies": list(strategies(ids).items()), "pairs": pairs(ids)}


def changed_at(segments: Sequence[Segment], now: datetime) -> datetime | None:
    """When rule or state of any of them last changed, or the look at everybody that follows was over; None without one.

    While such a look is under way, a minute ago at the latest: a picture is made anew every minute then.
    """
    changes = [max(one.changed_at, one.gathered_at or one.changed_at) for one in segments]
    if any(one.gathered_at is None and one.state == "live" for one in segments):
        changes.append(now - timedelta(seconds=60))
    return max(changes, default=None)


def sizes(segments: Sequence[int]) -> dict[int, int]:
    """People in each segment now."""
    sql = f"SELECT segment_id, COUNT(*) FROM membership WHERE until_at IS NULL AND {database.any_of('segment_id')} GROUP BY 1"
    return dict(database.rows(sql, [list(segments)]))


def moved(segments: Sequence[int], since: datetime) -> tuple[dict[int, int], dict[int, int]]:
    """How often somebody entered and left each segment since then."""
    found = []
    for column in ("from_at", "until_at"):
        sql = f"SELECT segment_id, COUNT(*) FROM membership WHERE {column} >= ? AND {database.any_of('segment_id')} GROUP BY 1"
        found.append(dict(database.rows(sql, [since, list(segments)])))
    return found[0], found[1]


def over_time(segment: int, now: datetime, days: int, zone: str) -> list[tuple[date, int]]:
    """The size at the end of each of the last so many local days, today's as of now."""
    local = ZoneInfo(zone)
    first = now.astimezone(local).date() - timedelta(days=days - 1)
    starts = [datetime.combine(first + timedelta(days=n), time.min, local) for n in range(days + 1)]
    came, left = (_by_day(segment, column, starts) for column in ("from_at", "until_at"))
    size = sizes([segment]).get(segment, 0) - sum(came) + sum(left)
    found = []
    for n in range(days):
        size += came[n] - left[n]
        found.append((first + timedelta(days=n), size))
    return found


def _by_day(segment: int, column: str, starts: Sequence[datetime]) -> list[int]:
    """Rows whose time lies between each two of the moments: each a stretch of an index, counted and not read."""
    one = f"(SELECT COUNT(*) FROM membership WHERE segment_id = ? AND {column} >= ? AND {column} < ?)"
    given = [value for since, until in pairwise(starts) for value in (segment, since, until)]
    return [int(n) for n in database.rows(f"SELECT {', '.join([one] * (len(starts) - 1))}", given)[0]]


def overlap(one: int, other: int) -> tuple[int, int, int]:
    """Only in the first, in both, only in the second."""
    both = int(
        database.rows(
            "SELECT COUNT(*) FROM membership a JOIN membership b ON b.person_id = a.person_id AND b.segment_id = ? "
            "AND b.until_at IS NULL WHERE a.segment_id = ? AND a.until_at IS NULL",
            [other, one],
        )[0][0]
    )
    found = sizes([one, other])
    return found.get(one, 0) - both, both, found.get(other, 0) - both


def strategies(segments: Sequence[int]) -> dict[int, int]:
    """In how many of these segments people are → how many people; those in none are not listed."""
    inside = f"until_at IS NULL AND {database.any_of('segment_id')}"
    per_person = f"SELECT person_id, COUNT(*) AS n FROM membership WHERE {inside} GROUP BY 1"
    return dict(database.rows(f"SELECT n, COUNT(*) FROM ({per_person}) AS held GROUP BY 1", [list(segments)]))


def of_strategies(segments: Sequence[int], *, none: bool, limit: int) -> list[int]:
    """Some of the people in none of these segments, or in two and more."""
    inside = f"SELECT person_id FROM membership WHERE until_at IS NULL AND {database.any_of('segment_id')}"
    if none:
        sql = f"SELECT id FROM person WHERE root_id = id AND forgotten_at IS NULL AND id NOT IN ({inside}) ORDER BY id DESC LIMIT ?"
    else:
        sql = f"{inside} GROUP BY person_id HAVING COUNT(*) > 1 ORDER BY person_id DESC LIMIT ?"
    return [int(row[0]) for row in database.rows(sql, [list(segments), limit])]


def pairs(segments: Sequence[int]) -> list[tuple[int, int, int]]:
    """Two segments and how many people are in both, most first."""
    some = list(segments)[:SEGMENTS_PAIRED_MAX]
    sql = (
        "SELECT a.segment_id, b.segment_id, COUNT(*) FROM membership a JOIN membership b ON b.person_id = a.person_id "
        "AND b.segment_id > a.segment_id AND b.until_at IS NULL "
        f"WHERE a.until_at IS NULL AND {database.any_of('a.segment_id')} AND {database.any_of('b.segment_id')} "
        "GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT ?"
    )
    return [(int(a), int(b), int(n)) for a, b, n in database.rows(sql, [some, some, PAIRS_MAX])]
