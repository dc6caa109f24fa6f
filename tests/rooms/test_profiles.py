"""Profiles against a plain count; what is refused."""

import random
from itertools import combinations, product

import pytest

from passaparola.kernel.errors import Refusal
from passaparola.measure import profiles
from passaparola.people.models import Person
from passaparola.segments.models import PersonTrait, Traits
from tests import seed
from tests.world import World

TODAY = 20_000


@pytest.fixture
def _people() -> None:
    """Twenty women of whom two came at nine, thirty men; three of them in stage many."""
    for number in range(1, 51):
        woman = number <= 20
        seed.row(Person, id=number, root_id=number, uid=str(number), sex="f" if woman else "m")
        seed.row(Traits, person_id=number, stage="many" if number > 47 else "few", visits_ever=1)
        seed.row(
            PersonTrait, person_id=number, purchases=2, spent_minor=100, favourite_hour=9 if number <= 2 else 17,
            company_known=0, accompanied=0, favourite_weekday=1 + number % 2,
        )  # fmt: skip


def pivot(row: str, column: str, filters: dict[str, str]) -> profiles.Profile:
    names = profiles.dimensions(row, column, *filters)
    return profiles.pivot(profiles.draw(TODAY, *names), row, column, filters)


@pytest.mark.usefixtures("_people")
def test_a_table_has_everybody_once_and_small_groups_are_not_told() -> None:
    found = pivot("sex", "weekday", {})
    assert found.cells["people"] == {("f", "1"): 10, ("f", "2"): 10, ("m", "1"): 15, ("m", "2"): 15}
    assert found.cells["orders"]["f", "1"] == 20 and found.cells["revenue"]["m", "2"] == 1500
    assert found.totals["people"] == {"f": 20, "m": 30}
    small = pivot("stage", "sex", {})
    assert small.rows == ("*",), "three in many are put together with the rest"


@pytest.mark.usefixtures("_people")
def test_a_filter_of_a_few_finds_nothing_and_neither_does_the_rest_of_it() -> None:
    assert pivot("sex", "weekday", {"hour": "6-9"}).refused == "few"
    assert pivot("sex", "weekday", {"hour": "16-18"}).refused == "few"
    assert pivot("hour", "weekday", {"sex": "m"}).refused == ""
    assert pivot("sex", "weekday", {"hour": "nonsense' OR 1=1"}).refused == "few"
    with pytest.raises(KeyError):
        pivot("name", "sex", {})
    for twice in ({"sex": "m"}, {"hour": "6-9", "stage": "few", "age": "18-24"}):
        with pytest.raises(ValueError):
            pivot("sex", "weekday", twice)


@pytest.mark.usefixtures("_people")
def test_the_smallest_group_is_set_by_an_act_and_never_below_three() -> None:
    world = World()
    assert pivot("sex", "weekday", {}).least == 5
    world.act("Profiles Changed", least=11)
    assert pivot("sex", "weekday", {}).cells["people"]["f", "1"] is None
    world.act("Profiles Changed", least=3)
    assert pivot("stage", "sex", {}).rows == ("many", "few")
    for wrong in (2, 0, 51, True, "5", None):
        with pytest.raises(Refusal):
            world.act("Profiles Changed", least=wrong)


def test_two_filters_at_a_time_count_as_a_plain_loop_does_and_hide_the_same_from_every_side() -> None:
    dice = random.Random(5)
    people = []
    for number in range(1, 401):
        one = {
            "sex": dice.choice("fffm"), "weekday": str(dice.choice((1, 1, 1, 2, 6))),
            "stage": dice.choice(("few", "few", "some", "many")), "product": dice.choice(("tea", "tea", "coffee", "rum")),
        }  # fmt: skip
        people.append(one)
        seed.row(Person, id=number, root_id=number, uid=str(number), sex=one["sex"])
        seed.row(Traits, person_id=number, stage=one["stage"], visits_ever=1)
        seed.row(
            PersonTrait, person_id=number, purchases=1, spent_minor=number, favourite_weekday=int(one["weekday"]),
            favourite_product=one["product"], company_known=0, accompanied=0,
        )  # fmt: skip
    told: dict[frozenset[tuple[str, str]], set[int | None]] = {}
    for row, column in combinations(("sex", "weekday", "stage", "product"), 2):
        others = [name for name in ("sex", "weekday", "stage", "product") if name not in (row, column)]
        values = {name: sorted({one[name] for one in people}) for name in others}
        choices = [{}, *({n: v} for n in others for v in values[n]), *(dict(zip(others, v)) for v in product(*values.values()))]
        for filters in choices:
            found = pivot(row, column, filters)
            inside = [one for one in people if all(one[n] == v for n, v in filters.items())]
            for (a, b), value in found.cells.get("people", {}).items():
                count = sum(one[row] == a and one[column] == b for one in inside)
                assert value in (count, None), (filters, a, b)
                assert value is None or value == 0 or value >= 5
                told.setdefault(frozenset({(row, a), (column, b), *filters.items()}), set()).add(value)
            for a, value in found.totals.get("people", {}).items():
                assert value is None or value == sum(one[row] == a for one in inside)
    assert any(None in values for values in told.values()) and all(len(values) == 1 for values in told.values())
