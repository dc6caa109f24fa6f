"""Hands planned messages over: once each, or says that it cannot know.

One cycle is one transaction and one hand-over. The transaction records what became of the letters before, takes new
ones, asks once more whether each may go, and marks as *handing* those whose turn it is. Only then, outside of it, they
are handed over. Whatever moment the process dies in, a message was not yet marked (and is tried again), or was marked
and its outcome not recorded (and is tried again where that cannot double it, else shown as unknown).
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from passaparola.kernel import database, log, outbox
from passaparola.kernel.outbox import Claim
from passaparola.messages import actions, facts, guard, mold, suppression, texts, values
from passaparola.messages.channel import Channel, Letter, Outcome, Result, Unreachable
from passaparola.messages.compose import Broken, Composed
from passaparola.messages.values import House

SOURCE = "dispatcher"
CLAIM_MAX = 50
# How often to look for what other dispatchers left lying.
_LAPSED_EVERY = timedelta(seconds=5)
_PAUSE_SECONDS_FIRST = 1.0
_PAUSE_SECONDS_MAX = 60.0
# Before this much of the lease is left no new letter is begun: its outcome might come too late.
_LETTER_SECONDS_MAX = 120.0


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
        self, channel: Channel, corridor: Corridor, house: House, clock: Callable[[], datetime], *, claim_max: int = 0
    ) -> None:
        self.channel, self.corridor, self.house, self.clock = channel, corridor, house, clock
        self.claim_max = claim_max or max(CLAIM_MAX, channel.together_max)
        self._claims: deque[Claim] = deque()
        # Known but not yet recorded: outcomes, and who is to be tried again when.
        self._outcomes: list[Any] = []
        self._again: list[tuple[Claim, datetime]] = []
        self._look_for_lapsed_at: datetime | None = None
        self._pause_until: datetime | None = None
        self._pauses = 0
        self._texts: dict[tuple[str, str], tuple[str, str]] = {}
        self._lanes = ThreadPoolExecutor(channel.lanes, "lane") if channel.lanes > 1 else None

    def cycle(self) -> Tally:
        """One transaction and one hand-over. An empty tally if there was nothing to do.

        If the transaction fails nothing is handed over and nothing known is forgotten: call again later.
        """
        now = self.clock()
        tally = Tally()
        if not self._has_work(now):
            return tally
        held = list(self._claims)
        try:
            with database.turn():
                self._record()
                self._recover(now, tally)
                ready, refusals = self._next(now)
        except BaseException:
            self._claims = deque(held)
            raise
        self._outcomes, self._again = refusals, []
        tally.add("not_allowed", len(refusals))
        for one, result in self._hand_over(ready, now, tally):
            tally.add(result.outcome)
            self._note(one, result, now)
        return tally

    def finish(self) -> None:
        """Record what is known and give back what was taken: before the process ends."""
        now = self.clock()
        with database.turn():
            self._record()
            actions.put_back(self._claims, due_at=now)
        self._outcomes, self._again = [], []
        self._claims.clear()
        if self._lanes:
            self._lanes.shutdown()
        self.channel.close()

    # --- inside the transaction ---------------------------------------------------------------
    def _has_work(self, now: datetime) -> bool:
        if self._outcomes or self._again or self._claims:
            return True
        if self._look_for_lapsed_at is None or now >= self._look_for_lapsed_at:
            return True
        return not self._is_pausing(now) and actions.is_any_due(now=now)

    def _record(self) -> None:
        if self._outcomes:
            for happening, outcome in zip(self._outcomes, self.corridor.walk(self._outcomes), strict=True):
                if outcome.refused:
                    log.get().error("messages.outcome.refused", message=happening.props.get("message"), code=outcome.refused.code)
        for due_at in sorted({due for _, due in self._again}):
            actions.put_back([taken for taken, due in self._again if due == due_at], due_at=due_at)

    def _recover(self, now: datetime, tally: Tally) -> None:
        """Others' leases that ended."""
        if self._look_for_lapsed_at is not None and now < self._look_for_lapsed_at:
            return
        self._look_for_lapsed_at = now + _LAPSED_EVERY
        lost = actions.take_back_lapsed(now=now, is_idempotent=self.channel.is_idempotent)
        acts = [self._outcome(taken, Result(Outcome.UNKNOWN, "interrupted"), now, mark=":lapsed") for taken in lost]
        if acts:
            self.corridor.walk(acts)
            tally.add("unknown", len(acts))
            log.get().warning("messages.unknown", messages=[taken.id for taken in lost])

    def _next(self, now: datetime) -> tuple[list[_Ready], list[Any]]:
        """The next letters, marked as being handed over; and the outcomes of those that may not go."""
        if self._is_pausing(now):
            return [], []
        if not self._claims:
            self._claims.extend(actions.claim(limit=self.claim_max, now=now))
        group = [self._claims.popleft() for _ in range(min(self.channel.together_max, len(self._claims)))]
        if not group:
            return [], []
        rows = actions.read(group)
        known = facts.gather(rows)
        self._texts = facts.edited_texts()
        ready, refusals = [], []
        for message in rows:
            taken = Claim(message["id"], message["attempts"])
            reason = guard.objection(message, known[taken.id], now)
            if reason:
                outcome = Outcome.FAILED if reason == "too_late" else Outcome.REFUSED
                refusals.append(self._outcome(taken, Result(outcome, reason), now))
            else:
                ready.append(_Ready(taken, message, known[taken.id]))
        marked = set(actions.mark_handing([one.taken for one in ready], now=now))
        return [one for one in ready if one.taken in marked], refusals

    # --- outside of it ------------------------------------------------------------------------
    def _hand_over(self, ready: list[_Ready], now: datetime, tally: Tally) -> list[tuple[_Ready, Result]]:
        """Each letter with what became of it; letters the channel was not there for are put back."""
        one_by_one = self._lanes.map if self._lanes else map
        done: list[tuple[_Ready, Result]] = []
        left: list[_Ready] = []
        for one, result in zip(ready, one_by_one(lambda one: self._hand_over_one(one, now), ready), strict=True):
            if result is None:
                left.append(one)
            else:
                done.append((one, result))
        if left:
            self._pause(now)
            tally.add("put_back", len(left))
            self._again += [(one.taken, self._pause_until or now) for one in left]
        elif done:
            self._pauses, self._pause_until = 0, None
        return done

    def _hand_over_one(self, one: _Ready, now: datetime) -> Result | None:
        """What became of one letter; None if the channel is not there, or our time is running out."""
        if (self.clock() - now).total_seconds() > actions.HANDING_SECONDS - _LETTER_SECONDS_MAX:
            return None
        if self._is_pausing(now):
            return None
        try:
            return self.channel.hand_over(self._letter(one, now))
        except Broken:
            log.get().error("messages.text.broken", message=one.taken.id, template=one.message["template"])
            return Result(Outcome.FAILED, "text_broken")
        except Unreachable as problem:
            log.get().warning("messages.channel.unreachable", channel=self.channel.name, reason=str(problem))
            self._pause_until = now + timedelta(seconds=_PAUSE_SECONDS_FIRST)
            return None
        except Exception as problem:
            # A fault of ours, in the middle of a hand-over: whether it got through, nobody knows.
            log.get().error("messages.channel.fault", message=one.taken.id, exc_info=problem)
            return Result(Outcome.UNKNOWN, "fault")

    def _letter(self, one: _Ready, now: datetime) -> Letter:
        message, known = one.message, one.known
        language, given = values.language_of(known, self.house), values.values(message, known, self.house)
        composed = self._composed(message["template"], language, given, message["id"])
        return Letter(
            message_id=message["id"], to=known.address, language=language, subject=composed.subject,
            html=composed.html, text=composed.text, made_at=now, is_service=message["purpose"] == "service",
            unsubscribe_url=given["unsubscribe_link"],
        )  # fmt: skip

    def _composed(self, key: str, language: str, given: dict[str, Any], message_id: int) -> Composed:
        """The message as the person will see it. If the operator's text breaks on these values, the shipped one stands in."""
        text = texts.in_force(key, language, self._texts)
        try:
            return mold.composed(text, given)
        except Broken:
            if not text.is_edited:
                raise
            log.get().error("messages.text.broken", message=message_id, template=key, language=language)
            return mold.composed(texts.shipped(key, language), given)

    def _note(self, one: _Ready, result: Result, now: datetime) -> None:
        """Keep the outcome until the next transaction; a passing trouble is tried again until the deadline."""
        if result.outcome is Outcome.LATER:
            again_at = now + outbox.back_off(one.taken.attempts)
            if again_at < one.message["deadline_at"]:
                self._again.append((one.taken, again_at))
                return
            result = Result(Outcome.FAILED, f"gave_up {result.detail}"[:60])
        dead = one.known.address if result.outcome is Outcome.BOUNCED else ""
        self._outcomes.append(self._outcome(one.taken, result, now, dead_address=dead))

    def _outcome(self, taken: Claim, result: Result, now: datetime, *, mark: str = "", dead_address: str = "") -> Any:
        """The event that says what became of this attempt; the same attempt never counts twice."""
        properties: dict[str, Any] = {"message": taken.id, "outcome": str(result.outcome), "attempt": taken.attempts}
        if result.detail:
            properties["detail"] = result.detail
        if result.provider_id:
            properties["provider_id"] = result.provider_id
        if dead_address:
            properties["digest"] = suppression.digest(dead_address)
        return self.corridor.act(
            "Message Handed Over", source=SOURCE, now=now, properties=properties,
            message_id=f"handover:{taken.id}:{taken.attempts}{mark}",
        )  # fmt: skip

    # --- pausing ------------------------------------------------------------------------------
    def _is_pausing(self, now: datetime) -> bool:
        # A clock that was set back must not make us wait for an hour.
        return self._pause_until is not None and timedelta(0) < self._pause_until - now <= timedelta(seconds=_PAUSE_SECONDS_MAX)

    def _pause(self, now: datetime) -> None:
        """The channel is away: leave it alone for a while, longer each time; what is claimed goes back."""
        self._pauses += 1
        wait = min(_PAUSE_SECONDS_MAX, _PAUSE_SECONDS_FIRST * 2 ** (self._pauses - 1))
        self._pause_until = now + timedelta(seconds=wait)
        self._again += [(taken, self._pause_until) for taken in self._claims]
        self._claims.clear()
