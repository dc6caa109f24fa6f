"""What a text may say in one message: the values of kinds.py, from the message's context and the recipient's facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from passaparola.kernel import signing, words
from passaparola.messages.guard import Facts
from passaparola.programs import wording

# A confirmation link that lay about for longer no longer proves that she wants this now.
_CONFIRM_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class House:
    """What the installation says about itself."""

    business: str
    base_url: str
    currency: str
    language: str
    time_zone: str


def language_of(facts: Facts, house: House) -> str:
    """The recipient's language, else the installation's."""
    return words.pick(facts.language, house.language)


def values(message: Mapping[str, Any], facts: Facts, house: House) -> dict[str, Any]:
    """Every value for the message's text, in the recipient's language; what does not apply is empty."""
    language, base, context = language_of(facts, house), house.base_url, message["context"]
    made: dict[str, Any] = {
        "business": house.business,
        "person": {"given_name": facts.given_name},
        "program": facts.program_name,
        "code": facts.code,
        **{name: make(message, facts, base) for name, make in LINKS.items()},
        **_promise(language, facts, house),
    }
    if "amount" in context:
        made |= _reward(language, context, house)
    return made


def shared(message: Mapping[str, Any], facts: Facts, house: House) -> tuple[Any, ...]:
    """What all values but the person's own follow from: messages that agree in it, in language and key say the same."""
    context = message["context"]
    if "amount" not in context:
        return facts.program_name, facts.version
    due = context.get("due_at")
    reward = (context["amount"], context["unit"], context.get("rule"), _local_day(due, house.time_zone) if due else None)
    return facts.program_name, facts.version, *reward


def _advocate_link(message: Mapping[str, Any], facts: Facts, base: str) -> str:
    return f"{base}/a/{signing.sign('advocate', (facts.root_id,))}"


def _preferences_link(message: Mapping[str, Any], facts: Facts, base: str) -> str:
    return f"{base}/p/{signing.sign('preferences', (facts.root_id,))}"


def _unsubscribe_link(message: Mapping[str, Any], facts: Facts, base: str) -> str:
    return unsubscribe_link(base, message["id"])


def _share_link(message: Mapping[str, Any], facts: Facts, base: str) -> str:
    return f"{base}/r/{facts.code}" if facts.code else ""


def unsubscribe_link(base_url: str, message_id: int) -> str:
    """Where a POST ends what this message belongs to. Short: see kernel/signing.py."""
    return f"{base_url}/u/{signing.sign('unsubscribe', [message_id])}"


def _confirm_link(message: Mapping[str, Any], facts: Facts, base_url: str) -> str:
    if message["template"] != "opt_in":
        return ""
    event = message["context"].get("event") or message["event_id"]
    token = signing.sign("opt-in", [facts.root_id, event], expires_at=message["planned_at"] + _CONFIRM_FOR)
    return f"{base_url}/c/{token}"


# A person's own links, each made only where it is asked for: signing costs more than filling it in.
LINKS: dict[str, Callable[[Mapping[str, Any], Facts, str], str]] = {
    "advocate_link": _advocate_link,
    "preferences_link": _preferences_link,
    "unsubscribe_link": _unsubscribe_link,
    "share_link": _share_link,
    "confirm_link": _confirm_link,
}


def _promise(language: str, facts: Facts, house: House) -> dict[str, Any]:
    """What the frozen terms promise, in words."""
    if not facts.terms:
        return {"advocate_reward": "", "friend_reward": "", "when_it_comes": "", "steps": [], "rules": []}
    advocate, friend = facts.terms.get("advocate"), facts.terms.get("friend")
    return {
        "advocate_reward": amount(language, advocate["amount"], advocate["unit"]) if advocate else "",
        "friend_reward": amount(language, friend["amount"], friend["unit"]) if friend else "",
        **_sentences(language, facts, house),
    }


def _sentences(language: str, facts: Facts, house: House) -> dict[str, Any]:
    """Sentences made from terms; the terms of a version are frozen, so they are made once a language."""
    key = (language, facts.version, house)
    if key not in _made:
        terms = facts.terms
        steps = wording.how_it_works(language, terms, business=house.business, currency=house.currency)
        _made[key] = {
            "when_it_comes": wording.when_it_comes(language, terms) if terms.get("advocate") else "",
            "steps": [{"title": step.title, "text": step.text} for step in steps],
            "rules": wording.summary(language, terms, business=house.business, currency=house.currency),
        }
    return _made[key]


_made: dict[tuple[str, tuple[int, int] | None, House], dict[str, Any]] = {}


def _reward(language: str, context: Mapping[str, Any], house: House) -> dict[str, Any]:
    due = context.get("due_at")
    return {
        "reward": amount(language, context["amount"], context["unit"]),
        "role": context.get("rule") or "advocate",
        "due_on": day(language, due, house.time_zone) if due else "",
    }


@lru_cache(maxsize=2_000)
def amount(language: str, value: int, unit: str) -> str:
    """An amount as people say it; the same ones come again and again."""
    return wording.amount(language, value, unit)


def day(language: str, moment: str, time_zone: str) -> str:
    """The local day of an ISO time, in words."""
    return _day(_local_day(moment, time_zone), language)


def _local_day(moment: str, time_zone: str) -> date:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(time_zone)).date()


@lru_cache(maxsize=2_000)
def _day(local: date, language: str) -> str:
    return words.day(local, language)
