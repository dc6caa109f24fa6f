"""Playbooks: what to say to people of a stage, why, and where to do it; shipped in three languages, editable. Pure.

A playbook is advice to staff. It sends nothing: messages come from programmes and campaigns.
"""

from typing import Any

import msgspec
from django.utils.translation import gettext

from passaparola.kernel.words import LANGUAGES, speaking, typed

# Whoever never came has no playbook: she is a lead (docs/why/leads.md) or a stranger.
STAGES = ("few", "some", "many")
# Which page does it, and what of the person's own is told beside it; "" is none. The doors know addresses and words.
PAGES = ("", "people", "segment", "mend", "programs", "profiles", "groups", "leads")
FACTS = ("", "products", "rhythm", "next_stage", "points", "code", "friends", "mood")
ADVICE_MAX = 12
TEXT_LENGTH_MAX = 500


def _(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is shown, into three languages at once."""
    return text


class Advice(msgspec.Struct, frozen=True):
    """One thing to say, {"es": …, "it": …, "en": …}; why; one of PAGES and one of FACTS."""

    say: dict[str, str]
    why: dict[str, str]
    page: str = ""
    fact: str = ""


class Playbook(msgspec.Struct, frozen=True):
    """What a stage is to lead to, and how."""

    stage: str
    aim: dict[str, str]
    advice: tuple[Advice, ...]

    @classmethod
    def read(cls, value: Any) -> "Playbook":
        """From the shape of the act and of the setting. Raises ValueError with a sentence."""
        if not isinstance(value, dict) or value.get("stage") not in STAGES:
            raise ValueError("a playbook is of the stage few, some or many")
        lines = value.get("advice")
        if not isinstance(lines, list) or not 1 <= len(lines) <= ADVICE_MAX:
            raise ValueError(f"it holds 1 to {ADVICE_MAX} pieces of advice")
        aim = _texts(value.get("aim"), "the aim")
        return cls(value["stage"], aim, tuple(_advice(line, number) for number, line in enumerate(lines, 1)))

    def as_json(self) -> dict[str, Any]:
        """The shape of the act and of the setting."""
        return {
            "stage": self.stage,
            "aim": self.aim,
            "advice": [{"say": a.say, "why": a.why, "page": a.page, "fact": a.fact} for a in self.advice],
        }

    def strategy(self) -> dict[str, str]:
        """The whole as one text for each language: the strategy of a segment made of this stage."""
        return {
            language: "\n".join([typed(self.aim, language), *(f"– {typed(one.say, language)}" for one in self.advice)])
            for language in LANGUAGES
        }


def _advice(line: Any, number: int) -> Advice:
    if not isinstance(line, dict):
        raise ValueError(f"advice {number} is an object of say, why, page and fact")
    page, fact = line.get("page") or "", line.get("fact") or ""
    if page not in PAGES or fact not in FACTS:
        raise ValueError(f"advice {number}: page is one of {', '.join(PAGES[1:])}; fact is one of {', '.join(FACTS[1:])}")
    return Advice(
        _texts(line.get("say"), f"advice {number}: what to say"),
        _texts(line.get("why"), f"advice {number}: why", needed=False), page, fact,
    )  # fmt: skip


def _texts(value: Any, what: str, *, needed: bool = True) -> dict[str, str]:
    """One text in up to three languages, blanks left out."""
    value = {} if value is None else value
    if not isinstance(value, dict) or not all(k in LANGUAGES and isinstance(v, str) for k, v in value.items()):
        raise ValueError(f"{what} is an object of es, it and en")
    texts = {k: v.strip() for k, v in value.items() if v.strip()}
    if needed and not texts:
        raise ValueError(f"{what} must be said in one language at least")
    if any(len(text) > TEXT_LENGTH_MAX or "\0" in text for text in texts.values()):
        raise ValueError(f"{what} may have {TEXT_LENGTH_MAX} characters")
    return texts


# Stage: what it is to lead to, then (say, why, page, fact).
_SHIPPED: dict[str, tuple[str, tuple[tuple[str, str, str, str], ...]]] = {
    "few": (
        _("Give those who came once or twice a reason to come again."),
        (
            (
                _("Show the value of what they bought: how it is made, how to enjoy it, what is guaranteed."),
                _("They do not know yet what they would come back for; a discount only teaches them to wait for the next."),
                "profiles", "products",
            ),
            (
                _("Say in one sentence what makes you different from the others."),
                _("A difference is what one remembers, and later retells to a friend."),
                "segment", "",
            ),
            (
                _("Offer a benefit that is only for those who come again."),
                _("What not everybody gets is worth more than a price cut, and it has a next visit in it."),
                "programs", "next_stage",
            ),
            (
                _("Ask how the first visit was, and mend what was not right."),
                _("Whoever was disappointed hears every offer as noise."),
                "mend", "mood",
            ),
        ),
    ),
    "some": (
        _("Turn people who come now and then into people who come as a habit."),
        (
            (
                _("Give a good reason to come soon, with a date that is true."),
                _("They like you already; what is missing is the occasion. A deadline that moves convinces nobody twice."),
                "segment", "rhythm",
            ),
            (
                _("Show how little is missing to the next step, and what it brings."),
                _("The nearer a goal, the more one does to reach it."),
                "people", "next_stage",
            ),
            (
                _("Offer something on what they themselves buy most."),
                _("What they have chosen so often needs no convincing; what you would like to sell does."),
                "profiles", "products",
            ),
            (
                _("Tell them what their points are worth today."),
                _("A balance one does not know of binds nobody."),
                "programs", "points",
            ),
        ),
    ),
    "many": (
        _("Ask those who come most to recommend you, and listen to them."),
        (
            (
                _("Ask them to recommend you: with their own link, at a good moment, after something good."),
                _("They know you best, and their friends resemble them."),
                "programs", "code",
            ),
            (
                _("Reward each new person they bring, both sides, and say what became of each."),
                _("A reward that comes, and a word about it, is what makes somebody recommend again."),
                "programs", "friends",
            ),
            (
                _("Invite those who recommend to a contest, or name them in public where they agree."),
                _("Recognition moves people whom no discount moves. Read your country’s rules for contests first."),
                "groups", "",
            ),
            (
                _("Ask what they would change, and tell them what came of it."),
                _("Your best customers see first what goes wrong; whoever is heard stays."),
                "mend", "mood",
            ),
        ),
    ),
}  # fmt: skip


def shipped(stage: str) -> Playbook:
    """The playbook that comes with the program. Raises KeyError for a stage without one."""
    aim, lines = _SHIPPED[stage]
    return Playbook(
        stage, _three(aim), tuple(Advice(_three(say), _three(why), page, fact) for say, why, page, fact in lines)
    )


def _three(text: str) -> dict[str, str]:
    found = {}
    for code in LANGUAGES:
        with speaking(code):
            found[code] = gettext(text)
    return found
