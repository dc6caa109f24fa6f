"""Groups, relationships and suggestions in the corridor: who joins how, what leaving, merging and forgetting do."""

from typing import Any

import pytest

from passaparola.events import intake, log
from passaparola.people.actions import groups
from passaparola.people.actions.desk import UnknownPerson
from passaparola.people.actions.groups import BadGroup, GroupClosed, GroupFull, GroupTaken, NotInGroup, UnknownGroup
from passaparola.people.actions.relating import BadRelationship, NoRelationship
from passaparola.people.actions.suggestions import NoSuggestion
from passaparola.people.models import Group, GroupMember, GroupSuggestion, Relationship
from tests.people import ALMA, BRUNO, CHIARA, DORA
from tests.world import World

NAMES = {"es": "Senderistas", "it": "Escursionisti", "en": "Hikers"}


@pytest.fixture
def world() -> World:
    made = World()
    made.send(*[one.identify() for one in (ALMA, BRUNO, CHIARA, DORA)])
    return made


def inside(group: int) -> list[int]:
    return sorted(GroupMember.objects.filter(group_id=group, until_at=None).values_list("person_id", flat=True))


def test_a_group_is_made_joined_by_code_and_left(world: World) -> None:
    made = world.act("Group Created", names=NAMES, places=["Sevilla", ""], interests=["hiking"], offers={"es": "10 %"})
    row = Group.objects.get()
    assert (row.kind, row.places, row.offers, len(row.code)) == ("collective", ["Sevilla"], {"es": "10 %"}, 6)
    alma = world.number(ALMA)
    world.act("Group Joined", person=alma, code=f" {row.code.lower()[:3]}-{row.code[3:]} ")
    world.act("Group Joined", person=alma, group=row.id)
    assert inside(row.id) == [alma]
    member = GroupMember.objects.get()
    assert (member.source, member.role) == ("code", "member")
    world.act("Group Left", person=alma, group=made["group_id"])
    assert inside(row.id) == []
    with pytest.raises(NotInGroup):
        world.act("Group Left", person=alma, group=row.id)
    world.act("Group Joined", person=alma, key=row.key, source="list")
    assert GroupMember.objects.filter(person_id=alma).count() == 2
    assert world.disagreements() == []


def test_a_code_and_a_key_are_one_group_s(world: World) -> None:
    world.act("Group Created", names=NAMES, key="hikers", code="HIKE")
    for wrong in ({"key": "hikers"}, {"code": "hi-ke"}):
        with pytest.raises(GroupTaken):
            world.act("Group Created", names=NAMES, **wrong)
    other = world.act("Group Created", names=NAMES, code="")["group_id"]
    assert world.act("Group Created", names={"en": "Third"}, code="")["group_id"] == other + 1, "many may have no code"
    with pytest.raises(GroupTaken):
        world.act("Group Edited", group=other, code="HIKE")
    world.act("Group Edited", group=other, names={"en": "Climbers"}, kind="club")
    assert Group.objects.get(id=other).names == {"en": "Climbers"}
    for bad in ({}, {"names": {"fr": "x"}}, {"names": NAMES, "kind": "party"}):
        with pytest.raises(BadGroup):
            world.act("Group Created", **bad)


def test_a_closed_group_is_left_by_everybody_and_joined_by_nobody(world: World) -> None:
    number = world.act("Group Created", names=NAMES, code="HIKE")["group_id"]
    for one in (ALMA, BRUNO):
        world.act("Group Joined", person=world.number(one), group=number)
    assert world.act("Group Closed", group=number)["left"] == 2
    assert inside(number) == []
    with pytest.raises(GroupClosed):
        world.act("Group Joined", person=world.number(CHIARA), group=number)
    with pytest.raises(UnknownGroup):
        world.act("Group Joined", person=world.number(CHIARA), code="HIKE")
    assert world.disagreements() == []


def test_the_segment_call_joins_a_group_we_know_by_its_key(world: World) -> None:
    number = world.act("Group Created", names={"en": "Acme Ltd"}, kind="company", key="acme")["group_id"]
    call = {"type": "group", "userId": "bruno", "groupId": "acme", "traits": {"role": "contact"}}
    world.send(call)
    assert GroupMember.objects.get().role == "contact" and inside(number) == [world.number(BRUNO)]
    assert world.send({**call, "groupId": "unheard"})[0].result == {"group": "unknown"}
    happenings, bad = intake.read(
        kind="web", call="group", source="shop", body=b'{"anonymousId": "x", "groupId": "acme"}', received_at=world.now,
        inbox_id=99, limits=log.limits(),
    )  # fmt: skip
    assert not bad
    from passaparola import corridor

    assert corridor.submit(happenings)[0].result == {"group": "unknown"}, "what a browser says is a claim"


