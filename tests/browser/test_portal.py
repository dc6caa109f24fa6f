"""Public pages in a real browser against a real server: the story in three languages, axe, widths, without script."""

import re
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Route, expect

from tests.pages import NewPage, faults, run_beside
from tests.running import Server

LANDING_BYTES_MAX = 30_000
MAIL_SECONDS_MAX = 30.0
# A headless Chromium says what it is, and the edge does not count robots.
SOMEBODY = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"


@dataclass(frozen=True)
class Place:
    """A server with Alma, her friends at every step, and the addresses of her pages."""

    server: Server
    code: str
    paths: dict[str, str]

    def url(self, name: str, **query: str) -> str:
        """The address of a page by name; query parameters as given."""
        return (
            self.server.url + self.paths[name] + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")
        )


@pytest.fixture(scope="module")
def place(server: Server) -> Place:
    known: dict[str, Any] = run_beside(server, "-m", "tests.portal_world")
    return Place(server, known["code"], known["paths"])


def mail_to(place: Place, address: str) -> str:
    """The newest mail's text to an address, from the folder in which this server leaves its mail."""
    began = time.monotonic()
    while time.monotonic() - began < MAIL_SECONDS_MAX:
        for file in sorted((place.server.data / "mail").rglob("*.eml"), reverse=True):
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            if address in str(mail["To"]):
                body = mail.get_body(("plain",))
                assert body is not None
                return str(body.get_content())
        time.sleep(0.1)
    raise AssertionError(f"no mail to {address} within {MAIL_SECONDS_MAX} s")


STORY = {
    "es": ("Copiado", "Apúntate y recibe 10 €", "Mira tu correo", "Sí, he sido yo", "Te esperan 10 €", "Alta confirmada"),
    "it": ("Copiato", "Iscriviti e ricevi 10 €", "Controlla la posta", "Sì, sono io", "Ti aspettano 10 €", "Iscrizione confermata"),
    "en": ("Copied", "Sign up and get €10", "Check your mail", "Yes, that is me", "Waiting for you: €10", "Sign-up confirmed"),
}  # fmt: skip


@pytest.mark.parametrize("language", ["es", "it", "en"])
def test_alma_shares_and_a_friend_signs_up(place: Place, new_page: NewPage, language: str) -> None:
    copied, sign_up, thanks, yes, waiting, confirmed = STORY[language]
    alma = new_page(locale=language, permissions=["clipboard-read", "clipboard-write"])
    alma.goto(place.url("advocate"))
    before = alma.locator(".line .badge", has_text=confirmed).count()
    alma.locator("[data-copy]").click()
    expect(alma.locator("[data-copy] span")).to_have_text(copied)
    link = alma.evaluate("navigator.clipboard.readText()")
    assert urlsplit(link).path == f"/r/{place.code}/cp"

    friend = new_page(locale=language, user_agent=SOMEBODY)
    friend.goto(link)
    assert urlsplit(friend.url).path == f"/f/{place.code}" and "pp=" in friend.url
    address = f"friend-{language}@example.test"
    friend.get_by_role("textbox").first.fill(address)
    friend.locator("#offers").check()
    friend.get_by_role("button", name=sign_up.replace(" €", "\xa0€")).click()
    expect(friend.get_by_role("heading", level=1)).to_have_text(thanks)

    found = re.search(r"https?://\S+/c/\S+", mail_to(place, address))
    assert found, "the mail carries the link"
    friend.goto(found.group())
    friend.get_by_role("button", name=yes).click()
    expect(friend.get_by_role("heading", level=1)).to_have_text(waiting.replace(" €", "\xa0€"))

    alma.reload()
    expect(alma.locator(".line .badge", has_text=confirmed)).to_have_count(before + 1)
    assert address not in alma.content()


