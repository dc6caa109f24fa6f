"""What can be set, called, sent or opened is documented: nothing may be added without a word in docs/reference."""

import re
from pathlib import Path

import pytest

from passaparola.cli import COMMANDS
from passaparola.events import catalogue
from tests import routes

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = {path.name: path.read_text() for path in sorted((ROOT / "docs" / "reference").glob("*.md"))}
EVERYTHING = "\n".join(REFERENCE.values())
SETTINGS = sorted(
    {
        name
        for path in (ROOT / "passaparola").rglob("*.py")
        for name in re.findall(r"PASSAPAROLA_[A-Z_]+", path.read_text())
    }
)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in REFERENCE["settings.md"]


def test_no_setting_is_documented_that_is_not_read() -> None:
    of_tests = {"PASSAPAROLA_TEST_POSTGRES", "PASSAPAROLA_CHROMIUM"}
    assert set(re.findall(r"`(PASSAPAROLA_[A-Z_]+)`", REFERENCE["settings.md"])) == {*SETTINGS, *of_tests}


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
@pytest.mark.skipif("cli.md" not in REFERENCE, reason="the page is still to come")
def test_every_command_is_documented(name: str) -> None:
    assert f"`passaparola {name}" in EVERYTHING


@pytest.mark.parametrize("name", [*catalogue.KNOWN, *catalogue.CALLS])
@pytest.mark.skipif("events.md" not in REFERENCE, reason="the page is still to come")
def test_every_event_is_documented(name: str) -> None:
    assert f"`{name}`" in EVERYTHING or f"## {name}" in EVERYTHING


def test_every_route_is_documented() -> None:
    assert REFERENCE["routes.md"] == routes.table(), "renew the page: python -m tests.routes"


def test_every_route_says_what_it_is_for() -> None:
    rows = [line.split("|") for line in routes.table().splitlines() if line.startswith("| `/")]
    redirects = ("`/`", "`/console`")
    assert not [row[1] for row in rows if not row[2].strip() and row[1].strip() not in redirects]


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken
