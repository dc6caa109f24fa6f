"""Pictures keep their promises, and two shares say no more than they know."""

import re

import pytest

from passaparola.doors import pictures
from passaparola.doors.console import finding, program_terms
from passaparola.measure import intervals
from passaparola.programs import terms


def test_newcombe_as_published() -> None:
    """Newcombe 1998, table II (a): 56 of 70 against 48 of 80 gives 0.0524 to 0.3339 by method 10."""
    found = intervals.difference(56, 70, 48, 80)
    assert (round(found.low, 4), round(found.high, 4), found.verdict) == (0.0524, 0.3339, "more")


@pytest.mark.parametrize(
    ("hits", "people", "other_hits", "other_people", "verdict"),
    [(0, 0, 0, 0, "too_few"), (30, 300, 0, 20, "too_few"), (3, 900, 1, 100, "too_few"), (30, 900, 4, 100, "none"),
     (10, 900, 30, 100, "less")],
)  # fmt: skip
def test_an_effect_is_named_only_when_shown(
    hits: int, people: int, other_hits: int, other_people: int, verdict: str
) -> None:
    assert intervals.difference(hits, people, other_hits, other_people).verdict == verdict


def test_pictures_carry_no_style_and_stay_in_their_box() -> None:
    drawn = [
        pictures.sparkline([]), pictures.sparkline([0, 0]), pictures.sparkline([3, 1, 4]), pictures.flow(2, -1), pictures.bar(1.7),
        pictures.stairs(3), pictures.histogram([("0", 0), ("<1>", 5)], [(1, "Few")], 'so "quoted"', ["soft", "accent"]),
    ]  # fmt: skip
    for picture in drawn:
        assert "style=" not in picture and "<1>" not in picture
    assert 'width="100"' in pictures.bar(1.7) and 'width="0.8"' in pictures.bar(0.0001)
    assert all(0 <= float(y) <= 100 for y in re.findall(r"M0,([\d.-]+)", pictures.flow(2, -1)))


def test_one_wrong_letter_still_finds() -> None:
    assert finding.likeness(["chiara"], "chiara serra chiara@example.test") == 100
    assert finding.likeness(["chiaar", "sera"], "chiara serra chiara@example.test") >= finding.LIKENESS_MIN
    assert finding.likeness(["bruno"], "chiara serra chiara@example.test") < finding.LIKENESS_MIN
    assert finding.plain("  ÚRSULA  Peña ") == "ursula pena"


def test_a_form_and_its_terms_agree_both_ways() -> None:
    for given in (
        terms.default("EUR"),
        {**terms.default("EUR"), "advocate": None, "friend": {"amount": 1050, "unit": "EUR"}},
    ):
        form = program_terms.to_form(given, "EUR")
        assert program_terms.to_terms(form, "EUR") == given
