"""From a message and what is known about its person to the letter, in her language.

Most messages differ in a name, a code and a few links: what is the same for many (values.shared) is composed once, and
then only the gaps are filled (mold.py). A test holds both ways against each other.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from passaparola.kernel import log
from passaparola.messages import mold, texts, values
from passaparola.messages.channel import Letter
from passaparola.messages.compose import Broken, Composed
from passaparola.messages.guard import Facts
from passaparola.messages.mold import Mold
from passaparola.messages.values import House

_MOLDS_MAX = 500
Edited = Mapping[tuple[str, str], tuple[str, str]]


class Letters:
    """Writes letters for one installation. May be used by several threads, but for `use`."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._edited: Edited = {}
        self._molds: dict[tuple[Any, ...], Mold] = {}

    def use(self, edited: Edited) -> None:
        """The operator's texts (as facts.edited_texts reads them) from now on."""
        if edited != self._edited:
            self._edited, self._molds = edited, {}

    def letter(self, message: Mapping[str, Any], known: Facts, made_at: datetime) -> Letter:
        """The letter. Raises Broken where the text cannot be filled."""
        language, base = values.language_of(known, self.house), self.house.base_url
        own = {"given_name": known.given_name, "code": known.code}
        key = (message["template"], language, not own["given_name"], not own["code"], *values.shared(message, known, self.house))
        made = self._molds.get(key)
        if made and mold.is_plain(known.given_name) and mold.is_plain(known.code):
            own |= {name: values.LINKS[name](message, known, base) for name in made.links}
            said = mold.fill(made, own)
        else:
            said = self._composed(key, message, known, language)
        unsubscribe = own.get("unsubscribe_link") or values.unsubscribe_link(base, message["id"])
        return Letter(
            message_id=message["id"], to=known.address, language=language, subject=said.subject, html=said.html,
            text=said.text, made_at=made_at, is_service=message["purpose"] == "service", unsubscribe_url=unsubscribe,
        )  # fmt: skip

    def _composed(self, key: tuple[Any, ...], message: Mapping[str, Any], known: Facts, language: str) -> Composed:
        """The message as the person will see it. If the operator's text breaks on these values, the shipped one stands in."""
        given = values.values(message, known, self.house)
        text = texts.in_force(message["template"], language, self._edited)
        try:
            made, _ = mold.of(text, given)
            said = mold.composed(text, given)
        except Broken:
            if not text.is_edited:
                raise
            log.get().error("messages.text.broken", message=message["id"], template=text.key, language=language)
            return mold.composed(texts.shipped(text.key, language), given)
        if made:
            if len(self._molds) >= _MOLDS_MAX:
                self._molds.clear()
            self._molds[key] = made
        return said
