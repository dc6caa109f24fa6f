"""The import wizard in a real browser against a real server: its importer too. With script, by keyboard, and without script."""

import re
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.pages import NARROW, WIDE, NewPage, faults, member, run_beside, sign_in
from tests.running import Server
from tests.shared import shared

LINES = (
    "pedido;cliente;fecha;importe;producto\n"
    "1;00042;01/02/2026;1.234,50;Café\n1;00042;01/02/2026;3,50;Tarta\n2;00043;23/02/2026;20,00;Café\n3;;23/02/2026;20,00;Café\n"
)


@pytest.fixture(scope="module")
def console(server: Server) -> str:
    """A server and Dora, who owns it; the console's address."""
    run_beside(server, "-c", member("dora", "owner"))
    return f"{server.url}/console/"


def bring(page: Page, console: str, path: Path) -> None:
    page.goto(console + "imports")
    page.locator("#file").set_input_files(path)
    page.locator(".filebox button").click()
    expect(page.locator("h1")).to_contain_text(path.name)


@pytest.mark.parametrize(
    ("theme", "size", "locale"), [("light", WIDE, "en"), ("dark", NARROW, "es"), ("light", NARROW, "it")]
)
def test_a_marketer_imports_a_file_and_the_pages_are_sound(
    console: str, new_page: NewPage, tmp_path: Path, theme: str, size: dict[str, int], locale: str
) -> None:
    page = sign_in(new_page(locale=locale, color_scheme=theme, viewport=size), console)
    # Everybody of the three brings orders of their own, so that the log learns something new each time.
    path = tmp_path / f"pedidos-{locale}.csv"
    path.write_bytes(LINES.replace("\n", f"\n{locale}-").removesuffix(f"{locale}-").encode("cp1252"))
    bring(page, console, path)
    assert faults(page) == []
    body = page.locator("#import-body")
    expect(body).to_contain_text("1.234,50 → ")
    # One changes a choice: the page answers by itself, and the focus stays where it was.
    choice = page.locator("#column-5")
    choice.focus()
    with page.expect_response("**/describe"):
        choice.select_option("product_name")
    expect(body).to_contain_text("Café, Tarta")
    expect(page.locator("#column-5")).to_be_focused()
    with page.expect_response("**/describe", timeout=60_000):
        page.locator("#guests").select_option("person")
    total = {"en": "1,278.00", "es": "1.278,00", "it": "1.278,00"}[locale]
    expect(body.locator("dl.steps-row")).to_contain_text(total, timeout=20_000)
    assert faults(page) == []
    page.locator("button[name=go]").click()
    expect(page.locator(".tag.good").first).to_be_visible(timeout=60_000)
    assert faults(page) == []
    # It was the wrong file: by keyboard, all of it is taken back.
    page.locator("a[href$='/withdraw']").press("Enter")
    expect(page.locator("main")).to_contain_text(total)
    assert faults(page) == []
    page.locator("main .btn-danger").press("Enter")
    expect(page).not_to_have_url(re.compile("/withdraw$"))
    # The page comes back by itself until it is done.
    expect(page.locator("main .notice").filter(has=page.locator("svg")).last).to_contain_text(": 3 ", timeout=60_000)
    expect(page.locator("a[href$='/withdraw']")).to_have_count(0)
    assert faults(page) == []
    page.goto(console + "imports")
    expect(page.locator("tbody tr").first).to_contain_text(path.name)
    assert faults(page) == []


def test_all_of_it_works_without_script_and_by_keyboard(console: str, new_page: NewPage) -> None:
    path = shared("cdnow_sample") / "CDNOW_sample.txt"
    page = sign_in(new_page(locale="en", java_script_enabled=False), console)
    bring(page, console, path)
    expect(page.locator("#import-body")).to_contain_text("€244,091.94")
    page.locator("#column-4").select_option("number:")
    page.locator("#currency").fill("USD")
    page.locator("#currency").press("Enter")
    expect(page.locator("#import-body")).to_contain_text("column_4: 2")
    expect(page.locator("#import-body")).to_contain_text("$244,091.94")
    button = page.locator("button[name=go]")
    button.focus()
    page.keyboard.press("Enter")
    # The page comes back by itself until it is done.
    expect(page.locator(".notice.good")).to_contain_text("6,919 events are new", timeout=120_000)
    expect(page.locator("dl.steps-row")).to_contain_text("2,357")


def test_large_files_go_to_disk_and_strangers_are_refused(
    server: Server, console: str, new_page: NewPage, tmp_path: Path
) -> None:
    page = sign_in(new_page(locale="en"), console)
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write("user_id,email\n")
        for n in range(250_000):
            file.write(f"{n:09},somebody-{n}@example.test\n")
    assert path.stat().st_size > 8_000_000
    bring(page, console, path)
    # Larger than what is looked at while one waits: the importer does it.
    expect(page.locator("button[name=check]")).to_be_visible(timeout=60_000)
    page.locator("button[name=check]").click()
    expect(page.locator("dl.steps-row")).to_contain_text("250,000", timeout=120_000)
    page.get_by_role("button", name="Throw away").click()
    expect(page.locator("h1")).to_have_text("Imports")
    request = urllib.request.Request(
        f"{server.url}/console/imports/new", data=b"x" * 2_000_000,
        headers={"content-type": "multipart/form-data; boundary=b", "cookie": "sessionid=nobody"},
    )  # fmt: skip
    began = time.monotonic()
    with pytest.raises((urllib.error.HTTPError, urllib.error.URLError, ConnectionError)) as refused:
        urllib.request.urlopen(request, timeout=20)
    assert time.monotonic() - began < 15
    assert getattr(refused.value, "code", 403) == 403
    assert list((server.data / "imports").glob("*/file")) == []
