"""The friend: lands, signs up, is warned, limited, and answered the same whoever it is."""

from datetime import timedelta

import pytest
from django.test import Client

from passaparola.doors import click
from passaparola.people.models import Consent, Identity, Person
from passaparola.programs import codes
from passaparola.programs.models import Click, Code, Referral
from tests import portal_world as world
from tests.portal_world import NOW, consents, text, token


def test_the_landing_page_says_who_what_and_that_she_gains(client: Client, code: Code) -> None:
    page = client.get(f"/f/{code.value}")
    said = text(page)
    assert page.status_code == 200
    assert "Alma recommends Passaparola" in said and "€10 for you at Passaparola" in said
    assert "whoever recommends gets 500 points when you buy" in said
    assert codes.show(code.value) in said and "at least €20 within 90 days" in said
    assert page["Cache-Control"] == "no-store" and "noindex" in page["X-Robots-Tag"]
    assert b"checked" not in page.content, "no box may be ticked beforehand"


def test_her_name_stays_hidden_unless_she_agreed(client: Client, program: int) -> None:
    elio = world.customer(2, "Elio")
    said = text(client.get(f"/f/{world.code(program, elio.id).value}"))
    assert "Elio" not in said and "A customer of Passaparola recommends us to you" in said


@pytest.mark.parametrize(
    "write", [str.lower, lambda v: f"{v[:4]}-{v[4:]}", lambda v: f" {v[:4]} {v[4:]} ", lambda v: v.replace("0", "O")]
)
def test_codes_forgive_how_they_are_written(client: Client, code: Code, write: object) -> None:
    assert client.get(f"/f/{write(code.value)}").status_code == 200  # type: ignore[operator]


def test_a_typing_error_is_told_from_an_unknown_code(client: Client, code: Code) -> None:
    swapped = code.value[:-1] + ("A" if code.value[-1] != "A" else "B")
    page = client.get(f"/f/{swapped}")
    assert page.status_code == 404 and "typing error" in text(page) and "<form" in page.content.decode()
    unknown = codes.mint("another seed", "nobody", 0)
    page = client.get(f"/f/{unknown}")
    assert page.status_code == 404 and "We do not know this code" in text(page)


@pytest.mark.parametrize(("act", "words"), [("Program Paused", "paused"), ("Program Ended", "has ended")])
def test_a_code_of_a_programme_that_rests_says_so(client: Client, code: Code, act: str, words: str) -> None:
    world.act(act, NOW, properties={"program": code.program_id})
    page = client.get(f"/f/{code.value}")
    assert page.status_code == 404 and words in text(page)


def test_a_code_typed_by_hand_leads_to_its_page(client: Client, code: Code) -> None:
    answer = client.get("/f", {"code": codes.show(code.value).lower()})
    assert answer.status_code == 302 and answer["Location"] == f"/f/{code.value}"
    assert client.get("/f").status_code == 200


def test_bruno_signs_up_confirms_and_alma_sees_the_step(client: Client, code: Code) -> None:
    given = {"email": "Bruno@Example.com", "given_name": "Bruno", "offers": "on"}
    answer = client.post(f"/f/{code.value}", given)
    assert answer.status_code == 303 and answer["Location"] == f"/f/{code.value}/thanks"
    assert "Check your mail" in text(client.get(answer["Location"]))
    bruno = Identity.objects.get(kind="email", value="bruno@example.com").person_id
    referral = Referral.objects.get(friend_id=bruno)
    assert (referral.state, referral.reason) == ("registered", "waiting_confirmation")
    asked = Consent.objects.get(person_id=bruno)
    assert (asked.purpose, asked.state, asked.language) == ("offers", "requested", "en")
    assert asked.wording == "Passaparola may write to me by e-mail with offers and news."
    assert asked.evidence["page"] == f"/f/{code.value}" and "127.0.0.1" not in str(asked.evidence)

    address = f"/c/{token('opt-in', bruno, 1, expires_at=NOW + timedelta(days=7))}"
    page = client.get(address)
    assert "offers and news" in text(page) and consents(bruno) == {"offers": "requested"}, "looking confirms nothing"
    page = client.post(address)
    assert page.status_code == 200 and codes.show(code.value) in text(page)
    assert consents(bruno) == {"offers": "given"}
    assert client.post(address).status_code == 200, "a second press does no harm"
    referral.refresh_from_db()
    assert (referral.state, referral.reason) == ("qualified", "waiting_purchase")


def test_a_click_is_remembered_from_the_address_or_the_cookie(client: Client, code: Code) -> None:
    tokens = [click.make_token(), click.make_token()]
    for one in tokens:
        world.act("Link Clicked", NOW, properties={"code": code.value, "token": one, "channel": "wa"})
    client.post(f"/f/{code.value}?pp={tokens[0]}", {"email": "bruno@example.com"})
    client.cookies[click.COOKIE] = click.cookie_value(tokens[1])
    client.post(f"/f/{code.value}?pp=forged", {"email": "carla@example.com"})
    assert [bool(Click.objects.get(token=one).person_id) for one in tokens] == [True, True]


