"""The pages and routes of stages and pyramid: what they show, what they refuse, and that they agree with one another."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client

from passaparola.doors.console import roles
from tests import portal_world as world
from tests.doors import api_calls
from tests.doors.api_calls import Api

MADRID = ZoneInfo("Europe/Madrid")


@pytest.fixture
def owner() -> Client:
    user = User.objects.create_user("dora", password="not needed here")
    roles.give(user, "owner")
    made = Client(headers={"accept-language": "en"})
    made.force_login(user)
    return made


@pytest.fixture
def shop() -> None:
    """Person1 bought for 10, Person2 for 20, Person3 for 30, Person4 years ago, Person5 never."""
    now = datetime.now(UTC)
    for number in range(1, 6):
        world.customer(number, f"Person{number}")
    for number, days in ((1, 1), (2, 2), (3, 40), (4, 900)):
        world.buys(
            f"person{number}@example.test", f"p{number}", f"o{number}", number * 10, now - timedelta(days=days)
        )


def test_the_pyramid_counts_and_leads_to_its_people(owner: Client, shop: None) -> None:
    page = owner.get("/console/pyramid").content.decode()
    assert "Customer pyramid" in page and "€60.00" in page and "There is no estimate of the market yet." in page
    top = owner.get("/console/pyramid/level/top").content.decode()
    assert "Person3" in top and "Person2" not in top
    assert "Person4" in owner.get("/console/pyramid/level/inactive").content.decode()
    assert "Person5" in owner.get("/console/pyramid/level/potential").content.decode()
    assert owner.get("/console/pyramid/level/probable").status_code == 404
    assert owner.get("/console/pyramid/level/active?after=999999999999").status_code == 200


def test_the_pyramid_of_a_day_that_is_over(owner: Client, shop: None) -> None:
    """State in the address: the figures, the lists and the way back are of that day."""
    day = (datetime.now(UTC) - timedelta(days=30)).date().isoformat()
    page = owner.get(f"/console/pyramid?on={day}").content.decode()
    assert "As of " in page and "€30.00" in page and f'value="{day}"' in page and ">Today<" in page
    assert f'href="/console/pyramid/level/top?on={day}"' in page
    top = owner.get(f"/console/pyramid/level/top?on={day}").content.decode()
    assert "Person3" in top and f'href="/console/pyramid?on={day}"' in top and f"/console/pyramid/level/small?on={day}" in top
    assert "Person2" not in owner.get(f"/console/pyramid/level/active?on={day}").content.decode()
    assert "Nobody had come by then." in owner.get("/console/pyramid?on=1999-01-01").content.decode()
    for wrong in ("yesterday", "2026-02-31", "9999-12-31", "1969-01-01"):
        assert owner.get(f"/console/pyramid?on={wrong}").status_code == 422, wrong
        assert owner.get(f"/console/pyramid/level/top?on={wrong}").status_code == 200


def test_an_old_log_leads_to_the_day_of_its_last_purchase(owner: Client) -> None:
    world.customer(1, "Person1")
    at = datetime.now(UTC) - timedelta(days=900)
    world.buys("person1@example.test", "p1", "o1", 10, at)
    page = owner.get("/console/pyramid").content.decode()
    assert "Nobody bought in this period" in page and f'href="?on={at.astimezone(MADRID).date()}"' in page
    then = owner.get(f"/console/pyramid?on={at.astimezone(MADRID).date()}").content.decode()
    assert "Nobody bought in this period" not in then and "€10.00" in then


def test_the_market_is_typed_in_with_its_source_and_never_without(owner: Client) -> None:
    wrong = owner.post("/console/pyramid/market", {"probable": 5, "rest": 6, "source": ""})
    assert wrong.status_code == 422
    assert owner.post("/console/pyramid/market", {"probable": 7000, "rest": 60000, "source": "Census"}).status_code == 302
    page = owner.get("/console/pyramid").content.decode()
    assert "7,000" in page and "60,000" in page and "Census" in page
    assert owner.post("/console/pyramid/change", {"period_days": 3}).status_code == 422
    assert owner.post("/console/pyramid/change", {"period_days": 30, "margin_percent": ""}).status_code == 302
    assert "the last 30 days" in owner.get("/console/pyramid").content.decode()


@pytest.mark.parametrize("path", ["stages/flow", "pyramid/moves"])
def test_days_are_asked_in_order_and_wrong_ones_are_said(owner: Client, shop: None, path: str) -> None:
    assert owner.get(f"/console/{path}").status_code == 200
    assert owner.get(f"/console/{path}?since=0001-01-01").status_code == 200
    for wrong in ("since=yesterday", "since=2026-02-31", "since=2030-01-01&until=2029-01-01", "until=9999-12-31"):
        assert owner.get(f"/console/{path}?{wrong}").status_code == 422, wrong


def test_margin_and_stay_are_offered_and_checked(owner: Client, shop: None) -> None:
    ranges = {"some": 3, "many": 6, "period_days": 365}
    said = owner.get("/console/stages", {**ranges, "margin": 2}).content.decode()
    assert "The margin must be smaller than the narrowest range." in said
    assert owner.post("/console/stages/change", {**ranges, "margin": 1, "stay_days": 30}).status_code == 302
    page = owner.get("/console/stages").content.decode()
    assert "provisional" not in page and "901 days of visits are known" in page
    assert "in use" in page


def test_the_api_says_the_same_as_the_pages(shop: None) -> None:
    api_calls.forget_what_is_remembered()
    api = Api(api_calls.secret())
    found = api.get("/pyramid").data
    assert {level["name"]: level["people"] for level in found["levels"]} == {
        "active": 3, "inactive": 1, "potential": 1, "probable": 0, "rest": 0,
    }  # fmt: skip
    assert [band["revenue"] for band in found["bands"]] == [3000, 0, 0, 3000] and found["market"] is None
    listed = api.get("/pyramid/people?level=active&limit=2").data
    assert [one["revenue"] for one in listed["items"]] == [3000, 2000] and listed["next"] == 2
    assert [one["revenue"] for one in api.get("/pyramid/people?level=active&after=2").data["items"]] == [1000]
    moved = {(m["before"], m["after"]): m["people"] for m in api.get("/pyramid/moves").data}
    assert sum(moved.values()) == 5
    assert sum(m["people"] for m in api.get("/stages/moves").data) == 4
    assert api.call("PUT", "/pyramid/market", {"probable": 5, "rest": 7, "source": "Census"}).status_code == 200
    assert api.get("/pyramid").data["market"]["source"] == "Census"
    assert api.get("/pyramid/moves?since=2026-02-31").data["code"] == "no_day"
    assert api.call("PUT", "/pyramid", {"period_days": 30}).status_code == 200
    assert {level["people"] for level in api.get("/pyramid").data["levels"][:2]} == {2}
