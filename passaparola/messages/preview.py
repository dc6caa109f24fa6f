"""Messages to look at before or after they went: with example values, or as one person gets it."""

from typing import Any

from passaparola.kernel import database
from passaparola.kernel.errors import Refusal
from passaparola.messages import compose, facts, kinds, texts, values
from passaparola.messages.compose import Composed, Flaw
from passaparola.messages.models import Message
from passaparola.messages.texts import Text
from passaparola.messages.values import House


class TextFlawed(Refusal):
    """This text cannot be used: {flaws}"""

    code = "text_flawed"
    status = 422

    def __init__(self, flaws: list[Flaw]) -> None:
        self.flaws = flaws
        super().__init__(flaws="; ".join(f"{flaw.field}: {flaw.code} {flaw.what}".strip() for flaw in flaws))


def check(key: str, subject: str, body: str) -> None:
    """Refuse a text that may not be published. Doors call it before they submit "Template Changed". Raises TextFlawed."""
    if found := compose.flaws(key, subject, body):
        raise TextFlawed(found)


def shown(message_id: int, house: House) -> Composed:
    """A message as it would be composed now for its person. Raises KeyError for no such message, compose.Broken."""
    found = database.select(Message, "id = ?", [message_id])
    if not found:
        raise KeyError(message_id)
    message = found[0]
    known = facts.gather([message])[message_id]
    text = texts.in_force(message["template"], values.language_of(known, house), facts.edited_texts())
    return compose.compose(text, values.values(message, known, house))


def example(key: str, language: str, house: House, *, subject: str = "", body: str = "") -> Composed:
    """A text with example values: the one given, else the one in force. Raises compose.Broken, also for a value without default."""
    shipped = texts.shipped(key, language)
    text = Text(key, language, subject, body, "", shipped.why, is_edited=True) if subject and body else shipped
    return compose.compose(text, {**_example(house, language), "person": {"given_name": "Alma"}}, is_strict=True)


def _example(house: House, language: str) -> dict[str, Any]:
    """Every variable of every kind, with something to see."""
    empty: dict[str, Any] = {v.path: "" for kind in kinds.KINDS for v in kind.variables if "." not in v.path}
    base = house.base_url
    return {
        **empty,
        "business": house.business, "program": "Amigos", "language": language, "code": "ALMA-7K", "role": "advocate",
        "share_link": f"{base}/r/ALMA-7K", "advocate_link": f"{base}/a/example", "confirm_link": f"{base}/c/example",
        "preferences_link": f"{base}/p/example", "unsubscribe_link": f"{base}/u/example",
        "advocate_reward": values.amount(language, 500, "PTS"), "friend_reward": values.amount(language, 1000, house.currency),
        "reward": values.amount(language, 500, "PTS"),
        "due_on": values.day(language, "2026-12-21T12:00:00+00:00", house.time_zone),
        "steps": [], "rules": [],
    }  # fmt: skip
