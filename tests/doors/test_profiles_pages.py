"""The page and routes of profiles: filters by address, what is hidden, the smallest group as a setting, and one answer in both."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from passaparola.doors.console import roles
from tests.doors import api_calls
from tests.doors.api_calls import Api
from tests.people import Somebody
from tests.world import World


@pytest.fixture
def shop() -> None:
    """Twelve women and eight men; six women and two men came accompanied, half of everybody bought tea."""
    world = World(datetime.now(UTC) - timedelta(days=1))
    for n in range(20):
        one = Somebody(f"Person{n}", f"p{n}", f"p{n}@example.test", "en")
        company = 2 if n < 6 or n > 17 else 1
        lines = [{"product_id": "tea" if n % 2 else "rum", "price": 5}]
        world.send(one.identify(gender="female" if n < 12 else "male"), one.buys(f"o{n}", 5, company=company, products=lines))
    world.days_pass(0.1)


@pytest.fixture
def marketer() -> Client:
    user = User.objects.create_user("dora", password="not needed here")
    roles.give(user, "marketer")
    made = Client(headers={"accept-language": "en"})
    made.force_login(user)
    return made


@pytest.mark.usefixtures("shop")
def test_the_page_and_the_api_tell_and_hide_the_same(marketer: Client) -> None:
    api_calls.forget_what_is_remembered()
    api = Api(api_calls.secret())
    csv = marketer.get("/console/profiles?row=sex&column=company&csv=1").content.decode().splitlines()
    assert csv[1:] == ["female,,,12", "male,,,8"], "two accompanied men hide their cell, and the others with it"
    found = api.get("/profiles?row=sex&column=company").data
    assert {one["value"] for one in found["cells"]} == {None} and [one["value"] for one in found["totals"]] == [12, 8]
    assert api.call("PUT", "/profiles", {"least": 2}).status_code == 422
    assert marketer.post("/console/profiles/change", {"least": 2}).status_code == 302
    assert api.get("/profiles").data["least"] == 5
    few = api.get("/profiles?row=sex&column=company&where=product:tea&where=stage:few").data
    assert few["refused"] == "" and [one["value"] for one in few["totals"]] == [None, None]
    page = marketer.get("/console/profiles?row=sex&column=company&where=product:tea&where=stage:few").content.decode()
    assert "Without Stage: Few" in page and "Look closer at" not in page
    assert marketer.post("/console/profiles/change", {"least": 3}).status_code == 302
    assert api.get("/profiles?where=product:tea").data["least"] == 3


def test_what_is_asked_wrongly_is_said(marketer: Client) -> None:
    api_calls.forget_what_is_remembered()
    api = Api(api_calls.secret())
    for wrong in ("row=sex&column=sex", "row=name", "where=sex:f&where=sex:m", "where=stage:few", "where=nothing:x",
                  "where=sex:f&where=age:18-24&where=hour:6-9", "where=sex"):  # fmt: skip
        assert api.get(f"/profiles?{wrong}").status_code == 422, wrong
    assert api.get("/profiles?where=sex:f").data["refused"] == "few"
    assert marketer.get("/console/profiles?where=sex:f&where=nothing:x&where=stage:few&row=sex&column=sex").status_code == 200
