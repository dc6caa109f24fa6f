"""How warm a lead is: fit × engagement with a half-life, from editable lists, in whole numbers. Pure.

What somebody did is kept as one sum of weights that halves every half-life. Halving is done in integers, so that the
same events give the same sum on every machine; formulas and defaults are explained in docs/why/leads.md.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

MICRO = 1_000_000
SOURCES = ("form", "co-registration", "referral", "event", "draw")
TEMPERATURES = ("cold", "warm", "hot")
OPERATORS = ("is", "is_not", "among", "contains", "at_least", "at_most", "known")
LINES_MAX = 50
_DAY_US = 86_400_000_000
_SECOND_US = 1_000_000
# 2^(-1/2^i) for i = 1, 2, …: halves of halves of a half-life, by whole square roots, in 2^62ths.
_SHIFT, _BITS = 62, 26


def _roots() -> tuple[int, ...]:
    found, value = [], 1 << (_SHIFT - 1)
    for _ in range(_BITS):
        value = math.isqrt(value << _SHIFT)
        found.append(value)
    return tuple(found)


_ROOTS = _roots()


class Signal(msgspec.Struct, frozen=True):
    """What somebody does, and how many points it is worth; with `where`, only where that property is `value`."""

    event: str
    weight: int
    where: str = ""
    value: str = ""
    # How often on one day it counts.
    per_day: int = 3

    @property
    def key(self) -> str:
        """Under which its count of the day is kept."""
        return f"{self.event}|{self.where}|{self.value}"


class Condition(msgspec.Struct, frozen=True):
    """Something in the profile that speaks for somebody (or against: a weight below 0)."""

    field: str
    operator: str
    value: str
    weight: int


SIGNALS: tuple[Signal, ...] = (
    Signal("Lead Submitted", 0, "source", "co-registration"),
    Signal("Lead Submitted", 5, "source", "draw"),
    Signal("Lead Submitted", 15, "source", "event"),
    Signal("Lead Submitted", 25),
    Signal("Lead Recorded", 15),
    Signal("Friend Signed Up", 20),
    Signal("Signed Up", 20),
    Signal("Opt-in Confirmed", 15, per_day=1),
    Signal("Demo Requested", 30),
    Signal("Offer Accepted", 30),
    Signal("Checkout Started", 20),
    Signal("Coupon Entered", 15),
    Signal("Webinar Attended", 15),
    Signal("Page Viewed", 15, "name", "Pricing", 1),
    Signal("Document Downloaded", 10),
    Signal("Product Added", 8),
    Signal("Email Link Clicked", 5),
    Signal("Product Viewed", 2),
    Signal("Page Viewed", 1, per_day=5),
    # Mail programs open what nobody reads.
    Signal("Email Opened", 0),
    Signal("Consent Withdrawn", -50),
)


class Rules(msgspec.Struct, frozen=True):
    """What counts how much, and from which score somebody is warm or hot."""

    half_life_days: int = 30
    # How quickly engagement fills: a sum of this many points is 63 of 100.
    tau: int = 40
    # No sum goes beyond this, upward or downward.
    points_max: int = 200
    warm: int = 31
    hot: int = 86
    signals: tuple[Signal, ...] = SIGNALS
    fit: tuple[Condition, ...] = ()

    @classmethod
    def read(cls, value: Any) -> "Rules":
        """From the shape of the act and of the setting. Raises ValueError with a sentence."""
        if not isinstance(value, dict):
            raise ValueError("lead rules must be an object")
        known = {name: value[name] for name in cls.__struct_fields__ if name in value}
        try:
            rules = msgspec.convert(known, cls)
        except msgspec.ValidationError as problem:
            raise ValueError(str(problem)) from problem
        _check(rules)
        return rules

    def as_json(self) -> dict[str, Any]:
        """The shape of the act and of the setting: as JSON knows it, lists for tuples."""
        whole: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return whole

    def signal(self, name: str, properties: Mapping[str, Any]) -> Signal | None:
        """The first signal of the list that an event is."""
        for one in self.signals:
            if one.event == name and (not one.where or _text(properties.get(one.where)) == _text(one.value)):
                return one
        return None


def _check(rules: Rules) -> None:
    if not 1 <= rules.half_life_days <= 730:
        raise ValueError("the half-life must be between 1 and 730 days")
    if not 1 <= rules.tau <= 1000 or not 1 <= rules.points_max <= 10_000:
        raise ValueError("the fill and the most points must be positive and not boundless")
    if not 1 <= rules.warm < rules.hot <= 100:
        raise ValueError("warm must start at 1 or more, and hot above warm, at 100 at most")
    if len(rules.signals) > LINES_MAX or len(rules.fit) > LINES_MAX:
        raise ValueError(f"there may be {LINES_MAX} lines at most in each list")
    for signal in rules.signals:
        if not signal.event or not -100 <= signal.weight <= 100 or not 1 <= signal.per_day <= 100:
            raise ValueError("each signal needs an event, a weight from -100 to 100 and a count a day from 1 to 100")
    for condition in rules.fit:
        if not condition.field or condition.operator not in OPERATORS or not -100 <= condition.weight <= 100:
            raise ValueError("each condition needs a field, a known operator and a weight from -100 to 100")


# --- who suits ------------------------------------------------------------------------------------


def fit_of(facts: Mapping[str, Any], rules: Rules) -> tuple[int, list[tuple[Condition, bool]]]:
    """How well somebody suits, 0 to 100, and each condition with whether it holds. Without conditions everybody does."""
    held = [(condition, _holds(condition, facts.get(condition.field))) for condition in rules.fit]
    most = sum(condition.weight for condition in rules.fit if condition.weight > 0)
    if not held:
        return 100, held
    got = sum(condition.weight for condition, holds in held if holds)
    # Only what speaks against somebody was listed: then who has none of it suits wholly.
    share = 100 * got / most if most else 100 + got
    return max(0, min(100, round(share))), held


def _holds(condition: Condition, value: Any) -> bool:
    """What is not known holds nothing, not even its opposite."""
    if value is None or value == "":
        return False
    found, wanted = _text(value), _text(condition.value)
    if condition.operator in ("at_least", "at_most"):
        number, limit = _number(value), _number(condition.value)
        if number is None or limit is None:
            return False
        return number >= limit if condition.operator == "at_least" else number <= limit
    values = [_text(one) for one in value] if isinstance(value, list) else [found]
    among = [part.strip() for part in wanted.split(",")]
    answers = {
        "known": True,
        "is": wanted in values,
        "is_not": wanted not in values,
        "among": any(one in among for one in values),
        "contains": bool(wanted) and any(wanted in one for one in values),
    }
    return answers[condition.operator]


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value).strip().casefold()


def _number(value: Any) -> float | None:
    try:
        number = float(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError):
        return None
    return number if number is not None and math.isfinite(number) else None


# --- what somebody did ----------------------------------------------------------------------------


def halved(amount: int, elapsed_us: int, half_life_days: int) -> int:
    """What is left of an amount after so many microseconds (0 or more), to the nearest whole."""
    half = half_life_days * _DAY_US
    whole, rest = divmod(elapsed_us, half)
    if whole >= _SHIFT:
        return 0
    fraction, factor = (rest << _BITS) // half, 1 << _SHIFT
    for place in range(_BITS):
        if fraction >> (_BITS - 1 - place) & 1:
            factor = (factor * _ROOTS[place]) >> _SHIFT
    shift = _SHIFT + whole
    left = (abs(amount) * factor + (1 << (shift - 1))) >> shift
    return left if amount >= 0 else -left


class Deed(NamedTuple):
    """One event of a lead, as far as counting goes."""

    id: int
    name: str
    properties: Mapping[str, Any]
    at_us: int
    day: int
    robot: bool = False


class Own(msgspec.Struct, omit_defaults=True):
    """What was recorded under one number of a person: where it came from, and the sum as of `at_us`."""

    # The first event that counts, 0 for none; the event that made a lead of her, and when.
    since_event: int = 0
    opened_by: int = 0
    source: str = ""
    since_us: int = 0
    confirmed_us: int = 0
    sum_micro: int = 0
    at_us: int = 0
    # How often each signal counted on its latest day: key → [day, times].
    days: dict[str, list[int]] = {}
    taken_by: str = ""
    taken_us: int = 0

    @classmethod
    def read(cls, value: Any) -> "Own":
        """From the column."""
        return msgspec.convert(value or {}, cls)

    def as_json(self) -> dict[str, Any]:
        """For the column."""
        whole: dict[str, Any] = msgspec.to_builtins(self)
        return whole


def count(own: Own, deed: Deed, rules: Rules) -> int:
    """Add what an event is worth to `own`; the points it counted for (0: nothing, a robot, or often enough today)."""
    signal = None if deed.robot else rules.signal(deed.name, deed.properties)
    if signal is None or not signal.weight or _is_foreign(own, deed):
        return 0
    day, times = own.days.get(signal.key, [deed.day, 0])
    times = times if day == deed.day else 0
    if times >= signal.per_day:
        return 0
    own.days[signal.key] = [deed.day, times + 1]
    weight = signal.weight * MICRO
    if deed.at_us >= own.at_us:
        own.sum_micro = halved(own.sum_micro, deed.at_us - own.at_us, rules.half_life_days) + weight
        own.at_us = deed.at_us
    else:
        own.sum_micro += halved(weight, own.at_us - deed.at_us, rules.half_life_days)
    most = rules.points_max * MICRO
    own.sum_micro = max(-most, min(most, own.sum_micro))
    return signal.weight


def _is_foreign(own: Own, deed: Deed) -> bool:
    """Being handed over by a partner is no engagement with us, whatever the list says."""
    return deed.id == own.opened_by and own.source == "co-registration"


def recount(own: Own, deeds: Iterable[Deed], rules: Rules) -> Iterator[tuple[Deed, int]]:
    """Empty the sum of `own` and count `deeds` (in the order of the log) anew; each with what it counted for."""
    own.sum_micro, own.at_us, own.days = 0, 0, {}
    for deed in deeds:
        if own.since_event and deed.id >= own.since_event:
            yield deed, count(own, deed, rules)


# --- what follows ---------------------------------------------------------------------------------


class Whole(msgspec.Struct):
    """A person of today from all her selves; times in microseconds, 0 for never."""

    source: str = ""
    since_us: int = 0
    confirmed_us: int = 0
    sum_micro: int = 0
    at_us: int = 0
    taken_by: str = ""
    taken_us: int = 0

    @property
    def may_be_hot(self) -> bool:
        """Whom a partner handed over is not hot before she said so herself."""
        return self.source != "co-registration" or bool(self.confirmed_us)


def together(selves: Iterable[Own], rules: Rules) -> Whole:
    """All selves as one: the earliest source, the latest confirmation and taker, the sums as of the latest moment."""
    owns = list(selves)
    opened = [own for own in owns if own.source]
    whole = Whole()
    if not opened:
        return whole
    first = min(opened, key=lambda own: (own.since_us, own.opened_by))
    whole.source, whole.since_us = first.source, first.since_us
    whole.confirmed_us = max(own.confirmed_us for own in owns)
    whole.at_us = max(max(own.at_us for own in owns), first.since_us)
    whole.sum_micro = sum(halved(own.sum_micro, whole.at_us - own.at_us, rules.half_life_days) for own in owns)
    most = rules.points_max * MICRO
    whole.sum_micro = max(-most, min(most, whole.sum_micro))
    taken = max(owns, key=lambda own: own.taken_us)
    whole.taken_by, whole.taken_us = taken.taken_by, taken.taken_us
    return whole


def engagement(sum_micro: int, rules: Rules) -> float:
    """E of SCIENCE.md 4.5, 0 to 100."""
    return 100.0 * -math.expm1(-max(0, sum_micro) / MICRO / rules.tau)


def score(fit: int, engaged: float) -> float:
    """0 to 100: a product, so that neither fit nor engagement alone makes anybody hot."""
    return float(100.0 * (fit / 100) ** 0.4 * (engaged / 100) ** 0.6)


def score_at(fit: int, whole: Whole, now_us: int, rules: Rules) -> float:
    """The score at a moment not before the sum's own."""
    left = halved(whole.sum_micro, max(0, now_us - whole.at_us), rules.half_life_days)
    return score(fit, engagement(left, rules))


