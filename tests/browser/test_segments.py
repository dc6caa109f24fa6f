"""A marketer and the builder in a real browser: by keyboard, at phone width, in both themes, with and without script."""

import pytest
from playwright.sync_api import Page, expect

from tests import pages
from tests.pages import NARROW, WIDE, NewPage, faults, member, run_beside
from tests.running import Server

# Alma fits the story; Bruno came alone once. A Saturday lies at most seven days back.
CAFE = """
from datetime import UTC, datetime, timedelta
from tests import portal_world as world

now = datetime.now(UTC)
saturday = (now - timedelta(days=(now.weekday() - 5) % 7 or 7)).replace(hour=10)
calls = []
for name in ("Alma", "Bruno"):
    traits = {"email": name.lower() + "@example.test", "name": name + " Serra"}
    calls.append({"type": "identify", "userId": name, "traits": traits, "messageId": name})
visits = [("Alma", 0, 2), ("Alma", 7, 3), ("Bruno", 0, 2), ("Bruno", 7, 1)]
for n, (name, days, company) in enumerate(visits):
    bought = [{"product_id": "espresso", "category": "coffee", "quantity": 1, "price": 2}]
    order = {"order_id": f"o{n}", "total": 2, "currency": "EUR", "company": company, "products": bought}
    calls.append({"type": "track", "userId": name, "event": "Order Completed", "messageId": f"o{n}",
                  "timestamp": (saturday - timedelta(days=days)).isoformat(),
                  "properties": order})
world.events_in(calls, now - timedelta(minutes=2))
"""


@pytest.fixture(scope="module")
def console(server: Server) -> str:
    run_beside(server, "-c", member("marta", "marketer") + CAFE)
    return f"{server.url}/console/"


def sign_in(page: Page, console: str) -> Page:
    return pages.sign_in(page, console, "marta")


def focus_by_keyboard(page: Page, selector: str, steps_max: int = 60) -> None:
    """Tab on until the element has the focus: what a hand without a mouse can do."""
    for _ in range(steps_max):
        if page.evaluate("s => document.activeElement && document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by the keyboard")


def choose(page: Page, selector: str, word: str) -> None:
    """A choice in a closed list by typing its first letters."""
    for _ in range(5):
        focus_by_keyboard(page, selector)
        if page.locator(f"{selector} option:checked").inner_text() != word:
            page.keyboard.type(word)
        # The form may come anew from the server while she types; then she looks, and chooses again.
        page.wait_for_timeout(500)
        if page.locator(f"{selector} option:checked").inner_text() == word:
            return
    expect(page.locator(f"{selector} option:checked")).to_have_text(word)


def add(page: Page, kind: str) -> None:
    """Open the menu of conditions and press the kind, by keyboard."""
    focus_by_keyboard(page, "#rule > fieldset > .adders > details > summary")
    page.keyboard.press("Enter")
    focus_by_keyboard(page, f'button[value="add  {kind}"]')
    page.keyboard.press("Enter")


def settled(page: Page) -> None:
    """Longer than a choice waits before it asks (200 ms), then until nothing is asked any more."""
    page.wait_for_timeout(300)
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "phone"])
def test_the_story_is_built_by_keyboard_alone(console: str, new_page: NewPage, size: dict[str, int]) -> None:
    page = sign_in(new_page(locale="en", viewport=size), console)
    page.goto(console + "segments/new")
    focus_by_keyboard(page, "#names_en")
    page.keyboard.type(f"Coffee {size['width']}")
    add(page, "event")
    expect(page.locator("[id='rule-rules-0-event']")).to_be_focused()
    page.keyboard.type("Product Bought")
    focus_by_keyboard(page, "[id='rule-rules-0-value']")
    settled(page)
    page.keyboard.press("Control+a")
    page.keyboard.type("2")
    focus_by_keyboard(page, "[id='rule-rules-0-window_n']")
    page.keyboard.press("Control+a")
    page.keyboard.type("60")
    details = (("Category", "is", "coffee"), ("Weekday", "is one of", ""), ("How many came together", "at least", "2"))
    for at, (name, operator, value) in enumerate(details):
        button = "rules[0].where condition"
        focus_by_keyboard(page, f'button[value="add {button}"]')
        page.keyboard.press("Enter")
        field = f"rule-rules-0--where-rules-{at}"
        expect(page.locator(f"#{field}-field")).to_be_focused()
        choose(page, f"#{field}-field", name)
        settled(page)
        expect(page.locator(f"#{field}-field")).to_be_focused()
        choose(page, f"#{field}-operator", operator)
        settled(page)
        if value:
            focus_by_keyboard(page, f"#{field}-value")
            page.keyboard.type(value)
        else:
            for day in ("6", "7"):
                focus_by_keyboard(page, f'[name="rules[0].where.rules[{at}].values"][value="{day}"]')
                page.keyboard.press("Space")
    add(page, "referral")
    expect(page.locator("#rule-rules-1-what")).to_be_focused()
    choose(page, "#rule-rules-1-what", "friends who joined")
    settled(page)
    choose(page, "#rule-rules-1-operator", "exactly")
    settled(page)
    focus_by_keyboard(page, "#rule-rules-1-value")
    page.keyboard.press("Control+a")
    page.keyboard.type("0")
    who = page.locator("#who")
    expect(who.locator(".figure")).to_have_text("1")
    expect(who).to_contain_text("Alma Serra")
    # Read back in Spanish, by keyboard.
    focus_by_keyboard(page, "#who [name=language]")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(who.locator("[lang=es]")).to_contain_text("sábado o domingo")
    expect(who.locator("[lang=es]")).to_contain_text("últimos 60 días")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("button[value=save]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Coffee {size['width']}")
    # Why is Bruno not in it?
    focus_by_keyboard(page, "input[type=search][name=q]")
    page.keyboard.type("bruno")
    link = page.get_by_role("link", name="Why not?")
    expect(link).to_be_visible()
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Why Bruno Serra is not in")
    expect(page.locator("main")).to_contain_text("Still missing: 1 time.")
    expect(page.locator("main")).to_contain_text("1 · accompanied")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_typing_on_while_the_server_answers_loses_nothing(console: str, new_page: NewPage) -> None:
    page = sign_in(new_page(locale="en"), console)
    page.goto(console + "segments/new?from=coffee-at-weekends")
    settled(page)
    page.route("**/segments/new*", lambda route: (page.wait_for_timeout(700), route.continue_()))
    page.locator("#rule-rules-0-measure").select_option("days")
    page.locator("#rule-rules-0-window_n").fill("45")
    expect(page.locator("#rule-rules-0 .unit").first).to_have_text("days")
    expect(page.locator("#rule-rules-0-window_n")).to_have_value("45")


