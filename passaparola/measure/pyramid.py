"""The customer pyramid in figures: levels and bands with people, revenue and margin, who stands where, who moved.

Revenue is what remains of orders in the installation's currency after refunds, as known today; the active are ranked by
their revenue in the period, then by their number, so that every cut can be made again. All of it is set-based SQL.
"""

from array import array
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from passaparola.kernel import money
from passaparola.kernel.database import rows, snapshot, stream
from passaparola.measure.keeping import Counted, counted
from passaparola.segments import pyramid
from passaparola.segments.pyramid import BANDS, EVERYBODY, HAS_NAME, IS_ROOT, Market, band, instant

# From the top down; whoever was not known yet stands below all.
ORDER = (*(name for name, _ in BANDS), "inactive", "potential", "new")
ACTIVE = tuple(name for name, _ in BANDS)

_NET = (
    "CASE WHEN unit <> '{unit}' OR cancelled OR refunded_minor > amount_minor THEN 0 ELSE amount_minor - refunded_minor END"
)
# Sums of one number are put together by root afterwards: almost nobody has two.
_RANKING = """
SELECT person.root_id AS person_id, SUM(o.revenue) AS revenue, SUM(o.orders), SUM(o.margin), SUM(o.margin_of)
FROM (
    SELECT person_id, COUNT(*) AS orders, SUM({net}) AS revenue,
           SUM(CASE WHEN unit = '{unit}' AND NOT cancelled THEN COALESCE(margin_minor, 0) ELSE 0 END) AS margin,
           SUM(CASE WHEN margin_minor IS NOT NULL THEN {net} ELSE 0 END) AS margin_of
    FROM purchase_order WHERE completed AND person_id IS NOT NULL AND day > {after} AND day <= {until} GROUP BY person_id
) AS o JOIN person ON person.id = o.person_id GROUP BY person.root_id ORDER BY revenue DESC, person.root_id
"""


@dataclass(frozen=True, slots=True)
class Level:
    """One level or band. `revenue_minor` is of the period; `margin_minor` None where unknown; `is_figure`: no contacts."""

    name: str
    people: int
    revenue_minor: int = 0
    orders: int = 0
    margin_minor: int | None = None
    spent_minor: int = 0
    is_figure: bool = False


@dataclass(frozen=True, slots=True)
class Pyramid:
    """The five levels from the top down, the active also in bands, and what the lower two rest on."""

    today: int
    period: pyramid.Period
    levels: list[Level]
    bands: list[Level]
    # Share of the revenue whose orders say their margin; the rest is estimated where a usual margin is set.
    margin_known: float
    silent_clicks: int
    nameless: int
    market: Market | None
    market_at: datetime | None
    # When the active were counted, where that was a while ago.
    kept_at: datetime | None = None

    @property
    def people(self) -> int:
        """Contacts: the three upper levels."""
        return sum(level.people for level in self.levels if not level.is_figure)

    @property
    def revenue_minor(self) -> int:
        """All revenue of the period."""
        return self.levels[0].revenue_minor


