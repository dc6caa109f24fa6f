"""Groups in figures: how many are in each, and what one of them did: stages, orders, revenue, recommendations."""

from dataclasses import dataclass
from typing import Any

from passaparola.kernel.database import as_time, rows

# The people of today who are in a group, once each.
_INSIDE = (
    "WITH inside AS (SELECT p.root_id AS id, MIN(m.from_at) AS from_at FROM group_member m JOIN person p ON p.id = m.person_id "
    "WHERE m.group_id = ? AND m.until_at IS NULL GROUP BY p.root_id) "
)
_NET = "CASE WHEN o.cancelled THEN 0 ELSE o.amount_minor - o.refunded_minor END"


@dataclass(frozen=True, slots=True)
class Revenue:
    """Orders of members in one currency, net of refunds: ever, and since each joined."""

    unit: str
    orders: int
    amount: int
    orders_inside: int
    amount_inside: int


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a group's members today."""

    members: int
    stages: dict[str, int]
    revenue: list[Revenue]
    advocates: int
    friends: int
    customers_brought: int


def sizes() -> dict[int, int]:
    """How many people are in each group."""
    sql = (
        "SELECT m.group_id, COUNT(DISTINCT p.root_id) FROM group_member m JOIN person p ON p.id = m.person_id "
        "WHERE m.until_at IS NULL GROUP BY m.group_id"
    )
    return dict(rows(sql))


def report(group_id: int) -> Report:
    """The group's own report."""
    stages = _read("SELECT COALESCE(t.stage, 'none'), COUNT(*) FROM inside i LEFT JOIN traits t ON t.person_id = i.id "
                   "GROUP BY COALESCE(t.stage, 'none')", group_id)  # fmt: skip
    revenue = _read(
        f"SELECT o.unit, COUNT(*), SUM({_NET}), SUM(CASE WHEN o.occurred_at >= i.from_at THEN 1 ELSE 0 END), "
        f"SUM(CASE WHEN o.occurred_at >= i.from_at THEN {_NET} ELSE 0 END) FROM inside i "
        "JOIN person p ON p.root_id = i.id JOIN purchase_order o ON o.person_id = p.id AND o.completed "
        "GROUP BY o.unit ORDER BY o.unit",
        group_id,
    )
    brought = _read(
        "SELECT COUNT(DISTINCT i.id), COUNT(*), SUM(CASE WHEN r.state IN ('converted', 'rewarded') THEN 1 ELSE 0 END) "
        "FROM inside i JOIN person p ON p.root_id = i.id JOIN referral r ON r.advocate_id = p.id "
        "WHERE r.state NOT IN ('refused', 'reversed')",
        group_id,
    )[0]
    counts = {str(stage): int(count) for stage, count in stages}
    return Report(
        sum(counts.values()), counts, [Revenue(u, int(n), int(s), int(m), int(t)) for u, n, s, m, t in revenue],
        int(brought[0]), int(brought[1]), int(brought[2] or 0),
    )  # fmt: skip


def members(group_id: int, limit: int, after: int = 0) -> list[dict[str, Any]]:
    """Members by the number they have today: person, role, source, since when; from `after` on."""
    sql = (
        "SELECT p.root_id, MIN(m.role), MIN(m.source), MIN(m.from_at) FROM group_member m JOIN person p ON p.id = m.person_id "
        "WHERE m.group_id = ? AND m.until_at IS NULL AND p.root_id > ? GROUP BY p.root_id ORDER BY p.root_id LIMIT ?"
    )
    return [
        {"person_id": person, "role": role, "source": source, "from_at": as_time(since)}
        for person, role, source, since in rows(sql, [group_id, after, limit])
    ]


def _read(sql: str, group_id: int) -> list[tuple[Any, ...]]:
    return rows(_INSIDE + sql, [group_id])