DETAIL = 'button[value="add rules[0].where condition"]'


def test_a_button_keeps_its_focus_when_the_rule_is_drawn_again(console: str, new_page: NewPage) -> None:
    page = sign_in(new_page(locale="en"), console)
    page.goto(console + "segments/new")
    add(page, "event")
    page.locator("#rule-rules-0-measure").select_option("days")
    page.locator(DETAIL).focus()
    expect(page.locator("#rule-rules-0 .unit").first).to_have_text("days")
    expect(page.locator(DETAIL)).to_be_focused()


def test_a_choice_that_asks_late_does_not_undo_a_press(console: str, new_page: NewPage) -> None:
    page = sign_in(new_page(locale="en"), console)
    page.goto(console + "segments/new")
    add(page, "event")
    expect(page.locator(DETAIL)).to_be_visible()
    settled(page)
    page.route("**/segments/new*", lambda route: (page.wait_for_timeout(700), route.continue_()))
    page.locator("#rule-rules-0-measure").select_option("days")
    page.locator(DETAIL).press("Enter")
    expect(page.locator("#rule-rules-0--where-rules-0-field")).to_be_focused()
    expect(page.locator("#rule-rules-0-measure")).to_have_value("days")


@pytest.mark.parametrize(("theme", "size", "language"), [("light", WIDE, "en"), ("dark", NARROW, "it"), ("dark", WIDE, "es")])
def test_axe_finds_nothing_and_nothing_runs_over(
    console: str, new_page: NewPage, theme: str, size: dict[str, int], language: str
) -> None:
    page = sign_in(new_page(locale=language, color_scheme=theme, viewport=size), console)
    page.goto(console + "segments/new?from=coffee-at-weekends")
    with page.expect_navigation():
        page.locator("button[value=save]").click()
    number = page.url.rpartition("/")[2]
    wrong = []
    paths = (
        "segments", "segments/templates", "segments/strategies?show=none", "segments/new", "segments/new?from=left-the-basket",
        f"segments/{number}", f"segments/{number}/edit", f"segments/{number}/overlap?with=1", f"segments/{number}/people/1",
        f"segments/{number}/people/2",
    )  # fmt: skip
    for path in paths:
        answer = page.goto(console + path)
        assert answer is not None and answer.status == 200, path
        settled(page)
        if path == "segments/new":
            page.locator("#rule-add").click()
            page.locator('button[value="add  sequence"]').click()
            settled(page)
            with page.expect_navigation():
                page.locator("button[value=save]").click()
        wrong += [f"{path}: {fault}" for fault in faults(page)]
    assert not wrong, "\n".join(wrong)


def test_without_script_every_button_sends_the_form(console: str, new_page: NewPage) -> None:
    page = sign_in(new_page(locale="en", java_script_enabled=False), console)
    page.goto(console + "segments/new")
    page.get_by_label("Name (English)").fill("Without script")
    page.locator("#rule-add").click()
    page.get_by_role("button", name="A trait").click()
    page.locator("#rule-rules-0-trait").select_option("purchases")
    page.get_by_role("button", name="Take over: Trait").click()
    page.locator("#rule-rules-0-value").fill("2")
    page.get_by_role("button", name="Copy condition 1").click()
    page.get_by_role("button", name="Remove condition 2").click()
    page.get_by_role("button", name="Count").click()
    expect(page.locator("#who .figure")).to_have_text("2")
    expect(page.get_by_label("Name (English)")).to_have_value("Without script")
    page.get_by_role("button", name="Save segment").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Without script")
