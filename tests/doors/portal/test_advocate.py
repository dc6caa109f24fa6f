"""Alma: her code, her friends’ steps without their names, her shares; Chiara sees nothing of theirs."""

from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.test import Client

from passaparola.doors.portal import sharing
from passaparola.people.models import Person
from passaparola.programs import codes
from passaparola.programs.models import Code, Share
from tests import portal_world as world
from tests.portal_world import NOW, text, token


def test_her_page_tells_steps_and_reasons_but_no_names(client: Client, code: Code) -> None:
    at = world.START
    bruno = world.signs_up(code.value, "bruno@example.com", at, name="Bruno Conti")
    world.confirms(bruno, at)
    world.buys("bruno@example.com", "bruno", "1", 49.9, at + timedelta(days=1))
    page = client.get(f"/a/{token('advocate', 1)}")
    said = text(page)
    assert "You give €10, you get 500 points" in said and codes.show(code.value) in said
    assert "Waiting for the return window until 4 Dec" in said and "signed up 3 Nov" in said
    assert "500 points Set aside Set aside; yours on 4 Dec" in said
    for private in ("Bruno", "Conti", "bruno@", "49"):
        assert private not in said
    assert page["Cache-Control"] == "no-store" and page["Referrer-Policy"] == "same-origin"
    world.rings(at + timedelta(days=31, hours=1))
    said = text(client.get(f"/a/{token('advocate', 1)}"))
    assert "Reward given" in said and "yours by now 500 points" in said


def test_a_friend_who_agrees_is_named_by_first_name(client: Client, code: Code) -> None:
    bruno = world.signs_up(code.value, "bruno@example.com", world.START, name="Bruno Conti")
    world.act("Name Shown", NOW, properties={"person": bruno, "shows": True})
    said = text(client.get(f"/a/{token('advocate', 1)}"))
    assert "Bruno" in said and "Conti" not in said


def test_chiara_sees_nothing_of_theirs(client: Client, code: Code) -> None:
    world.signs_up(code.value, "bruno@example.com", world.START)
    chiara = world.customer(9, "Chiara")
    theirs = world.code(code.program_id, chiara.id)
    said = text(client.get(f"/a/{token('advocate', chiara.id)}"))
    assert codes.show(theirs.value) in said and codes.show(code.value) not in said and "Waiting" not in said
    assert client.get(f"/a/{token('advocate', chiara.id)}/share/wa", {"code": code.value}).status_code == 404
    assert client.get(f"/a/{token('advocate', chiara.id)}/qr.svg", {"code": code.value}).status_code == 404


@pytest.mark.parametrize("channel", sorted(sharing.TARGETS))
def test_each_share_button_is_counted_and_opens_only_its_own_app(client: Client, code: Code, channel: str) -> None:
    address = f"/a/{token('advocate', 1)}/share/{channel}"
    assert client.head(address).status_code == 303 and not Share.objects.exists(), "a HEAD shares nothing"
    answer = client.get(address)
    assert answer.status_code == 303
    assert [share.channel for share in Share.objects.all()] == [channel]
    target = urlsplit(answer["Location"])
    assert target.scheme in ("mailto", "sms") or target.hostname in sharing.HOSTS
    assert f"/r/{code.value}/{channel}" in unquote(answer["Location"])


def test_the_mail_she_sends_reads_well(client: Client, code: Code) -> None:
    answer = client.get(f"/a/{token('advocate', 1)}/share/em", headers={"Accept-Language": "it"})
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert query["subject"] == ["10\xa0€ per te da Passaparola"]
    assert query["body"][0].startswith("Ciao,\n\n") and query["body"][0].endswith("Alma\n")


def test_copying_is_counted_by_post_and_other_channels_do_not_exist(client: Client, code: Code) -> None:
    address = f"/a/{token('advocate', 1)}/share/"
    assert client.post(address + "cp").status_code == 204 and client.post(address + "na").status_code == 204
    assert {share.channel for share in Share.objects.all()} == {"cp", "na"}
    for channel in ("zz", "https:", "cp"):
        assert client.get(address + channel).status_code == 404
    assert client.post(address + "wa").status_code == 404


def test_the_qr_code_is_a_small_picture_of_her_link(client: Client, code: Code) -> None:
    picture = client.get(f"/a/{token('advocate', 1)}/qr.svg")
    assert picture["Content-Type"] == "image/svg+xml" and picture.content.startswith(b"<svg")
    assert len(picture.content) < 6_000 and b"script" not in picture.content and b"style=" not in picture.content


def test_she_shows_and_hides_her_first_name(client: Client, code: Code) -> None:
    address = f"/a/{token('advocate', 1)}/name"
    assert client.post(address, {"shows": "no"}).status_code == 303
    assert "Alma" not in text(client.get(f"/f/{code.value}"))
    client.post(address, {"shows": "yes"})
    assert "Alma recommends" in text(client.get(f"/f/{code.value}"))


def test_she_joins_by_herself_and_gets_a_code(client: Client, alma: Person, program: int) -> None:
    mine = f"/a/{token('advocate', alma.id)}"
    assert "You have no code yet" in text(client.get(mine))
    assert client.post(f"{mine}/join", {"program": program}).status_code == 303
    made = Code.objects.get(person_id=alma.id)
    assert codes.show(made.value) in text(client.get(mine))
    client.post(f"{mine}/join", {"program": program})
    assert Code.objects.count() == 1
