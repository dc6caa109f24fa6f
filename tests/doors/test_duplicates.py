"""Two who may be one: proposed with evidence, never merged by themselves; what moves is shown before and after."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from passaparola.doors.console import duplicates, finding, roles
from passaparola.measure import duplicates as pairs
from passaparola.people.models import Merge, Person
from tests.world import World

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def reviewer() -> Client:
    user = User.objects.create_user("carla", password="not needed here")
    roles.give(user, "reviewer")
    made = Client(headers={"accept-language": "en"})
    made.force_login(user)
    return made


@pytest.fixture
def world() -> World:
    made = World(datetime.now(UTC) - timedelta(days=2))
    people = [
        {"name": "Alma Ruiz", "email": "alma.ruiz@gmail.com", "birthday": "1980-05-01", "phone": "+34600111222"},
        {"name": "Alma R.", "email": "almaruiz+shop@gmail.com", "phone": "+34 600-111-222"},
        {"name": "alma ruiz", "email": "other@example.test", "birthday": "1980-05-01"},
        {"name": "Bruno Conti", "email": "other@example.test"},
        {"name": "Chiara", "email": "chiara@example.test"},
    ]
    for number, traits in enumerate(people, start=1):
        made.send({"type": "identify", "messageId": f"i{number}", "userId": f"c{number}", "traits": traits})
    bought = {"order_id": "A-77", "total": 10}
    made.send({"type": "track", "event": "Order Completed", "messageId": "o1", "userId": "c2", "properties": bought})
    return made


def person(name: str) -> Person:
    return Person.objects.get(name=name)


def test_pairs_are_proposed_with_what_speaks_for_them_and_nobody_is_merged(world: World) -> None:
    found = {one.pair: [str(reason) for reason in one.reasons] for one in duplicates.proposals(pairs.draw(datetime.now(UTC)))}
    alma, other, namesake, bruno = (person(name).id for name in ("Alma Ruiz", "Alma R.", "alma ruiz", "Bruno Conti"))
    assert found == {
        (alma, other): ["their e-mail addresses lead to the same mailbox", "both gave the same telephone number"],
        (namesake, bruno): ["both gave the same e-mail address"],
        (alma, namesake): ["same name and same birthday"],
    }
    assert [one.pair for one in duplicates.proposals(pairs.draw(datetime.now(UTC)))][0] in ((alma, other), (namesake, bruno))
    assert not Merge.objects.exists()


def test_the_page_shows_them_and_whom_one_kept_apart_is_not_proposed_again(world: World, reviewer: Client) -> None:
    page = reviewer.get("/console/people/duplicates").content.decode()
    assert page.count("Compare and merge") == 3
    pair = duplicates.proposals(pairs.draw(datetime.now(UTC)))[0].pair
    reviewer.post("/console/people/duplicates/apart", {"one": pair[1], "other": pair[0]})
    assert reviewer.get("/console/people/duplicates").content.decode().count("Compare and merge") == 2
    assert pair not in [one.pair for one in duplicates.proposals(pairs.draw(datetime.now(UTC)))]


def test_what_moves_is_shown_before_merging_and_before_undoing_it(world: World, reviewer: Client) -> None:
    keep, other = person("Alma Ruiz").id, person("Alma R.").id
    preview = reviewer.get(f"/console/people/{keep}/merge?other={other}").content.decode()
    assert "<dt>Orders</dt><dd>1</dd>" in preview and "<dt>Events</dt><dd>2</dd>" in preview
    reviewer.post(f"/console/people/{keep}/merge", {"other": other})
    merge = Merge.objects.get()
    assert not [one for one in duplicates.proposals(pairs.draw(datetime.now(UTC))) if one.pair == (keep, other)]
    back = reviewer.get(f"/console/people/{keep}/unmerge/{merge.pk}").content.decode()
    assert "becomes somebody of their own again" in back and "almaruiz+shop@gmail.com" in back
    assert Person.objects.get(id=other).root_id == keep
    reviewer.post(f"/console/people/{keep}/unmerge/{merge.pk}")
    assert Person.objects.get(id=other).root_id == other
    assert reviewer.get(f"/console/people/{keep}/unmerge/{merge.pk}").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["A-77", "600111222", "+34 600 111 222", "almaruiz+shop@gmail.com", "ALMA.ruiz@gmail.com", "c2", "alma riuz", "álma ruíz"],
)
def test_people_are_found_by_whatever_one_knows_of_them(world: World, query: str) -> None:
    assert finding.people(query, 5)[0].name.lower().startswith("alma r")
