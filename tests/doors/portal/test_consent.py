"""Double opt-in, one-click unsubscribe and preferences; forged and expired links."""

from datetime import timedelta

import pytest
from django.test import Client

from passaparola.messages.models import Message
from passaparola.people.models import Consent, Person
from passaparola.programs.models import Code
from tests import portal_world as world
from tests.portal_world import NOW, consents, text, token


@pytest.mark.parametrize(("destination", "linked"), [("https://shop.test/", True), ("", False)])
def test_whoever_confirmed_is_led_to_the_shop_if_that_is_an_address(
    client: Client, alma: Person, destination: str, linked: bool
) -> None:
    value = world.code(world.program(destination=destination), alma.id).value
    bruno = world.signs_up(value, "bruno@example.com", NOW)
    page = client.post(f"/c/{token('opt-in', bruno, 1)}").content.decode()
    assert ("To the shop" in page) is linked and "javascript:" not in page


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
