"""Whether the moment to ask somebody has come: a decision with reasons. Pure."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec

YEAR = timedelta(days=365)


class Facts(msgspec.Struct, frozen=True):
    """What the decision looks at, about one person and one programme."""

    stage: str
    customer_since: datetime | None
    consent: str | None
    has_address: bool
    is_minor: bool
    is_forgotten: bool
    complaints_open: int
    is_unhappy: bool
    # Every ask of the last year, in any programme, newest last.
    asked_at: tuple[datetime, ...]
    asked_here: bool


class Answer(msgspec.Struct, frozen=True):
    """asked, not_now or never; why; and when to look again (None: when something about the person changes)."""

    outcome: str
    reasons: list[dict[str, Any]]
    again_at: datetime | None = None


def decide(facts: Facts, terms: dict[str, Any], now: datetime) -> Answer:
    """Ask, or why not. All standing reasons are given, not only the first."""
    if facts.is_forgotten or facts.is_minor:
        return Answer("never", [{"code": "forgotten" if facts.is_forgotten else "under_age"}])
    reasons = _standing(facts, terms)
    waits = _waits(facts, terms, now)
    if not reasons and not waits:
        return Answer("asked", [{"code": "audience", "stage": facts.stage}])
    # With nothing but time in the way we know when to look again.
    again = None if reasons else max(until for until, _ in waits)
    return Answer("not_now", [*reasons, *(reason for _, reason in waits)], again)


def _standing(facts: Facts, terms: dict[str, Any]) -> list[dict[str, Any]]:
    """Reasons that only a change about the person can lift."""
    checks = (
        (facts.asked_here, {"code": "asked_before"}),
        (facts.stage not in terms["audience"]["stages"], {"code": "audience", "stage": facts.stage}),
        (facts.customer_since is None, {"code": "no_purchase"}),
        (not facts.has_address, {"code": "no_address"}),
        (facts.consent != "given", {"code": "no_consent", "channel": terms["ask"]["channel"], "purpose": "referral"}),
        (facts.complaints_open > 0, {"code": "complaint_open", "count": facts.complaints_open}),
        (facts.is_unhappy, {"code": "bad_experience"}),
    )
    return [reason for applies, reason in checks if applies]


def _waits(facts: Facts, terms: dict[str, Any], now: datetime) -> list[tuple[datetime, dict[str, Any]]]:
    """Reasons that pass with time, each with the moment it passes."""
    found: list[tuple[datetime, dict[str, Any]]] = []
    needed = terms["audience"]["tenure_days_min"]
    if facts.customer_since is not None and now - facts.customer_since < timedelta(days=needed):
        days = (now - facts.customer_since).days
        found.append(
            (facts.customer_since + timedelta(days=needed), {"code": "tenure", "days": days, "needed": needed})
        )
    recent = [at for at in facts.asked_at if now - at < YEAR]
    between = timedelta(days=terms["ask"]["between_days_min"])
    if recent and now - recent[-1] < between:
        found.append((recent[-1] + between, {"code": "recently_asked", "days": (now - recent[-1]).days}))
    if len(recent) >= terms["ask"]["per_year_max"]:
        found.append((recent[-terms["ask"]["per_year_max"]] + YEAR, {"code": "asked_often", "count": len(recent)}))
    return found


def arm(seed: str, person_uid: str, holdout_percent: int) -> tuple[str, int]:
    """The arm of the never-asked holdout, and the bucket of 10,000 that decided it.

    Follows from the programme's recorded seed and the person alone: the same in every replay, independent of time.
    """
    digest = hashlib.blake2b(f"holdout:{seed}:{person_uid}".encode(), digest_size=8).digest()
    bucket = int.from_bytes(digest, "big") % 10_000
    return ("holdout" if bucket < holdout_percent * 100 else "asked"), bucket
