"""The API's reference in a real browser: nothing for axe, nothing sticking out, nothing that the policy forbids."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.running import Server

AXE = (Path(__file__).parent / "axe-4.14.1" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(server: Server, new_page: Callable[..., Page], scheme: str) -> None:
    page = new_page(locale="en", color_scheme=scheme, bypass_csp=True)
    page.goto(f"{server.url}/api/docs")
    page.add_script_tag(content=AXE)
    found = page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", RULES)
    assert [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]] == []


def test_it_fits_and_leads_to_each_route(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page(locale="en")
    for width in (360, 832, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{server.url}/api/docs")
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, width
    page.get_by_role("navigation").get_by_role("link", name="POST /people/merge").click()
    expect(page.locator("#merge_people")).to_be_in_viewport()
