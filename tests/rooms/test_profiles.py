"""Profiles against a plain count; what is refused."""

import pytest

from passaparola.measure import profiles
from passaparola.people.models import Person
from passaparola.segments.models import PersonTrait, Traits
from tests import seed

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


@pytest.mark.usefixtures("_people")
def test_a_table_has_everybody_once_and_small_groups_are_not_told() -> None:
    found = profiles.pivot("sex", "weekday", {}, TODAY)
    assert found.table is not None and not found.table.hidden
    assert found.sums["people"] == {("f", "1"): 10, ("f", "2"): 10, ("m", "1"): 15, ("m", "2"): 15}
    assert found.sums["orders"]["f", "1"] == 20 and found.sums["revenue"]["m", "2"] == 1500
    small = profiles.pivot("stage", "sex", {}, TODAY)
    assert small.table is not None and set(small.table.rows) == {"*"}, "three in many are put together with the rest"


@pytest.mark.usefixtures("_people")
def test_a_filter_must_neither_find_nor_leave_out_a_few() -> None:
    assert profiles.pivot("sex", "weekday", {"hour": "6-9"}, TODAY).refused == "few"
    assert profiles.pivot("sex", "weekday", {"hour": "16-18"}, TODAY).refused == "rest"
    assert profiles.pivot("hour", "weekday", {"sex": "m"}, TODAY).refused == ""
    assert profiles.pivot("sex", "weekday", {"hour": "nonsense' OR 1=1"}, TODAY).refused == "few"
    with pytest.raises(KeyError):
        profiles.pivot("name", "sex", {}, TODAY)
