"""What people read about rules follows from the rules, in three languages, and knows every code the rooms give."""

import ast
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from passaparola.kernel import words
from passaparola.programs import terms as rules
from passaparola.programs import wording
from passaparola.programs.wording import decisions, states

SNAPSHOTS = Path(__file__).parent / "wording"
PACKAGE = Path(wording.__file__).parents[2]
WHO = {"business": "Bottega", "currency": "EUR"}

USUAL = {**rules.default("EUR"), "budget": {"EUR": 100_000, "PTS": None}}
BARE: dict[str, Any] = {
    **rules.default("EUR"),
    "advocate": None,
    "friend": {"amount": 1250, "unit": "EUR"},
    "qualify": {"order_minor_min": 0, "window_days": 1, "new_customer_days": 365},
    "hold_days": 0,
}
ONE_SIDED: dict[str, Any] = {
    **rules.default("EUR"),
    "advocate": {"amount": 1, "unit": "PTS"},
    "friend": None,
    "caps": {"advocate_rewards_per_year": 1},
    "texts": {"headline": {"es": "¡Ven!"}, "message": {"es": "Ven conmigo.", "it": "Vieni con me."}},
}


def everything(language: str) -> Iterator[str]:
    """All that the module can say, for reading over."""
    for name, terms in (("usual", USUAL), ("bare", BARE), ("one-sided", ONE_SIDED)):
        yield f"=== {name}"
        yield wording.invitation(language, terms, business="Bottega")
        yield wording.give_and_get(language, terms, business="Bottega")
        yield from (f"{step.title}: {step.text}" for step in wording.how_it_works(language, terms, **WHO))
        yield from wording.how_it_is_tracked(language, terms)
        yield wording.when_it_comes(language, terms)
        yield from wording.summary(language, terms, **WHO)
        for channel in ("wa", "em", "fb"):
            text = wording.share_text(
                language,
                terms,
                channel,
                business="Bottega",
                link="https://b.test/r/ABC",
                code="ABCD-EFGH",
                given_name="Alma",
            )
            yield f"--- {channel}: {text.subject}"
            yield text.body
    yield "=== states"
    for state in states.REFERRAL_STATES:
        yield f"{state}: {wording.referral_state(language, state)}"
    for state in states.REWARD_STATES:
        yield f"{state}: {wording.reward_state(language, state)}"
    for reason in states.REFERRAL_REASONS:
        until = "3 X" if reason.endswith("_until") else ""
        for audience in states.AUDIENCES:
            sentence = wording.referral_reason(language, reason.removesuffix("_until"), audience, until=until)
            yield f"{reason}, {audience}: {sentence}"
    for reason in ("waiting_return_window", "paid", "refunded", "budget_exhausted"):
        dated = wording.reward_reason(language, reason, until="3 X")
        yield f"{reason}: {wording.reward_reason(language, reason)} / {dated}"
    yield "=== decisions"
    for kind, outcome in decisions.DECISIONS:
        yield f"{kind}, {outcome}: {wording.decision(language, kind, outcome)}"
    for reason in REASONS:
        yield f"{reason['code']}: {wording.decision_reason(language, reason)}"
    for stage in decisions.STAGES:
        yield wording.stage(language, stage)
    yield "=== consent"
    for purpose in (*wording.PURPOSES, "service"):
        yield wording.consent_wording(language, purpose, business="Bottega")
        yield wording.stop_wording(language, purpose, business="Bottega")
    for country in ("ES", "IT", "FR"):
        yield f"=== law {country}"
        for duty in wording.legal_checklist(language, country, wording.reward_kinds(USUAL)):
            yield f"[{'x' if duty.kept_by_us else ' '}] {duty.text} ({duty.basis})"


