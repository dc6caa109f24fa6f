"""How long people whom events touched wait until they are weighed."""

import pytest

from passaparola.worker import BEHIND_EVENTS, WEIGH_WAIT_SECONDS, WEIGH_WAIT_SECONDS_MAX, Progress, _patience


@pytest.mark.parametrize(
    ("before", "seconds"),
    [
        (Progress(), 0),
        (Progress(rows=1, events=1), 0),
        (Progress(rows=9, events=BEHIND_EVENTS), WEIGH_WAIT_SECONDS),
        # Weighing that takes a second is done every tenth second while events wait, every other while none does.
        (Progress(rows=1, events=1, weighed_seconds=1), 9),
        (Progress(weighed_seconds=1), 1),
        (Progress(rows=9, events=BEHIND_EVENTS, weighed_seconds=0.01), WEIGH_WAIT_SECONDS),
        (Progress(rows=1, events=1, weighed_seconds=1000), WEIGH_WAIT_SECONDS_MAX),
    ],
)
def test_the_dearer_the_weighing_the_rarer(before: Progress, seconds: float) -> None:
    assert _patience(before).total_seconds() == pytest.approx(seconds)
