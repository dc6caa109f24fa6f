"""What can be set, called, sent or opened is documented: nothing may be added without a word in docs/reference."""

import re
from pathlib import Path

import pytest

from docs import generate, routes
from passaparola.cli import COMMANDS
from passaparola.events import catalogue

# These only lead on to the console.
REDIRECTS = ("/", "/console")
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
def test_every_command_is_documented(name: str) -> None:
    assert f"`passaparola {name}" in EVERYTHING


@pytest.mark.parametrize("name", [*catalogue.KNOWN, *catalogue.CALLS])
def test_every_event_is_documented(name: str) -> None:
    assert f"`{name}`" in EVERYTHING or f"## {name}" in EVERYTHING


def test_pages_made_from_the_code_are_up_to_date() -> None:
    assert generate.stale() == [], "run: python docs/generate.py"


def test_every_route_is_documented_and_says_what_it_is_for() -> None:
    """That the page is up to date is tested with the other generated ones."""
    assert not [address for address, what in routes.pages() if not what and address not in REDIRECTS]
    assert not [address for address, _ in routes.pages() if f"`{address}`" not in REFERENCE["routes.md"]]


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken
