"""The console in a real browser against a real server: axe, both themes, widths, keyboard, and all of it without script."""

import pytest
from playwright.sync_api import expect

from tests.pages import NARROW, WIDE, NewPage, faults, member, run_beside, sign_in
from tests.running import Server

PAGES = (
    "", "people", "people/1", "people/1/merge?other=2", "people/1/consent", "people/1/forget", "programs", "programs/1",
    "programs/new", "programs/1/launch", "programs/1/end", "messages", "messages/1", "events", "events/1", "events/parked",
    "stages?some=2&many=5&period_days=365", "stages/flow", "pyramid", "pyramid/moves", "pyramid/level/top", "profiles",
    "leads", "leads/rules", "groups", "groups/new", "groups/suggestions", "people/1/relationship?q=bruno",
    "install", "team", "search?q=alma", "look", "password",
)  # fmt: skip


@pytest.fixture(scope="module")
def console(server: Server) -> str:
    """A server with Alma's world and Dora, who owns it; the console's address."""
    run_beside(server, "-m", "tests.portal_world")
    run_beside(server, "-c", member("dora", "owner"))
    return f"{server.url}/console/"


@pytest.mark.parametrize(("theme", "size"), [("light", WIDE), ("dark", NARROW)])
def test_axe_finds_nothing_and_nothing_runs_over(
    console: str, new_page: NewPage, theme: str, size: dict[str, int]
) -> None:
    page = sign_in(new_page(locale="en", color_scheme=theme, viewport=size), console)
    wrong = []
    for path in PAGES:
        answer = page.goto(console + path)
        assert answer is not None and answer.status == 200, path
        assert page.evaluate("document.documentElement.dataset.bsTheme") == theme
        wrong += [f"{path}: {fault}" for fault in faults(page)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", ["es", "it"])
def test_longer_words_fit_the_narrowest_window(console: str, new_page: NewPage, language: str) -> None:
    page = sign_in(new_page(locale=language, viewport=NARROW), console)
    for path in PAGES:
        page.goto(console + path)
        assert page.locator("html").get_attribute("lang") == language
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_ctrl_k_finds_by_keyboard_alone(console: str, new_page: NewPage) -> None:
    page = sign_in(new_page(locale="en"), console)
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search people")
    expect(box).to_be_focused()
    page.keyboard.type("brunno", delay=20)
    expect(page.get_by_role("option", name="Bruno").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bruno")
    page.wait_for_load_state()
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Stages")


def test_a_programme_is_drafted_with_its_preview_and_launched(console: str, new_page: NewPage) -> None:
    page = sign_in(new_page(locale="en"), console)
    page.goto(console + "programs/new")
    page.get_by_label("Name of the programme").fill("Summer")
    page.get_by_label("The advocate gets", exact=True).fill("750")
    expect(page.locator("#preview")).to_contain_text("You get 750 points")
    page.locator("[name=preview_language]").select_option("it")
    expect(page.locator("#preview")).to_contain_text("750 punti")
    page.get_by_label("Target").fill("50")
    page.get_by_label("Until").fill("2030-06-30")
    page.get_by_role("button", name="Save and look before launching").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Launch the programme")
    page.get_by_label("Type ").fill(page.locator("[name=shown]").input_value())
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Active")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Paused")


def test_the_colours_are_remembered(console: str, new_page: NewPage) -> None:
    page = sign_in(new_page(locale="en", color_scheme="light"), console)
    page.locator(".side .whoami").click()
    with page.expect_response("**/console/theme"):
        page.locator(".side").get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_stages_answer_while_one_types(console: str, new_page: NewPage) -> None:
    page = sign_in(new_page(locale="en"), console)
    page.goto(console + "stages")
    page.get_by_label("Many starts at").fill("3")
    expect(page.locator("#simulation")).to_contain_text("Many must start above some")
    page.get_by_label("Some starts at").fill("2")
    page.get_by_label("Many starts at").fill("9")
    expect(page.locator("#simulation")).to_contain_text("Nothing has changed yet")


def test_everything_works_without_script(console: str, new_page: NewPage) -> None:
    page = sign_in(new_page(locale="en", java_script_enabled=False), console)
    page.goto(console + "people")
    page.get_by_role("searchbox").fill("brun")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Bruno").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bruno")
    page.locator(".side").get_by_role("link", name="Search").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")
    page.goto(console + "programs/new")
    page.get_by_label("Name of the programme").fill("Without script")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Without script")


def test_what_is_said_below_on_a_telephone_is_not_said_twice_on_a_wide_window(console: str, new_page: NewPage) -> None:
    for size, below in ((NARROW, True), (WIDE, False)):
        page = sign_in(new_page(locale="en", viewport=size), console)
        page.goto(console + "events")
        assert page.locator("td .early").first.is_visible() == below
        assert page.locator("td.late").first.is_visible() != below