REASONS: tuple[Mapping[str, Any], ...] = (
    {"code": "tenure", "days": 12, "needed": 180},
    {"code": "tenure", "days": 1200, "needed": 180},
    {"code": "holdout", "percent": 10},
    {"code": "audience", "stage": "many"},
    {"code": "no_consent", "channel": "email", "purpose": "referral"},
    {"code": "no_address"},
    {"code": "suppressed"},
    {"code": "under_age"},
    {"code": "recently_asked", "days": 3},
    {"code": "asked_often", "count": 4},
    {"code": "asked_before"},
    {"code": "no_purchase"},
    {"code": "complaint_open"},
    {"code": "complaint_open", "count": 2},
    {"code": "bad_experience"},
    {"code": "moment", "event": "Order Completed", "nth": 3},
    {"code": "moment", "stage": "many"},
    {"code": "history"},
    {"code": "program_not_active"},
    {"code": "evidence", "method": "code", "subject": "code:1"},
    {"code": "evidence", "method": "bound"},
    {"code": "evidence", "method": "click"},
    {"code": "within_window", "days": 90, "after_days": 12},
    {"code": "window_over", "days": 90},
    {"code": "window_over"},
    {"code": "conflict", "count": 2},
    {"code": "promised", "rule": "advocate", "amount": 500, "unit": "PTS"},
    {"code": "promised", "rule": "friend", "amount": 1000, "unit": "EUR"},
    {"code": "no_reward", "rule": "advocate"},
    {"code": "budget_exhausted", "unit": "EUR"},
    {"code": "cap_reached", "count": 10},
    {"code": "hold", "days": 30, "until": "2026-12-03T09:00:00+00:00"},
    {"code": "self_referral"},
    {"code": "refunded"},
    {"code": "paid"},
)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_everything_said_is_as_it_was_read_over(language: str) -> None:
    """After a deliberate change: UPDATE_WORDING=1 pytest tests/unit/test_wording.py, and read the difference."""
    said = "\n".join(everything(language)).replace("\xa0", " ") + "\n"
    path = SNAPSHOTS / f"{language}.txt"
    if os.environ.get("UPDATE_WORDING"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_changing_a_rule_changes_the_words(language: str) -> None:
    """Each number of the terms that people must know stands in the summary."""
    summary = " ".join(wording.summary(language, USUAL, **WHO)).replace("\xa0", " ")
    for number in ("90", "20", "30", "500", "10"):
        assert number in summary
    dearer = {**USUAL, "friend": {"amount": 1550, "unit": "EUR"}, "hold_days": 14}
    changed = " ".join(wording.summary(language, dearer, **WHO)).replace("\xa0", " ")
    assert ("15.50" if language == "en" else "15,50") in changed and "14" in changed and "30" not in changed


def test_the_share_text_is_honest_and_fits() -> None:
    """It says that she gains too, keeps the link last, and leaves room on every network."""
    for language in words.LANGUAGES:
        text = wording.share_text(
            language, USUAL, "x", business="Bottega", link="https://b.test/r/ABC/x", code="ABCD-EFGH"
        )
        assert text.body.endswith(" https://b.test/r/ABC/x") and len(text.body) <= 280
        assert wording.advocate_gets(language, USUAL) in text.body
        assert wording.share_text(language, USUAL, "fb", business="B", link="L", code="C").body == "L"


def test_an_operator_s_own_text_wins_and_is_never_blank() -> None:
    assert wording.invitation("it", ONE_SIDED, business="B") == "¡Ven!"
    assert "Vieni con me." in wording.share_text("it", ONE_SIDED, "wa", business="B", link="L", code="C").body


def test_amounts_are_written_as_people_say_them() -> None:
    said = [wording.amount(one, value, unit).replace("\xa0", " ") for one in words.LANGUAGES for value, unit in AMOUNTS]
    assert said == [
        "1 punto", "1.500 puntos", "10 €", "12,50 €", "1.000 JPY",
        "1 punto", "1.500 punti", "10 €", "12,50 €", "1.000 JPY",
        "1 point", "1,500 points", "€10", "€12.50", "JP¥1,000",
    ]  # fmt: skip


AMOUNTS = ((1, "PTS"), (1500, "PTS"), (1000, "EUR"), (1250, "EUR"), (1000, "JPY"))


def test_an_advocate_never_reads_what_a_friend_bought_or_who_it_is() -> None:
    """Her sentences have no placeholder but the day until which she waits."""
    for sentences in states.REFERRAL_REASONS.values():
        assert "{" not in sentences[0].replace("{until}", "")


def test_every_code_the_rooms_give_has_a_sentence() -> None:
    """A reason code written in the rooms and unknown here would show as a bare word."""
    known = set(decisions.REASONS) | set(states.REFERRAL_REASONS)
    missing = {code: file for code, file in _codes_in_rooms() if code not in known}
    assert missing == {}


def _codes_in_rooms() -> Iterator[tuple[str, str]]:
    for room in ("programs", "people", "segments", "ledger", "messages"):
        for path in sorted((PACKAGE / room).rglob("*.py")):
            if "wording" in path.parts or "migrations" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Dict):
                    for key, value in zip(node.keys, node.values, strict=True):
                        if isinstance(key, ast.Constant) and key.value == "code":
                            either = (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)
                            for part in either:
                                # An advocate’s code is a "code" too, but never lower case.
                                if isinstance(part, ast.Constant) and str(part.value).islower():
                                    yield part.value, path.relative_to(PACKAGE).as_posix()


def test_unknown_codes_still_read() -> None:
    assert wording.decision_reason("es", {"code": "brand_new", "days": 3}) == "brand new (days 3)"
    assert wording.referral_reason("es", "brand_new", "staff") == "brand new"
    assert wording.referral_state("es", "brand_new") == "brand new"
    assert wording.decision("es", "x", "y_z") == "x: y z"


def test_the_checklist_follows_country_and_reward() -> None:
    def codes(country: str, kinds: set[str]) -> set[str]:
        return {duty.code for duty in wording.legal_checklist("en", country, kinds)}

    assert wording.reward_kinds(USUAL) == {"points", "money", "budget"}
    assert "dpr_430" in codes("IT", {"points"}) and "dpr_430" not in codes("ES", {"points"})
    assert "dpr_430_stocks" in codes("IT", {"points", "budget"}) and "dpr_430_stocks" not in codes("IT", {"points"})
    assert "robinson" in codes("ES", set()) and "soft_spam" in codes("IT", set())
    assert "other_country" in codes("FR", set()) and "other_country" not in codes("ES", set())
    assert all("no_advice" in codes(country, set()) for country in ("ES", "IT", "FR"))
