"""A person's timeline tells of leads, groups and relationships, each with why, before a moment and by kind."""

from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from passaparola.doors.console import people, roles, timeline
from tests.people import ALMA, BRUNO, Somebody
from tests.world import World

LATE = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    made = World()
    made.send(ALMA.identify(), BRUNO.identify())
    return made


def told(world: World, who: Somebody, kind: str, before: datetime = LATE) -> list[tuple[str, list[str]]]:
    """Titles and reasons, the oldest first."""
    entries = timeline.read([world.number(who)], "en", before=before, kind=kind)
    return [(unescape(str(entry.title)), entry.why) for entry in reversed(entries)]


def test_a_lead_with_its_changes_and_who_took_it_on(world: World) -> None:
    user = User.objects.create_user("dora", password="not needed here")
    alma = world.number(ALMA)
    world.send(ALMA.track("Lead Submitted", source="form"))
    for _ in range(3):
        world.send(ALMA.track("Demo Requested"), ALMA.track("Checkout Started"))
        world.days_pass(1)
    world.act("Lead Taken", person=alma, by=f"user:{user.pk}")
    world.act("Lead Returned", person=alma)
    world.days_pass(200)
    world.send(ALMA.buys("1", 5))
    said = told(world, ALMA, "leads")
    titles = [title for title, _why in said]
    assert titles[0].startswith("Lead: ") and "Source: Form" in said[0][1]
    assert ("Lead taken on", ["By dora"]) in said and "Lead given back" in titles and titles[-1] == "Lead no more"
    assert said[-1][1] == ["Because of: Purchase"]
    cooled = [why for title, why in said if title.endswith("→ Cold")]
    assert cooled and cooled[-1][0].startswith("Score ") and cooled[-1][1].startswith("Time passed")
    warmer = [why[-1] for _title, why in said if why[-1:] and why[-1].startswith("Because of: ")]
    assert {"Because of: Demo Requested", "Because of: Checkout Started"} & set(warmer), said
    assert told(world, BRUNO, "leads") == []


def test_groups_joined_left_closed_and_suggested(world: World) -> None:
    alma = world.number(ALMA)
    club = world.act("Group Created", names={"en": "Hikers"}, kind="club", code="HIKE")["group_id"]
    firm = world.act("Group Created", names={"it": "Acme"}, kind="company")["group_id"]
    world.act("Group Joined", person=alma, group=club, source="list")
    world.days_pass(1)
    moment = world.now
    world.act("Group Left", person=alma, group=club)
    world.act("Group Joined", person=alma, group=firm, role="contact", source="console")
    world.days_pass(1)
    world.act("Group Closed", group=firm)
    reason = {"field": "city", "value": "Bari", "people": 2}
    one = {"key": "trait:city:Bari", "kind": "place", "members": [alma, 900], "reason": reason}
    world.act("Groups Suggested", suggestions=[one])
    assert told(world, ALMA, "groups") == [
        ("Joined Hikers", ["by list"]), ("Left Hikers", ["Taken out by hand."]),
        ("Joined Acme", ["by staff", "Contact"]), ("Left Acme", ["The group was closed."]),
        ("Suggested for a group: Bari", ["2 people have “Bari” as city.", "Waiting for a yes or no."]),
    ]  # fmt: skip
    assert [title for title, _ in told(world, ALMA, "groups", moment)] == ["Joined Hikers"]
    assert told(world, BRUNO, "groups") == []


def test_relationships_from_both_sides_and_their_end(world: World) -> None:
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    world.act("Relationship Recorded", person=alma, other=bruno, kind="friend", source="till")
    world.days_pass(1)
    world.act("Relationship Ended", person=alma, other=bruno, kind="friend")
    ours, theirs = told(world, ALMA, "relationships"), told(world, BRUNO, "relationships")
    assert ours[0] == (f'Knows <a href="/console/people/{bruno}">Bruno Conti</a>: Friend', ["Source: till"])
    assert "knows her: Friend" in theirs[0][0] and len(ours) == len(theirs) == 2
    assert ours[1][0].startswith("No longer: ") and ours[1][1] == theirs[1][1] == ["Ended: by staff"]


def test_who_ended_a_relationship_and_that_forgetting_did(world: World) -> None:
    user = User.objects.create_user("dora", password="not needed here")
    roles.give(user, "owner")
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    for kind in ("friend", "family"):
        world.act("Relationship Recorded", person=alma, other=bruno, kind=kind)
    client = Client()
    client.force_login(user)
    client.post(f"/console/people/{alma}/relationship/end", {"one": alma, "other": bruno, "kind": "friend"})
    assert ["Ended: dora"] in [why for _title, why in told(world, BRUNO, "relationships")]
    world.act("Person Forgotten", person_id=bruno)
    assert ["The person was forgotten."] in [why for _title, why in told(world, ALMA, "relationships")]


@pytest.mark.parametrize("language", ["es", "it", "en"])
def test_the_page_shows_them_by_kind(world: World, language: str) -> None:
    alma = world.number(ALMA)
    world.send(ALMA.track("Lead Submitted", source="form"))
    world.act("Relationship Recorded", person=alma, other=world.number(BRUNO), kind="friend", source="<till>")
    group = world.act("Group Created", names={"en": "Hikers <b>"}, kind="club")["group_id"]
    world.act("Group Joined", person=alma, group=group)
    user: Any = User.objects.create_user("dora", password="not needed here")
    roles.give(user, "owner")
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    whole = client.get(f"/console/people/{alma}").content.decode()
    assert "Hikers &lt;b&gt;" in whole and "&lt;till&gt;" in whole and "<till>" not in whole
    for kind in people.KINDS:
        assert client.get(f"/console/people/{alma}?kind={kind}").status_code == 200
    only = client.get(f"/console/people/{alma}?kind=relationships", headers={"HX-Request": "true", "HX-Target": "timeline"})
    assert "Hikers" not in only.content.decode() and "Bruno" in only.content.decode()
