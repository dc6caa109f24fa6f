"""Pictures keep their promises, and two shares say no more than they know."""

import re
from xml.etree import ElementTree

import pytest

from passaparola.doors import drawings, pictures
from passaparola.doors.console import finding, program_terms
from passaparola.doors.console.segments import pictures as sizes
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
        pictures.stairs(3), pictures.histogram([("0", 0), ("<1>", 5)], [(1, "Few")], 'so "quoted"', ["soft", "accent"], 270),
    ]  # fmt: skip
    for picture in drawn:
        assert "style=" not in picture and "<1>" not in picture
    assert 'width="100"' in pictures.bar(1.7) and 'width="0.8"' in pictures.bar(0.0001)
    assert all(0 <= float(y) <= 100 for y in re.findall(r"M0,([\d.-]+)", pictures.flow(2, -1)))


MOVES = {("a", "b"): 3, ("b", "b"): 40, ("new", "a"): 1}
NODES = [("a", "Many <1>"), ("b", "Some"), ("new", "New")]
DRAWN = {
    "histogram": lambda width: pictures.histogram(
        [(str(i), 40 - i) for i in range(20)], [(1, "Few"), (3, "Some"), (19, "Many")], "<1>", ["soft"] * 20, width
    ),
    "shares": lambda width: drawings.shares([(str(i), i / 20, "accent") for i in range(20)], "<1>", width),
    "flow": lambda width: drawings.flow(MOVES, (NODES, NODES[:-1]), ["b", "a"], "<1>", ({"a": "3"}, {}), width),
    "pyramid": lambda width: drawings.pyramid([("<1>", "4", "accent", "/a?b&c"), ("Rest", "–", "soft", "")]),
    "line": lambda width: sizes.line([("1 May", 0), ("2 May", 7)], "<1>"),
}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("width", [width for _, width in pictures.WIDTHS])
def test_words_in_drawings_are_never_scaled(name: str, width: int) -> None:
    """What holds words has no view box: only shapes are stretched, so that a word is equally large in every card."""
    whole = ElementTree.fromstring(DRAWN[name](width))
    assert whole.tag == "svg" and whole.get("width") == "100%" and "viewBox" not in whole.attrib
    assert whole.findall(".//text") and not whole.findall(".//svg//text") and not whole.findall(".//*[@style]")


@pytest.mark.parametrize("width", [width for _, width in pictures.WIDTHS])
def test_words_of_a_histogram_lie_on_nothing(width: int) -> None:
    """Boundaries' words stand above the highest column and beside each other or below; words below do not touch."""
    whole = ElementTree.fromstring(DRAWN["histogram"](width))
    highest = min(float(rect.get("y", "")) for rect in whole.findall("rect"))
    marks = [text for text in whole.findall("text") if text.get("class") == "ink"]
    assert len(marks) == 3 and all(float(text.get("y", "")) < highest for text in marks)
    spots = [
        float(text.get("x", "")[:-1]) * width / 100 for text in whole.findall("text") if text.get("class") != "ink"
    ]
    assert len(spots) > 3 and all(b - a >= pictures.word_width("9") for a, b in zip(spots, spots[1:], strict=False))
    assert marks[-1].get("text-anchor") == "end", "what would leave the drawing at the right stands left of its line"


def test_a_page_holds_a_wide_and_a_narrow_drawing() -> None:
    page = pictures.fitting(DRAWN["flow"])
    assert page.count('role="img"') == len(pictures.WIDTHS) == 2 and page.count('x="24%"') > 0


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
