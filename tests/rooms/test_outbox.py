"""One claim for everything that waits: by lease, in order, fenced."""

from datetime import timedelta

from passaparola.kernel import outbox
from passaparola.kernel.models import Job
from passaparola.kernel.outbox import Claim
from tests.messages import NOW


def job(id_: int, kind: str = "webhook", **more: object) -> Job:
    values = {"key": f"{kind}:{id_}", "payload": {"n": id_}, "due_at": NOW, **more}
    return Job.objects.create(id=id_, kind=kind, **values)


def take(now_after: float = 0, *kinds: str, limit: int = 10) -> list[Claim]:
    now = NOW + timedelta(seconds=now_after)
    return [taken for taken, _ in outbox.claim_jobs(kinds or ("webhook",), limit=limit, lease_seconds=60, now=now)]


def test_due_jobs_are_taken_oldest_first_and_only_once() -> None:
    job(1, due_at=NOW - timedelta(seconds=5))
    job(2, due_at=NOW - timedelta(seconds=9))
    job(3, due_at=NOW + timedelta(seconds=9))
    assert take(limit=1) == [Claim(2, 1)]
    assert take() == [Claim(1, 1)]
    assert take() == []


def test_the_payload_comes_along() -> None:
    job(1)
    ((_, row),) = outbox.claim_jobs(["webhook"], limit=5, lease_seconds=60, now=NOW)
    assert row["payload"] == {"n": 1} and row["kind"] == "webhook"


def test_kinds_have_their_own_lanes_and_the_first_goes_first() -> None:
    job(1, "webhook", due_at=NOW - timedelta(days=1))
    job(2, "payout")
    assert take(0, "payout", "webhook", limit=1) == [Claim(2, 1)]
    assert take(0, "payout") == []


def test_a_lapsed_lease_is_taken_by_the_next_and_the_sleeper_changes_nothing() -> None:
    job(1)
    (sleeper,) = take()
    assert take(59) == []
    (second,) = take(61)
    assert second == Claim(1, 2)
    assert not outbox.finish_job(sleeper, now=NOW)
    assert not outbox.try_job_again(sleeper, due_at=NOW, failure="x")
    assert outbox.finish_job(second, now=NOW)
    assert not outbox.finish_job(second, now=NOW), "done once"
    assert take(9999) == []


def test_a_failed_job_comes_back_later() -> None:
    job(1)
    (taken,) = take()
    assert outbox.try_job_again(taken, due_at=NOW + timedelta(seconds=30), failure="x" * 500)
    assert take(29) == []
    assert take(30) == [Claim(1, 2)]
    assert len(Job.objects.get().failure) == outbox.FAILURE_CHARACTERS_MAX


def test_waiting_doubles_up_to_a_limit() -> None:
    assert [outbox.back_off(n).total_seconds() for n in (1, 2, 3)] == [60, 120, 240]
    assert outbox.back_off(500) == timedelta(hours=4)
