"""Traits in the store: what a person's history comes to, by hand; and the same for one person as for everybody."""

from datetime import timedelta
from typing import Any

import pytest

from passaparola.events import intake
from passaparola.kernel import database
from passaparola.people.models import Person
from passaparola.segments import traits
from passaparola.segments.models import PersonTrait
from passaparola.segments.traits import own, store
from tests.people import ALMA, BRUNO, Somebody
from tests.world import World, friends_join


@pytest.fixture
def world() -> World:
    return World()


def known(world: World, who: Somebody) -> dict[str, Any]:
    today, _ = intake.local(world.now, "UTC")
    with database.turn():
        traits.refresh([world.number(who)])
    return traits.values(world.number(who), today=today)


def at(world: World, days_ago: float) -> str:
    return (world.now - timedelta(days=days_ago)).isoformat()


def test_a_history_by_hand(world: World) -> None:
    coffee = {"sku": "coffee", "category": "drinks", "total": 3}
    cake = {"sku": "cake", "category": "sweets", "total": 5, "discount": 1}
    world.send(
        ALMA.identify(birthday="1990-03-03", gender="F"),
        ALMA.track("Signed Up", timestamp=at(world, 25)),
        ALMA.buys("0", 10, timestamp=at(world, 60), channel="web"),
        ALMA.buys("1", 8, timestamp=at(world, 20), products=[coffee, cake], channel="web", margin=2, accompanied=True),
        ALMA.buys("2", 3, timestamp=at(world, 13), products=[coffee], channel="shop", margin=1, accompanied=False),
        ALMA.track("Visit Recorded", timestamp=at(world, 6), companions=2),
        ALMA.track("Score Given", score=9, timestamp=at(world, 5)),
        ALMA.track("Score Given", score=4, timestamp=at(world, 9)),
        ALMA.track("Complaint Opened", timestamp=at(world, 9)),
        ALMA.returns("1", total=2),
    )
    found = known(world, ALMA)
    expected = {
        "visits": 4, "visits_period": 4, "visits_enrolled": 3, "purchases": 3, "purchases_enrolled": 2, "interval_days": 7,
        "days_since_visit": 6, "overdue_days": 0, "overdue_percent": 85, "days_since_purchase": 13, "spent_minor": 1900,
        "spent_period_minor": 1900, "average_order_minor": 633, "margin_minor": 300, "favourite_product": "coffee",
        "products": 2, "favourite_category": "drinks", "favourite_channel": "web", "accompanied_percent": 66,
        "company": "accompanied", "offer_percent": 45, "last_score": 9, "last_rating": None, "complaints": 1,
        "complaints_open": 1, "days_since_complaint": 9, "codes_shared": 0, "friends_registered": 0, "was_referred": False,
        "age": 35, "birthday": 303, "sex": "f", "language": "es", "tenure_days": 60,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def test_nobody_did_anything(world: World) -> None:
    world.send(BRUNO.identify())
    found = known(world, BRUNO)
    assert (found["visits"], found["spent_minor"], found["was_referred"]) == (0, 0, False)
    assert found["days_since_visit"] is found["favourite_product"] is found["overdue_days"] is found["age"] is None
    assert not PersonTrait.objects.exists()


def test_ties_go_to_the_latest_then_the_smallest(world: World) -> None:
    both = [{"sku": "b", "total": 1}, {"sku": "a", "total": 1}, {"sku": "Z", "total": 1}]
    world.send(ALMA.identify(), ALMA.buys("1", 3, products=both))
    assert known(world, ALMA)["favourite_product"] == "Z", "in one basket once each: the smallest, byte by byte"
    world.days_pass(1)
    world.send(ALMA.buys("2", 2, products=both[:2]), ALMA.buys("3", 1, products=both[2:], timestamp=at(world, 3)))
    assert known(world, ALMA)["favourite_product"] == "a", "a and b were bought last"


def test_friends_count_for_whoever_brought_them(world: World) -> None:
    code = friends_join(world, world.programme(), ALMA)
    world.send(BRUNO.identify(), BRUNO.buys("1", 45, code=code))
    world.act("Code Shared", code=code, channel="wa")
    alma, bruno = known(world, ALMA), known(world, BRUNO)
    assert (alma["friends_registered"], alma["friends_converted"], alma["codes_shared"], alma["was_referred"]) == (1, 1, 1, False)
    assert (bruno["friends_registered"], bruno["was_referred"]) == (0, True)


def test_selves_count_together_and_apart_again(world: World) -> None:
    world.send(ALMA.identify(), BRUNO.identify(), ALMA.buys("1", 5, timestamp=at(world, 2)), BRUNO.buys("2", 7))
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    merge = world.act("Person Merged", keep=alma, other=bruno, reason="by hand")["merge_id"]
    with database.turn():
        traits.refresh([alma, bruno])
    assert list(PersonTrait.objects.values_list("person_id", "purchases", "interval_days")) == [(alma, 2, 2)]
    world.act("Person Unmerged", merge=merge)
    with database.turn():
        traits.refresh([alma, bruno])
    assert list(PersonTrait.objects.order_by("person_id").values_list("person_id", "purchases")) == [(alma, 1), (bruno, 1)]


def test_for_everybody_as_for_each(world: World) -> None:
    world.send(ALMA.identify(), BRUNO.identify(), ALMA.buys("1", 5, timestamp=at(world, 2)), ALMA.buys("2", 7), BRUNO.buys("3", 1))
    with database.turn():
        traits.refresh(Person.objects.values_list("id", flat=True))
    kept = database.rows(f"SELECT {', '.join(database.columns(PersonTrait))} FROM person_trait ORDER BY person_id")
    assert database.rows(f"{store.base_sql()} ORDER BY person_id") == kept


def test_the_end_of_a_second_is_not_the_next(world: World) -> None:
    moment = (world.now - timedelta(days=3)).replace(second=59, microsecond=999_900)
    world.send(ALMA.identify(), ALMA.buys("1", 5, timestamp=moment.isoformat()))
    with database.turn():
        traits.refresh([world.number(ALMA)])
    kept = database.rows(f"SELECT {', '.join(database.columns(PersonTrait))} FROM person_trait")
    assert kept == database.rows(store.base_sql())
    assert PersonTrait.objects.get().first_purchase_us == round(moment.timestamp() * 1_000_000)


OWN = {"name": "size", "event": "Shoes Tried", "property": "size", "aggregate": "last"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, 41), ({"aggregate": "first"}, 38.5), ({"aggregate": "sum"}, 120.5), ({"aggregate": "max"}, 41),
        ({"aggregate": "min"}, 38.5), ({"aggregate": "count"}, 4), ({"aggregate": "count", "property": ""}, 5),
        ({"type": "text"}, "XL"), ({"window_days": 5, "aggregate": "sum"}, 82), ({"event": "Shoes?"}, 7),
    ],
)  # fmt: skip
def test_own_traits(world: World, more: dict[str, Any], expected: object) -> None:
    sizes = [38.5, 41, "XL", None, 41]
    tried = [ALMA.track("Shoes Tried", size=s, timestamp=at(world, 5 - i), message_id=f"t{i}") for i, s in enumerate(sizes)]
    world.send(ALMA.identify(), *tried, ALMA.track("Shoes?", size=7))
    world.act("Trait Defined", **{**OWN, **more})
    assert known(world, ALMA)["size"] == expected


