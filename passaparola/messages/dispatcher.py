"""Hands planned messages over: once each, or says that it cannot know.

One cycle is one transaction and one hand-over. The transaction records what became of the letters before, takes new
ones, asks once more whether each may go, and marks as *handing* those whose turn it is. Only then, outside of it, they
are handed over. Whatever moment the process dies in, a message was not yet marked (and is tried again), or was marked
and its outcome not recorded: then it is tried again where that cannot double it, else the journal tells which letters
were begun and not ended, and those are shown as unknown.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from passaparola.kernel import database, log, outbox
from passaparola.kernel.outbox import Claim
from passaparola.messages import actions, facts, guard, suppression
from passaparola.messages.channel import Channel, Letter, Outcome, Result, Unreachable
from passaparola.messages.compose import Broken
from passaparola.messages.journal import Journal, Left, NoJournal
from passaparola.messages.letters import Letters
from passaparola.messages.values import House

SOURCE = "dispatcher"
# How often to look for what other dispatchers left lying.
_LAPSED_EVERY = timedelta(seconds=5)
_PAUSE_SECONDS_FIRST = 1.0
_PAUSE_SECONDS_MAX = 60.0
# A letter is begun at most so long after it was asked whether it may go: those who wait longer are asked again.
CHECKED_SECONDS_MAX = 10.0
# Where a journal tells what is in doubt, groups grow until one takes about so long: a transaction costs the same for ten.
GROUP_SECONDS = 0.5
GROUP_MAX = 200


class Corridor(Protocol):
    """What we need of corridor.py; given to us, since this room comes before it."""

    def act(self, name: str, *, source: str, now: datetime, properties: dict[str, Any], message_id: str) -> Any:
        """An event of ours."""

    def walk(self, happenings: Sequence[Any]) -> list[Any]:
        """Take events in, within the transaction that is open."""


@dataclass(slots=True)
class _Ready:
    """One claimed message that may go, with what its letter is made of."""

    taken: Claim
    message: dict[str, Any]
    known: guard.Facts


@dataclass(slots=True)
class _Back:
    """A letter that was not handed over: the channel is away, or the answer whether it may go has grown old."""

    is_stale: bool = False


@dataclass(slots=True)
class Tally:
    """What a cycle did, by outcome."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: str, count: int = 1) -> None:
        """Count it."""
        if count:
            self.counts[outcome] = self.counts.get(outcome, 0) + count

    def __bool__(self) -> bool:
        return bool(self.counts)