def needed(cut: int, fit: int, rules: Rules) -> int | None:
    """The smallest sum whose score is `cut`; None where no sum of this fit gets there."""
    if fit <= 0:
        return None
    engaged = (cut / 100 / (fit / 100) ** 0.4) ** (1 / 0.6)
    if engaged >= 1:
        return None
    return max(1, math.ceil(-rules.tau * math.log1p(-engaged) * MICRO))


def temperature(fit: int, whole: Whole, now_us: int, rules: Rules) -> tuple[str, int | None]:
    """How warm at a moment, and when she will cool if nothing happens (to the second; None: never, she is cold)."""
    if not whole.source:
        return "", None
    for level, cut in (("hot", rules.hot), ("warm", rules.warm)):
        limit = needed(cut, fit, rules)
        if limit is None or whole.sum_micro < limit or (level == "hot" and not whole.may_be_hot):
            continue
        until = whole.at_us + _cooling(whole.sum_micro, limit, rules)
        if now_us < until:
            return level, until
    return "cold", None


def _cooling(sum_micro: int, limit: int, rules: Rules) -> int:
    """How long a sum stays at or above a limit, in microseconds, rounded up to the second."""
    exact = rules.half_life_days * _DAY_US * math.log2(sum_micro / limit)
    return math.ceil(exact / _SECOND_US) * _SECOND_US
