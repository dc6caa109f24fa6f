"""Every interpreter of rules gives the same answer for everybody: one person in Python, our tables, the engine.

PASSAPAROLA_RULE_CASES says how many cases (a rule asked of a person at a moment) are tried; the figure is printed.
"""

import os
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from passaparola.segments import person, rules
from passaparola.segments.person import Person, panel
from passaparola.segments.rules import Clock, Group
from tests.agreement.dice import KNOWN, NOW_US, TODAY, TRAITS, Trees, clock
from tests.agreement.histories import Histories
from tests.agreement.stores import Answers, OwnTables, SparkViews, Views, spark_session

CASES = int(os.environ.get("PASSAPAROLA_RULE_CASES", "3000"))
SEED = int(os.environ.get("PASSAPAROLA_RULE_SEED", "1"))
PEOPLE, RULES = int(os.environ.get("PASSAPAROLA_RULE_PEOPLE", "40")), 25
# Now, and the moments at which something on a window's edge has just changed.
MOMENTS = (NOW_US, NOW_US + 1, NOW_US - 1000)


def in_python(tree: Group, histories: Histories, at: Clock) -> Answers:
    found = {one.id: person.explain(tree, one, at, TRAITS) for one in histories.people}
    return {number: (None if e.answer is None else int(e.answer), e.next_us) for number, e in found.items()}


def compare(tree: Group, at: Clock, expected: Answers, found: Answers, who: str) -> None:
    wrong = {n: (expected.get(n), found.get(n)) for n in expected.keys() | found.keys() if expected.get(n) != found.get(n)}
    assert not wrong, f"{who} disagrees with Python at {at}: {wrong}\n{rules.as_json(tree)}"


def agree(dice: Any, folder: Path, people: int, trees: int) -> int:
    """One history, several rules, all interpreters; how many cases that were."""
    histories = Histories(dice, people)
    own, views = OwnTables(histories), Views(histories, folder)
    everybody = [one.id for one in histories.people]
    cases = 0
    for _ in range(trees):
        tree = Trees(dice).tree()
        assert rules.check(tree, KNOWN) == [], rules.as_json(tree)
        at = clock(dice.choice(MOMENTS))
        expected = in_python(tree, histories, at)
        compare(tree, at, expected, own.ask(tree, at), "our tables")
        some = dice.sample(everybody, max(1, len(everybody) // 4))
        compare(tree, at, {n: expected[n] for n in some}, own.ask(tree, at, some), "our tables, asked of some,")
        compare(tree, at, expected, views.ask(tree, at), "DuckDB")
        if panel.fits(tree):
            compare(tree, at, {n: expected[n] for n in some}, own.panel(tree, at, some), "a panel over our tables")
        _nothing_changes_before_it_is_said(tree, histories, at, expected)
        cases += people
    return cases


@pytest.mark.parametrize("part", range(max(1, CASES // 20_000)))
def test_spark_agrees(part: int, tmp_path: Path) -> None:
    """Many people to few rules: each statement costs Spark about a second."""
    session = spark_session()
    if session is None:
        pytest.skip("Spark needs pyspark and Java")
    dice = random.Random(SEED * 1000 + 500 + part)
    histories = Histories(dice, 400)
    views = SparkViews(histories, tmp_path, session)
    for _ in range(min(50, max(3, CASES // 400))):
        tree, at = Trees(dice).tree(), clock(dice.choice(MOMENTS))
        compare(tree, at, in_python(tree, histories, at), views.ask(tree, at), "Spark")


def _nothing_changes_before_it_is_said(tree: Group, histories: Histories, at: Clock, expected: Answers) -> None:
    """Just before the moment that was named, a month from now at most, the answer is still the same: none is missed."""
    latest = at.day_begins(at.today + 39) or 0
    for one in histories.people:
        answer, change = expected[one.id]
        for until in {min(change or latest, end) - 1 for end in (at.midnight_us, latest)}:
            later = _clock_at(at, until)
            found = person.explain(tree, _aged(one, later.today - TODAY), later, TRAITS).answer
            assert (None if found is None else int(found)) == answer, (rules.as_json(tree), one.id, at, change, until)


def _clock_at(at: Clock, until: int) -> Clock:
    """A later moment, its day counted by the days that the clock knows to begin."""
    day = at.today
    while (at.day_begins(day + 1) or 0) <= until:
        day += 1
    return Clock(until, day, at.day_begins(day + 1) or 0)


def _aged(one: Person, days: int) -> Person:
    """What days that pass make of the two traits that move."""
    visits, lately = one.traits["visits"], one.traits["lately"]
    aged = {
        "visits": None if visits is None else visits + days,
        "lately": None if lately is None else lately + (days >= lately),
    }
    return msgspec.structs.replace(one, traits={**one.traits, **aged})


@pytest.mark.parametrize("part", range(max(1, CASES // (PEOPLE * RULES))))
def test_all_interpreters_agree(part: int, tmp_path: Path) -> None:
    assert agree(random.Random(SEED * 1000 + part), tmp_path, PEOPLE, RULES) == PEOPLE * RULES