def test_known_and_unknown_addresses_get_the_same_answer(client: Client, code: Code) -> None:
    dora = world.customer(7, "Dora")
    answers = [
        client.post(f"/f/{code.value}", {"email": address}) for address in ("dora@example.test", "nobody@example.com")
    ]
    assert [(one.status_code, one["Location"]) for one in answers] == [(303, f"/f/{code.value}/thanks")] * 2
    assert Person.objects.get(pk=dora.id).given_name == "Dora"


def test_whoever_signs_an_existing_customer_up_learns_nothing_until_it_is_confirmed(client: Client, code: Code) -> None:
    world.customer(7, "Dora")
    world.buys("dora@example.test", "dora", "77", 40, NOW - timedelta(days=100))
    client.post(f"/f/{code.value}", {"email": "dora@example.test"})
    referral = Referral.objects.get(state="refused")
    assert referral.reason == "existing_customer"
    mine = f"/a/{token('advocate', 1)}"
    assert "already a customer" not in text(client.get(mine))
    assert "Waiting for your friend to confirm" in text(client.get(mine))
    world.confirms(referral.friend_id, NOW + timedelta(minutes=1))
    assert "already a customer" in text(client.get(mine))


@pytest.mark.parametrize(
    "address",
    ["", "bruno", "bruno@", "a@b@c.com", "bruno@example..com", "x" * 300 + "@example.com", "a\r\nBcc: b@c.com"],
)
def test_what_is_no_address_is_refused_with_words(client: Client, code: Code, address: str) -> None:
    page = client.post(f"/f/{code.value}", {"email": address})
    assert page.status_code == 422 and 'role="alert"' in page.content.decode()
    assert not Referral.objects.exists()


@pytest.mark.parametrize("name", ["Win at https://spam.example", "spam.example", "Write me@spam", "spam.example/win"])
def test_a_name_is_not_a_place_for_links(client: Client, code: Code, name: str) -> None:
    page = client.post(f"/f/{code.value}", {"email": "b@example.com", "given_name": name})
    assert page.status_code == 422 and "just a first name" in text(page)


@pytest.mark.parametrize("name", ["M.Carmen", "J. R. R.", "Zoë O'Brien", "李", "Ana-María"])
def test_names_are_written_as_people_write_them(client: Client, code: Code, name: str) -> None:
    page = client.post(f"/f/{code.value}", {"email": "b@example.com", "given_name": name, "offers": "on"})
    assert page.status_code != 422


def test_what_was_typed_is_shown_again_escaped(client: Client, code: Code) -> None:
    page = client.post(f"/f/{code.value}", {"email": '"><script>alert(1)</script>'})
    assert b"<script>alert" not in page.content


def test_a_throw_away_address_is_warned_about_once(client: Client, code: Code) -> None:
    page = client.post(f"/f/{code.value}", {"email": "x@mailinator.com"})
    assert page.status_code == 422 and "throw-away" in text(page) and b'name="disposable_seen"' in page.content
    assert client.post(f"/f/{code.value}", {"email": "x@mailinator.com", "disposable_seen": "on"}).status_code == 303


def test_a_program_that_fills_in_everything_is_thanked_and_ignored(client: Client, code: Code) -> None:
    answer = client.post(f"/f/{code.value}", {"email": "bot@example.com", "website": "https://spam.example"})
    assert answer.status_code == 303 and not Referral.objects.exists()


def test_sign_ups_are_limited_for_an_address_and_from_one_place(client: Client, code: Code) -> None:
    for _ in range(5):
        assert client.post(f"/f/{code.value}", {"email": "bruno@example.com"}).status_code == 303
    page = client.post(f"/f/{code.value}", {"email": "Bruno@example.com"})
    assert page.status_code == 429 and page["Retry-After"] == "3600" and "too many" in text(page)
    assert client.post(f"/f/{code.value}", {"email": "other@example.com"}).status_code == 303


def test_forms_need_their_token(code: Code) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"/f/{code.value}", {"email": "bruno@example.com"}).status_code == 403
    assert strict.post(f"/a/{token('advocate', 1)}/name", {"shows": "no"}).status_code == 403


def test_a_stale_form_and_a_wrong_address_get_a_page_in_the_readers_language(code: Code) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"Accept-Language": "it"})
    answer = strict.post(f"/f/{code.value}", {"email": "bruno@example.com"})
    assert answer.status_code == 403 and "Invialo di nuovo" in text(answer)
    answer = strict.get("/nowhere")
    assert answer.status_code == 404 and "non c’è nessuna pagina" in text(answer)


def test_a_bug_of_ours_is_a_page_that_tells_nothing_of_it(code: Code, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("passaparola.doors.portal.landing.find", fails)
    answer = Client(raise_request_exception=False, headers={"Accept-Language": "es"}).get(f"/f/{code.value}")
    assert answer.status_code == 500 and "El fallo es nuestro" in text(answer) and "secret" not in text(answer)
