"""Public pages over HTTP: Alma shares, Bruno signs up, confirms and stops; Chiara sees nothing of theirs."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import time_machine
from django.test import Client

from passaparola.doors import click
from passaparola.doors.portal import limits, sharing
from passaparola.kernel import signing
from passaparola.messages.models import Message
from passaparola.people.models import Consent, Identity, Person
from passaparola.programs import codes
from passaparola.programs.models import Code, Referral, Share
from tests import portal_world as world

NOW = world.START + timedelta(days=18)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    limits.sign_ups_by_visitor.forget()
    limits.sign_ups_by_address.forget()
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def client() -> Client:
    return Client(enforce_csrf_checks=False, headers={"Accept-Language": "en"})


@pytest.fixture
def alma() -> Person:
    return world.customer(1, "Alma", shows_name=True)


@pytest.fixture
def program() -> int:
    return world.program()


@pytest.fixture
def code(program: int, alma: Person) -> Code:
    return world.code(program, alma.id)


def token(purpose: str, *ids: int, expires_at: datetime | None = None) -> str:
    return signing.sign(purpose, ids, expires_at=expires_at)


def text(answer: object) -> str:
    """What people read on a page, tags gone."""
    body = unescape(answer.content.decode())  # type: ignore[attr-defined]
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("\xa0", " ").split())


def consents(person_id: int) -> dict[str, str]:
    return dict(Consent.objects.filter(person_id=person_id).order_by("id").values_list("purpose", "state"))


# --- the friend -------------------------------------------------------------------------------
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
    from passaparola.programs.models import Click

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


def test_a_name_is_not_a_place_for_links(client: Client, code: Code) -> None:
    page = client.post(f"/f/{code.value}", {"email": "b@example.com", "given_name": "Win at https://spam.example"})
    assert page.status_code == 422 and "just a first name" in text(page)


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


# --- double opt-in ----------------------------------------------------------------------------
def test_an_expired_link_says_how_to_get_a_new_one(client: Client, alma: Person) -> None:
    page = client.get(f"/c/{token('opt-in', alma.id, 1, expires_at=NOW - timedelta(seconds=1))}")
    assert page.status_code == 410 and "Sign up once more" in text(page)


@pytest.mark.parametrize("path", ["/a/{}", "/c/{}", "/u/{}", "/p/{}", "/a/{}/qr.svg", "/a/{}/share/wa"])
@pytest.mark.parametrize("forged", ["x", "AAAA", "%00", "..", "A" * 500, "é"])
def test_forged_links_get_a_page_and_no_more(client: Client, code: Code, path: str, forged: str) -> None:
    assert client.get(path.format(forged)).status_code == 404


def test_a_token_opens_only_what_it_was_signed_for(client: Client, code: Code) -> None:
    one = token("preferences", 1)
    assert client.get(f"/p/{one}").status_code == 200
    for path in (f"/a/{one}", f"/c/{one}", f"/u/{one}"):
        assert client.get(path).status_code == 404


def test_somebody_forgotten_has_no_page(client: Client, code: Code) -> None:
    world.act("Person Forgotten", NOW, properties={"person": 1})
    assert client.get(f"/a/{token('advocate', 1)}").status_code == 404
    assert "Alma" not in text(client.get(f"/f/{code.value}"))


# --- one-click unsubscribe --------------------------------------------------------------------
@pytest.fixture
def ask(alma: Person) -> Message:
    from tests import seed

    world.act("Consent Recorded", NOW, properties={
        "person": alma.id, "channel": "email", "purpose": "referral", "state": "given", "wording": "", "language": "en",
        "source": "test", "evidence": {},
    })  # fmt: skip
    return seed.row(Message, key="ask:1:1:1", person_id=alma.id, purpose="referral", template="ask", state="sent")  # type: ignore[no-any-return]


def test_looking_at_the_page_stops_nothing(client: Client, ask: Message) -> None:
    page = client.get(f"/u/{token('unsubscribe', ask.id)}")
    assert page.status_code == 200 and consents(1) == {"referral": "given"}


def test_one_click_stops_at_once_without_cookie_or_token_and_as_often_as_it_comes(ask: Message) -> None:
    robot = Client(enforce_csrf_checks=True)
    for _ in range(3):
        answer = robot.post(
            f"/u/{token('unsubscribe', ask.id)}",
            "List-Unsubscribe=One-Click",
            content_type="application/x-www-form-urlencoded",
        )
        assert answer.status_code == 200
    assert consents(1) == {"referral": "withdrawn"}
    assert Consent.objects.filter(person_id=1).count() == 2, "repeats write nothing"


def test_a_post_that_says_something_else_stops_nothing(client: Client, ask: Message) -> None:
    assert client.post(f"/u/{token('unsubscribe', ask.id)}", {"hello": "there"}).status_code == 400
    assert consents(1) == {"referral": "given"}


def test_whoever_stops_a_service_message_wants_silence(client: Client, ask: Message) -> None:
    Message.objects.filter(pk=ask.id).update(purpose="service")
    client.post(f"/u/{token('unsubscribe', ask.id)}", {"List-Unsubscribe": "One-Click"})
    assert set(consents(1).values()) == {"withdrawn"} and set(consents(1)) == {"offers", "referral", "service"}


# --- preferences ------------------------------------------------------------------------------
def test_preferences_record_what_changed_and_nothing_else(client: Client, alma: Person) -> None:
    address = f"/p/{token('preferences', alma.id)}"
    assert (
        client.post(address, {"service": "yes", "offers": "yes", "shows": "yes", "language": "it"}).status_code == 303
    )
    assert consents(alma.id) == {"offers": "given"}
    assert (
        Consent.objects.get(person_id=alma.id).wording == "Passaparola may write to me by e-mail with offers and news."
    )
    alma.refresh_from_db()
    assert alma.language == "it" and alma.shows_name
    client.post(address, {"service": "yes", "shows": "", "language": "it"})
    alma.refresh_from_db()
    assert consents(alma.id) == {"offers": "withdrawn"} and not alma.shows_name


def test_one_button_stops_everything(client: Client, ask: Message) -> None:
    answer = client.post(f"/p/{token('preferences', 1)}", {"stop": "yes", "offers": "yes"}, follow=True)
    assert "Non riceverai" in text(answer) or "All mails have stopped" in text(answer)
    assert set(consents(1).values()) == {"withdrawn"}


# --- the advocate -----------------------------------------------------------------------------
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
    assert "Reward given" in said and "500 points is yours" in said.replace(
        "is yours 500 points", "500 points is yours"
    )


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


# --- language ---------------------------------------------------------------------------------
def test_language_by_choice_then_cookie_then_person_then_browser(client: Client, code: Code) -> None:
    mine = f"/a/{token('advocate', 1)}"
    assert 'lang="en"' in client.get(mine).content.decode()
    world.act("Language Chosen", NOW, properties={"person": 1, "language": "it"})
    assert '<html lang="it">' in client.get(mine).content.decode()
    chosen = client.get(mine, {"lang": "es"})
    assert '<html lang="es">' in chosen.content.decode() and "django_language" in chosen.cookies
    assert '<html lang="es">' in client.get(f"/f/{code.value}").content.decode()
    assert '<html lang="es">' in client.get(mine, {"lang": "xx"}).content.decode()


def test_switching_language_keeps_the_click(client: Client, code: Code) -> None:
    one = click.make_token()
    assert f"pp={one}&amp;lang=it" in client.get(f"/f/{code.value}?pp={one}").content.decode()


@pytest.mark.parametrize("language", ["es", "it", "en"])
def test_every_page_speaks_every_language(client: Client, code: Code, ask: Message, language: str) -> None:
    world.signs_up(code.value, "bruno@example.com", world.START)
    said = {}
    for path in PATHS(code, ask):
        page = client.get(path, {"lang": language})
        assert page.status_code in (200, 404, 410), path
        assert f'<html lang="{language}">' in page.content.decode()
        said[path] = text(page)
    if language != "en":
        for path, words in said.items():
            assert " the " not in words, (path, words)


def PATHS(code: Code, ask: Message) -> list[str]:
    return [
        f"/f/{code.value}", f"/f/{code.value}/thanks", "/f", "/f/ZZZZZZZZ", "/privacy",
        f"/a/{token('advocate', 1)}", f"/c/{token('opt-in', 1, 1)}", f"/u/{token('unsubscribe', ask.id)}",
        f"/p/{token('preferences', 1)}", "/a/forged", f"/c/{token('opt-in', 1, 1, expires_at=datetime(2020, 1, 1, tzinfo=UTC))}",
    ]  # fmt: skip


# --- what pages carry -------------------------------------------------------------------------
def test_pages_load_nothing_from_elsewhere_and_nothing_inline(client: Client, code: Code, ask: Message) -> None:
    world.signs_up(code.value, "bruno@example.com", world.START)
    for path in PATHS(code, ask):
        page = client.get(path)
        body = page.content.decode()
        assert not re.search(r"<style|style=|<script(?! src=\"/static/)| on[a-z]+=", body), path
        for address in re.findall(r'(?:src|<link[^>]+href)="([^"]+)"', body):
            assert address.startswith("/"), (path, address)
        assert "script-src 'self';" in page["Content-Security-Policy"] + ";"


def test_the_landing_page_weighs_under_30_kilobytes(client: Client, code: Code) -> None:
    page = client.get(f"/f/{code.value}")
    weight = len(page.content)
    for address in re.findall(r'<link rel="(?:icon|stylesheet)" href="([^"]+)"', page.content.decode()):
        part = client.get(address)
        assert part.status_code == 200
        weight += len(b"".join(part.streaming_content) if part.streaming else part.content)  # type: ignore[attr-defined]
    assert weight < 30_000, weight
