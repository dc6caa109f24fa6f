"""Each number once: what is counted, of whom, and by which moment; asked of the tables by a fixed number of queries.

Persons who merged after a step are counted by the row they had then; the difference is at most the number of merges.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from passaparola.kernel.database import as_time, rows


@dataclass(frozen=True, slots=True)
class Period:
    """From ≤ t < until, and the same length before it to compare with."""

    since: datetime
    until: datetime

    @classmethod
    def last(cls, days: int, now: datetime) -> "Period":
        """The `days` that end now."""
        return cls(now - timedelta(days=days), now)

    @property
    def before(self) -> datetime:
        """Where the period to compare with begins."""
        return self.since - (self.until - self.since)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the funnel: `what` is counted once, in `source`, by the moment `at`; `who` are its people."""

    name: str
    what: str
    who: str
    source: str
    at: str
    program: str
    where: str = "1 = 1"


STEPS = (
    Step(
        "told",
        "message.person_id",
        "message.person_id",
        "delivery JOIN message ON message.id = delivery.message_id",
        "delivery.at",
        "message.program_id",
        "message.template = 'ask' AND delivery.outcome = 'sent'",
    ),
    Step(
        "shared",
        "code.person_id",
        "code.person_id",
        "share JOIN code ON code.id = share.code_id",
        "share.at",
        "code.program_id",
    ),
    Step(
        "clicked",
        "click.id",
        "code.person_id",
        "click JOIN code ON code.id = click.code_id",
        "click.at",
        "code.program_id",
    ),
    Step(
        "registered",
        "referral.friend_id",
        "referral.friend_id",
        "referral",
        "referral.opened_at",
        "referral.program_id",
        "referral.state <> 'refused'",
    ),
    Step(
        "bought",
        "referral.id",
        "referral.friend_id",
        "referral JOIN purchase_order ON purchase_order.id = referral.order_id",
        "purchase_order.occurred_at",
        "referral.program_id",
        "referral.state IN ('converted', 'rewarded')",
    ),
    Step(
        "rewarded",
        "reward.referral_id",
        "reward.person_id",
        "reward",
        "reward.settled_at",
        "reward.program_id",
        "reward.state = 'confirmed'",
    ),
)


@dataclass(frozen=True, slots=True)
class Count:
    """A step's number in the period and in the one before."""

    name: str
    now: int
    before: int


def funnel(period: Period, program_id: int | None = None) -> list[Count]:
    """Told → shared → clicked → registered → bought → rewarded: one query a step, both periods at once."""
    return [_count(step, period, program_id) for step in STEPS]


def _count(step: Step, period: Period, program_id: int | None) -> Count:
    only, more = ("", []) if program_id is None else (f" AND {step.program} = ?", [program_id])
    sql = (
        f"SELECT COUNT(DISTINCT CASE WHEN {step.at} >= ? THEN {step.what} END), "
        f"COUNT(DISTINCT CASE WHEN {step.at} < ? THEN {step.what} END) "
        f"FROM {step.source} WHERE {step.where} AND {step.at} >= ? AND {step.at} < ?{only}"
    )
    now, before = rows(sql, [period.since, period.since, period.before, period.until, *more])[0]
    return Count(step.name, now, before)


def people(name: str, period: Period, program_id: int | None, limit: int) -> list[int]:
    """Whose step it was in the period (of a click: whose link), at most `limit`, the latest first."""
    step = next(step for step in STEPS if step.name == name)
    only, more = ("", []) if program_id is None else (f" AND {step.program} = ?", [program_id])
    sql = (
        f"SELECT {step.who} FROM {step.source} WHERE {step.where} AND {step.at} >= ? AND {step.at} < ?{only} "
        f"GROUP BY {step.who} ORDER BY MAX({step.at}) DESC LIMIT {int(limit)}"
    )
    return [row[0] for row in rows(sql, [period.since, period.until, *more])]


def funnels(program_ids: Sequence[int], since: datetime, until: datetime) -> dict[int, dict[str, int]]:
    """The funnel of each programme since a moment, for lists: one query a step."""
    out: dict[int, dict[str, int]] = {one: dict.fromkeys((step.name for step in STEPS), 0) for one in program_ids}
    for step in STEPS:
        sql = (
            f"SELECT {step.program}, COUNT(DISTINCT {step.what}) FROM {step.source} "
            f"WHERE {step.where} AND {step.at} >= ? AND {step.at} < ? GROUP BY {step.program}"
        )
        for program_id, count in rows(sql, [since, until]):
            if program_id in out:
                out[program_id][step.name] = count
    return out


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of one unit in the period and in the one before."""

    unit: str
    now: int
    before: int


def paid(period: Period) -> list[Amount]:
    """Rewards paid in the period, by unit."""
    return _amounts("reward", "amount", "settled_at", "state = 'confirmed'", period)


def revenue(period: Period) -> list[Amount]:
    """What friends' first orders brought, net of refunds, by unit."""
    source = "referral JOIN purchase_order ON purchase_order.id = referral.order_id"
    net = "purchase_order.amount_minor - purchase_order.refunded_minor"
    return _amounts(source, net, "purchase_order.occurred_at", "referral.state IN ('converted', 'rewarded')", period)


