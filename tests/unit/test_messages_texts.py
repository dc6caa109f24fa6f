"""Texts: filled in the recipient's language, never blank, never dangerous; and what is refused when one is changed."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passaparola.messages import compose, kinds, liquid, markup, preview, texts
from passaparola.messages.texts import Text
from passaparola.messages.values import House

HOUSE = House("Casa Lola & Hijos", "https://lola.example", "EUR", "es", "Europe/Madrid")
EVERY = [(kind.key, language) for kind in kinds.KINDS for language in texts.LANGUAGES]


def values(**more: object) -> dict[str, object]:
    return {**preview._example(HOUSE, "es"), "person": {"given_name": "Alma"}, **more}


def text(body: str, subject: str = "Hola") -> Text:
    return Text("ask", "es", subject, body, "", "Porque sí.", is_edited=True)


@pytest.mark.parametrize(("key", "language"), EVERY)
def test_shipped_texts_are_complete_and_without_flaw(key: str, language: str) -> None:
    one = texts.shipped(key, language)
    assert compose.flaws(key, one.subject, one.body) == []
    assert one.subject and one.preview and one.why and one.body
    made = preview.example(key, language, HOUSE)
    assert f'<html lang="{language}">' in made.html
    assert made.subject in made.html or made.subject.replace("&", "&amp;") in made.html
    assert "{{" not in made.html + made.text and "{%" not in made.html + made.text


@pytest.mark.parametrize(("key", "language"), EVERY)
def test_with_nothing_known_there_is_no_hole(key: str, language: str) -> None:
    kept = ("business", "reward", "code", "share_link", "advocate_link", "confirm_link", "unsubscribe_link", "preferences_link")
    empty = {name: "" for name in values() if name not in kept}
    made = compose.compose(texts.shipped(key, language), values(**empty | {"person": {"given_name": ""}}))
    assert not re.search(r" [,.:] |, ,|\(\)| \n", made.text), made.text
    assert re.match(r"(Hola:|Ciao,|Hello,)", made.text)


@pytest.mark.parametrize(("key", "language"), EVERY)
def test_every_message_says_why_and_how_to_end_it(key: str, language: str) -> None:
    made = preview.example(key, language, HOUSE)
    for part in (made.html, made.text):
        assert "https://lola.example/u/example" in part and "https://lola.example/p/example" in part
    assert texts.shipped(key, language).why.partition("{{")[0] in made.text


def test_values_are_escaped_in_html_and_plain_in_text() -> None:
    made = compose.compose(text("<p>{{ person.given_name }}</p>"), values(person={"given_name": '<img src=x onerror="1">'}))
    assert "<img" not in made.html and "&lt;img src=x" in made.html
    assert '<img src=x onerror="1">' in made.text


def test_an_address_cannot_be_a_script() -> None:
    made = compose.compose(text('<a href="{{ share_link | link }}">a</a>'), values(share_link="javascript:alert(1)"))
    assert 'href="#"' in made.html and "javascript" not in made.html


def test_a_subject_stays_one_line() -> None:
    made = compose.compose(text("<p>x</p>", "Hola {{ person.given_name }}"), values(person={"given_name": "A\r\nBcc: x@y"}))
    assert made.subject == "Hola A Bcc: x@y"


@pytest.mark.parametrize(
    ("subject", "body", "code", "what"),
    [
        ("Hola", "<p>{{ person.email }}</p>", "unknown_variable", "person.email"),
        ("{{ nobody }}", "<p>x</p>", "unknown_variable", "nobody"),
        ("Hola", "<p>{{ code", "not_liquid", ""),
        ("Hola", '{% include "x" %}', "not_liquid", ""),
        ("Hola", "{{ code | safe }}", "unknown_filter", "safe"),
        ("Hola", "<script>1</script>", "html_tag", "script"),
        ("Hola", '<p onclick="x">a</p>', "html_attribute", "p onclick"),
        ("Hola", '<a href="{{ share_link }}">a</a>', "html_address_without_link", "{{ share_link }}"),
        ("Hola", "<a href={{ share_link | link }}>a</a>", "html_unquoted", "a"),
        ("Hola", '<a href="javascript:x">a</a>', "html_address", "javascript:x"),
        ("Hola", '<a href="https://x.test">a', "html_not_closed", "a"),
        ("", "<p>x</p>", "empty", ""),
        ("Hola", " ", "empty", ""),
        ("x" * 201, "<p>x</p>", "too_long", "200"),
    ],
)  # fmt: skip
def test_what_may_not_be_published(subject: str, body: str, code: str, what: str) -> None:
    found = compose.flaws("ask", subject, body)
    assert any(flaw.code == code and (not what or flaw.what == what) for flaw in found), found
    with pytest.raises(preview.TextFlawed):
        preview.check("ask", subject, body)


def test_a_confirmation_needs_its_link() -> None:
    assert [flaw.code for flaw in compose.flaws("opt_in", "Hola", "<p>x</p>")] == ["needs"]


def test_a_preview_says_what_is_missing_and_a_default_helps() -> None:
    bad = text("<p>{{ person.nickname }}</p>")
    with pytest.raises(compose.Broken, match="nickname"):
        compose.compose(bad, values(), is_strict=True)
    assert compose.compose(bad, values()).text.startswith("\n") or compose.compose(bad, values()).text
    good = text('<p>{{ person.nickname | default: "amiga" }}</p>')
    assert compose.compose(good, values(), is_strict=True).text.startswith("amiga")


@pytest.mark.parametrize(
    "body",
    [
        "{% for a in (1..1000000) %}x{% endfor %}",
        "{% for a in (1..900) %}{% for b in (1..900) %}xxxxxxxxxx{% endfor %}{% endfor %}",
        "{% assign a = 'x' %}{% for i in (1..40) %}{% assign a = a | append: a %}{% endfor %}{{ a }}",
        "{% for i in (1..20) %}" * 20 + "x" + "{% endfor %}" * 20,
    ],
)
def test_what_would_never_end_is_stopped(body: str) -> None:
    with pytest.raises(compose.Broken):
        compose.compose(text(body), values())


def test_an_emptied_text_brings_the_shipped_one_back() -> None:
    assert texts.in_force("ask", "es", {("ask", "es"): ("", "")}) == texts.shipped("ask", "es")
    assert texts.in_force("ask", "es", {("ask", "es"): ("A", "B")}).is_edited


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "br", "hr", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_whatever_the_values_are_the_html_stays_whole(name: str, code: str, link_: str) -> None:
    given_values = values(person={"given_name": name}, code=code, share_link=link_, business=name or "x")
    for language in texts.LANGUAGES:
        made = compose.compose(texts.shipped("ask", language), given_values)
        balance = _Balance()
        balance.feed(made.html)
        assert balance.open == []
        assert "\n" not in made.subject and "\r" not in made.subject


@given(st.text(max_size=200))
def test_link_lets_only_addresses_through(value: str) -> None:
    assert liquid.link(value) == "#" or liquid.link(value).lower().startswith(("https://", "http://", "mailto:", "tel:"))


def test_plain_text_of_html() -> None:
    source = '<h1>A &amp; B</h1><p>one\n two<br>three <a href="https://x.test/?a=1&amp;b=2">link</a></p><ul><li>x</li><li>y</li></ul>'
    assert markup.as_text(source) == "A & B\n\none two\nthree link (https://x.test/?a=1&b=2)\n\n- x\n- y"
