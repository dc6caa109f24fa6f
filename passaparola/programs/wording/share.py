"""What an advocate's own app shows ready to send: one short honest text for each channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from passaparola.kernel import words
from passaparola.programs.wording.promise import advocate_gets, friend_gets

# The networks that show their own preview of the page and ignore a text.
LINK_ONLY = ("fb", "li", "qr")


@dataclass(frozen=True)
class ShareText:
    """Subject (mail and native sheet only) and text; the link stands at the end of the text."""

    subject: str
    body: str


@words.spoken
def share_text(
    language: str, terms: Mapping[str, Any], channel: str, *, business: str, link: str, code: str, given_name: str = ""
) -> ShareText:
    """The text for a channel (wa, tg, em, sm, fb, x, li, na, cp, qr): what the friend gets, and that she gains too."""
    opening = _opening(language, terms, business)
    subject = _subject(language, terms, business)
    if channel in LINK_ONLY:
        return ShareText(subject, link)
    if channel == "em":
        return ShareText(subject, _letter(language, terms, opening, link, code, given_name))
    gain = advocate_gets(language, terms)
    fair = " " + gettext("(I get {amount} too.)").format(amount=gain) if gain else ""
    return ShareText(subject, f"{opening}{fair} {link}")


def _opening(language: str, terms: Mapping[str, Any], business: str) -> str:
    own = words.typed((terms.get("texts") or {}).get("message"), language)
    prize = friend_gets(language, terms)
    if own:
        return own
    if prize:
        return gettext("I buy at {business} and like it. With my link you get {amount}.").format(
            business=business, amount=prize
        )
    return gettext("I buy at {business} and like it. Here is my link.").format(business=business)


def _subject(language: str, terms: Mapping[str, Any], business: str) -> str:
    prize = friend_gets(language, terms)
    if prize:
        return gettext("{amount} for you at {business}").format(amount=prize, business=business)
    return gettext("A recommendation: {business}").format(business=business)


def _letter(language: str, terms: Mapping[str, Any], opening: str, link: str, code: str, given_name: str) -> str:
    gain = advocate_gets(language, terms)
    lines = [gettext("Hi,"), "", opening, link, "", gettext("Or use my code: {code}").format(code=code)]
    if gain:
        lines += ["", gettext("To be fair: I get {amount} too when you buy.").format(amount=gain)]
    return "\n".join([*lines, "", given_name]).rstrip() + "\n"
