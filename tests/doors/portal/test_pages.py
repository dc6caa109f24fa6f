"""What every page has in common: languages, nothing from elsewhere, nothing inline, little weight."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from passaparola.doors import click
from passaparola.messages.models import Message
from passaparola.programs.models import Code
from tests import portal_world as world
from tests.portal_world import NOW, text, token


def test_language_by_choice_then_cookie_then_person_then_browser(client: Client, code: Code) -> None:
    mine = f"/a/{token('advocate', 1)}"
    assert 'lang="en"' in client.get(mine).content.decode()
    world.act("Language Chosen", NOW, properties={"person": 1, "language": "it"})
    assert '<html lang="it">' in client.get(mine).content.decode()
    chosen = client.get(mine, {"lang": "es"})
    assert '<html lang="es">' in chosen.content.decode() and "django_language" in chosen.cookies
    assert '<html lang="es">' in client.get(f"/f/{code.value}").content.decode()
    assert '<html lang="es">' in client.get(mine, {"lang": "xx"}).content.decode()


def test_switching_language_keeps_the_click(client: Client, code: Code) -> None:
    one = click.make_token()
    assert f"pp={one}&amp;lang=it" in client.get(f"/f/{code.value}?pp={one}").content.decode()


@pytest.mark.parametrize("language", ["es", "it", "en"])
def test_every_page_speaks_every_language(client: Client, code: Code, ask: Message, language: str) -> None:
    world.signs_up(code.value, "bruno@example.com", world.START)
    said = {}
    for path in PATHS(code, ask):
        page = client.get(path, {"lang": language})
        assert page.status_code in (200, 404, 410), path
        assert f'<html lang="{language}">' in page.content.decode()
        said[path] = text(page)
    if language != "en":
        for path, words in said.items():
            assert " the " not in words, (path, words)


def PATHS(code: Code, ask: Message) -> list[str]:
    return [
        f"/f/{code.value}", f"/f/{code.value}/thanks", "/f", "/f/ZZZZZZZZ", "/privacy",
        f"/a/{token('advocate', 1)}", f"/c/{token('opt-in', 1, 1)}", f"/u/{token('unsubscribe', ask.id)}",
        f"/p/{token('preferences', 1)}", "/a/forged", f"/c/{token('opt-in', 1, 1, expires_at=datetime(2020, 1, 1, tzinfo=UTC))}",
    ]  # fmt: skip


def test_pages_load_nothing_from_elsewhere_and_nothing_inline(client: Client, code: Code, ask: Message) -> None:
    world.signs_up(code.value, "bruno@example.com", world.START)
    for path in PATHS(code, ask):
        page = client.get(path)
        body = page.content.decode()
        assert not re.search(r"<style|style=|<script(?! src=\"/static/)| on[a-z]+=", body), path
        for address in re.findall(r'(?:src|<link[^>]+href)="([^"]+)"', body):
            assert address.startswith("/"), (path, address)
        assert "script-src 'self';" in page["Content-Security-Policy"] + ";"


def test_the_landing_page_weighs_under_30_kilobytes(client: Client, code: Code) -> None:
    page = client.get(f"/f/{code.value}")
    weight = len(page.content)
    for address in re.findall(r'<link rel="(?:icon|stylesheet)" href="([^"]+)"', page.content.decode()):
        part = client.get(address)
        assert part.status_code == 200
        weight += len(b"".join(part.streaming_content) if part.streaming else part.content)  # type: ignore[attr-defined]
    assert weight < 30_000, weight
