"""The dispatcher with real channels and the real corridor: who gets what, once, and why somebody gets nothing."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from passaparola import adapters, corridor
from passaparola.adapters.mime import Sender
from passaparola.events.models import Event
from passaparola.messages import suppression
from passaparola.messages.channel import Letter, Outcome, Result
from passaparola.messages.dispatcher import Dispatcher
from passaparola.messages.journal import Journal
from passaparola.messages.models import Delivery, Message, Suppression, Template
from passaparola.messages.values import House
from passaparola.people.models import Identity
from tests import messages as some
from tests.mail import SmtpSink
from tests.messages import NOW

HOUSE = House("Casa Lola", "http://127.0.0.1:8640", "EUR", "es", "Europe/Madrid")
SENDER = Sender("Casa Lola <hola@example.test>", "secret")


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOW + timedelta(seconds=1)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dispatcher(clock: Clock, tmp_path: Path) -> Iterator[Callable[..., Dispatcher]]:
    """Make dispatchers on any channel."""

    def make(url: str = "", **more: int) -> Dispatcher:
        return Dispatcher(adapters.mail(url or f"file://{tmp_path}", SENDER), corridor, HOUSE, clock, **more)

    return make


def _drain(one: Dispatcher) -> dict[str, int]:
    total: dict[str, int] = {}
    while tally := one.cycle():
        for outcome, count in tally.counts.items():
            total[outcome] = total.get(outcome, 0) + count
    return total


def _states() -> dict[int, tuple[str, str]]:
    return {m.id: (m.state, m.reason) for m in Message.objects.order_by("id")}


def test_a_planned_message_reaches_its_person_and_its_outcome_is_an_event(
    dispatcher: Callable[..., Dispatcher], tmp_path: Path
) -> None:
    some.program()
    some.person(1)
    some.code(1, 1)
    some.message(1, 1)
    assert _drain(dispatcher()) == {"sent": 1}
    assert _states() == {1: ("sent", "")}
    assert [(d.message_id, d.outcome) for d in Delivery.objects.all()] == [(1, "sent")]
    mail = (tmp_path / "0000000001.eml").read_text()
    assert "To: alma1@example.test" in mail and "ALMA-1" in mail


@pytest.mark.parametrize(
    ("why", "arrange"),
    [
        ("no_consent", lambda: some.say(1, "withdrawn")),
        ("no_consent", lambda: some.say(1, "refused")),
        ("suppressed", lambda: Suppression.objects.create(
            id=1, channel="email", digest=suppression.digest("alma1@example.test"), reason="bounced", at=NOW, event_id=1)),
        ("no_address", lambda: Identity.objects.all().delete()),
        ("program_not_active", lambda: some.Program.objects.update(state="paused")),
        ("under_age", lambda: some.Person.objects.update(birth_on="2012-11-22")),
        ("forgotten", lambda: some.Person.objects.update(forgotten_at=NOW)),
    ],
)  # fmt: skip
def test_what_changed_since_planning_is_asked_again_at_hand_over(
    why: str, arrange: Callable[[], object], dispatcher: Callable[..., Dispatcher], tmp_path: Path
) -> None:
    some.program()
    some.person(1)
    some.message(1, 1)
    arrange()
    _drain(dispatcher())
    assert _states() == {1: ("refused", why)}
    assert not list(tmp_path.glob("*.eml"))


def test_on_the_fourteenth_birthday_she_may_be_written_to(dispatcher: Callable[..., Dispatcher]) -> None:
    some.program()
    some.person(1, birth_on="2012-11-21")
    some.message(1, 1)
    assert _drain(dispatcher()) == {"sent": 1}


def test_a_merged_person_is_reached_where_she_is_known_today(dispatcher: Callable[..., Dispatcher], tmp_path: Path) -> None:
    some.program()
    some.person(1, root=2, name="Old", language="it")
    some.person(2, name="Alma", consent="")
    some.address(2, "alma@verified.test", at=NOW - timedelta(days=9), verified=True)
    some.message(1, 1)
    assert _drain(dispatcher()) == {"sent": 1}
    mail = (tmp_path / "0000000001.eml").read_text()
    assert "To: alma@verified.test" in mail and "Alma" in mail and "Content-Language: es" in mail


def test_a_withdrawal_by_the_merged_half_counts(dispatcher: Callable[..., Dispatcher]) -> None:
    some.program()
    some.person(1)
    some.person(2, root=1, consent="withdrawn")
    some.message(1, 1)
    _drain(dispatcher())
    assert _states() == {1: ("refused", "no_consent")}


def test_a_notice_needs_no_consent_but_respects_a_no(dispatcher: Callable[..., Dispatcher]) -> None:
    some.person(1, consent="")
    some.person(2, consent="")
    some.say(2, "withdrawn", "service")
    some.message(1, 1, "reward_paid", context=some.reward_context())
    some.message(2, 2, "reward_paid", context=some.reward_context())
    _drain(dispatcher())
    assert _states() == {1: ("sent", ""), 2: ("refused", "no_consent")}


def test_service_messages_go_before_asks(dispatcher: Callable[..., Dispatcher]) -> None:
    some.program()
    some.person(1)
    for id_ in range(1, 5):
        some.message(id_, 1)
    some.message(9, 1, "reward_paid", context=some.reward_context(), due_at=NOW + timedelta(milliseconds=500))
    one = dispatcher(claim_max=1)
    one.cycle()
    one.finish()
    assert [id_ for id_, (state, _) in _states().items() if state == "sent"] == [9]


def test_what_is_too_late_is_not_sent(dispatcher: Callable[..., Dispatcher], clock: Clock) -> None:
    some.program()
    some.person(1)
    some.message(1, 1)
    clock.pass_(days=8)
    _drain(dispatcher())
    assert _states() == {1: ("failed", "too_late")}


def test_the_operators_text_is_used(dispatcher: Callable[..., Dispatcher], tmp_path: Path) -> None:
    subject = "Oye, {{ person.given_name }}"
    Template.objects.create(key="ask", language="es", subject=subject, body="<p>{{ code }}</p>", changed_at=NOW)
    some.program()
    some.person(1)
    some.message(1, 1)
    _drain(dispatcher())
    assert "Subject: Oye, Alma" in (tmp_path / "0000000001.eml").read_text()


# --- over SMTP --------------------------------------------------------------------------------
def test_smtp_delivers_each_once(dispatcher: Callable[..., Dispatcher], smtp_sink: SmtpSink) -> None:
    some.program()
    for id_ in range(1, 31):
        some.person(id_)
        some.message(id_, id_)
    assert _drain(dispatcher(smtp_sink.url)) == {"sent": 30}
    assert sorted(r for [r] in smtp_sink.recipients) == sorted(f"alma{id_}@example.test" for id_ in range(1, 31))


def test_a_dead_address_is_suppressed_and_never_written_to_again(
    dispatcher: Callable[..., Dispatcher], smtp_sink: SmtpSink, clock: Clock
) -> None:
    some.program()
    some.person(1)
    some.address(1, "other@example.test", at=NOW - timedelta(days=3))
    some.message(1, 1)
    smtp_sink.refused["alma1@example.test"] = "550 5.1.1 <alma1@example.test> no such mailbox"
    assert _drain(dispatcher(smtp_sink.url)) == {"bounced": 1}
    assert _states() == {1: ("bounced", "rcpt 550 5.1.1")}
    assert [s.digest for s in Suppression.objects.all()] == [suppression.digest("alma1@example.test")]
    some.message(2, 1)
    smtp_sink.refused.clear()
    _drain(dispatcher(smtp_sink.url))
    assert _states()[2] == ("refused", "suppressed")


def test_try_again_later_is_tried_again_later_until_the_deadline(
    dispatcher: Callable[..., Dispatcher], smtp_sink: SmtpSink, clock: Clock
) -> None:
    some.program()
    some.person(1)
    some.message(1, 1)
    some.person(2)
    some.message(2, 2, deadline_at=NOW + timedelta(seconds=30))
    smtp_sink.replies += ["451 4.7.1 greylisted", "451 4.7.1 greylisted"]
    one = dispatcher(smtp_sink.url)
    assert _drain(one) == {"later": 2}
    assert _states() == {1: ("planned", ""), 2: ("failed", "gave_up text 451 4.7.1")}
    clock.pass_(seconds=59)
    assert _drain(one) == {}
    clock.pass_(seconds=2)
    assert _drain(one) == {"sent": 1}
    assert Message.objects.get(id=1).attempts == 2


def test_refused_content_fails_without_suppressing(dispatcher: Callable[..., Dispatcher], smtp_sink: SmtpSink) -> None:
    some.program()
    some.person(1)
    some.message(1, 1)
    smtp_sink.replies.append("554 5.7.1 looks like spam")
    _drain(dispatcher(smtp_sink.url))
    assert _states() == {1: ("failed", "text 554 5.7.1")} and not Suppression.objects.exists()


def test_a_server_that_is_away_delays_everything_and_loses_nothing(
    dispatcher: Callable[..., Dispatcher], smtp_sink: SmtpSink, clock: Clock
) -> None:
    some.program()
    for id_ in range(1, 26):
        some.person(id_)
        some.message(id_, id_)
    from tests.running import free_port

    away = dispatcher(f"smtp://127.0.0.1:{free_port()}")
    assert "sent" not in _drain(away)
    away.finish()
    assert {state for state, _ in _states().values()} == {"planned"}
    clock.pass_(seconds=61)
    assert _drain(dispatcher(smtp_sink.url)) == {"sent": 25}
    assert len(smtp_sink.messages) == 25


def test_an_unknown_message_is_sent_again_only_when_staff_say_so(
    dispatcher: Callable[..., Dispatcher], smtp_sink: SmtpSink, clock: Clock
) -> None:
    some.program()
    some.person(1)
    some.message(1, 1, state="handing", attempts=1, due_at=NOW - timedelta(seconds=1))
    one = dispatcher(smtp_sink.url)
    assert _drain(one) == {"unknown": 1}
    clock.pass_(hours=1)
    assert _drain(one) == {} and not smtp_sink.messages
    corridor.submit([corridor.act("Message Resent", source="console", properties={"message": 1}, now=clock.now)])
    assert _drain(one) == {"sent": 1}


def test_a_lapsed_hand_over_into_a_folder_is_simply_done_again(dispatcher: Callable[..., Dispatcher], tmp_path: Path) -> None:
    some.program()
    some.person(1)
    some.message(1, 1, state="handing", attempts=1, due_at=NOW - timedelta(seconds=1))
    assert _drain(dispatcher()) == {"sent": 1}
    assert len(list(tmp_path.glob("*.eml"))) == 1


def test_who_slept_through_the_lease_changes_nothing(dispatcher: Callable[..., Dispatcher], clock: Clock) -> None:
    """Two dispatchers; the first claims, sleeps past its lease, and wakes after the second did the work."""
    some.program()
    for id_ in range(1, 4):
        some.person(id_)
        some.message(id_, id_)
    sleeper = dispatcher("null://")
    sleeper._together = 1
    sleeper.cycle()
    clock.pass_(seconds=120)
    assert _drain(dispatcher("null://")) == {"sent": 2}
    assert _drain(sleeper) == {}
    assert {state for state, _ in _states().values()} == {"sent"}
    assert Delivery.objects.count() == 3


# --- the journal ------------------------------------------------------------------------------
class SlowPost:
    """A channel that takes its time, by the test's clock, and does what the test says after each letter."""

    name, is_idempotent, together_max, lanes = "email", False, 2, 1

    def __init__(self, clock: Clock, seconds: float, after: Callable[[], object] = lambda: None) -> None:
        self.clock, self.seconds, self.after = clock, seconds, after
        self.got: list[int] = []

    def hand_over(self, letter: Letter) -> Result:
        self.got.append(letter.message_id)
        self.clock.pass_(seconds=self.seconds)
        self.after()
        return Result(Outcome.SENT)

    def close(self) -> None:
        pass