def test_a_group_has_a_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MEMBERS_MAX", 1)
    number = world.act("Group Created", names=NAMES)["group_id"]
    world.act("Group Joined", person=world.number(ALMA), group=number)
    with pytest.raises(GroupFull):
        world.act("Group Joined", person=world.number(BRUNO), group=number)


def test_two_selves_are_in_a_group_once_and_leave_it_both(world: World) -> None:
    number = world.act("Group Created", names=NAMES)["group_id"]
    for one in (ALMA, BRUNO):
        world.act("Group Joined", person=world.number(one), group=number)
    world.act("Person Merged", keep=world.number(ALMA), other=world.number(BRUNO), reason="same")
    world.act("Group Joined", person=world.number(ALMA), group=number)
    assert len(inside(number)) == 2, "rows stay where they were recorded"
    world.act("Group Left", person=world.number(ALMA), group=number)
    assert inside(number) == [] and world.disagreements() == []


def test_forgetting_ends_what_one_belonged_to_and_whom_one_knew(world: World) -> None:
    number = world.act("Group Created", names=NAMES)["group_id"]
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    world.act("Group Joined", person=alma, group=number)
    world.act("Relationship Recorded", person=bruno, other=alma, kind="friend")
    world.act("Person Forgotten", person=alma)
    assert inside(number) == [] and Relationship.objects.get().until_at is not None
    assert world.disagreements() == []


def test_relationships_are_directed_dated_and_end(world: World) -> None:
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    said: dict[str, Any] = {"person": alma, "other": bruno, "kind": "family"}
    first = world.act("Relationship Recorded", source="till", **said)["relationship_id"]
    assert world.act("Relationship Recorded", **said) == {"relationship_id": first, "known": True}
    world.act("Relationship Recorded", person=bruno, other=alma, kind="family")
    world.days_pass(1)
    world.act("Relationship Ended", **said)
    assert list(Relationship.objects.order_by("id").values_list("until_at", flat=True)) == [world.now, None]
    with pytest.raises(NoRelationship):
        world.act("Relationship Ended", **said)
    assert world.act("Relationship Recorded", **said)["relationship_id"] == 3
    for wrong in ({"kind": "boss"}, {"other": alma}):
        with pytest.raises(BadRelationship):
            world.act("Relationship Recorded", **{**said, **wrong})
    with pytest.raises(UnknownPerson):
        world.act("Relationship Recorded", **{**said, "other": 999})
    assert world.disagreements() == []


def test_a_suggestion_waits_is_accepted_or_dismissed_and_does_not_come_back(world: World) -> None:
    numbers = [world.number(one) for one in (ALMA, BRUNO, CHIARA)]
    found = [
        {"key": f"trait:city:{city}", "kind": "place", "reason": {"value": city}, "members": numbers}
        for city in ("Roma", "Milano", "Bari")
    ]
    wrong = [{"key": "x", "kind": "magic", "reason": {}, "members": numbers}, "nonsense"]
    assert world.act("Groups Suggested", suggestions=[*found, *wrong]) == {"suggested": 3}
    assert not GroupMember.objects.exists(), "nobody is in a group by a suggestion"
    roma, milano, bari = GroupSuggestion.objects.order_by("id")
    world.act("Person Forgotten", person=numbers[2])
    made = world.act("Group Suggestion Accepted", suggestion=roma.id, names=NAMES, places=["Roma"])
    assert made["joined"] == 2 and inside(made["group_id"]) == sorted(numbers[:2])
    world.act("Group Suggestion Dismissed", suggestion=milano.id)
    for act in ("Group Suggestion Accepted", "Group Suggestion Dismissed"):
        with pytest.raises(NoSuggestion):
            world.act(act, suggestion=milano.id, names=NAMES)
    assert world.act("Groups Suggested", suggestions=found[:2]) == {"suggested": 0}
    assert list(GroupSuggestion.objects.order_by("id").values_list("state", flat=True)) == ["accepted", "dismissed", "stale"]
    assert world.act("Groups Suggested", suggestions=found) == {"suggested": 1}
    assert world.disagreements() == []
