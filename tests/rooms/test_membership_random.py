"""Whatever happens in whatever order: memberships kept event by event are those of asking every rule again.

After each chapter of a random life the books must agree, and at the end a replay must come to the same. PASSAPAROLA_LIVES
says how many lives; the seed is printed.
"""

import os
from pathlib import Path

import pytest

from passaparola.people.models import Person
from passaparola.segments.models import Membership
from tests.lives import Life, disagreements

LIVES = int(os.environ.get("PASSAPAROLA_LIVES", "2"))
CHAPTERS, SCENES = 4, 12


@pytest.mark.parametrize("seed", range(LIVES))
def test_kept_event_by_event_is_the_same_as_asked_again(seed: int, tmp_path: Path) -> None:
    from passaparola.replay import replay

    life = Life(seed)
    for chapter in range(CHAPTERS):
        for _ in range(SCENES):
            life.scene()
        life.world.days_pass(life.dice.choice((1, 4, 15)))
        wrong = disagreements(life.world.now)
        assert not wrong, f"life {seed}, chapter {chapter}: {wrong}"
        assert not life.world.disagreements(), f"life {seed}, chapter {chapter}"
    assert Membership.objects.exclude(until_at=None).exists() and Person.objects.exists()
    compared = replay(tmp_path / "again")
    assert compared.agree, (seed, compared.wrong, compared.differences)