def _many(count: int) -> None:
    some.program()
    for id_ in range(1, count + 1):
        some.person(id_)
        some.message(id_, id_)


def test_who_waited_too_long_since_being_asked_is_asked_again(clock: Clock, tmp_path: Path) -> None:
    """The first letter takes twenty seconds; meanwhile the second person withdraws."""
    _many(2)
    post = SlowPost(clock, 20, lambda: some.say(2, "withdrawn"))
    assert _drain(Dispatcher(post, corridor, HOUSE, clock, journal=Journal(tmp_path))) == {
        "sent": 1, "put_back": 1, "not_allowed": 1,
    }  # fmt: skip
    assert post.got == [1] and _states()[2] == ("refused", "no_consent")


def test_a_deadline_that_passes_within_the_group_is_kept(clock: Clock) -> None:
    _many(2)
    Message.objects.filter(id=2).update(deadline_at=clock.now + timedelta(seconds=3))
    post = SlowPost(clock, 5)
    _drain(Dispatcher(post, corridor, HOUSE, clock))
    assert post.got == [1] and _states()[2] == ("failed", "too_late")


def test_groups_grow_while_they_are_quick_and_shrink_when_they_are_slow(clock: Clock, tmp_path: Path) -> None:
    _many(40)
    post = SlowPost(clock, 0)
    one = Dispatcher(post, corridor, HOUSE, clock, journal=Journal(tmp_path))
    sizes = [one.cycle().counts["sent"] for _ in range(3)]
    post.seconds = 0.1
    sizes += [one.cycle().counts["sent"] for _ in range(2)]
    assert sizes == [2, 4, 8, 16, 8]


