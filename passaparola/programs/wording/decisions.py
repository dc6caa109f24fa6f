"""Every decision and each of its reasons with their numbers, as sentences for staff."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from passaparola.kernel import words
from passaparola.programs.wording.amounts import amount
from passaparola.programs.wording.states import REFERRAL_REASONS, readable

STAGES = {"none": _("no purchase"), "few": _("few returns"), "some": _("some returns"), "many": _("many returns")}

CHANNELS = {
    "email": _("e-mail"),
    "sms": _("SMS"),
}

# How we know who recommended.
METHODS = {
    "code": _("by code"),
    "bound": _("by an earlier sign-up"),
    "click": _("by link"),
    "name": _("by name"),
    "claim": _("by a claim made afterwards"),
}

RULES = {"advocate": _("whoever recommended"), "friend": _("the friend")}

PURPOSES = {"referral": _("referral invitations"), "service": _("service messages"), "offers": _("offers")}

# What made us look at somebody anew.
CAUSES = {
    "stage reached": _("a stage was reached"),
    "time passed": _("time passed"),
    "moment": _("the moment of the programme came"),
    "reason lifted": _("a reason against it went away"),
    "programme started": _("the programme started"),
}

# Facts that are names rather than numbers.
NAMES = {"stage": STAGES, "channel": CHANNELS, "method": METHODS, "purpose": PURPOSES, "rule": RULES, "what": CAUSES}

# (kind, outcome) → what was decided.
DECISIONS: Mapping[tuple[str, str], str] = {
    ("ask", "asked"): _("Asked to recommend"),
    ("ask", "holdout"): _("Not asked: in the holdout"),
    ("ask", "not_now"): _("Not asked this time"),
    ("ask", "never"): _("Never asked"),
    ("attribute", "attributed"): _("Counted as a recommendation"),
    ("attribute", "refused"): _("Recommendation not counted"),
    ("attribute", "none"): _("No recommendation found"),
    ("reward", "held"): _("Reward set aside"),
    ("reward", "confirmed"): _("Reward paid"),
    ("reward", "released"): _("Reward lapsed"),
    ("reward", "reversed"): _("Reward taken back"),
    ("reward", "refused"): _("No reward"),
    ("merge", "merged"): _("Found to be the same person"),
    ("merge", "refused"): _("Not merged"),
    ("merge", "undone"): _("Found to be two persons after all"),
    ("send", "sent"): _("Message sent"),
    ("send", "refused"): _("Message not sent"),
}

# Reason code → sentence; {placeholders} are the reason's own numbers, made readable first.
REASONS: Mapping[str, str] = {
    "audience": _("The stage is “{stage}”."),
    "tenure_short": _("Too new a customer: {days} of {needed} days."),
    "tenure": _("Customer for {days} days; {needed} are needed."),
    "holdout": _("Drawn for the holdout of {percent} %, which is never asked, so that the effect can be measured."),
    "no_consent": _("No consent for {purpose} by {channel}."),
    "no_address": _("We know no address."),
    "suppressed": _("The address is suppressed: it bounced, complained or asked us to stop."),
    "under_age": _("Below the age of consent."),
    "recently_asked": _("Asked {days} days ago, too recently."),
    "asked_often": _("Asked {count} times within a year, the most allowed."),
    "complaint_open": _("There is an open complaint: first mend, then ask."),
    "bad_experience": _("The last experience was a bad one: first mend, then ask."),
    "moment": _("The moment came: {event}."),
    "moment_nth": _("The moment came: {event}, number {nth}."),
    "moment_stage": _("The moment came: the stage “{stage}” was reached."),
    "history": _("Imported history: it neither asks nor pays."),
    "program_not_active": _("The programme was not active."),
    "evidence": _("Found {method}."),
    "window": _("{days} days after the visit or sign-up."),
    "asked_before": _("Asked once already in this programme."),
    "no_purchase": _("Has not bought anything yet."),
    "complaint_open_count": _("Open complaints: {count}. First mend, then ask."),
    "within_window": _("{after_days} days after the visit; up to {days} count."),
    "conflict": _("Others’ codes or links were seen, too: {count}. The strongest evidence counts, it is never split."),
    "window_over_days": _("The attribution window of {days} days was over."),
    "no_evidence": _("Neither code nor visit through a link."),
    "promised": _("{amount} for {rule}."),
    "no_reward": _("Nothing promised for {rule}."),
    "budget": _("The budget was used up."),
    "budget_exhausted": _("The budget was used up."),
    "cap": _("The limit of rewards in 12 months was reached."),
    "cap_reached": _("The limit of {count} rewards in 12 months was reached."),
    "hold": _("Set aside for {days} days."),
    "hold_until": _("Set aside for {days} days, until {until}."),
    "order_too_small": _("The order was below the programme’s minimum."),
    "order_in_other_currency": _("The order was in another currency than the programme’s minimum."),
    "same_person": _("One and the same person: {because}."),
    "because": _("Because: {what}."),
    "two_known_ids": _("Both have a customer number of their own, so they are not merged by the address alone."),
    "undone_by_hand": _("Undone by hand."),
    "forgotten": _("The person asked to be forgotten."),
    "deadline": _("The deadline had passed."),
    "unconfirmed": _("The address is not confirmed."),
}


@words.spoken
def stage(language: str, name: str) -> str:
    """The name of a loyalty stage: none, few, some, many."""
    return gettext(STAGES[name]) if name in STAGES else readable(name)


@words.spoken
def decision(language: str, kind: str, outcome: str) -> str:
    """What was decided, in a few words."""
    sentence = DECISIONS.get((kind, outcome))
    return gettext(sentence) if sentence else readable(f"{kind}: {outcome}")


@words.spoken
def decision_reasons(language: str, reasons: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each reason of a decision as a sentence with its numbers."""
    return [decision_reason(language, reason) for reason in reasons]


