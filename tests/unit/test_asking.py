"""Whether to ask: every reason by itself, the wait that ends, and the seeded holdout."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from passaparola.programs import asking, terms

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TERMS = terms.default("EUR")
READY = asking.Facts(
    stage="many",
    customer_since=NOW - timedelta(days=400),
    consent="given",
    has_address=True,
    is_minor=False,
    is_forgotten=False,
    complaints_open=0,
    is_unhappy=False,
    asked_at=(),
    asked_here=False,
)


def decide(**changes: Any) -> asking.Answer:
    return asking.decide(msgspec.structs.replace(READY, **changes), TERMS, NOW)


def test_somebody_ready_is_asked() -> None:
    assert decide().outcome == "asked"


@pytest.mark.parametrize(
    ("changes", "outcome", "code"),
    [
        ({"stage": "some"}, "not_now", "audience"),
        ({"customer_since": None}, "not_now", "no_purchase"),
        ({"consent": None}, "not_now", "no_consent"),
        ({"consent": "requested"}, "not_now", "no_consent"),
        ({"consent": "withdrawn"}, "not_now", "no_consent"),
        ({"has_address": False}, "not_now", "no_address"),
        ({"complaints_open": 1}, "not_now", "complaint_open"),
        ({"is_unhappy": True}, "not_now", "bad_experience"),
        ({"is_minor": True}, "never", "under_age"),
        ({"is_forgotten": True}, "never", "forgotten"),
        ({"asked_here": True}, "not_now", "asked_before"),
    ],
)
def test_each_reason_stands_by_itself(changes: dict[str, Any], outcome: str, code: str) -> None:
    answer = decide(**changes)
    assert answer.outcome == outcome
    assert [reason["code"] for reason in answer.reasons] == [code]
    assert answer.again_at is None


def test_all_reasons_are_said_not_only_the_first() -> None:
    answer = decide(stage="few", consent=None, complaints_open=2)
    assert {reason["code"] for reason in answer.reasons} == {"audience", "no_consent", "complaint_open"}


def test_tenure_ends_at_a_known_moment() -> None:
    since = NOW - timedelta(days=179, hours=23)
    answer = decide(customer_since=since)
    assert answer.again_at == since + timedelta(days=180)
    assert (
        asking.decide(msgspec.structs.replace(READY, customer_since=since), TERMS, answer.again_at).outcome == "asked"
    )


def test_not_asked_twice_within_thirty_days_nor_five_times_a_year() -> None:
    recent = decide(asked_at=(NOW - timedelta(days=29),))
    assert recent.reasons[0]["code"] == "recently_asked" and recent.again_at == NOW + timedelta(days=1)
    often = decide(asked_at=tuple(NOW - timedelta(days=d) for d in (300, 200, 100, 40)))
    assert often.reasons[0]["code"] == "asked_often" and often.again_at == NOW + timedelta(days=65)
    assert decide(asked_at=(NOW - timedelta(days=30),)).outcome == "asked"


def test_the_holdout_is_ten_per_cent_and_always_the_same() -> None:
    arms = [asking.arm("seed", f"person{n}", 10)[0] for n in range(20_000)]
    assert arms == [asking.arm("seed", f"person{n}", 10)[0] for n in range(20_000)]
    assert 0.09 < arms.count("holdout") / len(arms) < 0.11
    assert {asking.arm("seed", f"person{n}", 0)[0] for n in range(2000)} == {"asked"}


def test_two_programmes_hold_out_different_people() -> None:
    one = {n for n in range(2000) if asking.arm("a", f"person{n}", 10)[0] == "holdout"}
    two = {n for n in range(2000) if asking.arm("b", f"person{n}", 10)[0] == "holdout"}
    assert one and two and len(one & two) < len(one) / 2