def _amounts(source: str, what: str, at: str, where: str, period: Period) -> list[Amount]:
    sql = (
        f"SELECT unit, SUM(CASE WHEN {at} >= ? THEN {what} ELSE 0 END), SUM(CASE WHEN {at} < ? THEN {what} ELSE 0 END) "
        f"FROM {source} WHERE {where} AND {at} >= ? AND {at} < ? GROUP BY unit ORDER BY unit"
    )
    found = rows(sql, [period.since, period.since, period.before, period.until])
    return [Amount(unit, int(now or 0), int(before or 0)) for unit, now, before in found]


def held() -> dict[str, int]:
    """What is set aside and not yet paid, by unit."""
    return {
        unit: int(amount)
        for unit, amount in rows(
            "SELECT unit, SUM(amount) FROM reward WHERE state = 'held' GROUP BY unit ORDER BY unit"
        )
    }


def stages() -> dict[str, int]:
    """How many people are in each loyalty stage now; whoever was merged into somebody else is counted there."""
    # Everybody by the index of stages, less the few who were merged: no person is read.
    counts = dict(rows("SELECT stage, COUNT(*) FROM traits GROUP BY stage"))
    merged = "SELECT stage, COUNT(*) FROM traits WHERE person_id IN (SELECT id FROM person WHERE root_id <> id) GROUP BY stage"
    for stage, people in rows(merged):
        counts[stage] -= people
    return {stage: people for stage, people in counts.items() if people}


def stage_moves(period: Period) -> dict[str, int]:
    """How many more people entered each stage than left it in the period."""
    net: dict[str, int] = {}
    sql = "SELECT before, after, COUNT(*) FROM stage_change WHERE at >= ? AND at < ? GROUP BY before, after"
    for before, after, count in rows(sql, [period.since, period.until]):
        net[after] = net.get(after, 0) + count
        net[before] = net.get(before, 0) - count
    return net


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of a programme's holdout: people drawn, and how many of them brought a friend who bought."""

    program_id: int
    name: str
    people: int
    bringing: int


def arms(program_ids: Sequence[int]) -> dict[int, dict[str, Arm]]:
    """Asked and never asked, by programme. Everybody drawn counts, written to or not, as the draw intended."""
    sql = (
        "SELECT assignment.program_id, assignment.arm, COUNT(DISTINCT assignment.person_id), "
        "COUNT(DISTINCT referral.advocate_id) FROM assignment LEFT JOIN referral "
        "ON referral.program_id = assignment.program_id AND referral.advocate_id = assignment.person_id "
        "AND referral.state IN ('converted', 'rewarded') GROUP BY assignment.program_id, assignment.arm"
    )
    out: dict[int, dict[str, Arm]] = {}
    for program_id, name, people, bringing in rows(sql):
        if program_id in program_ids:
            out.setdefault(program_id, {})[name] = Arm(program_id, name, people, bringing)
    return out


def new_customers(program_ids: Sequence[int]) -> dict[int, int]:
    """Friends who bought and did not give it back, by programme, since it began: what an acquisition goal counts."""
    sql = "SELECT program_id, COUNT(*) FROM referral WHERE state IN ('converted', 'rewarded') GROUP BY program_id"
    return {program_id: count for program_id, count in rows(sql) if program_id in program_ids}


def friends(person_ids: Sequence[int]) -> dict[int, int]:
    """How many friends each of these people brought who bought."""
    marks = ", ".join("?" * len(person_ids))
    sql = (
        "SELECT advocate_id, COUNT(*) FROM referral WHERE state IN ('converted', 'rewarded') "
        f"AND advocate_id IN ({marks}) GROUP BY advocate_id"
    )
    return dict(rows(sql, list(person_ids))) if person_ids else {}


def first_event() -> Any:
    """When anything happened first; None in an empty house."""
    found = rows("SELECT MIN(occurred_at) FROM event")
    return as_time(found[0][0]) if found and found[0][0] else None
