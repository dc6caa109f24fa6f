"""Any order of planning, cycling, dying, sleeping and resending: nobody gets a message twice unless staff said so."""

import itertools
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from passaparola import corridor
from passaparola.kernel import database
from passaparola.messages import actions
from passaparola.messages.channel import Letter, Outcome, Result, Unreachable
from passaparola.messages.dispatcher import Dispatcher
from passaparola.messages.journal import Journal
from passaparola.messages.models import Delivery, Message
from passaparola.messages.values import House
from tests import messages as some
from tests.messages import NOW

HOUSE = House("Casa Lola", "http://127.0.0.1:8640", "EUR", "es", "Europe/Madrid")
_ids = itertools.count(1_000)
OPEN = {"planned", "claimed", "handing"}


class Killed(BaseException):
    """kill -9, as far as one process can play it: whatever it held in memory is gone."""


class Post:
    """A channel that keeps count of what reached people, and dies or refuses when the test says so."""

    name, together_max, lanes = "email", 3, 1

    def __init__(self, is_idempotent: bool) -> None:
        self.is_idempotent = is_idempotent
        self.arrived: dict[int, int] = {}
        self.begun: set[int] = set()
        self.script: list[str] = []

    def hand_over(self, letter: Letter) -> Result:
        self.begun.add(letter.message_id)
        what = self.script.pop(0) if self.script else "sent"
        if what == "killed_before":
            raise Killed
        if what == "away":
            raise Unreachable("away")
        if what in ("later", "failed", "bounced"):
            return Result(Outcome(what), f"text {what}")
        if what in ("sent", "killed_after", "unknown"):
            before = self.arrived.get(letter.message_id, 0)
            self.arrived[letter.message_id] = 1 if self.is_idempotent else before + 1
        if what == "killed_after":
            raise Killed
        return Result(Outcome.UNKNOWN if what in ("unknown", "lost") else Outcome.SENT)

    def close(self) -> None:
        pass


class _FailingCorridor:
    """The corridor, which fails when told: the transaction rolls back as if the process had died in it."""

    def __init__(self) -> None:
        self.fails = False

    def act(self, *arguments: Any, **named: Any) -> Any:
        return corridor.act(*arguments, **named)

    def walk(self, happenings: Any) -> Any:
        outcomes = corridor.walk(happenings)
        if self.fails:
            self.fails = False
            raise Killed
        return outcomes


class Outbox(RuleBasedStateMachine):
    is_idempotent = False
    keeps_a_journal = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="passaparola-journal-"))
        self.now = NOW
        self.post, self.corridor = Post(self.is_idempotent), _FailingCorridor()
        self.mine: list[int] = []
        self.resent: dict[int, int] = {}
        self.dispatchers = [self._dispatcher(), self._dispatcher()]

    def _dispatcher(self) -> Dispatcher:
        journal = Journal(self.folder) if self.keeps_a_journal else None
        return Dispatcher(self.post, self.corridor, HOUSE, lambda: self.now, claim_max=5, journal=journal)

    def _replace(self, who: int) -> None:
        """The killed one is gone, and with it its locks; the supervisor starts another."""
        self.dispatchers[who].journal.abandon()
        self.dispatchers[who] = self._dispatcher()

    @rule(count=st.integers(1, 6))
    def plan(self, count: int) -> None:
        for _ in range(count):
            id_ = next(_ids)
            some.message(id_, 1, at=self.now, deadline_at=self.now + timedelta(days=3))
            self.mine.append(id_)

    @rule(
        who=st.integers(0, 1),
        script=st.lists(
            st.sampled_from(
                ["sent", "sent", "later", "failed", "unknown", "lost", "away", "killed_before", "killed_after"]
            ),
            max_size=4,
        ),
    )
    def cycle(self, who: int, script: list[str]) -> None:
        self.post.script = script
        try:
            self.dispatchers[who].cycle()
        except Killed:
            self._replace(who)
        self.post.script = []

    @rule(who=st.integers(0, 1))
    def die_in_the_transaction(self, who: int) -> None:
        self.corridor.fails = True
        try:
            self.dispatchers[who].cycle()
        except Killed:
            self._replace(who)
        self.corridor.fails = False

    @rule(who=st.integers(0, 1))
    def die(self, who: int) -> None:
        self._replace(who)

    @rule(seconds=st.sampled_from([1, 30, 61, 301, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.mine)
    @rule(data=st.data())
    def staff_resend(self, data: st.DataObject) -> None:
        unknown = list(Message.objects.filter(id__in=self.mine, state="unknown").values_list("id", flat=True))
        if unknown:
            id_ = data.draw(st.sampled_from(unknown))
            corridor.submit(
                [corridor.act("Message Resent", source="console", properties={"message": id_}, now=self.now)]
            )
            self.resent[id_] = self.resent.get(id_, 0) + 1

    @invariant()
    def nobody_gets_it_twice(self) -> None:
        for id_, count in self.post.arrived.items():
            assert count <= 1 + self.resent.get(id_, 0)

    @invariant()
    def what_is_said_to_be_sent_was_sent(self) -> None:
        for row in Message.objects.filter(id__in=self.mine, state="sent"):
            assert self.post.arrived.get(row.id), row.id

    def teardown(self) -> None:
        """In the end each has an outcome: who is left alive finishes what the dead began."""
        for _ in range(60):
            self.now += timedelta(hours=6)
            for one in self.dispatchers:
                while one.cycle():
                    pass
            if not Message.objects.filter(id__in=self.mine, state__in=OPEN).exists():
                break
        states = dict(Message.objects.filter(id__in=self.mine).values_list("id", "state"))
        assert not OPEN & set(states.values()), states
        self.nobody_gets_it_twice()
        self.what_is_said_to_be_sent_was_sent()
        if self.is_idempotent:
            assert not Delivery.objects.filter(message_id__in=self.mine, detail="interrupted").exists()
        with database.turn():
            actions.end_leases(now=self.now)
        for one in self.dispatchers:
            one.finish()
        assert not list(self.folder.iterdir()), "a page was left"
        shutil.rmtree(self.folder)


class Folderlike(Outbox):
    is_idempotent = True


class Journaled(Outbox):
    """What a dead dispatcher had not begun is not in doubt, and what it knew is not forgotten."""

    keeps_a_journal = True

    @invariant()
    def only_what_was_begun_is_in_doubt(self) -> None:
        unknown = set(Message.objects.filter(id__in=self.mine, state="unknown").values_list("id", flat=True))
        assert unknown <= self.post.begun


SETTINGS = settings(
    max_examples=25, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def test_over_a_channel_like_smtp() -> None:
    some.program()
    some.person(1)
    run_state_machine_as_test(Outbox, settings=SETTINGS)


def test_over_a_channel_like_a_folder() -> None:
    some.program()
    some.person(1)
    run_state_machine_as_test(Folderlike, settings=SETTINGS)


def test_over_a_channel_like_smtp_with_a_journal() -> None:
    some.program()
    some.person(1)
    run_state_machine_as_test(Journaled, settings=SETTINGS)