class Ranking:
    """Everybody who bought in the period, most revenue first; one column an array, the place is the position."""

    def __init__(self, after: int, until: int) -> None:
        unit = settings.CURRENCY
        sql = _RANKING.format(net=_NET.format(unit=unit), unit=unit, after=int(after), until=int(until))
        self.ids, self.revenue, self.orders, self.margin, self.margin_of = (array("q") for _ in range(5))
        columns = (self.ids, self.revenue, self.orders, self.margin, self.margin_of)
        with snapshot():
            for row in stream(sql):
                for column, value in zip(columns, row, strict=True):
                    column.append(int(value))

    def span(self, name: str) -> tuple[int, int]:
        """From which position to which a band reaches, or all the active."""
        if name == "active":
            return 0, len(self.ids)
        cuts = [0, *(-(-len(self.ids) * percent // 100) for _, percent in BANDS)]
        position = ACTIVE.index(name)
        return cuts[position], cuts[position + 1]


def ranking(today: int, period_days: int) -> Counted[Ranking]:
    """The active at the end of the local day `today`, ranked."""
    return counted(("ranking", today, period_days), lambda: Ranking(today - period_days, today))


def count(today: int) -> Pyramid:
    """The pyramid at the end of the local day `today`: six queries, whatever the number of people."""
    period = pyramid.period_in_force()
    ranked = ranking(today, period.period_days)
    bands, margin_known = _bands(ranked.value, period)
    by_level = {
        name: (people, int(spent or 0))
        for name, people, spent in rows(
            "SELECT placed.level, COUNT(*), SUM(traits.spent_minor) FROM "
            f"({pyramid.relation(today, period.period_days)}) AS placed "
            "LEFT JOIN traits ON traits.person_id = placed.person_id GROUP BY placed.level"
        )
    }
    active, spent = by_level.get("active", (0, 0))
    margins = [one.margin_minor for one in bands]
    upper = [
        Level(
            "active", active, sum(b.revenue_minor for b in bands), sum(b.orders for b in bands),
            None if None in margins or not margins else sum(m or 0 for m in margins), spent,
        ),
        *(Level(name, *_only(by_level.get(name, (0, 0)))) for name in ("inactive", "potential")),
    ]  # fmt: skip
    clicks, nameless = _silent(today, period.period_days), _nameless()
    market, at = pyramid.market_in_force() or (None, None)
    probable = max(clicks + nameless, market.probable if market else 0)
    lower = [
        Level("probable", probable, is_figure=True),
        Level("rest", market.rest if market else 0, is_figure=True),
    ]
    return Pyramid(
        today, period, upper + lower, bands, margin_known, clicks, nameless, market, at,
        ranked.at if ranked.was_kept else None,
    )  # fmt: skip


def _only(counted: tuple[int, int]) -> tuple[int, int, int, int | None, int]:
    """People and what they ever spent, of a level without revenue in the period."""
    people, spent = counted
    return people, 0, 0, None, spent


def _bands(ranked: Ranking, period: pyramid.Period) -> tuple[list[Level], float]:
    """The active in bands from the top, and the share of revenue whose margin is said."""
    revenue, known = sum(ranked.revenue), sum(ranked.margin_of)
    out = []
    for name, _percent in BANDS:
        low, high = ranked.span(name)
        earned = sum(ranked.revenue[low:high])
        margin = _margin(earned, sum(ranked.margin[low:high]), sum(ranked.margin_of[low:high]), known, period)
        out.append(Level(name, high - low, earned, sum(ranked.orders[low:high]), margin))
    return out, known / revenue if revenue else 0.0


def _margin(revenue: int, said: int, said_of: int, known: int, period: pyramid.Period) -> int | None:
    """What the orders say, and the usual margin of the rest; None where neither is there."""
    if period.margin_percent is not None:
        return said + money.share(revenue - said_of, period.margin_percent)
    return said if known else None


def _silent(today: int, period_days: int) -> int:
    """Visits through a friend's link in the period by people of whom we know nothing else."""
    sql = f"SELECT COUNT(*) FROM click WHERE person_id IS NULL AND at >= {instant(today - period_days + 1)}"
    return int(rows(sql)[0][0])


def _nameless() -> int:
    """Browsers that came and neither bought nor said who they are."""
    return int(rows(
        f"SELECT COUNT(*) FROM {EVERYBODY} WHERE COALESCE(traits.orders, 0) = 0 AND {IS_ROOT} AND NOT {HAS_NAME}"
    )[0][0])


# --- lists ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """One person of a level: place among the active, revenue and orders in the period; spent ever."""

    person_id: int
    place: int | None
    revenue_minor: int
    orders: int


def people(name: str, today: int, *, after: int = 0, limit: int = 50) -> list[Standing]:
    """The people of a level or band, those with most revenue first (below the active: most ever spent, then most orders).

    `after` is how many to leave out. Raises LookupError for a level that has no people, only a figure.
    """
    period = pyramid.period_in_force()
    if name == "active" or name in ACTIVE:
        ranked = ranking(today, period.period_days).value
        low, high = ranked.span(name)
        places = range(low + after, min(low + after + limit, high))
        return [Standing(ranked.ids[i], i + 1, ranked.revenue[i], ranked.orders[i]) for i in places]
    if name in ("inactive", "potential"):
        sql = (
            "SELECT placed.person_id, NULL, COALESCE(traits.spent_minor, 0) AS spent, COALESCE(traits.orders, 0) FROM "
            f"({pyramid.relation(today, period.period_days)}) AS placed "
            "LEFT JOIN traits ON traits.person_id = placed.person_id "
            f"WHERE placed.level = '{name}' ORDER BY spent DESC, placed.person_id "
            f"LIMIT {int(limit)} OFFSET {int(after)}"
        )
        return [Standing(person, place, int(revenue), orders) for person, place, revenue, orders in rows(sql)]
    raise LookupError(name)


# --- movement -------------------------------------------------------------------------------------

_MOVES = """
SELECT level_a, level_b, COUNT(*) FROM (
    SELECT CASE WHEN orders_a > 0 THEN {band_a} WHEN first_day <= {a} THEN 'inactive'
                WHEN first_seen_at < {end_a} THEN 'potential' ELSE 'new' END AS level_a,
           CASE WHEN orders_b > 0 THEN {band_b} WHEN first_day <= {b} THEN 'inactive'
                WHEN first_seen_at < {end_b} THEN 'potential' ELSE 'new' END AS level_b
    FROM (
        SELECT COALESCE(traits.first_seen_at, person.created_at) AS first_seen_at, bought.first_day,
               COALESCE(bought.orders_a, 0) AS orders_a, COALESCE(bought.orders_b, 0) AS orders_b,
               ROW_NUMBER() OVER (ORDER BY CASE WHEN bought.orders_a > 0 THEN 0 ELSE 1 END,
                                  bought.revenue_a DESC, person.id) AS place_a,
               SUM(CASE WHEN bought.orders_a > 0 THEN 1 ELSE 0 END) OVER () AS active_a,
               ROW_NUMBER() OVER (ORDER BY CASE WHEN bought.orders_b > 0 THEN 0 ELSE 1 END,
                                  bought.revenue_b DESC, person.id) AS place_b,
               SUM(CASE WHEN bought.orders_b > 0 THEN 1 ELSE 0 END) OVER () AS active_b
        FROM {everybody} LEFT JOIN (
            SELECT person.root_id AS person_id, MIN(o.first_day) AS first_day, SUM(o.orders_a) AS orders_a,
                   SUM(o.orders_b) AS orders_b, SUM(o.revenue_a) AS revenue_a, SUM(o.revenue_b) AS revenue_b
            FROM (
                SELECT person_id, MIN(day) AS first_day,
                       SUM(CASE WHEN {in_a} THEN 1 ELSE 0 END) AS orders_a,
                       SUM(CASE WHEN {in_a} THEN {net} ELSE 0 END) AS revenue_a,
                       SUM(CASE WHEN {in_b} THEN 1 ELSE 0 END) AS orders_b,
                       SUM(CASE WHEN {in_b} THEN {net} ELSE 0 END) AS revenue_b
                FROM purchase_order WHERE completed AND person_id IS NOT NULL AND day <= {b} GROUP BY person_id
            ) AS o JOIN person ON person.id = o.person_id GROUP BY person.root_id
        ) AS bought ON bought.person_id = person.id
        WHERE {is_root} AND (bought.person_id IS NOT NULL OR {has_name})
    ) AS placed
) AS moved WHERE level_b <> 'new' GROUP BY level_a, level_b
"""


def moves(since: int, until: int, period_days: int) -> dict[tuple[str, str], int]:
    """People by (band or level at the end of local day `since`, the same at the end of `until`); one query.

    "new" is whoever was not known yet on the first day. People who first bought after `until` stand where they stood then.
    """
    since, until, period_days = int(since), int(until), int(period_days)
    values: dict[str, Any] = {
        "a": since,
        "b": until,
        "end_a": instant(since + 1),
        "end_b": instant(until + 1),
        "in_a": f"day > {since - period_days} AND day <= {since}",
        "in_b": f"day > {until - period_days}",
        "band_a": band("place_a", "active_a"),
        "band_b": band("place_b", "active_b"),
        "net": _NET.format(unit=settings.CURRENCY),
        "everybody": EVERYBODY,
        "is_root": IS_ROOT,
        "has_name": HAS_NAME,
    }
    found = counted(("moves", since, until, period_days), lambda: rows(_MOVES.format(**values)))
    return {(before, after): people for before, after, people in found.value}


def summary(moved: dict[tuple[str, str], int]) -> dict[str, int]:
    """What the moves come to: won (first purchase), back (bought again), up and down among the active, out, same."""
    sums = dict.fromkeys(("won", "back", "up", "down", "out", "same"), 0)
    for (before, after), people_ in moved.items():
        was, now = before in ACTIVE, after in ACTIVE
        if was and now:
            step = ORDER.index(before) - ORDER.index(after)
            name = "up" if step > 0 else "down" if step < 0 else "same"
        elif was or now:
            name = "out" if was else "back" if before == "inactive" else "won"
        else:
            continue
        sums[name] += people_
    return sums
