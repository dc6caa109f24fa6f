"""The API's reference in a real browser: nothing for axe, nothing sticking out, nothing that the policy forbids."""

import pytest
from playwright.sync_api import expect

from tests.pages import NewPage, faults
from tests.running import Server


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(server: Server, new_page: NewPage, scheme: str) -> None:
    page = new_page(locale="en", color_scheme=scheme)
    page.goto(f"{server.url}/api/docs")
    assert faults(page) == []


def test_it_fits_and_leads_to_each_route(server: Server, new_page: NewPage) -> None:
    page = new_page(locale="en")
    for width in (360, 832, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{server.url}/api/docs")
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, width
    page.get_by_role("navigation").get_by_role("link", name="POST /people/merge").click()
    expect(page.locator("#merge_people")).to_be_in_viewport()
