"""Every trait there is, readable from top to bottom: what it is called, what it says, and how it follows. Pure.

`sql` is an expression over
  base    the columns of base.sql, kept for each person and renewed with every event that touches them;
  period  visits, purchases and money of the observation period, counted when asked, so that they never go stale;
  friend  what became of the friends somebody brought, and whether she was brought herself;
  person  what a person is: born on (year * 10000 + month * 100 + day), sex, language;
and the parameters today (business-local day number) and today_ymd. What moves as days pass says on which local day it will
be different, over the same and `turn` (when something leaves the observation period): see Trait. No date functions and no
fractions: days are numbers, money is in minor units, parts are per cent, rounded towards zero in the one division they have.
"""

from dataclasses import dataclass
from functools import cache

from passaparola.segments.rules import TraitKind

_CAME = ("Order Completed", "Visit Recorded")
_BOUGHT = ("Order Completed", "Order Refunded", "Order Cancelled")
_LINES = ("Order Completed",)
_REFERRED = ("Friend Signed Up", "Signed Up", "Order Completed")
# What base.sql reads: an event of another name changes nothing in it.
SOURCES = (
    "Order Completed", "Visit Recorded", "Signed Up", "Friend Signed Up", "Score Given", "Review Given",
    "Complaint Opened", "Complaint Closed", "Code Shared",
)  # fmt: skip


