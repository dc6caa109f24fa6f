"""The click's token and the cookie that carries it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passaparola.doors import click

AT = 1_800_000_000.0
VALUE = click.cookie_value("iLQ5GNI0D33lgDFzKEjQPQ", at=AT)


def test_tokens_are_all_different_and_well_formed() -> None:
    made = [click.make_token() for _ in range(10_000)]
    assert len(set(made)) == 10_000 and all(click.is_token(token) for token in made)


def test_a_cookie_is_read_back_for_ninety_days() -> None:
    assert click.read_cookie(VALUE, at=AT) == "iLQ5GNI0D33lgDFzKEjQPQ"
    assert click.read_cookie(VALUE, at=AT + click.SECONDS_MAX) == "iLQ5GNI0D33lgDFzKEjQPQ"
    assert click.read_cookie(VALUE, at=AT + click.SECONDS_MAX + 1) is None


@given(place=st.integers(0, len(VALUE) - 1), letter=st.characters(min_codepoint=33, max_codepoint=126))
def test_a_forged_cookie_attributes_nothing(place: int, letter: str) -> None:
    forged = VALUE[:place] + letter + VALUE[place + 1 :]
    assert forged == VALUE or click.read_cookie(forged, at=AT) is None


@given(st.text())
def test_nonsense_is_no_cookie(text: str) -> None:
    assert click.read_cookie(text, at=AT) is None


@pytest.mark.parametrize("value", [None, "", ".", "..", VALUE[:-1], VALUE + "A", "iLQ5GNI0D33lgDFzKEjQPQ", "é" * 30])
def test_cut_cookies_are_none(value: str | None) -> None:
    assert click.read_cookie(value, at=AT) is None
