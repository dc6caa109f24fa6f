"""The share buttons: plain addresses that open the advocate's own app, allow-listed, without anybody's script."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from passaparola.doors.portal import reading
from passaparola.programs import codes, wording

# Where a share may lead, and nowhere else.
TARGETS = {
    "wa": "https://wa.me/?text={text}",
    "tg": "https://t.me/share/url?url={link}&text={text_only}",
    "em": "mailto:?subject={subject}&body={text}",
    "sm": "sms:?&body={text}",
    "fb": "https://www.facebook.com/sharer/sharer.php?u={link}",
    "x": "https://x.com/intent/post?text={text}",
    "li": "https://www.linkedin.com/sharing/share-offsite/?url={link}",
}
HOSTS = frozenset(urlsplit(target).hostname for target in TARGETS.values() if target.startswith("https"))
# Shared without leaving the page: copied, through the device's own sheet, or by the picture.
IN_PLACE = ("cp", "na", "qr")

NAMES = {
    "wa": "WhatsApp",
    "tg": "Telegram",
    "em": gettext_noop("E-mail"),
    "sm": "SMS",
    "fb": "Facebook",
    "x": "X",
    "li": "LinkedIn",
}


@dataclass(frozen=True)
class Button:
    """One way to share: channel, its name, and whether it opens beside the page."""

    channel: str
    name: str
    beside: bool


def buttons() -> list[Button]:
    """All ways that need no script, in the order in which people use them."""
    return [Button(channel, gettext(name), TARGETS[channel].startswith("https")) for channel, name in NAMES.items()]


def text(code: str, terms: dict[str, Any], channel: str, language: str, given_name: str = "") -> wording.ShareText:
    """What is ready to be sent through a channel."""
    return wording.share_text(
        language,
        terms,
        channel,
        business=settings.BUSINESS_NAME,
        link=reading.link(code, channel),
        code=codes.show(code),
        given_name=given_name,
    )


def target(code: str, terms: dict[str, Any], channel: str, language: str, given_name: str = "") -> str:
    """The address that opens the advocate's app with the text ready. Raises KeyError for a channel we do not have."""
    ready = text(code, terms, channel, language, given_name)
    link = reading.link(code, channel)
    return TARGETS[channel].format(
        text=quote(ready.body, safe=""),
        text_only=quote(ready.body.removesuffix(link).rstrip(), safe=""),
        subject=quote(ready.subject, safe=""),
        link=quote(link, safe=""),
    )
