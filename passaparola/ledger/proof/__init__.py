"""Proof: recompute from the rows what the corridor kept up as it went, and say where they disagree.

Two kinds of checks, both listed so that they can be read aloud: `statements` are SQL files beside the rooms whose rows
they check, each opening with the sentence it stands for; `readings` need Python (pure functions of the rooms, JSON).
All look at one snapshot of the store. What only a fold of the whole log can tell is passaparola/replay.py.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from passaparola.kernel import database
from passaparola.ledger.proof import leads, memberships, readings, statements
from passaparola.ledger.proof.disagreement import Disagreement

__all__ = ["Disagreement", "prove"]

# Of one check no more than this many disagreements are given: the rest would say the same.
SHOWN_MAX = 1000


def prove(
    *, now: datetime, alias: str = "default", progress: Callable[[str], None] | None = None
) -> list[Disagreement]:
    """Every disagreement between the rows and what follows from them; empty if there is none.

    now: the moment as of which stages are judged; timers due and not yet rung excuse theirs. progress: told the
    sentence of each check before it runs. At most SHOWN_MAX disagreements of each check are returned.
    """
    found: list[Disagreement] = []
    with database.snapshot(alias):
        for what, look in _checks(now, alias):
            if progress:
                progress(what)
            found += [one for one, _ in zip(look(), range(SHOWN_MAX))]
    return found


def _checks(now: datetime, alias: str) -> Iterator[tuple[str, Callable[[], Iterator[Disagreement]]]]:
    yield from statements.all_of(alias)
    yield from readings.all_of(now, alias)
    yield from leads.all_of(now, alias)
    yield from memberships.all_of(now, alias)
