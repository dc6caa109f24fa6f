"""Each number once: what is counted, of whom, and by which moment; asked of the tables by a fixed number of queries.

Persons who merged after a step are counted by the row they had then; the difference is at most the number of merges.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from passaparola.events import intake
from passaparola.kernel.database import rows
from passaparola.measure import readiness
from passaparola.programs.models import Program


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


def _all_arms() -> list[Arm]:
    """Asked and never asked, of each programme. Everybody drawn counts, written to or not, as the draw intended."""
    sql = (
        "SELECT assignment.program_id, assignment.arm, COUNT(DISTINCT assignment.person_id), "
        "COUNT(DISTINCT referral.advocate_id) FROM assignment LEFT JOIN referral "
        "ON referral.program_id = assignment.program_id AND referral.advocate_id = assignment.person_id "
        "AND referral.state IN ('converted', 'rewarded') GROUP BY assignment.program_id, assignment.arm"
    )
    return [Arm(*row) for row in rows(sql)]


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


# --- pictures (measure/pictures.py) ---------------------------------------------------------------


def draw(now: datetime, days: int, program_id: int) -> dict[str, Any]:
    """The overview's figures: of the `days` that end `now` and as many before; the funnel of one programme, 0: of all."""
    period = Period.last(days, now)
    return {
        "steps": funnel(period, program_id or None), "paid": paid(period), "revenue": revenue(period), "held": held(),
        "stages": stages(), "moves": stage_moves(period), "arms": _all_arms(),
        "log_days": readiness.log_days(intake.local(now, settings.BUSINESS_TIME_ZONE)[0]),
    }  # fmt: skip


def draw_program(now: datetime, program_id: int) -> dict[str, Any]:
    """One programme's funnel since its launch, and who was asked and who never."""
    row = Program.objects.get(id=program_id)
    return {"steps": funnel(Period(row.launched_at or row.created_at, now), program_id), "arms": _all_arms()}


def draw_programs(now: datetime) -> dict[int, dict[str, int]]:
    """The funnel of every programme since the first."""
    created = dict(Program.objects.values_list("id", "created_at"))
    return funnels(list(created), min(created.values(), default=now), now)


def steps(drawn: dict[str, Any]) -> list[Count]:
    """The funnel that a picture tells."""
    return [Count(**one) for one in drawn["steps"]]


def amounts(drawn: dict[str, Any], name: str) -> list[Amount]:
    """The amounts "paid" or "revenue" that a picture tells."""
    return [Amount(**one) for one in drawn[name]]


def arms(drawn: dict[str, Any]) -> dict[int, dict[str, Arm]]:
    """Asked and never asked, by programme."""
    found = [Arm(**one) for one in drawn["arms"]]
    return {program: {arm.name: arm for arm in found if arm.program_id == program} for program in {a.program_id for a in found}}