class Dispatcher:
    """Moves messages from the outbox into one channel."""

    def __init__(
        self, channel: Channel, corridor: Corridor, house: House, clock: Callable[[], datetime], *, claim_max: int = 0,
        journal: Journal | None = None,
    ) -> None:  # fmt: skip
        self.channel, self.corridor, self.clock, self.letters = channel, corridor, clock, Letters(house)
        # What may be done again is never in doubt.
        self.journal = NoJournal() if channel.is_idempotent or journal is None else journal
        self._together = channel.together_max
        self._together_max = max(self._together, GROUP_MAX) if self.journal.is_kept else self._together
        self.claim_max = claim_max or self._together_max
        # Known but not yet recorded: outcomes, and who is to be tried again when.
        self._outcomes: list[Any] = []
        self._again: list[tuple[Claim, datetime]] = []
        self._look_for_lapsed_at: datetime | None = None
        self._pause_until: datetime | None = None
        self._pauses = 0
        self._lanes = ThreadPoolExecutor(channel.lanes - 1, "lane") if channel.lanes > 1 else None

    def cycle(self) -> Tally:
        """One transaction and one hand-over. An empty tally if there was nothing to do.

        If the transaction fails nothing is handed over and nothing known is forgotten: call again later.
        """
        now = self.clock()
        tally = Tally()
        if not self._has_work(now):
            return tally
        held = list(self._outcomes), list(self._again)
        try:
            with self._left(now) as left, database.turn():
                self._record()
                self._recover(left, now, tally)
                ready = self._next(now, tally)
        except BaseException:
            self._outcomes, self._again = held
            self.journal.failed()
            raise
        self.journal.committed()
        self._hand_over(ready, now, tally)
        return tally

    def finish(self) -> None:
        """Record what is known: before the process ends."""
        with database.turn():
            self._record()
        self.journal.committed()
        if self._lanes:
            self._lanes.shutdown()
        self.channel.close()

    # --- inside the transaction ---------------------------------------------------------------
    def _has_work(self, now: datetime) -> bool:
        if self._outcomes or self._again or self._is_time_to_look(now):
            return True
        return not self._is_pausing(now) and actions.is_any_due(now=now)

    def _record(self) -> None:
        self._walk(self._outcomes)
        for due_at in sorted({due for _, due in self._again}):
            actions.put_back([taken for taken, due in self._again if due == due_at], due_at=due_at)
        self._outcomes, self._again = [], []

    def _walk(self, outcomes: list[Any]) -> None:
        if outcomes:
            for happening, outcome in zip(outcomes, self.corridor.walk(outcomes), strict=True):
                if outcome.refused:
                    log.get().error("messages.outcome.refused", message=happening.props.get("message"), code=outcome.refused.code)

    def _is_time_to_look(self, now: datetime) -> bool:
        return self._look_for_lapsed_at is None or now >= self._look_for_lapsed_at

    @contextmanager
    def _left(self, now: datetime) -> Iterator[list[Left]]:
        """What dispatchers of this folder that are no more wrote down, while it is being recorded."""
        if not self._is_time_to_look(now):
            yield []
            return
        with self.journal.left() as left:
            yield left

    def _recover(self, left: list[Left], now: datetime, tally: Tally) -> None:
        """What the dead left: by their journals, else by the leases that ended."""
        if not self._is_time_to_look(now):
            return
        self._look_for_lapsed_at = now + _LAPSED_EVERY
        for page in left:
            actions.put_back(page.untouched, due_at=now)
            self._take_in(page.ended, now)
        doubtful = actions.still_handing([taken for page in left for taken in page.doubtful])
        lost = doubtful + actions.take_back_lapsed(now=now, is_idempotent=self.channel.is_idempotent)
        unknown = Result(Outcome.UNKNOWN, "interrupted")
        self._walk([self._outcome(self._properties(taken, unknown), now, mark=":lapsed") for taken in dict.fromkeys(lost)])
        if lost:
            tally.add("unknown", len(set(lost)))
            log.get().warning("messages.unknown", messages=[taken.id for taken in lost])

    def _take_in(self, ended: list[dict[str, Any]], now: datetime) -> None:
        """Outcomes that a dead one knew; those recorded already are known by their message id."""
        later = [Claim(one["message"], one["attempt"]) for one in ended if one["outcome"] == Outcome.LATER]
        for taken in later:
            actions.put_back([taken], due_at=now + outbox.back_off(taken.attempts))
        self._walk([self._outcome(one, now) for one in ended if one["outcome"] != Outcome.LATER])

    def _next(self, now: datetime, tally: Tally) -> list[_Ready]:
        """The next letters, marked as being handed over; those that may not go have their outcome."""
        if self._is_pausing(now):
            return []
        group = actions.claim(limit=min(self._together, self.claim_max), now=now)
        if not group:
            return []
        rows = actions.read(group)
        known = facts.gather(rows)
        self.letters.use(facts.edited_texts())
        ready = []
        for message in rows:
            taken = Claim(message["id"], message["attempts"])
            reason = guard.objection(message, known[taken.id], now)
            if reason:
                outcome = Outcome.FAILED if reason == "too_late" else Outcome.REFUSED
                self._outcomes.append(self._outcome(self._properties(taken, Result(outcome, reason)), now))
                tally.add("not_allowed")
            else:
                ready.append(_Ready(taken, message, known[taken.id]))
        return self._mark(ready, now, tally)

    def _mark(self, ready: list[_Ready], now: datetime, tally: Tally) -> list[_Ready]:
        """Note in the journal, then in the store, that these are about to be handed over; those that were still ours."""
        if not ready:
            return []
        claims = [one.taken for one in ready]
        try:
            self.journal.open(claims)
        except OSError as problem:
            log.get().error("messages.journal", problem=problem.errno)
            self._pause(now)
            self._again += [(taken, self._pause_until or now) for taken in claims]
            tally.add("put_back", len(claims))
            return []
        marked = set(actions.mark_handing(claims, now=now))
        return [one for one in ready if one.taken in marked]

    # --- outside of it ------------------------------------------------------------------------
    def _hand_over(self, ready: list[_Ready], now: datetime, tally: Tally) -> None:
        """Hand over each letter and keep what became of it; letters the channel was not there for are put back."""
        began, away = self.clock(), False
        for one, result in self._side_by_side(ready, now):
            if isinstance(result, Result):
                tally.add(result.outcome)
                self._note(one, result, now)
            else:
                tally.add("put_back")
                away = away or not result.is_stale
                self._again.append((one.taken, now))
        if away:
            self._pause(now)
            self._again = [(taken, max(due, self._pause_until or now)) for taken, due in self._again]
        elif ready:
            self._pauses, self._pause_until = 0, None
            self._adapt(len(ready), (self.clock() - began).total_seconds())

    def _side_by_side(self, ready: list[_Ready], now: datetime) -> list[tuple[_Ready, Result | _Back]]:
        """Each letter with what became of it; as many at a time as the channel has lanes, this thread being one of them."""
        work, done = deque(ready), list[tuple[_Ready, Result | _Back]]()

        def lane() -> None:
            while True:
                try:
                    one = work.popleft()
                except IndexError:
                    return
                done.append((one, self._hand_over_one(one, now)))

        others = [self._lanes.submit(lane) for _ in range(min(self.channel.lanes, len(ready)) - 1)] if self._lanes else []
        lane()
        for other in others:
            other.result()
        return done

    def _adapt(self, count: int, took_seconds: float) -> None:
        """Larger groups while they are quick, smaller ones when they are slow."""
        if took_seconds > GROUP_SECONDS:
            self._together = max(self.channel.together_max, self._together // 2)
        elif took_seconds < GROUP_SECONDS / 2 and count >= self._together:
            self._together = min(self._together_max, self._together * 2)

    def _hand_over_one(self, one: _Ready, now: datetime) -> Result | _Back:
        """What became of one letter, noted in the journal; a _Back if it was not begun."""
        at = self.clock()
        if (at - now).total_seconds() > CHECKED_SECONDS_MAX:
            return _Back(is_stale=True)
        if self._is_pausing(now):
            return _Back()
        if at >= one.message["deadline_at"]:
            return Result(Outcome.FAILED, "too_late")
        try:
            letter = self.letters.letter(one.message, one.known, now)
        except Broken:
            log.get().error("messages.text.broken", message=one.taken.id, template=one.message["template"])
            return Result(Outcome.FAILED, "text_broken")
        except Exception as problem:
            return self._fault(one, problem)
        return self._begin(one, letter, now)

    def _begin(self, one: _Ready, letter: Letter, now: datetime) -> Result | _Back:
        """From the line in the journal on, it may be with the person."""
        try:
            self.journal.begin(one.taken)
        except OSError as problem:
            return self._away(one, f"journal {problem.errno}", now)
        try:
            result = self.channel.hand_over(letter)
        except Unreachable as problem:
            self._end(one, Result(Outcome.LATER, "unreachable"))
            return self._away(one, str(problem), now)
        except Exception as problem:
            # In the middle of a hand-over: whether it got through, nobody knows.
            result = self._fault(one, problem)
        self._end(one, result)
        return result

    def _end(self, one: _Ready, result: Result) -> None:
        if not self.journal.is_kept:
            return
        try:
            self.journal.end(self._properties(one.taken, result, one.known.address))
        except OSError as problem:
            log.get().warning("messages.journal", message=one.taken.id, problem=problem.errno)

    def _away(self, one: _Ready, reason: str, now: datetime) -> _Back:
        log.get().warning("messages.channel.unreachable", channel=self.channel.name, message=one.taken.id, reason=reason)
        self._pause_until = now + timedelta(seconds=_PAUSE_SECONDS_FIRST)
        return _Back()

    def _fault(self, one: _Ready, problem: Exception) -> Result:
        """A fault of ours: a person has to look at it."""
        log.get().error("messages.channel.fault", message=one.taken.id, exc_info=problem)
        return Result(Outcome.UNKNOWN, "fault")

    def _note(self, one: _Ready, result: Result, now: datetime) -> None:
        """Keep the outcome until the next transaction; a passing trouble is tried again until the deadline."""
        if result.outcome is Outcome.LATER:
            again_at = now + outbox.back_off(one.taken.attempts)
            if again_at < one.message["deadline_at"]:
                self._again.append((one.taken, again_at))
                return
            result = Result(Outcome.FAILED, f"gave_up {result.detail}"[:60])
        self._outcomes.append(self._outcome(self._properties(one.taken, result, one.known.address), now))

    def _properties(self, taken: Claim, result: Result, address: str = "") -> dict[str, Any]:
        """What is said about one attempt; codes, ids and, of an address that takes no mail, the keyed hash."""
        properties: dict[str, Any] = {"message": taken.id, "outcome": str(result.outcome), "attempt": taken.attempts}
        if result.detail:
            properties["detail"] = result.detail
        if result.provider_id:
            properties["provider_id"] = result.provider_id
        if address and result.outcome is Outcome.BOUNCED:
            properties["digest"] = suppression.digest(address)
        return properties

    def _outcome(self, properties: dict[str, Any], now: datetime, *, mark: str = "") -> Any:
        """The event that says what became of an attempt; the same attempt never counts twice."""
        return self.corridor.act(
            "Message Handed Over", source=SOURCE, now=now, properties=properties,
            message_id=f"handover:{properties['message']}:{properties['attempt']}{mark}",
        )  # fmt: skip

    # --- pausing ------------------------------------------------------------------------------
    def _is_pausing(self, now: datetime) -> bool:
        # A clock that was set back must not make us wait for an hour.
        return self._pause_until is not None and timedelta(0) < self._pause_until - now <= timedelta(seconds=_PAUSE_SECONDS_MAX)

    def _pause(self, now: datetime) -> None:
        """The channel is away: leave it alone for a while, longer each time."""
        self._pauses += 1
        wait = min(_PAUSE_SECONDS_MAX, _PAUSE_SECONDS_FIRST * 2 ** (self._pauses - 1))
        self._pause_until = now + timedelta(seconds=wait)
