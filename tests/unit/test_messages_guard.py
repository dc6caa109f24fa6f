"""Who may be written to, at this moment."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passaparola.messages import guard
from passaparola.messages.guard import Facts

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def message(template: str = "ask", purpose: str = "referral", **more: Any) -> dict[str, Any]:
    return {"template": template, "purpose": purpose, "deadline_at": NOW + timedelta(days=1), **more}


def facts(**more: Any) -> Facts:
    known = {"address": "alma@example.test", "consents": {"referral": "given"}, "program_state": "active", **more}
    return Facts(root_id=1, **known)


def test_with_consent_and_a_running_programme_she_is_asked() -> None:
    assert guard.objection(message(), facts(), NOW) is None


@pytest.mark.parametrize("state", [None, "requested", "refused", "withdrawn"])
def test_only_a_yes_is_a_yes(state: str | None) -> None:
    consents = {"referral": state} if state else {}
    assert guard.objection(message(), facts(consents=consents), NOW) == "no_consent"


@pytest.mark.parametrize(
    ("state", "answer"), [(None, None), ("given", None), ("refused", "no_consent"), ("withdrawn", "no_consent")]
)
def test_a_notice_goes_unless_there_was_a_no(state: str | None, answer: str | None) -> None:
    consents = {"service": state} if state else {}
    assert (
        guard.objection(message("reward_paid", "service"), facts(consents=consents, program_state="ended"), NOW)
        == answer
    )


@pytest.mark.parametrize(
    ("born_on", "today", "years"),
    [
        (date(2012, 11, 21), date(2026, 11, 20), 13),
        (date(2012, 11, 21), date(2026, 11, 21), 14),
        (date(2012, 2, 29), date(2026, 2, 28), 13),
        (date(2012, 2, 29), date(2026, 3, 1), 14),
        (date(2026, 11, 21), date(2026, 11, 21), 0),
    ],
)
def test_years(born_on: date, today: date, years: int) -> None:
    assert guard.years(born_on, today) == years


@given(
    st.builds(
        Facts,
        root_id=st.just(1),
        address=st.sampled_from(["", "a@b.test"]),
        is_forgotten=st.booleans(),
        is_suppressed=st.booleans(),
        birth_on=st.none() | st.dates(date(1930, 1, 1), date(2026, 1, 1)),
        program_state=st.sampled_from(["active", "paused", ""]),
        consents=st.dictionaries(
            st.sampled_from(["referral", "service", "offers"]), st.sampled_from(["given", "withdrawn", "requested"])
        ),
    ),
    st.sampled_from(["service", "referral", "offers"]),
)
def test_no_combination_writes_to_whom_it_must_not(known: Facts, purpose: str) -> None:
    template = "ask" if purpose == "referral" else "reward_paid"
    if guard.objection(message(template, purpose), known, NOW) is None:
        assert known.address and not known.is_forgotten and not known.is_suppressed
        assert known.consents.get(purpose) != "withdrawn"
        assert purpose == "service" or known.consents.get(purpose) == "given"
        assert not known.birth_on or guard.years(known.birth_on, NOW.date()) >= 14
