"""Joining a group by its code, from the advocate's page and from the page of choices."""

import re

from django.test import Client

from passaparola.doors.portal import groups
from passaparola.kernel import signing
from passaparola.people.models import GroupMember
from tests.people import ALMA
from tests.world import World


def test_she_joins_by_code_and_reads_her_group_s_offer() -> None:
    groups._TRIES.forget()
    world, browser = World(), Client(headers={"accept-language": "es"})
    world.send(ALMA.identify())
    for kind, address in (("advocate", "a"), ("preferences", "p")):
        token = signing.sign(kind, [world.number(ALMA)])
        assert b'name="group"' not in browser.get(f"/{address}/{token}").content, "without groups nothing is asked"
    world.act("Group Created", names={"it": "Camminatori"}, code="WALK7", offers={"es": "10 % en botas"})
    token = signing.sign("preferences", [world.number(ALMA)])
    answer = browser.post(f"/p/{token}/group", {"group": "nonsense"})
    assert answer.status_code == 303 and "said=no-group" in answer["Location"]
    assert "No conocemos este c\u00f3digo" in browser.get(f"/p/{token}?said=no-group").content.decode()
    answer = browser.post(f"/p/{token}/group", {"group": "walk 7"})
    assert "said=group" in answer["Location"]
    assert GroupMember.objects.get().source == "code"
    page = browser.get(f"/a/{signing.sign('advocate', [world.number(ALMA)])}").content.decode()
    assert re.search("Camminatori</strong> \u00b7 10 % en botas", page)


def test_guessing_has_an_end() -> None:
    groups._TRIES.forget()
    world, browser = World(), Client()
    world.send(ALMA.identify())
    world.act("Group Created", names={"it": "Camminatori"}, code="WALK7")
    token = signing.sign("advocate", [world.number(ALMA)])
    for number in range(10):
        browser.post(f"/a/{token}/group", {"group": f"GUESS{number}"})
    browser.post(f"/a/{token}/group", {"group": "WALK7"})
    assert not GroupMember.objects.exists()
    groups._TRIES.forget()
    assert browser.post("/a/forged/group", {"group": "WALK7"}).status_code in (403, 404, 410)
