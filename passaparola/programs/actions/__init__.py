"""The programmes' room in the corridor: who is asked, who brought whom, what that promised.

`desk` reads and keeps what a batch has to do with; `acts` does what marketers and advocates order; `asks` is the one
choke point through which anybody is ever asked; `referrals` follows a friend from click to reward.
"""

from collections.abc import Sequence

from passaparola.events.intake import Happening
from passaparola.programs.actions import acts, asks, referrals
from passaparola.programs.actions.desk import Desk, sweep_people

__all__ = ["Desk", "load", "step", "sweep_people"]


def load(desk: Desk, happenings: Sequence[Happening]) -> None:
    """Read what the batch has to do with."""
    desk.load(happenings)


def step(desk: Desk, happening: Happening) -> None:
    """Everything an event means to programmes, in the order in which it would be told."""
    acts.step(desk, happening)
    referrals.step(desk, happening)
    asks.step(desk, happening)
    if happening.notes:
        for note in happening.told("decided"):
            desk.decide(happening, **note)
