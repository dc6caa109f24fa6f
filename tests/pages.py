"""What the browser tests share: a page judged, the console's door, and a program run beside a server."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.running import ROOT, Server

_AXE = (Path(__file__).parent / "browser" / "axe-4.14.1" / "axe.min.js").read_text(encoding="utf-8")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROW = {"width": 360, "height": 800}
WIDE = {"width": 1280, "height": 900}
PASSWORD = "a-password-of-the-tests"

NewPage = Callable[..., Page]


def run_beside(server: Server, *command: str) -> Any:
    """Run Python on the server's data: ("-c", code) or ("-m", module). What its last line says in JSON, or None."""
    made = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT, env={**server.environment, "DJANGO_SETTINGS_MODULE": "passaparola.settings"},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    lines = made.stdout.splitlines()
    return json.loads(lines[-1]) if lines else None


def member(name: str, role: str) -> str:
    """The code that lets somebody into the console."""
    return (
        "import django; django.setup()\n"
        "from django.contrib.auth.models import User\n"
        "from passaparola.doors.console import roles\n"
        f"roles.give(User.objects.create_user({name!r}, password={PASSWORD!r}), {role!r})\n"
    )


def sign_in(page: Page, console: str, name: str = "dora") -> Page:
    """In by the console's door, until its page is there with its script."""
    page.goto(console + "sign-in")
    page.locator("[name=username]").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form .btn-primary").click()
    expect(page).to_have_url(console)
    page.wait_for_load_state()
    return page


def faults(page: Page) -> list[str]:
    """What axe finds on the page as it stands (WCAG 2.2 AA and its best practice), and whether it sticks out sideways."""
    page.evaluate(_AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", _RULES)["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    said = [f"{one['id']} at {node['html'][:120]}" for one in found for node in one["nodes"]]
    return [*said, *(["wider than the window"] if wide else [])]