PAGES = (
    "advocate",
    "empty",
    "landing",
    "thanks",
    "mistyped",
    "by_hand",
    "confirm",
    "unsubscribe",
    "preferences",
    "privacy",
    "broken",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(place: Place, new_page: NewPage, scheme: str) -> None:
    # Only the inspector itself needs the policy set aside; every other test here fails on its violation.
    page = new_page(locale="en", color_scheme=scheme, viewport={"width": 390, "height": 800})
    found = {}
    for name in PAGES:
        page.goto(place.url(name))
        for summary in page.locator("summary").all():
            summary.click()
        found[name] = faults(page)
    assert found == dict.fromkeys(PAGES, [])


def test_axe_finds_nothing_in_a_form_with_errors(place: Place, new_page: NewPage) -> None:
    page = new_page(locale="it")
    page.goto(place.url("landing"))
    page.locator("#email").fill("bruno")
    page.locator("form .button.friend").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.locator("#email")).to_be_focused()


@pytest.mark.parametrize("language", ["es", "it", "en"])
def test_nothing_sticks_out_from_360_to_1600_pixels(place: Place, new_page: NewPage, language: str) -> None:
    page = new_page(locale=language)
    for name in PAGES:
        page.goto(place.url(name, lang=language))
        for width in (360, 414, 640, 832, 1024, 1600):
            page.set_viewport_size({"width": width, "height": 800})
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, (name, width, over)


def test_everything_works_without_script(place: Place, new_page: NewPage) -> None:
    page = new_page(locale="en", java_script_enabled=False, viewport={"width": 360, "height": 640})
    page.goto(place.url("advocate"))
    expect(page.locator("[data-copy]")).to_be_hidden()
    expect(page.get_by_label("Your link", exact=True)).to_have_value(f"{place.server.url}/r/{place.code}")
    assert page.locator("a.way").count() == 7
    page.get_by_role("button", name="Hide my first name").click()
    expect(page.get_by_role("button", name="Show my first name")).to_be_visible()
    page.get_by_role("button", name="Show my first name").click()
    page.goto(place.url("landing"))
    page.get_by_label("Your e-mail address").fill("no-script@example.test")
    page.get_by_role("button", name="Sign up and get").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")


def test_a_share_button_opens_her_own_app_with_the_text_ready(place: Place, new_page: NewPage) -> None:
    page = new_page(locale="en")
    # Nobody's servers are called in a test: where we send her is read, and she is not sent.
    asked: list[str] = []

    def look_where(route: Route) -> None:
        asked.append(route.fetch(max_redirects=0).headers["location"])
        route.fulfill(status=200, body="")

    page.context.route("**/share/*", look_where)
    page.goto(place.url("advocate"))
    for name in ("WhatsApp", "Telegram"):
        with page.context.expect_page() as opened:
            page.get_by_role("link", name=name).click()
        opened.value.wait_for_load_state()
    assert {urlsplit(one).hostname for one in asked} == {"t.me", "wa.me"}
    assert f"/r/{place.code}/wa" in unquote(next(one for one in asked if "wa.me" in one))


def test_the_landing_page_is_light_and_asks_nobody_else(place: Place, new_page: NewPage) -> None:
    page = new_page(locale="es")
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(place.url("landing"), wait_until="networkidle")
    assert {urlsplit(one.url).netloc for one in answers} == {urlsplit(place.server.url).netloc}
    weight = sum(len(one.body()) for one in answers)
    assert 3_000 < weight < LANDING_BYTES_MAX, weight


def test_the_form_can_be_sent_with_the_keyboard_alone(place: Place, new_page: NewPage) -> None:
    page = new_page(locale="en")
    page.goto(place.url("landing"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Your e-mail address")).to_be_focused()
    page.keyboard.type("keys@example.test")
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.locator("#offers")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#offers")).to_be_checked()
    page.locator("#email").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")


def test_unsubscribing_takes_one_press(place: Place, new_page: NewPage) -> None:
    page = new_page(locale="en")
    page.goto(place.url("unsubscribe"))
    page.get_by_role("button", name=re.compile("Stop")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Done: they have stopped")
