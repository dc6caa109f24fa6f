"""Reasons and states in the caller's language; the sentences are those that advocate, friend and staff read too."""

from typing import Any

from django.utils.translation import get_language

from passaparola.doors.api.shapes import Said
from passaparola.kernel import words
from passaparola.programs import wording


def language() -> str:
    """The caller's language, from Accept-Language: es, it or en."""
    return words.pick(get_language())


def reasons(given: list[dict[str, Any]]) -> list[Said]:
    """The reasons of a decision, each with its numbers and its sentence."""
    return [reason(item) for item in given]


def reason(item: dict[str, Any]) -> Said:
    """One reason as recorded: {"code": …, numbers}."""
    values = {key: value for key, value in item.items() if key != "code"}
    code = str(item.get("code", ""))
    return Said(code=code, values=values, message=wording.decision_reason(language(), item))


def decided(kind: str, outcome: str) -> str:
    """What was decided, in a few words."""
    return wording.decision(language(), kind, outcome)


def referral(reason_code: str, audience: str) -> str:
    """Why a referral is where it is, for advocate, friend or staff; empty without a reason."""
    return wording.referral_reason(language(), reason_code, audience) if reason_code else ""


def reward(reason_code: str) -> str:
    """Why a reward is where it is; empty without a reason."""
    return wording.reward_reason(language(), reason_code) if reason_code else ""
