"""What a programme promises, as data: defaults, checks and reading. Pure.

Amounts are integers in minor units of an ISO 4217 currency, or points ("PTS").
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

POINTS = "PTS"
STAGES = ("few", "some", "many")
GOALS = ("acquisition", "loyalty", "base")
METRICS = ("new_customers", "referrals", "shares", "revenue_minor")
AMOUNT_MAX = 10**9
_LANGUAGES = ("es", "it", "en")
_ADDRESS = re.compile(r"https?://[^\s/?#@]+([/?#]\S*)?$")


def _(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is shown."""
    return text


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with terms: where, a code, and an English sentence (translated by its text)."""

    path: str
    code: str
    message: str


def default(currency: str) -> dict[str, Any]:
    """Terms to start from. Two-sided, points for the advocate, credit for the friend, paid after the return window.

    Sources: two-sided rewards and the friend's part first (Jin & Huang 2014; Gershon et al. 2020), tenure of 180 days
    (Van den Bulte et al. 2018), ten rewarded friends a year, 30 days between asks and at most 4 a year.
    """
    return {
        "goal": {"kind": "acquisition", "metric": "new_customers", "baseline": 0, "target": None, "deadline": ""},
        "country": "ES",
        "audience": {"stages": ["many"], "tenure_days_min": 180},
        "moment": {"kind": "stage"},
        "holdout_percent": 10,
        "ask": {"channel": "email", "between_days_min": 30, "per_year_max": 4, "delay_hours": 0},
        "advocate": {"amount": 500, "unit": POINTS},
        "friend": {"amount": 1000, "unit": currency},
        "qualify": {"order_minor_min": 2000, "window_days": 90, "new_customer_days": None},
        "hold_days": 30,
        "caps": {"advocate_rewards_per_year": 10},
        "budget": {currency: None, POINTS: None},
        "destination": "",
        "texts": {"headline": {}, "message": {}},
    }


def complete(terms: dict[str, Any], currency: str) -> dict[str, Any]:
    """The given terms with what they leave out taken from the defaults, one level deep."""
    whole = default(currency)
    for key, value in terms.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict) and key not in ("budget", "texts"):
            whole[key] = {**whole[key], **value}
        else:
            whole[key] = value
    return whole


def check(terms: dict[str, Any]) -> list[Problem]:
    """Everything that keeps the programme from being published, in reading order; empty if nothing does."""
    return list(_problems(terms))


def _problems(terms: dict[str, Any]) -> Iterator[Problem]:
    unknown = sorted(set(terms) - set(default("EUR")))
    if unknown:
        yield Problem(unknown[0], "unknown_term", _("This is not a term of a programme."))
    yield from _goal(terms.get("goal"))
    yield from _audience(terms)
    yield from _rewards(terms)
    yield from _numbers(terms)


def _goal(goal: Any) -> Iterator[Problem]:
    if not isinstance(goal, dict) or goal.get("kind") not in GOALS:
        yield Problem("goal.kind", "no_goal", _("Choose a goal: a programme cannot start without one."))
        return
    if goal.get("metric") not in METRICS:
        yield Problem("goal.metric", "no_metric", _("Choose how the goal is measured."))
    if not _whole(goal.get("target"), 1):
        yield Problem("goal.target", "no_target", _("Say how many you want to reach."))
    if not _whole(goal.get("baseline"), 0):
        yield Problem("goal.baseline", "no_baseline", _("Say where you start from; 0 if from nothing."))
    try:
        date.fromisoformat(goal.get("deadline") or "")
    except (TypeError, ValueError):
        yield Problem("goal.deadline", "no_deadline", _("Say until when, as a date."))


def _audience(terms: dict[str, Any]) -> Iterator[Problem]:
    audience, moment = terms.get("audience"), terms.get("moment")
    if not isinstance(audience, dict) or not audience.get("stages") or not set(audience["stages"]) <= set(STAGES):
        yield Problem("audience.stages", "no_audience", _("Choose at least one stage to ask."))
    elif not _whole(audience.get("tenure_days_min"), 0, 3650):
        yield Problem(
            "audience.tenure_days_min", "out_of_range", "Days since the first purchase: a whole number from 0 to 3650."
        )
    if not isinstance(moment, dict) or moment.get("kind") not in ("stage", "event"):
        yield Problem("moment.kind", "no_moment", _("Choose the moment to ask."))
    elif moment["kind"] == "event" and not (
        isinstance(moment.get("event"), str) and moment["event"] and _whole(moment.get("nth"), 1, 10_000)
    ):
        yield Problem("moment.event", "bad_moment", _("A moment needs the name of an event and which time it happens."))


def _rewards(terms: dict[str, Any]) -> Iterator[Problem]:
    for side in ("advocate", "friend"):
        reward = terms.get(side)
        if reward is None:
            continue
        unit = reward.get("unit") if isinstance(reward, dict) else None
        if not (isinstance(unit, str) and len(unit) == 3 and unit.isupper()):
            yield Problem(f"{side}.unit", "bad_unit", _("The unit of a reward is a currency such as EUR, or points."))
        elif not _whole(reward.get("amount"), 1, AMOUNT_MAX):
            yield Problem(f"{side}.amount", "bad_amount", _("A reward is a whole amount above 0."))
    if not terms.get("advocate") and not terms.get("friend"):
        yield Problem("friend", "no_reward", _("Give at least one side something."))


def _numbers(terms: dict[str, Any]) -> Iterator[Problem]:
    for path, least, most in _RANGES:
        value = _at(terms, path)
        if not _whole(value, least, most):
            yield Problem(path, "out_of_range", _("This must be a whole number within its limits."))
    days = _at(terms, "qualify.new_customer_days")
    if days is not None and not _whole(days, 1, 3650):
        yield Problem("qualify.new_customer_days", "out_of_range", _("This must be a whole number within its limits."))
    budget = terms.get("budget")
    if not isinstance(budget, dict) or any(v is not None and not _whole(v, 0, 10**15) for v in budget.values()):
        yield Problem("budget", "bad_budget", _("A budget is a whole amount for each unit, or no limit."))
    destination = terms.get("destination")
    if destination and not (isinstance(destination, str) and _ADDRESS.match(destination)):
        yield Problem("destination", "bad_address", _("A page is an address that begins with https:// or http://."))
    for name, texts in (terms.get("texts") or {}).items():
        if not isinstance(texts, dict) or not set(texts) <= set(_LANGUAGES):
            yield Problem(f"texts.{name}", "bad_text", _("Texts are written in es, it or en."))


_RANGES = (
    ("holdout_percent", 0, 50),
    ("hold_days", 0, 365),
    ("ask.between_days_min", 1, 3650),
    ("ask.per_year_max", 1, 366),
    ("ask.delay_hours", 0, 24 * 90),
    ("qualify.order_minor_min", 0, AMOUNT_MAX),
    ("qualify.window_days", 1, 3650),
    ("caps.advocate_rewards_per_year", 1, 100_000),
)


def _at(terms: dict[str, Any], path: str) -> Any:
    value: Any = terms
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _whole(value: object, least: int, most: int = 10**15) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
