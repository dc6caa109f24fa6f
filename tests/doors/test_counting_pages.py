"""Pages of a large house: they say that they are being counted, as of when they are, and what an edit will do."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from passaparola import worker
from passaparola.doors.console import roles
from passaparola.kernel.models import Picture
from passaparola.measure import pictures
from tests import portal_world as world
from tests.doors import api_calls
from tests.doors.api_calls import Api

PAGES = (
    "stages", "stages/flow", "pyramid", "pyramid/moves", "pyramid/level/top", "pyramid/level/potential", "profiles",
    "profiles?row=sex&column=stage&where=weekday:1", "", "programs", "programs/1", "people/duplicates", "segments", "segments/1",
    "segments/strategies",
)  # fmt: skip


@pytest.fixture
def owner(settings: Any) -> Client:
    """Signed in, in a house too large to be counted for every page; eight people, each with three orders."""
    settings.LIVE_PEOPLE_MAX = 0
    user = User.objects.create_user("dora", password="not needed here")
    roles.give(user, "owner")
    made = Client(headers={"accept-language": "en"})
    made.force_login(user)
    now = datetime.now(UTC)
    world.program()
    rule = {"rules": [{"type": "trait", "trait": "purchases", "operator": ">=", "value": 1}]}
    world.act("Segment Created", now, properties={"names": {"en": "Buyers"}, "rule": rule})
    worker.drain()
    for number in range(1, 9):
        world.customer(number, f"Person{number}")
    for number in range(1, 9):
        for order in range(3):
            at = now - timedelta(days=30 * order + number)
            world.buys(f"person{number}@example.test", f"p{number}", f"o{number}-{order}", number * 10, at)
    return made


@pytest.mark.parametrize("page", PAGES)
def test_a_page_waits_then_shows_and_says_as_of_when(owner: Client, page: str) -> None:
    first = owner.get(f"/console/{page}")
    told = first.content.decode()
    assert first.status_code == 200 and "Being counted" in told and 'hx-trigger="every 3s"' in told
    # A page may need several, one after the other.
    while pictures.draw_asked():
        told = owner.get(f"/console/{page}").content.decode()
    assert "Being counted" not in told and "Counted <time" in told and "Look again" not in told
    Picture.objects.update(at=datetime.now(UTC) - timedelta(hours=2))
    told = owner.get(f"/console/{page}").content.decode()
    assert "2 hours ago" in told and "a newer count is under way" in told and "Look again" in told


def test_a_part_of_a_page_waits_in_its_place(owner: Client) -> None:
    asked = {"HX-Request": "true", "HX-Target": "simulation"}
    part = owner.get("/console/stages?some=2&many=4&period_days=90", headers=asked).content.decode()
    assert "<html" not in part and 'hx-target="#simulation"' in part and "period_days=90" in part
    odd = {"HX-Request": "true", "HX-Target": 'x" onclick="'}
    assert "<html" in owner.get("/console/stages?some=2&many=4&period_days=90", headers=odd).content.decode()


def test_other_ranges_are_tried_out_on_the_same_picture_and_an_edit_shows_at_once(owner: Client) -> None:
    owner.get("/console/stages")
    assert pictures.draw_asked() == 1
    tried = owner.get("/console/stages?some=2&many=3&period_days=365").content.decode()
    assert "8 would move up" in tried and Picture.objects.count() == 1
    sent = {"some": 2, "many": 3, "period_days": 365, "margin": "", "stay_days": ""}
    assert owner.post("/console/stages/change", sent).status_code == 302
    edited = owner.get("/console/stages").content.decode()
    assert "8 will move up, 0 will move down" in edited and "a newer count is under way" in edited
    assert "by the margin" not in edited
    assert pictures.draw_asked() == 1
    worker.drain()
    after = owner.get("/console/stages").content.decode()
    assert "will move" in after and "a newer count is under way" in after, "made while not everybody was looked at"
    assert pictures.draw_asked() == 1
    settled = owner.get("/console/stages").content.decode()
    assert "will move" not in settled and "a newer count is under way" not in settled


def test_the_api_asks_to_come_back_and_then_says_as_of_when(owner: Client) -> None:
    api = Api(api_calls.secret("metrics:read"))
    for path in ("/pyramid", "/profiles", "/pyramid/moves", "/stages/moves", "/metrics/funnel"):
        early = api.get(path)
        assert early.status_code == 503 and early["Retry-After"] == "3" and early.data["code"] == "being_counted"
    pictures.draw_asked()
    assert api.get("/pyramid").data["counted_at"] and api.get("/profiles").data["counted_at"]
    assert api.get("/pyramid/moves").data and api.get("/stages/moves").data


HEADINGS = {
    "stages": ("Stages", "Movements"), "stages/flow": ("Movements between stages", "Playbooks"),
    "pyramid": ("Customer pyramid", "Levels"), "pyramid/moves": ("Movements in the pyramid", "Levels"),
    "pyramid/level/top": ("Customer pyramid", ""), "programs/1": ("Programme", ""), "segments/1": ("Segment", ""),
    "people/duplicates": ("Who may be one and the same", ""), "segments/strategies": ("One strategy for each", ""),
    "profiles": ("Profiles", ""), "": ("Overview", ""), "programs": ("Programmes", ""), "segments": ("Segments", ""),
}  # fmt: skip


@pytest.mark.parametrize("page", HEADINGS)
def test_a_page_that_waits_keeps_its_heading_and_the_way_to_its_neighbours(owner: Client, page: str) -> None:
    waits = owner.get(f"/console/{page}").content.decode()
    while pictures.draw_asked():
        shown = owner.get(f"/console/{page}").content.decode()
    heading, tab = HEADINGS[page]
    assert f"<h1>{heading}</h1>" in waits and "<h2>Being counted</h2>" in waits
    tabs = re.findall('<a id="tab.*?</a>', waits)
    assert tabs == re.findall('<a id="tab.*?</a>', shown) and bool(tab) == any(f">{tab}<" in one for one in tabs)
    crumb = re.findall('<a class="crumb".*?</a>', waits)
    assert crumb == re.findall('<a class="crumb".*?</a>', shown)