def test_own_traits_are_refused_with_a_reason_and_retired(world: World) -> None:
    wrongs: list[dict[str, Any]] = [{"name": "visits"}, {"name": "A b"}, {"aggregate": "median"}, {"property": "a'b"}]
    for wrong in (*wrongs, {"window_days": 0}, {"event": " "}, {"type": "text", "aggregate": "max"}):
        with pytest.raises(own.BadTrait):
            world.act("Trait Defined", **{**OWN, **wrong})
    world.act("Trait Defined", **OWN)
    world.act("Trait Defined", **{**OWN, "aggregate": "max"})
    assert traits.in_force()["size"].aggregate == "max"
    world.act("Trait Retired", name="size")
    assert traits.in_force() == {}
    with pytest.raises(own.UnknownTrait):
        world.act("Trait Retired", name="size")


def test_a_store_from_before_there_were_kept_traits_is_counted_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PEOPLE_AT_ONCE", 2)
    cast = [Somebody(f"N{n}", f"n{n}", f"n{n}@example.test", "es") for n in range(5)]
    world.send(*(one.identify() for one in cast), *(one.buys(f"o{n}", 5) for n, one in enumerate(cast)))
    world.days_pass(0.1)
    kept = sorted(PersonTrait.objects.values_list())
    PersonTrait.objects.filter(person_id__in=[world.number(one) for one in cast[1:]]).delete()
    assert store.backfill() == 4
    assert sorted(PersonTrait.objects.values_list()) == kept and len(kept) == 5
    assert store.backfill() == 0


def test_who_left_lately_is_found_by_the_index(world: World) -> None:
    world.send(ALMA.identify())
    explain = "EXPLAIN QUERY PLAN " if database.vendor() == "sqlite" else "EXPLAIN "
    if database.vendor() == "postgresql":
        database.run("SET LOCAL enable_seqscan = off")
    sql = "SELECT segment_id, COUNT(*) FROM membership WHERE until_at >= ? AND segment_id = ? GROUP BY 1"
    plan = " ".join(str(row) for row in database.rows(explain + sql, [world.now, 1]))
    assert "membership_until" in plan, plan
