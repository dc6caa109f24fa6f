"""The log alone gives what is there: stories told, then replayed into an empty store in another process."""

from pathlib import Path

import pytest
from django.db import connection

from passaparola import replay
from passaparola.programs.models import Budget, Referral
from passaparola.segments import leads
from tests import guards
from tests.people import ALMA, BRUNO, CHIARA, DORA, Somebody
from tests.world import World, friends_join

EVA = Somebody("Eva Roca", "eva", "eva@example.test", "es")
RULES = leads.Rules().as_json() | {"fit": [{"field": "city", "operator": "is", "value": "roma", "weight": 5}]}


@pytest.fixture
def told() -> World:
    """A good year: referrals paid, refunded and refused, a sign-up, merges, stages that rise and fall."""
    world = World()
    program = world.programme(budget={"EUR": 20_000})
    code = friends_join(world, program, ALMA)
    world.send(BRUNO.identify(consents={"email": {"referral": True}}), BRUNO.buys("1001", 45.00, code=code))
    world.send(DORA.identify(), DORA.buys("1002", 60.00, code=code), ALMA.buys("1003", 20.00, code=code))
    world.days_pass(5)
    world.act("Friend Signed Up", traits={"email": CHIARA.email, "name": CHIARA.name, "language": "it"}, code=code,
              anonymous_id="chiara-phone", consents=[{"channel": "email", "purpose": "offers"}])  # fmt: skip
    world.send(DORA.returns("1002", total=55), BRUNO.buys("1004", 10.00), source="shop")
    world.days_pass(40)
    world.send({"type": "track", "event": "Visit Recorded", "anonymousId": "browser-7"})
    world.send({"type": "identify", "userId": "bruno", "anonymousId": "browser-7"})
    world.send(EVA.identify(city="Roma"), EVA.track("Lead Submitted", source="event"), EVA.track("Demo Requested"))
    world.act("Lead Rules Changed", **RULES)
    eva, bruno = world.number(EVA), world.number(BRUNO)
    world.act("Relationship Recorded", person=eva, other=bruno, kind="colleague")
    world.act("Group Created", names={"it": "Circolo"}, kind="club", key="circolo")
    world.send({"type": "group", "userId": "eva", "groupId": "circolo"})
    one = {"key": "friends:1", "kind": "friends", "reason": {"ties": 1}, "members": [eva, bruno]}
    world.act("Groups Suggested", suggestions=[one, {**one, "key": "friends:2"}])
    world.act("Group Suggestion Accepted", suggestion=1, names={"it": "Amici"})
    world.act("Group Left", person=bruno, group=2)
    world.act("Relationship Ended", person=eva, other=bruno, kind="colleague")
    world.send(EVA.track("Product Viewed"), EVA.track("Email Opened"))
    world.send(CHIARA.identify(), CHIARA.buys("1005", 99.00))
    merge = world.act("Person Merged", keep=world.number(ALMA), other=world.number(DORA), reason="by hand")
    world.days_pass(2)
    world.act("Person Unmerged", merge=merge["merge_id"])
    world.days_pass(400)
    return world


def problems(found: replay.Digests) -> list[str]:
    return [*found.wrong, *(str(difference) for difference in found.differences)]


def test_the_log_gives_what_is_there(told: World, tmp_path: Path) -> None:
    assert told.disagreements() == []
    found = replay.replay(tmp_path / "again")
    assert "\n".join(problems(found)) == ""
    assert found.agree
    rows = {table.name: table.live_rows for table in found.tables}
    assert rows["transfers"] >= 6 and rows["messages"] >= 5 and rows["stage changes"] >= 4
    assert rows["groups"] == 2 and rows["group members"] == 3 and rows["relationships"] == 1
    assert rows["leads"] == 2 and rows["lead changes"] >= 4


def test_what_was_written_past_the_log_is_named(told: World, tmp_path: Path) -> None:
    with guards.lifted(connection):
        Referral.objects.filter(friend_id=told.number(BRUNO)).update(reason="because I say so")
        Budget.objects.update(limit_amount=77_000)
    found = replay.replay(tmp_path / "again")
    assert not found.agree
    assert {difference.table for difference in found.differences} == {"referrals", "budgets"}


def test_somebody_forgotten_is_not_made_up_again(told: World, tmp_path: Path) -> None:
    """Their names are gone from the log, and still the books come out the same."""
    told.act("Person Forgotten", person_id=told.number(BRUNO))
    told.act("Person Forgotten", person_id=told.number(CHIARA))
    told.days_pass(3)
    assert told.disagreements() == []
    found = replay.replay(tmp_path / "again")
    assert "\n".join(problems(found)) == ""


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "main.sqlite3").write_text("mine")
    with pytest.raises(replay.FolderInUse):
        replay.replay(tmp_path)
    assert (tmp_path / "main.sqlite3").read_text() == "mine"
