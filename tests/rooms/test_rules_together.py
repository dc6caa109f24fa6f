"""Many rules asked of the engine in one statement answer as each does alone: what they share is counted once for all."""

import os
import random
from pathlib import Path

import pytest

from passaparola.segments import compile, rules
from tests.agreement.dice import KNOWN, NOW_US, Trees, clock
from tests.agreement.histories import Histories
from tests.agreement.stores import Views

CASES = int(os.environ.get("PASSAPAROLA_RULE_CASES", "3000"))
SEED = int(os.environ.get("PASSAPAROLA_RULE_SEED", "1"))
PEOPLE, RULES = 40, 25
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("part", range(max(1, CASES // (PEOPLE * RULES))))
def test_together_as_alone(part: int, tmp_path: Path) -> None:
    """All trees of a part in one statement, over one history, against the statement of each."""
    dice = random.Random(SEED * 1000 + 700 + part)
    views, at = Views(Histories(dice, PEOPLE), tmp_path), clock(NOW_US - dice.choice((0, 1, -1, 1000)))
    trees = {f"s{number}": Trees(dice).tree() for number in range(RULES)}
    made = compile.together(trees, source=views.source, known=KNOWN)
    rows = views.connection.execute(f"SELECT person_id, {', '.join(trees)} FROM ({made.sql})", made.parameters(at)).fetchall()
    assert len({person for person, *_ in rows}) == len(rows) == PEOPLE
    for place, (name, tree) in enumerate(trees.items(), start=1):
        alone = {person: answer for person, (answer, _) in views.ask(tree, at).items()}
        assert {row[0]: row[place] for row in rows} == alone, (name, rules.as_json(tree))


def test_one_pass_for_an_event(tmp_path: Path) -> None:
    """Leaves on the same event read its facts once, whatever their windows and conditions."""
    trees = {}
    for days in range(1, 20):
        window = {"kind": "within", "n": days, "unit": "days"}
        trees[f"s{days}"] = rules.read({"rules": [{"type": "event", "event": "Link Clicked", "value": 1, "window": window}]})
    made = compile.together(trees, source=compile.Lake("duckdb"), known=KNOWN)
    assert made.sql.lower().count("from fact") == 1


def test_alike_sequences_share_their_chain(tmp_path: Path) -> None:
    """Sequences of the same steps that may take different times, or any time, answer as each does alone."""
    dice = random.Random(SEED)
    views, at = Views(Histories(dice, 200), tmp_path), clock(NOW_US)
    steps = [{"event": "Order Completed"}, {"event": "Product Bought"}, {"event": "Order Completed"}]
    lengths = [(3, "hours"), (1, "days"), (2, "days"), (30, "days"), (400, "days")]
    for k, times in ((2, lengths), (3, lengths), (2, [*lengths, None]), (2, [None])):
        for same in ("", "channel", "properties.size"):
            leaves = [
                {"type": "sequence", "steps": steps[:k], "same": same}
                | ({"within": dict(zip(("n", "unit"), time, strict=True))} if time else {})
                for time in times
            ]
            trees = {f"s{n}": rules.read({"rules": [leaf]}) for n, leaf in enumerate(leaves)}
            made = compile.together(trees, source=views.source, known=KNOWN)
            sql = f"SELECT person_id, {', '.join(trees)} FROM ({made.sql})"
            rows = views.connection.execute(sql, made.parameters(at)).fetchall()
            for place, (name, tree) in enumerate(trees.items(), start=1):
                alone = {person: answer for person, (answer, _) in views.ask(tree, at).items()}
                assert {row[0]: row[place] for row in rows} == alone, (name, rules.as_json(tree))
            if not same:
                assert {answer for row in rows for answer in row[1:]} == {0, 1}
