"""Where a click leads, held against Python's own URL parser."""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from passaparola.doors.edge.destination import INCOMING_CHARACTERS_MAX, compose, fold, parse

HOSTS = ("shop.example", ".partner.example")
TOKEN = "iLQ5GNI0D33lgDFzKEjQPQ"
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
pairs = st.lists(st.tuples(texts.filter(bool), texts), max_size=5)


@given(path=texts, own=pairs, brought=pairs, fragment=texts)
@example(path="", own=[("pp", "x")], brought=[("pp", "y")], fragment="a?b=c#d")
def test_query_and_fragment_survive(path: str, own: list[tuple[str, str]], brought: list[tuple[str, str]], fragment: str) -> None:
    url = f"https://shop.example/{quote(path, safe='')}"
    url += "?" + urlencode(own) if own else ""
    url += "#" + quote(fragment) if fragment else ""
    destination = parse(url, HOSTS)
    assert destination is not None
    made = urlsplit(compose(destination, urlencode(brought), TOKEN))
    before = urlsplit(url)
    assert (made.scheme, made.netloc, made.path, made.fragment) == (before.scheme, before.netloc, before.path, before.fragment)
    kept = [pair for pair in brought if pair[0] != "pp"]
    assert parse_qsl(made.query, keep_blank_values=True) == [*own, *kept, ("pp", TOKEN)]


@given(incoming=st.text(max_size=200))
def test_whatever_is_brought_the_address_stays_one_line_of_ascii(incoming: str) -> None:
    destination = parse("https://shop.example/x?a=1#f", HOSTS)
    assert destination is not None
    made = compose(destination, incoming.encode("utf-8", "replace").decode(), TOKEN)
    assert made.isascii() and made.isprintable() and " " not in made
    parts = urlsplit(made)
    assert (parts.netloc, parts.path) == ("shop.example", "/x")
    assert parse_qsl(parts.query)[0] == ("a", "1") and ("pp", TOKEN) in parse_qsl(parts.query)
    assert [value for name, value in parse_qsl(parts.query) if name == "pp"] == [TOKEN]


@given(url=st.one_of(st.text(max_size=60), st.from_regex(r"(https?:)?[/\\]{0,3}[a-z@.:\[\]]{1,20}(/.*)?", fullmatch=True)))
@example(url="https://shop.example@evil.example/")
@example(url="https://shop.example\\@evil.example/")
@example(url="//evil.example/")
@example(url="https:evil.example")
@example(url="https://evilpartner.example/")
@example(url="https://partner.example.evil/")
@example(url="javascript:alert(1)//shop.example")
def test_only_allowed_hosts_are_gone_to(url: str) -> None:
    destination = parse(url, HOSTS)
    if destination is not None:
        parts = urlsplit(destination.head)
        assert parts.scheme in ("http", "https") and "@" not in parts.netloc
        assert parts.hostname == "shop.example" or str(parts.hostname).endswith(".partner.example")


@pytest.mark.parametrize("url", ["https://shop.example/a", "http://SHOP.example:8080/", "https://x.y.partner.example?z#"])
def test_allowed(url: str) -> None:
    assert parse(url, HOSTS) is not None


@pytest.mark.parametrize(
    "url", ["https://user@shop.example/", "https://shop.example\\@evil.example/", "ftp://shop.example/", "/f/x", "https://[x/"]
)
def test_refused(url: str) -> None:
    assert parse(url, HOSTS) is None


def test_letters_of_other_alphabets_are_encoded_and_escapes_kept() -> None:
    destination = parse("https://shop.example/niño/%C3%A9/%2F?q=è&x=%26#ü", HOSTS)
    assert destination is not None
    assert compose(destination, "") == "https://shop.example/ni%C3%B1o/%C3%A9/%2F?q=%C3%A8&x=%26#%C3%BC"


def test_a_query_too_long_for_proxies_is_left_out() -> None:
    destination = parse("https://shop.example/", HOSTS)
    assert destination is not None
    assert compose(destination, "a=" + "x" * INCOMING_CHARACTERS_MAX, TOKEN) == f"https://shop.example/?pp={TOKEN}"


@pytest.mark.parametrize(
    ("typed", "folded"),
    [("alma-7k00", "A1MA7K00"), ("ALMA7KOO", "A1MA7K00"), ("Iuv", "1VV"), ("", None), ("ñ", None), ("a b", None), ("x" * 61, None)],
)
def test_codes_are_folded(typed: str, folded: str | None) -> None:
    names = fold(typed)
    assert (names[0] if names else None) == folded
