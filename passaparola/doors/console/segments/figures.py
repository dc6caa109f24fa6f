"""The figures of segments from their memberships: sizes, movements, sizes over time, overlaps, strategies.

Everything is read from rows the corridor keeps; no rule is asked here, so a page opens at once whatever the rule.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from passaparola.kernel import database

PAIRS_MAX = 6
# Pairs are compared among so many segments at most: beyond that the statement would be too long a wait.
SEGMENTS_PAIRED_MAX = 40


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
    today = now.astimezone(local).date()
    start = datetime.combine(today - timedelta(days=days - 1), datetime.min.time(), local)
    change: dict[date, int] = {}
    for column, sign in (("from_at", 1), ("until_at", -1)):
        for hour, count in _by_hour(segment, column, start):
            on = hour.astimezone(local).date()
            change[on] = change.get(on, 0) + sign * count
    size = sizes([segment]).get(segment, 0) - sum(change.values())
    found = []
    for n in range(days):
        on = start.date() + timedelta(days=n)
        size += change.get(on, 0)
        found.append((on, size))
    return found


def _by_hour(segment: int, column: str, since: datetime) -> list[tuple[datetime, int]]:
    """Rows by the hour of a time; zones here are whole or half hours off, and half an hour moves no day's size."""
    hour = f"SUBSTR({column}, 1, 13)" if database.vendor() == "sqlite" else f"DATE_TRUNC('hour', {column})"
    sql = f"SELECT {hour}, COUNT(*) FROM membership WHERE segment_id = ? AND {column} >= ? GROUP BY 1"
    rows = database.rows(sql, [segment, since])
    return [(database.as_time(f"{at}:00:00" if isinstance(at, str) else at), int(n)) for at, n in rows]


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
