"""The console's pages of groups, suggestions and relationships."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from passaparola.doors.console import roles
from passaparola.measure import groups as figures
from passaparola.people.models import Group, GroupMember, GroupSuggestion, Relationship
from tests.people import ALMA, BRUNO, CHIARA, DORA, Somebody
from tests.world import World, friends_join

CAST = (ALMA, BRUNO, CHIARA, DORA)


def client(role: str) -> Client:
    user = User.objects.create_user(role, password="not needed here")
    roles.give(user, role)
    made = Client(headers={"accept-language": "en"})
    made.force_login(user)
    return made


@pytest.fixture
def world() -> World:
    made = World()
    made.send(*[one.identify(city="Roma") for one in CAST])
    return made


def inside(group: int) -> set[int]:
    return set(GroupMember.objects.filter(group_id=group, until_at=None).values_list("person_id", flat=True))


def test_a_group_is_made_filled_from_a_list_edited_and_closed(world: World) -> None:
    marketer = client("marketer")
    assert marketer.post("/console/groups/new", {"kind": "club"}).status_code == 422
    marketer.post("/console/groups/new", {"kind": "club", "name_es": "Senderistas", "offer_es": "10 %", "places": "Roma, Ostia"})
    group = Group.objects.get()
    assert group.places == ["Roma", "Ostia"] and group.code
    listed = "alma\nBRUNO@example.test\nnobody@example.test\n\n"
    file = SimpleUploadedFile("list.csv", "\ufeff\"chiara\"\r\nalma\r\n".encode())
    page = marketer.post(f"/console/groups/{group.id}/join", {"who": listed, "file": file}, follow=True).content.decode()
    assert inside(group.id) == {world.number(one) for one in (ALMA, BRUNO, CHIARA)}
    assert "3 people of the list are in the group." in page and "1 line was nobody we know." in page
    assert "nobody@example.test" not in page and "Alma Ruiz" in page
    marketer.post(f"/console/groups/{group.id}/edit", {"kind": "club", "name_en": "Hikers", "code": "-"})
    group.refresh_from_db()
    assert (group.names, group.code, group.places) == ({"en": "Hikers"}, "", [])
    marketer.post(f"/console/groups/{group.id}/leave/{world.number(ALMA)}")
    assert len(inside(group.id)) == 2
    assert marketer.get(f"/console/groups/{group.id}/close").status_code == 200
    marketer.post(f"/console/groups/{group.id}/close")
    assert inside(group.id) == set() and b"Hikers" in marketer.get("/console/groups?show=closed").content
    assert client("analyst").post(f"/console/groups/{group.id}/close").status_code == 403


def test_a_group_s_own_report(world: World) -> None:
    code = friends_join(world, world.programme(), ALMA)
    world.send(ALMA.buys("1", 20))
    group = world.act("Group Created", names={"en": "Club"})["group_id"]
    world.days_pass(1)
    for one in (ALMA, DORA):
        world.act("Group Joined", person=world.number(one), group=group)
    world.send(ALMA.buys("2", 30), BRUNO.buys("3", 40, code=code), ALMA.returns("2", total=10))
    report = figures.report(group)
    assert report.members == 2 and report.stages == {"few": 1, "none": 1}
    (sum_,) = report.revenue
    assert (sum_.orders, sum_.amount, sum_.orders_inside, sum_.amount_inside) == (2, 4000, 1, 2000)
    assert (report.advocates, report.friends, report.customers_brought) == (1, 1, 1)
    merge = world.act("Person Merged", keep=world.number(ALMA), other=world.number(DORA), reason="same")
    assert figures.report(group).members == 1 and figures.sizes() == {group: 1}
    world.act("Person Unmerged", merge=merge["merge_id"])
    assert figures.report(group).members == 2


def test_suggestions_say_why_and_wait(world: World) -> None:
    somebody = Somebody("Eva Roca", "eva", "eva@example.test", "es")
    world.send(somebody.identify(city=" ROMA "))
    marketer = client("marketer")
    page = marketer.post("/console/groups/suggestions/look", follow=True).content.decode()
    assert "1 new suggestion." in page and "5 people have “Roma” as city." in page
    assert not GroupMember.objects.exists()
    number = GroupSuggestion.objects.get().id
    form = marketer.get(f"/console/groups/suggestions/{number}/accept").content.decode()
    assert 'value="Roma"' in form
    marketer.post(f"/console/groups/suggestions/{number}/accept", {"name_it": "Romani", "kind": "collective", "places": "Roma"})
    assert len(inside(Group.objects.get().id)) == 5
    assert b"0 new suggestions." in marketer.post("/console/groups/suggestions/look", follow=True).content
    assert client("read-only").post("/console/groups/suggestions/look").status_code == 403


def test_dismissed_is_not_suggested_again(world: World) -> None:
    eva = Somebody("Eva Roca", "eva", "eva@example.test", "es")
    world.send(eva.identify())
    everybody = [world.number(one) for one in (*CAST, eva)]
    for one in everybody:
        for other in everybody:
            if one < other:
                world.act("Relationship Recorded", person=one, other=other, kind="friend")
    marketer = client("marketer")
    marketer.post("/console/groups/suggestions/look")
    found = GroupSuggestion.objects.get()
    assert (found.kind, found.reason, len(found.members)) == ("friends", {"people": 5, "ties": 10, "outside": 0}, 5)
    marketer.post(f"/console/groups/suggestions/{found.id}/dismiss")
    world.act("Relationship Ended", person=everybody[0], other=everybody[1], kind="friend")
    marketer.post("/console/groups/suggestions/look")
    assert GroupSuggestion.objects.count() == 1, "nearly the same people"


def test_a_relationship_is_recorded_both_ways_shown_and_ended(world: World) -> None:
    reviewer, alma, bruno = client("reviewer"), world.number(ALMA), world.number(BRUNO)
    assert b"Bruno Conti" in reviewer.get(f"/console/people/{alma}/relationship?q=bruno").content
    said: dict[str, Any] = {"other": bruno, "kind": "family", "both": "on"}
    reviewer.post(f"/console/people/{alma}/relationship", said)
    assert Relationship.objects.count() == 2
    page = reviewer.get(f"/console/people/{bruno}").content.decode()
    assert "Alma Ruiz" in page and "Family" in page
    reviewer.post(f"/console/people/{bruno}/relationship/end", {"one": alma, "other": bruno, "kind": "family"})
    assert Relationship.objects.filter(until_at=None).count() == 1
    assert client("till").post(f"/console/people/{alma}/relationship", said).status_code == 403