@words.spoken
def decision_reason(language: str, reason: Mapping[str, Any]) -> str:
    """One reason, {"code": …, numbers…}, as a sentence; an unknown code is shown with its numbers."""
    code = str(reason.get("code", ""))
    facts = {key: _fact(language, key, value, reason) for key, value in reason.items() if key != "code"}
    for candidate in _candidates(code, reason):
        try:
            return gettext(REASONS[candidate]).format(**facts)
        except KeyError:
            continue
    if code in REFERRAL_REASONS:
        return gettext(REFERRAL_REASONS[code][2])
    numbers = ", ".join(f"{readable(key)} {value}" for key, value in facts.items())
    return f"{readable(code)} ({numbers})" if numbers else readable(code)


def _candidates(code: str, reason: Mapping[str, Any]) -> list[str]:
    """The sentences to try, the most telling first."""
    if code == "tenure" and _less(reason.get("days"), reason.get("needed")):
        return ["tenure_short", code]
    for numbers in ("until", "count", "days"):
        if numbers in reason and f"{code}_{numbers}" in REASONS:
            return [f"{code}_{numbers}", code]
    if code == "moment":
        return ["moment_nth", "moment", "moment_stage"] if reason.get("nth") else ["moment_stage", "moment"]
    return [code]


def _less(one: Any, other: Any) -> bool:
    return isinstance(one, (int, float)) and isinstance(other, (int, float)) and one < other


def _fact(language: str, key: str, value: Any, reason: Mapping[str, Any]) -> str:
    """A number or name of a reason as the reader writes it."""
    if key in NAMES:
        return gettext(NAMES[key][value]) if value in NAMES[key] else readable(str(value))
    if key == "until":
        return words.day(datetime.fromisoformat(str(value)), language)
    if key == "amount" and isinstance(value, int):
        return amount(language, value, str(reason.get("unit") or "EUR"))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return words.number(value, language)
    if isinstance(value, (list, tuple)):
        return words.listing([_fact(language, key, one, reason) for one in value], language)
    return str(value)
