"""Segments to begin with: ready-made rules with a name and what they are good for, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from passaparola.kernel.words import LANGUAGES, speaking


def _(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is shown, into three languages at once."""
    return text


@dataclass(frozen=True)
class Example:
    """A rule to start from."""

    key: str
    icon: str
    name: str
    use: str
    rule: Mapping[str, Any]

    def names(self) -> dict[str, str]:
        """The name in every language, for the new segment's fields."""
        found = {}
        for code in LANGUAGES:
            with speaking(code):
                found[code] = gettext(self.name)
        return found


def _days(n: int) -> dict[str, Any]:
    return {"kind": "within", "n": n, "unit": "days"}


def _all(*rules: Mapping[str, Any]) -> dict[str, Any]:
    return {"combinator": "and", "not": False, "rules": list(rules)}


def _is(field: str, value: Any, operator: str = "=") -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


_NEVER_RECOMMENDED = {"type": "referral", "what": "invited", "operator": "=", "value": 0}

EXAMPLES: tuple[Example, ...] = (
    Example(
        "new-this-month", "user-plus", _("New this month"), _("First purchase in the last 30 days: welcome them well."),
        _all({"type": "trait", "trait": "first_purchase_at", "operator": "inLast", "value": {"n": 30, "unit": "days"}}),
    ),
    Example(
        "many-never-recommended", "speakerphone", _("Come often and never recommended us"),
        _("Your best advocates to be: ask them."),
        _all({"type": "stage", "value": ["many"]}, _NEVER_RECOMMENDED),
    ),
    Example(
        "coffee-at-weekends", "coins", _("Coffee at weekends"),
        _("Bought it twice on a Saturday or Sunday in 60 days, accompanied."),
        _all(
            {
                "type": "event", "event": "Product Bought", "operator": ">=", "value": 2, "window": _days(60),
                "where": _all(_is("category", "coffee"), _is("weekday", [6, 7], "in"), _is("company", 2, ">=")),
            }
        ),
    ),
    Example(
        "overdue", "clock", _("Overdue"), _("Away for twice their usual pause: win them back before they are lost."),
        _all({"type": "trait", "trait": "overdue_percent", "operator": ">=", "value": 200}),
    ),
    Example(
        "birthday", "gift", _("Birthday within 30 days"), _("A present they may share with a friend."),
        _all({"type": "trait", "trait": "birthday", "operator": "anniversaryWithin", "value": 30}),
    ),
    Example(
        "hot-leads", "flame", _("Hot leads"), _("Interested, fitting, and not customers yet: call them."),
        _all({"type": "lead", "value": ["hot"]}),
    ),
    Example(
        "silent-promoters", "message", _("Promoters who never shared"), _("Scored 9 or 10 and have not shared their code."),
        _all(
            {"type": "trait", "trait": "last_score", "operator": ">=", "value": 9},
            {"type": "event", "event": "Code Shared", "operator": "=", "value": 0},
        ),
    ),
    Example(
        "advocates", "heart-handshake", _("Advocates"), _("Brought at least one friend who bought: reward and listen."),
        _all({"type": "referral", "what": "converted", "operator": ">=", "value": 1}),
    ),
    Example(
        "second-purchase", "shopping-bag", _("Bought once, not yet again"), _("First purchase 30 to 90 days ago and none since."),
        _all(
            {"type": "trait", "trait": "purchases", "operator": "=", "value": 1},
            {"type": "event", "event": "Order Completed", "window": {"kind": "within", "n": 90, "unit": "days", "skip": 30}},
        ),
    ),
    Example(
        "accompanied", "users", _("Come accompanied"), _("A table for two is already a recommendation."),
        _all({"type": "trait", "trait": "company", "operator": "=", "value": "accompanied"}),
    ),
    Example(
        "left-the-basket", "click", _("Looked and did not buy"), _("Viewed a product and did not order within two days."),
        _all(
            {
                "type": "sequence", "window": _days(30),
                "steps": [
                    {"event": "Product Viewed"},
                    {"event": "Order Completed", "absent": True, "within": {"n": 2, "unit": "days"}},
                ],
            }
        ),
    ),
    Example(
        "to-be-mended", "alert-triangle", _("To be mended first"), _("An open complaint: mend it before you ask for anything."),
        _all({"type": "trait", "trait": "complaints_open", "operator": ">=", "value": 1}),
    ),
)  # fmt: skip


def find(key: str) -> Example | None:
    """The example of a key."""
    return next((one for one in EXAMPLES if one.key == key), None)
