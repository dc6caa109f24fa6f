"""The pages and routes of playbooks: shown in the reader's language, edited as a form, a segment made of one, beside a person."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from passaparola.doors import exports
from passaparola.doors.console import playbooks as pages
from passaparola.doors.console import roles
from passaparola.segments import playbooks
from passaparola.segments.keeping import playbooks_in_force
from tests import portal_world
from tests.doors import api_calls
from tests.doors.api_calls import Api
from tests.people import ALMA
from tests.world import World


def staff(role: str, language: str = "en") -> Client:
    user = User.objects.create_user(role, password="not needed here")
    roles.give(user, role)
    made = Client(headers={"accept-language": language})
    made.force_login(user)
    return made


@pytest.fixture
def person() -> int:
    """Somebody who bought three times, twice the same."""
    world = World(datetime.now(UTC) - timedelta(days=3))
    world.send(ALMA.identify())
    for number, product in enumerate(("tea", "rum", "tea"), 1):
        world.send(ALMA.buys(f"o{number}", 5, products=[{"product_id": product, "price": 5}]))
        world.days_pass(1)
    return world.number(ALMA)


def test_every_page_and_fact_has_a_word_an_address_and_a_sentence() -> None:
    assert set(pages.PLACES) == {name for name in playbooks.PAGES if name}
    assert set(pages.FACT_WORDS) == set(pages._FACTS) == {name for name in playbooks.FACTS if name}
    marketer = staff("owner")
    for place in pages.PLACES.values():
        for stage in playbooks.STAGES:
            assert marketer.get(place.address(stage)).status_code == 200, place.address(stage)


@pytest.mark.parametrize(
    ("language", "words"), [("es", "vinieron una o dos veces"), ("it", "venuto una o due volte"), ("en", "As shipped")]
)
def test_the_page_speaks_the_readers_language(language: str, words: str) -> None:
    page = unescape(staff("read-only", language).get("/console/stages/playbooks").content.decode())
    assert words in page and "/console/stages/playbooks/few" not in page and "segments/new" not in page


def form(page: str) -> dict[str, str]:
    """The fields of the editor as a browser would send them."""
    found = dict(re.findall(r'<input[^>]*name="([^"]+)" value="([^"]*)"', page))
    found |= {n: unescape(text.lstrip("\n")) for n, text in re.findall(r'<textarea name="([^"]+)"[^>]*>([^<]*)</textarea>', page)}
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen.group(1) if chosen else ""
    return found


def test_the_editor_keeps_what_is_typed_and_gives_the_shipped_one_back() -> None:
    marketer = staff("marketer")
    fields = form(marketer.get("/console/stages/playbooks/some").content.decode())
    assert fields["advice-2-fact"] == "products" and fields["advice-0-say_it"].startswith("Dai un buon motivo")
    assert marketer.post("/console/stages/playbooks/some", fields).status_code == 302
    assert playbooks_in_force()["some"][0] == playbooks.shipped("some"), "sent as it is shown, it stays what it was"
    changed = {**fields, "advice-0-say_en": "Come on Friday", "advice-1-say_en": "", "advice-1-say_es": "", "advice-1-say_it": ""}
    assert marketer.post("/console/stages/playbooks/some", changed).status_code == 302
    book = playbooks_in_force()["some"][0]
    assert book.advice[0].say["en"] == "Come on Friday" and len(book.advice) == 3
    page = marketer.get("/console/stages/playbooks").content.decode()
    assert "Come on Friday" in page and "Your own, of" in page
    empty = {name: "" if "say" in name or "aim" in name else value for name, value in fields.items()}
    wrong = marketer.post("/console/stages/playbooks/some", empty)
    assert wrong.status_code == 422 and b"Say it in one language at least." in wrong.content
    none = {name: "" if "say" in name else value for name, value in fields.items()}
    assert b"needs one piece of advice" in marketer.post("/console/stages/playbooks/some", none).content
    assert marketer.post("/console/stages/playbooks/some/restore").status_code == 302
    assert playbooks_in_force()["some"][1] is None
    assert marketer.get("/console/stages/playbooks/none").status_code == 404


def test_a_segment_can_be_made_of_a_stage_with_the_playbook_as_its_strategy() -> None:
    page = unescape(staff("marketer").get("/console/segments/new?stage=many").content.decode())
    assert "Stage: Many" in page and "Fase: " in page and "– Ask them to recommend you" in page
    assert "Stage:" not in staff("owner").get("/console/segments/new?stage=never").content.decode()


def test_beside_a_person_stands_what_is_hers(person: int) -> None:
    seen = unescape(staff("marketer").get(f"/console/people/{person}").content.decode())
    assert "Her own most bought products: tea (2×), rum (1×)." in seen
    assert "3 more visits within 365 days make it “Many”." in seen and "Usually comes every 1 day." in seen
    assert 'id="playbook"' not in staff("till").get(f"/console/people/{person}").content.decode()


def test_the_api_reads_writes_and_tells_of_one_person(person: int) -> None:
    api_calls.forget_what_is_remembered()
    api = Api(api_calls.secret())
    found = {one["stage"]: one for one in api.get("/stages/playbooks").data}
    assert list(found) == ["few", "some", "many"] and all(one["shipped"] for one in found.values())
    own: dict[str, Any] = {"aim": {"en": "Again"}, "advice": [{"say": {"en": "Hello"}, "fact": "products"}]}
    assert api.call("PUT", "/stages/playbooks/some", own).status_code == 200
    assert api.call("PUT", "/stages/playbooks/none", own).status_code == 422
    assert api.call("PUT", "/stages/playbooks/some", {**own, "advice": []}).status_code == 422
    told = api.get(f"/people/{person}/playbook").data
    assert told["stage"] == "some" and told["advice"][0]["say"] == {"en": "Hello"} and not told["mend_first"]
    assert told["known"]["products"] == [{"product": "tea", "times": 2}, {"product": "rum", "times": 1}]
    exported = {row["stage"]: row for row in exports.EXPORTS["playbooks"].rows()}
    assert exported["some"]["origin"] == "own" and exported["few"]["origin"] == "shipped"
    assert json.dumps(exported["some"]["advice"]) and exported["some"]["aim"] == {"en": "Again"}
    assert api.call("DELETE", "/stages/playbooks/some").status_code == 200
    assert all(one["shipped"] for one in api.get("/stages/playbooks").data)
    portal_world.customer(200, "Person2")
    assert api.get("/people/200/playbook").status_code == 404
