"""Pictures: what is kept says what would be counted; when it is made anew; and what of it outlives a change."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from passaparola.doors.console import roles
from passaparola.kernel.models import Picture
from passaparola.measure import pictures
from tests.people import ALMA, BRUNO, CHIARA, DORA
from tests.rooms.test_withdrawing import imports, old, takes_back
from tests.world import World

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

ASKED: tuple[tuple[str, tuple[int | str, ...]], ...] = (
    ("stages", (365,)), ("flow", (0, 90, 365, 3, 6)), ("pyramid", (365,)), ("moves", (0, 90, 365)),
    ("standing", ("active", 365)), ("standing", ("inactive", 30)), ("standing", ("potential", 365)),
    ("overview", (30, 0)), ("overview", (7, 1)), ("program", (1,)), ("programs", ()), ("duplicates", ()),
    ("segments", ()), ("segment", (1,)), ("segment map", ()),
    ("profiles", ("stage", "company")), ("profiles", ("stage", "sex", "product")),
)  # fmt: skip


@pytest.fixture
def world() -> World:
    """Four people: two bought, one of them twice, one only came, one is merely known."""
    world = World(datetime.now(UTC) - timedelta(days=20))
    world.programme()
    rule = {"rules": [{"type": "trait", "trait": "purchases", "operator": ">=", "value": 1}]}
    world.act("Segment Created", names={"en": "Buyers"}, rule=rule, strategy={"en": "thank them"})
    world.send(ALMA.identify(), BRUNO.identify(), CHIARA.identify(), DORA.identify())
    world.send(ALMA.buys("1", 30), BRUNO.buys("2", 50), CHIARA.track("Visit Recorded", message_id="v"))
    world.days_pass(8)
    world.send(ALMA.buys("3", 20))
    return world


@pytest.fixture
def large(settings: Any) -> None:
    """A house in which nothing is counted for a page."""
    settings.LIVE_PEOPLE_MAX = 0


def all_parts(shown: pictures.Shown) -> list[Any]:
    """The first part and, of people listed, the next."""
    return [shown.value, shown.part(0), *([shown.part(1)] if isinstance(shown.value, int) and shown.value else [])]


def drawn(kind: str, *args: int | str, now: datetime) -> pictures.Shown:
    """Asked for, made, looked at."""
    with pytest.raises(pictures.BeingCounted):
        pictures.look(kind, *args, now=now)
    assert pictures.draw_asked() == 1
    return pictures.look(kind, *args, now=now)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(("kind", "args"), ASKED)
def test_what_is_kept_is_what_would_be_counted(kind: str, args: tuple[int | str, ...], world: World, settings: Any) -> None:
    live = pictures.look(kind, *args, now=now())
    assert live.at is None and not live.renewing and not Picture.objects.exists(), "a small house keeps nothing"
    settings.LIVE_PEOPLE_MAX = 0
    kept = drawn(kind, *args, now=now())
    assert all_parts(kept) == all_parts(live)
    assert kept.at is not None and abs(now() - kept.at) < timedelta(minutes=1) and not kept.renewing


def test_every_kind_is_looked_at_here() -> None:
    assert {kind for kind, _ in ASKED} == set(pictures.KINDS)


@pytest.mark.usefixtures("large")
def test_it_is_made_anew_when_it_is_old_and_somebody_looks(world: World) -> None:
    before = drawn("pyramid", 365, now=now())
    world.send(DORA.buys("4", 10))
    soon = pictures.look("pyramid", 365, now=now())
    assert soon.value == before.value and not soon.renewing and not pictures.is_asked(now())
    later = now() + timedelta(seconds=301)
    old = pictures.look("pyramid", 365, now=later)
    assert old.value == before.value and old.at == before.at and old.renewing, "shown as it is, with its moment"
    assert pictures.is_asked(later) and pictures.draw_asked() == 1
    new = pictures.look("pyramid", 365, now=now())
    assert new.value["levels"]["active"][0] == before.value["levels"]["active"][0] + 1 and not new.renewing


@pytest.mark.usefixtures("large")
def test_what_it_depends_on_makes_it_old_at_once(world: World) -> None:
    found = drawn("stages", 365, now=now())
    assert found.at is not None
    assert not pictures.look("stages", 365, now=now(), changed_at=found.at - timedelta(seconds=1)).renewing
    assert pictures.look("stages", 365, now=now(), changed_at=found.at).renewing and pictures.is_asked(now())


@pytest.mark.usefixtures("large")
def test_what_took_long_stands_longer(world: World) -> None:
    drawn("flow", 0, 90, 365, 3, 6, now=now())
    Picture.objects.update(seconds=60)
    assert not pictures.look("flow", 0, 90, 365, 3, 6, now=now() + timedelta(seconds=1100)).renewing
    assert pictures.look("flow", 0, 90, 365, 3, 6, now=now() + timedelta(seconds=1300)).renewing


@pytest.mark.usefixtures("large")
def test_whoever_went_away_is_not_worked_for_and_what_nobody_looks_at_is_thrown_away(world: World) -> None:
    drawn("pyramid", 365, now=now())
    with pytest.raises(pictures.BeingCounted):
        pictures.look("pyramid", 30, now=now() - timedelta(seconds=121))
    assert not pictures.is_asked(now()) and pictures.draw_asked() == 0
    assert [one.name for one in Picture.objects.all()] == ["pyramid/365"]
    Picture.objects.update(at=now() - timedelta(days=9))
    assert pictures.draw_asked() == 0 and not Picture.objects.exists()


@pytest.mark.usefixtures("large")
def test_a_shorter_list_leaves_no_parts_of_the_longer_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from passaparola.measure import pyramid

    monkeypatch.setattr(pyramid, "PART", 1)
    drawn("standing", "active", 365, now=now())
    assert sorted(one.name for one in Picture.objects.all()) == [f"standing/active/365{part}" for part in ("", "#1", "#2")]
    shown = pictures.look("standing", "active", 365, now=now())
    assert [one.revenue_minor for one in pyramid.people("active", shown.part)] == [5000, 5000]
    world.send(BRUNO.returns("2"))
    monkeypatch.setattr(pyramid, "PART", 5)
    pictures.draw("standing/active/365")
    assert sorted(one.name for one in Picture.objects.all()) == ["standing/active/365", "standing/active/365#1"]


def forget(world: World) -> None:
    world.act("Person Forgotten", person_id=world.number(BRUNO))


def merge(world: World) -> None:
    world.act("Person Merged", keep=world.number(ALMA), other=world.number(BRUNO), reason="same")


def take_back(world: World) -> None:
    takes_back(world, 7)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("change", [forget, merge, take_back])
def test_what_was_kept_before_a_change_is_still_shown_and_the_next_agrees_with_the_log(
    change: Callable[[World], None], world: World, client: Any, settings: Any
) -> None:
    user = User.objects.create_user("dora", password="not needed here")
    roles.give(user, "owner")
    client.force_login(user)
    imports(world, 7, CHIARA.buys("I-1", 99, timestamp=old(world, 9), message_id="i-1"), ALMA.buys("I-2", 9, message_id="i-2"))
    for kind, args in ASKED:
        drawn(kind, *args, now=now())
    change(world)
    pages = ("stages", "stages?some=2&many=3&period_days=365", "pyramid/level/active", "pyramid", "profiles")
    for page in pages:
        assert client.get(f"/console/{page}").status_code == 200, page
    Picture.objects.update(at=now() - timedelta(hours=1))
    for kind, args in ASKED:
        assert pictures.look(kind, *args, now=now()).renewing
    assert pictures.draw_asked() == len(ASKED)
    kept = [all_parts(pictures.look(kind, *args, now=now())) for kind, args in ASKED]
    settings.LIVE_PEOPLE_MAX = 1000
    assert kept == [all_parts(pictures.look(kind, *args, now=now())) for kind, args in ASKED]


@pytest.mark.usefixtures("large")
def test_a_picture_holds_no_personal_data(world: World) -> None:
    for kind, args in ASKED:
        drawn(kind, *args, now=now())
    told = " ".join(one.name + one.value for one in Picture.objects.all())
    for somebody in (ALMA, BRUNO, CHIARA, DORA):
        assert not any(word and word in told for word in (somebody.name, somebody.user_id, somebody.email))
