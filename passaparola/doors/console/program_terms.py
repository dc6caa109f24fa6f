"""Between the form of a programme and its terms: amounts in the currency's own way, lists, nothing for empty. Pure."""

from datetime import date
from typing import Any

from passaparola.kernel import money
from passaparola.programs import terms as rules

LANGUAGES = ("es", "it", "en")


def to_terms(data: dict[str, Any], currency: str) -> dict[str, Any]:
    """The terms that a filled-in form means. What is missing or empty is taken from the defaults, or is nothing."""
    whole = rules.default(currency)
    get = data.get
    whole["goal"] = {
        "kind": get("goal_kind") or "acquisition",
        "metric": get("goal_metric") or "new_customers",
        "baseline": _number(get("goal_baseline"), 0),
        "target": get("goal_target"),
        "deadline": deadline.isoformat() if isinstance(deadline := get("goal_deadline"), date) else "",
    }
    whole["country"] = get("country") or "ES"
    whole["audience"] = {"stages": list(get("stages") or []), "tenure_days_min": _number(get("tenure_days_min"), 0)}
    whole["moment"] = {"kind": "stage"}
    if get("moment_kind") == "event":
        whole["moment"] = {"kind": "event", "event": get("moment_event") or "", "nth": _number(get("moment_nth"), 1)}
    for side in ("advocate", "friend"):
        unit = get(f"{side}_unit") or money.POINTS
        amount = get(f"{side}_amount")
        whole[side] = {"amount": money.parse(amount, unit), "unit": unit} if amount else None
    whole["holdout_percent"] = _number(get("holdout_percent"), 10)
    whole["hold_days"] = _number(get("hold_days"), 30)
    for name in ("between_days_min", "per_year_max", "delay_hours"):
        whole["ask"][name] = _number(get(name), whole["ask"][name])
    whole["qualify"] = {
        "order_minor_min": money.parse(get("order_min") or 0, currency),
        "window_days": _number(get("window_days"), 90),
        "new_customer_days": get("new_customer_days"),
    }
    whole["caps"] = {"advocate_rewards_per_year": _number(get("rewards_per_year"), 10)}
    whole["budget"] = {
        currency: None if get("budget_money") is None else money.parse(get("budget_money"), currency),
        money.POINTS: None if (points := get("budget_points")) is None else int(points),
    }
    whole["destination"] = get("destination") or ""
    whole["texts"] = {
        "headline": {one: text for one in LANGUAGES if (text := get(f"headline_{one}"))},
        "message": {one: text for one in LANGUAGES if (text := get(f"message_{one}"))},
    }
    return whole


def to_form(terms: dict[str, Any], currency: str) -> dict[str, Any]:
    """The form's fields for these terms: the way back."""
    moment, texts = terms["moment"], terms.get("texts") or {}
    out: dict[str, Any] = {
        **{f"goal_{name}": terms["goal"].get(name) for name in ("kind", "metric", "baseline", "target", "deadline")},
        "country": terms["country"],
        "stages": terms["audience"]["stages"],
        "tenure_days_min": terms["audience"]["tenure_days_min"],
        "moment_kind": moment["kind"],
        "moment_event": moment.get("event", ""),
        "moment_nth": moment.get("nth", 1),
        "holdout_percent": terms["holdout_percent"],
        "hold_days": terms["hold_days"],
        **{name: terms["ask"][name] for name in ("between_days_min", "per_year_max", "delay_hours")},
        "order_min": major(terms["qualify"]["order_minor_min"], currency),
        "window_days": terms["qualify"]["window_days"],
        "new_customer_days": terms["qualify"]["new_customer_days"],
        "rewards_per_year": terms["caps"]["advocate_rewards_per_year"],
        "budget_money": major(terms["budget"].get(currency), currency),
        "budget_points": terms["budget"].get(money.POINTS),
        "destination": terms.get("destination", ""),
        **{f"headline_{one}": (texts.get("headline") or {}).get(one, "") for one in LANGUAGES},
        **{f"message_{one}": (texts.get("message") or {}).get(one, "") for one in LANGUAGES},
    }
    for side in ("advocate", "friend"):
        prize = terms.get(side)
        out[f"{side}_amount"] = major(prize["amount"], prize["unit"]) if prize else None
        out[f"{side}_unit"] = prize["unit"] if prize else (money.POINTS if side == "advocate" else currency)
    return out


def major(amount: int | None, unit: str) -> Any:
    """An amount as people type it: 1050 EUR minor units as 10.50, whole amounts without decimals."""
    if amount is None:
        return None
    digits = money.digits(unit)
    whole, rest = divmod(amount, 10**digits)
    return f"{whole}.{rest:0{digits}d}" if rest else str(whole)


def _number(value: Any, instead: int) -> int:
    return instead if value is None else int(value)