def _(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing known about everybody.

    type: number, whole, text, boolean, day (number since 1970), time (microseconds since 1970) or monthday.
    window: "ever", "period" (the observation period), "enrolled" (since enrolment), "last" (the newest) or "now".
    reaches: of what only grows as days pass, the local day on which it is at least `w`.
    changes: of what moves otherwise, the next local day on which it may be different.
    """

    name: str
    sentence: str
    unit: str
    type: str
    window: str
    sources: tuple[str, ...]
    sql: str
    reaches: str = ""
    changes: str = ""

    @property
    def moves(self) -> bool:
        """Whether it changes as days pass, without any event."""
        return bool(self.reaches or self.changes)

    @property
    def kind(self) -> TraitKind:
        """What rules know of it."""
        return TraitKind(self.type, self.moves, bool(self.reaches))


def _day_of(ymd: str) -> str:
    """The day number of year * 10000 + month * 100 + day, by years that begin in March; 29 February may be 1 March."""
    year, month = f"(({ymd}) // 10000 - CASE WHEN ({ymd}) // 100 % 100 < 3 THEN 1 ELSE 0 END)", f"(({ymd}) // 100 % 100)"
    days = f"{year} * 365 + {year} // 4 - {year} // 100 + {year} // 400"
    return f"({days} + (153 * (({month} + 9) % 12) + 2) // 5 + ({ymd}) % 100 - 719469)"


TRAITS: tuple[Trait, ...] = (
    # --- coming ---
    Trait("visits", _("Days on which she came, ever"), "days", "whole", "ever", _CAME, "COALESCE(base.visits, 0)"),
    Trait("visits_period", _("Days on which she came, in the observation period"), "days", "whole", "period", _CAME,
          "COALESCE(period.visits, 0)", changes="turn.visit_day"),
    Trait("visits_enrolled", _("Days on which she came since she enrolled"), "days", "whole", "enrolled", _CAME,
          "COALESCE(base.visits_enrolled, 0)"),
    Trait("first_visit_on", _("Day of the first visit"), "day", "day", "ever", _CAME, "base.first_visit_day"),
    Trait("last_visit_on", _("Day of the last visit"), "day", "day", "last", _CAME, "base.last_visit_day"),
    Trait("days_since_visit", _("Days since the last visit"), "days", "whole", "last", _CAME, "today - base.last_visit_day",
          reaches="base.last_visit_day + w"),
    Trait("interval_days", _("Usual pause between visits: half of the pauses were no longer"), "days", "whole", "ever",
          _CAME, "base.interval_days"),
    Trait("overdue_days", _("Days beyond the usual pause between visits; 0 while within it"), "days", "whole", "last", _CAME,
          "CASE WHEN base.interval_days IS NULL THEN NULL"
          " WHEN today - base.last_visit_day > base.interval_days"
          " THEN today - base.last_visit_day - base.interval_days ELSE 0 END",
          reaches="CASE WHEN w > 0 THEN base.last_visit_day + base.interval_days + w END"),
    Trait("overdue_percent", _("Time since the last visit in per cent of the usual pause"), "percent", "whole", "last",
          _CAME, "(today - base.last_visit_day) * 100 // base.interval_days",
          # Cut off towards zero: below it, which is before the last visit, a value lasts until the next has been passed.
          reaches="CASE WHEN w > 0 THEN base.last_visit_day + (base.interval_days * w + 99) // 100"
          " ELSE base.last_visit_day + 1 - (base.interval_days * (1 - w) + 99) // 100 END"),
    # --- buying ---
    Trait("purchases", _("Purchases, ever"), "times", "whole", "ever", _LINES, "COALESCE(base.purchases, 0)"),
    Trait("purchases_period", _("Purchases in the observation period"), "times", "whole", "period", _LINES,
          "COALESCE(period.purchases, 0)", changes="turn.order_day"),
    Trait("purchases_enrolled", _("Purchases since she enrolled"), "times", "whole", "enrolled", _LINES,
          "COALESCE(base.purchases_enrolled, 0)"),
    Trait("first_purchase_at", _("Moment of the first purchase"), "time", "time", "ever", _LINES, "base.first_purchase_us"),
    Trait("last_purchase_at", _("Moment of the last purchase"), "time", "time", "last", _LINES, "base.last_purchase_us"),
    Trait("days_since_purchase", _("Days since the last purchase"), "days", "whole", "last", _LINES,
          "today - base.last_purchase_day", reaches="base.last_purchase_day + w"),
    Trait("spent_minor", _("Money spent, less what was given back"), "minor", "whole", "ever", _BOUGHT,
          "COALESCE(base.spent_minor, 0)"),
    Trait("spent_period_minor", _("Money spent in the observation period, less what was given back"), "minor", "whole",
          "period", _BOUGHT, "COALESCE(period.spent_minor, 0)", changes="turn.order_day"),
    Trait("average_order_minor", _("Money of an average purchase"), "minor", "whole", "ever", _BOUGHT,
          "CASE WHEN base.purchases_valued > 0 THEN base.spent_minor // base.purchases_valued END"),
    Trait("margin_minor", _("What was earned with her, where the shop says so"), "minor", "whole", "ever", _LINES,
          "base.margin_minor"),
    # --- how and what ---
    Trait("favourite_product", _("Product bought most often"), "code", "text", "ever", _LINES, "base.favourite_product"),
    Trait("products", _("Different products bought"), "products", "whole", "ever", _LINES, "COALESCE(base.products, 0)"),
    Trait("favourite_category", _("Category bought most often"), "code", "text", "ever", _LINES, "base.favourite_category"),
    Trait("favourite_weekday", _("Weekday on which she comes most often, Monday is 1"), "weekday", "whole", "ever", _CAME,
          "base.favourite_weekday"),
    Trait("favourite_hour", _("Hour in which she comes most often"), "hour", "whole", "ever", _CAME, "base.favourite_hour"),
    Trait("favourite_channel", _("Channel through which she buys most often"), "code", "text", "ever", _LINES,
          "base.favourite_channel"),
    Trait("accompanied_percent", _("Share of visits on which she came with others, where known"), "percent", "whole", "ever",
          _CAME, "CASE WHEN base.company_known > 0 THEN base.accompanied * 100 // base.company_known END"),
    Trait("company", _("Whether she usually comes alone or accompanied"), "code", "text", "ever", _CAME,
          "CASE WHEN base.company_known > 0 THEN"
          " CASE WHEN base.accompanied * 2 > base.company_known THEN 'accompanied' ELSE 'alone' END END"),
    Trait("offer_percent", _("Share of her money spent on offers, where known"), "percent", "whole", "ever", _LINES,
          "CASE WHEN base.offer_of_minor > 0 THEN base.offer_minor * 100 // base.offer_of_minor END"),
    # --- how content ---
    Trait("last_score", _("Last answer to how likely she would recommend, 0 to 10"), "score", "whole", "last",
          ("Score Given",), "base.last_score"),
    Trait("last_rating", _("Last rating in stars"), "score", "whole", "last", ("Review Given",), "base.last_rating"),
    Trait("reviews", _("Reviews written"), "times", "whole", "ever", ("Review Given",), "COALESCE(base.reviews, 0)"),
    Trait("complaints", _("Complaints, ever"), "times", "whole", "ever", ("Complaint Opened",),
          "COALESCE(base.complaints, 0)"),
    Trait("complaints_open", _("Complaints not mended yet"), "times", "whole", "now",
          ("Complaint Opened", "Complaint Closed"), "COALESCE(base.complaints_open, 0)"),
    Trait("days_since_complaint", _("Days since the last complaint"), "days", "whole", "last", ("Complaint Opened",),
          "today - base.last_complaint_day", reaches="base.last_complaint_day + w"),
    # --- telling others ---
    Trait("codes_shared", _("Times she shared her code"), "times", "whole", "ever", ("Code Shared",),
          "COALESCE(base.codes_shared, 0)"),
    Trait("days_since_share", _("Days since she last shared her code"), "days", "whole", "last", ("Code Shared",),
          "today - base.last_share_day", reaches="base.last_share_day + w"),
    Trait("friends_registered", _("Friends who signed up through her"), "people", "whole", "now", _REFERRED,
          "COALESCE(friend.registered, 0)"),
    Trait("friends_converted", _("Friends who became customers through her"), "people", "whole", "now", _REFERRED,
          "COALESCE(friend.converted, 0)"),
    Trait("was_referred", _("Whether a friend brought her"), "", "boolean", "now", _REFERRED,
          "COALESCE(friend.came, 0) > 0"),
    # --- who ---
    Trait("age", _("Age in years"), "years", "whole", "now", ("identify",),
          "CASE WHEN person.born_ymd > 0 THEN (today_ymd - person.born_ymd) // 10000 END",
          # Of whoever is not born yet, as a slip of the pen has it, every day is looked at.
          reaches="CASE WHEN person.born_ymd > today_ymd THEN today + 1"
          f" WHEN person.born_ymd > 0 THEN {_day_of('person.born_ymd + w * 10000')} END"),
    Trait("birthday", _("Birthday"), "day", "monthday", "now", ("identify",), "person.born_ymd % 10000"),
    Trait("sex", _("Sex, as given"), "code", "text", "now", ("identify",), "CASE WHEN person.sex <> '' THEN person.sex END"),
    Trait("language", _("Language"), "code", "text", "now", ("identify",),
          "CASE WHEN person.language <> '' THEN person.language END"),
    Trait("enrolled_on", _("Day on which she enrolled"), "day", "day", "ever", ("Signed Up", "Friend Signed Up"),
          "base.enrolled_day"),
    Trait("tenure_days", _("Days since she is known as a customer or enrolled"), "days", "whole", "ever", SOURCES,
          "today - base.known_day", reaches="base.known_day + w"),
)  # fmt: skip


@cache
def by_name() -> dict[str, Trait]:
    """The traits by their names."""
    return {trait.name: trait for trait in TRAITS}