def test_without_a_journal_a_group_is_what_a_crash_may_leave_in_doubt(clock: Clock) -> None:
    _many(6)
    one = Dispatcher(SlowPost(clock, 0), corridor, HOUSE, clock)
    assert [one.cycle().counts["sent"] for _ in range(3)] == [2, 2, 2]


def test_nothing_is_handed_over_that_the_journal_cannot_take(clock: Clock, tmp_path: Path) -> None:
    _many(3)
    (tmp_path / "journal").write_text("in the way")
    post = SlowPost(clock, 0)
    one = Dispatcher(post, corridor, HOUSE, clock, journal=Journal(tmp_path / "journal"))
    _drain(one)
    assert post.got == [] and {state for state, _ in _states().values()} == {"planned"}
    (tmp_path / "journal").unlink()
    clock.pass_(seconds=2)
    assert _drain(one) == {"sent": 3}


def test_another_dispatcher_reads_what_the_dead_one_knew(clock: Clock, tmp_path: Path) -> None:
    """Killed with one letter sent and not recorded, one refused for now, one under way, one not begun."""
    _many(4)

    class Killed(BaseException):
        pass

    class Post(SlowPost):
        together_max = 4

        def hand_over(self, letter: Letter) -> Result:
            self.got.append(letter.message_id)
            if len(self.got) == 3:
                raise Killed
            return Result(Outcome.SENT, provider_id="q-1") if len(self.got) == 1 else Result(Outcome.LATER, "text 451")

    dead, heir = Post(clock, 0), SlowPost(clock, 0)
    first = Dispatcher(dead, corridor, HOUSE, clock, journal=Journal(tmp_path))
    with pytest.raises(Killed):
        first.cycle()
    second = Dispatcher(heir, corridor, HOUSE, clock, journal=Journal(tmp_path))
    assert _drain(second) == {}, "its writer still holds the page"
    first.journal.abandon()
    clock.pass_(seconds=6)
    assert _drain(second) == {"unknown": 1, "sent": 1}
    assert _states() == {1: ("sent", ""), 2: ("planned", ""), 3: ("unknown", ""), 4: ("sent", "")}
    assert "q-1" in Event.objects.get(name="Message Handed Over", message_id="handover:1:1").properties
    clock.pass_(seconds=60)
    assert _drain(second) == {"sent": 1} and sorted(heir.got) == [2, 4]
