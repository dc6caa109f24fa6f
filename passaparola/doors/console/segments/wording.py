"""The words of the builder: kinds of conditions, operators, measures, windows, choices; lists to read aloud."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from passaparola.doors import look
from passaparola.doors.console import sayings

# Kind of condition: icon, name, what it is for.
KINDS: dict[str, tuple[str, Any, Any]] = {
    "event": ("activity", _("Did something"), _("how often, how much, when, with which details")),
    "absence": ("eye-off", _("Did not do something"), _("in a time, since an event, or ever")),
    "sequence": ("route", _("Did things in order"), _("one after another, or first and then not")),
    "trait": ("list-details", _("A trait"), _("what is counted or known about everybody")),
    "stage": ("stairs", _("Loyalty stage"), _("none, few, some or many visits")),
    "pyramid": ("triangle", _("Level of the pyramid"), _("active, inactive, potential")),
    "tier": ("medal", _("Tier"), _("of the points programme")),
    "lead": ("flame", _("Lead temperature"), _("cold, warm, hot")),
    "referral": ("heart-handshake", _("Recommendations"), _("friends invited or won, or was invited")),
    "relationship": ("affiliate", _("Relationships"), _("friends, family, colleagues known to us")),
    "in_group": ("users", _("A group"), _("is a member of it, or not")),
    "segment": ("chart-pie", _("Another segment"), _("is in it, or not")),
    "consent": ("shield-check", _("Consent"), _("by channel and purpose")),
    "bucket": ("dice-5", _("A random part"), _("the same people every time")),
}
TOGETHER = {
    "and": _("all of these"), "or": _("at least one of these"), "not or": _("none of these"), "not and": _("not all of these"),
}  # fmt: skip
NUMBER_WORDS = {
    ">=": _("at least"), "<=": _("at most"), "=": _("exactly"), "!=": _("other than"), ">": _("more than"),
    "<": _("less than"), "between": _("between"), "notBetween": _("not between"), "in": _("one of"), "notIn": _("none of"),
}  # fmt: skip
TEXT_WORDS = {
    "=": _("is"), "!=": _("is not"), "in": _("is one of"), "notIn": _("is none of"), "contains": _("contains"),
    "doesNotContain": _("does not contain"), "beginsWith": _("begins with"), "doesNotBeginWith": _("does not begin with"),
    "endsWith": _("ends with"), "doesNotEndWith": _("does not end with"),
}  # fmt: skip
DAY_WORDS = {
    "inLast": _("in the last"), "beforeLast": _("longer ago than"), "inNext": _("in the next"), "=": _("on"),
    "!=": _("not on"), ">=": _("from"), "<=": _("up to"), ">": _("after"), "<": _("before"), "between": _("between"),
    "notBetween": _("not between"),
}  # fmt: skip
CHOICE_WORDS = {
    "=": _("is"), "!=": _("is not"), "in": _("is one of"), "notIn": _("is none of"), ">=": _("is at least"),
    "<=": _("is at most"), ">": _("is more than"), "<": _("is less than"), "between": _("between"),
    "notBetween": _("not between"),
}  # fmt: skip
KNOWN_WORDS = {"notNull": _("is known"), "null": _("is not known")}
OPERATOR_WORDS: dict[str, dict[str, Any]] = {
    "number": NUMBER_WORDS, "whole": NUMBER_WORDS, "text": TEXT_WORDS, "boolean": {"=": _("is"), "!=": _("is not")},
    "day": DAY_WORDS, "time": {k: v for k, v in DAY_WORDS.items() if k not in ("=", "!=")},
    "monthday": {"anniversaryWithin": _("comes within")},
}  # fmt: skip
MEMBER_WORDS = {"in": _("is in"), "notIn": _("is not in")}
LEVEL_WORDS = {"in": _("is one of"), "notIn": _("is none of")}

# How an event is measured: its name, and what stands behind the number.
MEASURES: dict[str, tuple[Any, Any]] = {
    "count": (_("how often"), _("times")),
    "days": (_("on how many days"), _("days")),
    "orders": (_("in how many orders"), _("orders")),
    "sum": (_("in total"), ""),
    "distinct": (_("how many different"), ""),
    "max": (_("the highest"), ""),
    "min": (_("the lowest"), ""),
    "last": (_("days since the last"), _("days")),
    "first": (_("days since the first"), _("days")),
}
WINDOWS = {
    "": _("ever"), "within": _("in the last"), "before": _("longer ago than"), "ago": _("some time ago"),
    "since": _("since the last"), "between": _("between two dates"),
}  # fmt: skip
UNITS = {"minutes": _("minutes"), "hours": _("hours"), "days": _("days"), "weeks": _("weeks")}
DAY_UNITS = {"days": _("days"), "weeks": _("weeks")}

# Fields of a fact: name and unit.
FIELDS: dict[str, tuple[Any, Any]] = {
    "product": (_("Product"), ""),
    "category": (_("Category"), ""),
    "quantity_milli": (_("Quantity"), ""),
    "amount_minor": (_("Amount"), "money"),
    "offer_minor": (_("Amount bought on offer"), "money"),
    "company": (_("How many came together"), _("people")),
    "channel": (_("Channel"), ""),
    "weekday": (_("Weekday"), ""),
    "hour": (_("Hour"), ""),
    "day": (_("Day"), ""),
}
NUMBER_FIELDS = ("amount_minor", "quantity_milli", "offer_minor", "company", "hour", "weekday")
VALUE_KINDS = {"text": _("as text"), "number": _("as a number"), "boolean": _("as yes or no")}
YES_NO = {"yes": _("yes"), "no": _("no")}
TRAIT_UNITS: dict[str, Any] = {
    "days": _("days"), "times": _("times"), "percent": "%", "years": _("years"), "people": _("people"),
    "products": _("products"),
}  # fmt: skip

STAGES = look.STAGES
PYRAMID = {"active": _("active"), "inactive": _("inactive"), "potential": _("potential")}
LEADS = {"cold": _("cold"), "warm": _("warm"), "hot": _("hot")}
CONSENTS = {
    "given": _("given"), "refused": _("refused"), "withdrawn": _("withdrawn"), "requested": _("asked for"),
    "none": _("never asked"),
}  # fmt: skip
CHANNELS: Mapping[str, Any] = sayings.CHANNELS
PURPOSES: Mapping[str, Any] = sayings.PURPOSES
REFERRALS = {
    "converted": _("friends who became customers"), "invited": _("friends who joined"),
    "was_invited": _("was recommended to us herself"), "generation": _("steps from the first of her chain"),
}  # fmt: skip
RELATIONS = {
    "": _("any relationship"), "friend": _("friends"), "family": _("family"), "household": _("the same household"),
    "colleague": _("colleagues"), "knows": _("acquaintances"),
}  # fmt: skip


def options(words: Mapping[str, Any], only: Iterable[str] | None = None) -> list[tuple[str, str]]:
    """(value, word) of a list, or of the named ones in the list's order."""
    wanted = set(only) if only is not None else None
    return [(value, str(word)) for value, word in words.items() if wanted is None or value in wanted]
