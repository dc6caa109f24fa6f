"""What base.sql says of one person, counted from her facts in Python: for the few people of a batch at a third of the cost.

base.sql stays the definition, for everybody and for the other engines; the tests let both count the same histories. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

_ENROLLED = ("Signed Up", "Friend Signed Up")


class Said(NamedTuple):
    """What she told us, or a visit. `at`: a moment as the driver gives it, only compared; score: 0 to 10 or None."""

    name: str
    at: Any
    day: int
    hour: int
    company: int | None = None
    score: int | None = None


class Bought(NamedTuple):
    """A completed order; amounts in minor units, None where nobody said, or in another currency."""

    at: Any
    day: int
    hour: int
    amount: int | None
    margin: int | None
    offer: int | None
    company: int | None
    channel: str | None


class Lines(NamedTuple):
    """So many lines with this product and category, the last of them at `last`."""

    product: str | None
    category: str | None
    times: int
    last: Any


def count(said: Sequence[Said], orders: Sequence[Bought], lines: Sequence[Lines], back: int) -> dict[str, Any]:
    """The columns of person_trait but person_id; the two purchase moments as in the facts. back: minor units given back.

    Whoever has neither `said` nor `orders` has no row at all.
    """
    visits = [one for one in said if one.name == "Visit Recorded"]
    told = [one for one in said if one.name != "Visit Recorded"]
    enrolled = min((one.day for one in told if one.name in _ENROLLED), default=None)
    days = sorted({one.day for one in visits} | {one.day for one in orders})
    first_days = [one.day for one in told] + days[:1]
    return {
        "known_day": min(first_days, default=None),
        "enrolled_day": enrolled,
        **_came(days, orders, enrolled),
        **_purchases(orders, back),
        **_habits(days, visits, orders, lines),
        **_opinions(told),
    }


def _came(days: Sequence[int], orders: Sequence[Bought], enrolled: int | None) -> dict[str, Any]:
    pauses = sorted(later - day for day, later in zip(days, days[1:], strict=False))
    return {
        "visits": len(days),
        "visits_enrolled": len(days) if enrolled is None else sum(day >= enrolled for day in days),
        "first_visit_day": days[0] if days else None,
        "last_visit_day": days[-1] if days else None,
        # The lower median.
        "interval_days": pauses[(len(pauses) - 1) // 2] if pauses else None,
        "purchases": len(orders),
        "purchases_enrolled": len(orders) if enrolled is None else sum(one.day >= enrolled for one in orders),
    }


def _purchases(orders: Sequence[Bought], back: int) -> dict[str, Any]:
    moments = [one.at for one in orders]
    return {
        "first_purchase_us": min(moments, default=None),
        "last_purchase_us": max(moments, default=None),
        "last_purchase_day": max((one.day for one in orders), default=None),
        "spent_minor": sum(one.amount or 0 for one in orders) - back,
        "purchases_valued": sum(one.amount is not None for one in orders),
        "margin_minor": _sum(one.margin for one in orders),
        "offer_minor": _sum(one.offer for one in orders),
        "offer_of_minor": _sum(one.amount for one in orders if one.offer is not None),
    }


def _sum(values: Iterable[int | None]) -> int | None:
    """As SQL sums: None where there is nothing to sum."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _habits(days: Sequence[int], visits: Sequence[Said], orders: Sequence[Bought], lines: Sequence[Lines]) -> dict[str, Any]:
    came: list[Said | Bought] = [*visits, *orders]
    companies = [one.company for one in came if one.company is not None]
    products = _tally((one.product, one.times, one.last) for one in lines)
    return {
        "company_known": sum(company >= 1 for company in companies),
        "accompanied": sum(company >= 2 for company in companies),
        "favourite_product": _favourite(products),
        "products": len(products),
        "favourite_category": _favourite(_tally((one.category, one.times, one.last) for one in lines)),
        "favourite_channel": _favourite(_tally((one.channel, 1, one.at) for one in orders)),
        "favourite_weekday": _favourite(_tally(((day + 3) % 7 + 1, 1, day) for day in days)),
        "favourite_hour": _favourite(_tally((one.hour, 1, one.day) for one in came)),
    }


def _tally(seen: Iterable[tuple[Any, int, Any]]) -> dict[Any, tuple[int, Any]]:
    """Kind → how often, and last when."""
    found: dict[Any, tuple[int, Any]] = {}
    for kind, times, last in seen:
        if kind is not None:
            before = found.get(kind)
            found[kind] = (times, last) if before is None else (before[0] + times, max(before[1], last))
    return found


def _favourite(found: Mapping[Any, tuple[int, Any]]) -> Any:
    """Most, then latest, then smallest."""
    if len(found) < 2:
        return next(iter(found), None)
    best = max(found.values())
    return min(kind for kind, tally in found.items() if tally == best)


def _opinions(told: Sequence[Said]) -> dict[str, Any]:
    times: dict[str, int] = {}
    last_day: dict[str, int] = {}
    for one in told:
        times[one.name] = times.get(one.name, 0) + 1
        last_day[one.name] = max(last_day.get(one.name, one.day), one.day)
    opened = times.get("Complaint Opened", 0)
    return {
        "last_score": _last_score(told, "Score Given"),
        "last_rating": _last_score(told, "Review Given"),
        "reviews": times.get("Review Given", 0),
        "complaints": opened,
        "complaints_open": max(0, opened - times.get("Complaint Closed", 0)),
        "last_complaint_day": last_day.get("Complaint Opened"),
        "codes_shared": times.get("Code Shared", 0),
        "last_share_day": last_day.get("Code Shared"),
    }


def _last_score(told: Iterable[Said], name: str) -> int | None:
    """Of the last moment; of two in one moment the higher."""
    given = [(one.at, one.score) for one in told if one.name == name and one.score is not None]
    return max(given)[1] if given else None
