"""Names of people, written the one way we compare them."""

import csv

import pytest

from passaparola.people import names
from tests.shared import shared


@pytest.mark.parametrize(
    ("given", "stored"),
    [(" Alma@Example.TEST ", "alma@example.test"), ("josé@example.test", "josé@example.test"), ("nobody", None), ("a@b", None),
     (None, None), (17, None), ("a" * 300 + "@example.test", None), ("x\0@example.test", None)],
)  # fmt: skip
def test_addresses(given: object, stored: str | None) -> None:
    assert names.email(given) == stored


def test_aliases_of_one_mailbox_are_the_same() -> None:
    same = {names.mailbox(a) for a in ("some.name+x@gmail.com", "somename@googlemail.com", "s.o.m.e.name@gmail.com")}
    assert same == {"somename@gmail.com"}
    assert names.mailbox("alma+shop@example.test") == names.mailbox("alma@example.test")
    assert names.mailbox("al.ma@example.test") != names.mailbox("alma@example.test")


def test_published_alias_vectors() -> None:
    """Gmail's rules agree with the published vectors; elsewhere we also drop the +tag (the published list keeps it)."""
    with (shared("channel_payloads") / "email_normalisation.csv").open(newline="") as file:
        rows = [(row["input"], row["canonical"]) for row in csv.DictReader(file)]
    checked = 0
    for given, canonical in rows:
        address = names.email(given)
        if canonical.endswith("@gmail.com") and address and ".." not in given:
            assert names.mailbox(address) == canonical
            checked += 1
    assert checked >= 7


@pytest.mark.parametrize(
    ("given", "country", "stored"),
    [("612 34 56 78", "ES", "+34612345678"), ("+39 06 698 12345", "ES", "+390669812345"), ("06 698 12345", "IT", "+390669812345"),
     ("12", "ES", None), (None, "ES", None), ("call me", "ES", None)],
)  # fmt: skip
def test_phones(given: object, country: str, stored: str | None) -> None:
    assert names.phone(given, country) == stored


@pytest.mark.parametrize(
    ("text", "kept", "wanted"),
    [
        ("maria garcia c-77 m.garcia83@gmail.com +34612345678", ["maria", "garcia", "gmail"], ["maria", "garcia", "gmail"]),
        ("jean-paul o'brien", ["jean", "paul", "jeanpaul", "brien", "obrien"], ["jean", "paul", "obrien"]),
        ("acme.com", ["acme"], ["acme"]),
        ("maria.garcia", ["maria", "garcia", "mariagarcia"], ["maria", "garcia"]),
        ("x", ["x"], ["x"]),
        ("李", ["李"], ["李"]),
        ("% 12 ' @", [], []),
        ("a" * 50, ["a" * 32], ["a" * 32]),
    ],
)
def test_words_people_are_looked_for_by(text: str, kept: list[str], wanted: list[str]) -> None:
    assert (names.words(text), names.asked(text)) == (kept, wanted)


def test_searching_ignores_accents_and_case() -> None:
    assert names.searchable("Núñez  Ángela", "X@Y.test") == "nunez angela x@y.test"
