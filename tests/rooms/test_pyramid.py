"""The pyramid's figures against plain counts of the same orders: levels, bands, lists, movement; ties; what is typed in."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from passaparola.events import intake
from passaparola.events.models import Order
from passaparola.kernel.database import rows
from passaparola.kernel.errors import Refusal
from passaparola.measure import pyramid
from passaparola.people.models import Identity, Person
from passaparola.segments import pyramid as rules
from passaparola.segments.models import Traits
from tests import seed
from tests.world import World

TODAY = 20_000
BAND_NAMES = [name for name, _ in rules.BANDS]
Story = dict[int, list[tuple[int, int]]]


def noon(day: int) -> datetime:
    return datetime.combine(intake.EPOCH + timedelta(days=day), datetime.min.time(), UTC) + timedelta(hours=12)


def person(number: int, root: int, named: bool) -> None:
    seed.row(Person, id=number, root_id=root, uid=str(number))
    seed.row(Identity, id=number, person_id=number, kind="email" if named else "anonymous_id", value=f"i{number}")


@pytest.fixture
def orders() -> Story:
    """Sixty people, some merged, some nameless, with many equal amounts; by root (day, what remains of the order)."""
    dice = random.Random(11)
    found: Story = {}
    number = 0
    for root in range(1, 61):
        person(root, root, named=root % 5 != 0)
        alias = 200 + root
        if root % 6 == 0:
            person(alias, root, named=False)
            seed.row(Traits, person_id=alias, orders=3, last_order_at=noon(TODAY))
        lines: list[tuple[int, int]] = []
        for _ in range(dice.choice((0, 0, 1, 2, 5))):
            number += 1
            day, amount, kind = TODAY - dice.randrange(800), dice.choice((500, 1000, 1000, 2500)), dice.randrange(12)
            values: dict[str, Any] = {"refunded_minor": 200} if kind == 0 else {"cancelled": True} if kind == 1 else {}
            if kind == 2:
                values["unit"] = "USD"
            seed.row(
                Order, id=number, person_id=alias if root % 6 == 0 and number % 2 else root, day=day, amount_minor=amount,
                occurred_at=noon(day), margin_minor=100 if number % 3 == 0 else None, **{"unit": "EUR", **values},
            )  # fmt: skip
            remains = {0: amount - 200, 1: 0, 2: 0}.get(kind, amount)
            lines.append((day, remains))
        days = sorted(day for day, _ in lines)
        seed.row(
            Traits, person_id=root, orders=len(lines), spent_minor=sum(n for _, n in lines),
            first_seen_at=noon(days[0] if days else TODAY - 100), last_order_at=noon(days[-1]) if days else None,
        )  # fmt: skip
        found[root] = lines
    return found


def expected(orders: Story, today: int, period: int = 365) -> dict[int, str]:
    """Band or level of everybody on a day, worked out one by one."""
    inside = {p: [n for day, n in lines if today - period < day <= today] for p, lines in orders.items()}
    ranked = sorted((p for p, bought in inside.items() if bought), key=lambda p: (-sum(inside[p]), p))
    out = {}
    for place, p in enumerate(ranked, 1):
        out[p] = next(name for name, percent in rules.BANDS if place <= -(-len(ranked) * percent // 100))
    for p, lines in orders.items():
        if p not in out and any(day <= today for day, _ in lines):
            out[p] = "inactive"
        elif p not in out and (p % 5 or lines):
            known = min([day for day, _ in lines], default=TODAY - 100)
            out[p] = "potential" if known <= today else "new"
    return out


def count() -> pyramid.Pyramid:
    period = rules.period_in_force()
    return pyramid.count(pyramid.draw(TODAY, period.period_days), period)


def walk(name: str, **which: int) -> list[pyramid.Standing]:
    parts = list(pyramid.draw_standing(TODAY, pyramid.level_of(name), 365))
    return pyramid.people(name, parts.__getitem__, **which)


def test_levels_bands_and_lists_are_plain_counts(orders: Story) -> None:
    found, wanted = count(), expected(orders, TODAY)
    for band in found.bands:
        people = walk(band.name, limit=100)
        assert {one.person_id for one in people} == {p for p, name in wanted.items() if name == band.name}
        assert band.people == len(people) and band.revenue_minor == sum(one.revenue_minor for one in people)
        assert band.orders == sum(one.orders for one in people)
    active, inactive, potential, probable, rest = found.levels
    assert active.people == sum(band.people for band in found.bands)
    assert found.revenue_minor == sum(n for lines in orders.values() for day, n in lines if day > TODAY - 365)
    for level in (inactive, potential):
        listed = {one.person_id for one in walk(level.name, limit=100)}
        assert listed == {p for p, name in wanted.items() if name == level.name} and level.people == len(listed)
    assert found.people == len(wanted)
    nameless = sum(p % 5 == 0 and not lines for p, lines in orders.items())
    assert (found.nameless, probable.people, rest.people) == (nameless, nameless, 0)
    assert probable.is_figure and rest.is_figure
    with pytest.raises(LookupError):
        walk("probable")


@pytest.mark.parametrize("on", [TODAY, TODAY - 1, TODAY - 30, TODAY - 365, TODAY - 700])
def test_a_day_that_is_over_is_counted_as_it_was(orders: Story, on: int) -> None:
    """Levels, bands, money and lists of that day, from what had happened by its end."""
    period = rules.Period()
    found = pyramid.count(pyramid.draw(TODAY, 365, on), period)
    wanted = {p: name for p, name in expected(orders, on).items() if name != "new"}
    levels = {level.name: level.people for level in found.levels}
    assert found.today == on and levels["active"] == sum(name in BAND_NAMES for name in wanted.values())
    for level in ("inactive", "potential"):
        assert levels[level] == sum(name == level for name in wanted.values()), level
    for name in (*BAND_NAMES, "inactive", "potential"):
        parts = list(pyramid.draw_standing(TODAY, pyramid.level_of(name), 365, on))
        listed = pyramid.people(name, parts.__getitem__, limit=100)
        assert {one.person_id for one in listed} == {p for p, said in wanted.items() if said == name}, name
        if name == "inactive":
            by_then = {p: sum(n for day, n in lines if day <= on) for p, lines in orders.items()}
            assert [one.revenue_minor for one in listed] == sorted((by_then[one.person_id] for one in listed), reverse=True)
    assert found.revenue_minor == sum(n for lines in orders.values() for day, n in lines if on - 365 < day <= on)
    if on == TODAY:
        assert pyramid.draw(TODAY, 365, on) == pyramid.draw(TODAY, 365)


def test_the_same_levels_for_rules(orders: Story) -> None:
    said = dict(rows(rules.relation(TODAY, 365)))
    wanted = {p: "active" if name in BAND_NAMES else name for p, name in expected(orders, TODAY).items()}
    assert said == wanted


def test_ties_are_settled_by_number_and_pages_follow_one_another(orders: Story) -> None:
    whole = walk("active", limit=100)
    assert [one.place for one in whole] == list(range(1, len(whole) + 1))
    assert whole == sorted(whole, key=lambda one: (-one.revenue_minor, one.person_id))
    assert len({one.revenue_minor for one in whole}) < len(whole)
    pages = [one for after in range(0, 100, 7) for one in walk("active", after=after, limit=7)]
    assert pages == whole
    small = walk("small", limit=100)
    assert small == whole[-len(small) :]


@pytest.mark.parametrize(("since", "until"), [(TODAY - 90, TODAY), (TODAY - 400, TODAY - 20)])
def test_movement_is_the_difference_of_two_pyramids(orders: Story, since: int, until: int) -> None:
    before, after = expected(orders, since), expected(orders, until)
    wanted: dict[tuple[str, str], int] = {}
    for p, level in after.items():
        if level != "new":
            wanted[before[p], level] = wanted.get((before[p], level), 0) + 1
    moved = pyramid.moves(pyramid.draw_moves(TODAY, until, until - since, 365))
    assert moved == wanted
    sums = pyramid.summary(moved)
    active = sum(n for (a, b), n in moved.items() if a in BAND_NAMES or b in BAND_NAMES)
    assert sum(sums.values()) == active
    assert sums["out"] == sum(n for (a, b), n in moved.items() if a in BAND_NAMES and b == "inactive")


def test_margins_are_what_orders_say_or_the_usual_one(orders: Story) -> None:
    from passaparola.kernel.models import Setting

    said = count()
    assert 0 < said.margin_known < 1 and said.levels[0].margin_minor
    Setting.objects.create(name="pyramid", value={"period_days": 365, "margin_percent": 30}, changed_at=noon(TODAY))
    usual = count()
    assert (usual.levels[0].margin_minor or 0) > (said.levels[0].margin_minor or 0)
    assert usual.levels[0].margin_minor == sum(band.margin_minor or 0 for band in usual.bands)


def test_an_empty_house() -> None:
    found = count()
    assert [level.people for level in found.levels] == [0] * 5 and found.levels[0].margin_minor is None
    assert pyramid.moves(pyramid.draw_moves(TODAY, 0, 9, 365)) == {} and walk("top") == []


def test_what_is_typed_is_kept_with_its_source_and_what_is_wrong_is_refused() -> None:
    world = World()
    world.act("Market Estimated", probable=12_000, rest=400_000, source=" Census 2025 ")
    world.act("Pyramid Changed", period_days=180, margin_percent=None)
    market, at = rules.market_in_force() or (None, None)
    assert market == rules.Market(12_000, 400_000, "Census 2025") and at == world.now
    assert rules.period_in_force() == rules.Period(180, None)
    found = count()
    assert [level.people for level in found.levels[3:]] == [12_000, 400_000]
    true: dict[str, Any] = {"probable": True, "rest": 0, "source": "x"}
    for wrong in ({**true, "probable": -1}, {"probable": 1, "rest": 1}, true):
        with pytest.raises(Refusal, match=r"\w+ \w+"):
            world.act("Market Estimated", **wrong)
    for wrong in ({"period_days": 3}, {"period_days": 30, "margin_percent": 101}, {"period_days": "365"}):
        with pytest.raises(Refusal, match=r"\w+ \w+"):
            world.act("Pyramid Changed", **wrong)
