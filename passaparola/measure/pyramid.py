"""The customer pyramid in figures: levels and bands with people, revenue and margin, who stands where, who moved.

Revenue is what remains of orders in the installation's currency after refunds, as known today; the active are ranked by
their revenue in the period, then by their number, so that every cut can be made again. All of it is set-based SQL.
"""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from passaparola.kernel import money
from passaparola.kernel.database import rows, stream
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
        for row in stream(sql):
            for column, value in zip(columns, row, strict=True):
                column.append(int(value))


def span(name: str, active: int) -> tuple[int, int]:
    """From which position among so many active a band begins, and where it ends; or all of a level."""
    if name not in ACTIVE:
        return 0, active
    cuts = [0, *(-(-active * percent // 100) for _, percent in BANDS)]
    position = ACTIVE.index(name)
    return cuts[position], cuts[position + 1]


_LEVELS = f"""
SELECT CASE WHEN traits.orders > 0 THEN CASE WHEN traits.last_order_at >= {{since}} THEN 'active' ELSE 'inactive' END
            WHEN {HAS_NAME} THEN 'potential' ELSE 'nameless' END AS level, COUNT(*), SUM(traits.spent_minor)
FROM {EVERYBODY} WHERE {IS_ROOT} GROUP BY 1
"""


# Everybody as they stood at the end of a day that is over, from the orders up to it.
_STOOD = f"""
SELECT person.id AS person_id, CASE WHEN bought.last_day > {{after}} THEN 'active' WHEN bought.last_day IS NOT NULL THEN 'inactive'
       WHEN {HAS_NAME} THEN 'potential' ELSE 'nameless' END AS level,
       COALESCE(bought.revenue, 0) AS spent, COALESCE(bought.orders, 0) AS orders
FROM {EVERYBODY} LEFT JOIN (
    SELECT person.root_id AS person_id, MAX(o.last_day) AS last_day, SUM(o.revenue) AS revenue, SUM(o.orders) AS orders
    FROM (
        SELECT person_id, MAX(day) AS last_day, SUM({{net}}) AS revenue, COUNT(*) AS orders
        FROM purchase_order WHERE completed AND person_id IS NOT NULL AND day <= {{day}} GROUP BY person_id
    ) AS o JOIN person ON person.id = o.person_id GROUP BY person.root_id
) AS bought ON bought.person_id = person.id
WHERE {IS_ROOT} AND (bought.last_day IS NOT NULL OR COALESCE(traits.first_seen_at, person.created_at) < {{end}})
"""


def _stood(day: int, period_days: int) -> str:
    net = _NET.format(unit=settings.CURRENCY)
    return _STOOD.format(after=int(day - period_days), day=int(day), end=instant(day + 1), net=net)


def last_order_day() -> int | None:
    """The local day of the latest purchase; None before the first."""
    found = rows("SELECT MAX(day) FROM purchase_order WHERE completed AND person_id IS NOT NULL")[0][0]
    return None if found is None else int(found)


def draw(today: int, period_days: int, on: int = 0) -> dict[str, Any]:
    """The picture: the sums of each level and band at the end of the local day `on` (0: `today`). Three queries."""
    day = int(on or today)
    ranked = Ranking(day - period_days, day)
    spans = [span(name, len(ranked.ids)) for name in ACTIVE]
    columns = (ranked.revenue, ranked.orders, ranked.margin, ranked.margin_of)
    if on:
        found = rows(f"SELECT level, COUNT(*), SUM(spent) FROM ({_stood(day, period_days)}) AS stood GROUP BY level")
    else:
        found = rows(_LEVELS.format(since=instant(day - period_days + 1)))
    return {
        "today": day,
        "bands": [[high - low, *(sum(column[low:high]) for column in columns)] for low, high in spans],
        "levels": {name: [people, int(spent or 0)] for name, people, spent in found},
        "clicks": _silent(day, period_days),
    }


def count(drawn: dict[str, Any], period: pyramid.Period) -> Pyramid:
    """The pyramid that a picture of this period tells, with the market as it is typed now."""
    levels = {name: drawn["levels"].get(name, (0, 0)) for name in ("active", "inactive", "potential", "nameless")}
    bands, margin_known = _bands(drawn["bands"], period)
    active, spent = levels["active"]
    margins = [one.margin_minor for one in bands]
    upper = [
        Level(
            "active", active, sum(b.revenue_minor for b in bands), sum(b.orders for b in bands),
            None if None in margins else sum(m or 0 for m in margins), spent,
        ),
        *(Level(name, *_only(levels[name])) for name in ("inactive", "potential")),
    ]  # fmt: skip
    clicks, nameless = drawn["clicks"], levels["nameless"][0]
    market, at = pyramid.market_in_force() or (None, None)
    probable = max(clicks + nameless, market.probable if market else 0)
    lower = [
        Level("probable", probable, is_figure=True),
        Level("rest", market.rest if market else 0, is_figure=True),
    ]
    return Pyramid(drawn["today"], period, upper + lower, bands, margin_known, clicks, nameless, market, at)


def _only(counted: tuple[int, int]) -> tuple[int, int, int, int | None, int]:
    """People and what they ever spent, of a level without revenue in the period."""
    people, spent = counted
    return people, 0, 0, None, spent


def _bands(sums: list[list[int]], period: pyramid.Period) -> tuple[list[Level], float]:
    """The active in bands from the top, and the share of revenue whose margin is said."""
    revenue, known = sum(line[1] for line in sums), sum(line[4] for line in sums)
    out = [
        Level(name, people, earned, orders, _margin(earned, margin, margin_of, known, period))
        for name, (people, earned, orders, margin, margin_of) in zip(ACTIVE, sums, strict=True)
    ]
    return out, known / revenue if revenue else 0.0


def _margin(revenue: int, said: int, said_of: int, known: int, period: pyramid.Period) -> int | None:
    """What the orders say, and the usual margin of the rest; None where neither is there."""
    if period.margin_percent is not None:
        return said + money.share(revenue - said_of, period.margin_percent)
    return said if known else None


def _silent(day: int, period_days: int) -> int:
    """Visits through a friend's link in the period by people of whom we know nothing else."""
    since, end = instant(day - period_days + 1), instant(day + 1)
    return int(rows(f"SELECT COUNT(*) FROM click WHERE person_id IS NULL AND at >= {since} AND at < {end}")[0][0])


# --- lists ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """One person of a level: place among the active, revenue and orders in the period; spent ever."""

    person_id: int
    place: int | None
    revenue_minor: int
    orders: int


# So many people are in one part of the picture.
PART = 2000
LISTED = ("active", "inactive", "potential")
_BELOW = """
SELECT placed.person_id, COALESCE(traits.spent_minor, 0) AS spent, COALESCE(traits.orders, 0)
FROM ({relation}) AS placed LEFT JOIN traits ON traits.person_id = placed.person_id
WHERE placed.level = '{level}' ORDER BY spent DESC, placed.person_id
"""
_MOST_SPENT = "ORDER BY spent DESC, person_id"


def draw_standing(today: int, level: str, period_days: int, on: int = 0) -> Iterator[Any]:
    """The picture: how many people a level of LISTED has, then they themselves, PART at a time: id, revenue, orders.

    At the end of the local day `on` (0: `today`).

    Those with most revenue first (below the active: most ever spent), then by number. Raises LookupError for another level.
    """
    if level not in LISTED:
        raise LookupError(level)
    day = int(on or today)
    if level == "active":
        ranked = Ranking(day - period_days, day)
        columns = [ranked.ids, ranked.revenue, ranked.orders]
    else:
        columns = [array("q") for _ in range(3)]
        stood = f"SELECT person_id, spent, orders FROM ({_stood(day, period_days)}) AS stood WHERE level = '{level}' {_MOST_SPENT}"
        now = _BELOW.format(relation=pyramid.relation(day, period_days), level=level)
        for row in stream(stood if on else now):
            for column, value in zip(columns, row, strict=True):
                column.append(int(value))
    yield len(columns[0])
    for low in range(0, len(columns[0]), PART):
        yield list(zip(*(column[low : low + PART] for column in columns), strict=True))


def people(name: str, part: Callable[[int], Any], *, after: int = 0, limit: int = 50) -> list[Standing]:
    """People of a level or band, from the parts of the picture of `level_of` it. `after` is how many to leave out."""
    low, high = span(name, part(0))
    places = range(min(low + after, high), min(low + after + limit, high))
    parts = {place // PART: part(1 + place // PART) for place in {*places[:1], *places[-1:]}}
    is_active = level_of(name) == "active"
    return [
        Standing(person, place + 1 if is_active else None, revenue, orders)
        for place in places
        for person, revenue, orders in parts[place // PART][place % PART : place % PART + 1]
    ]


def level_of(name: str) -> str:
    """The level that is listed for a level or band."""
    return "active" if name in ACTIVE else name


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


def draw_moves(today: int, until: int, span: int, period_days: int) -> list[tuple[str, str, int]]:
    """The picture: people by band or level at the end of local day `until` - `span` and of `until` (0: today); one query.

    "new" is whoever was not known yet on the first day. People who first bought after `until` stand where they stood then.
    """
    until = int(until or today)
    since, period_days = until - int(span), int(period_days)
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
    return rows(_MOVES.format(**values))


def moves(drawn: list[tuple[str, str, int]]) -> dict[tuple[str, str], int]:
    """People by where they stood on the first day and where on the last."""
    return {(before, after): people for before, after, people in drawn}


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
