"""Who follows a link: a person, a robot, or a messenger that wants a picture of the page. Judged once per user agent."""

import json
import re
from enum import Enum
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

# Messengers and networks that fetch a link to show its title; they get a small page with one.
_PREVIEWS = re.compile(
    r"WhatsApp/|TelegramBot|facebookexternalhit|Facebot|meta-external|Slackbot|Slack-ImgProxy|LinkedInBot|Twitterbot|"
    r"Discordbot|SkypeUriPreview|Pinterest(bot|/0\.)|redditbot|Viber|vkShare|Embedly|Iframely|Mastodon|Bluesky|"
    r"GoogleMessages|Google-PageRenderer|MicrosoftPreview|Snapchat-Proxy|line-poker|kakaotalk-scrap|Signal-",
    re.IGNORECASE,
)
# What the public list does not name: mail scanners, link checkers, libraries.
_ROBOTS = re.compile(
    r"\b(ro)?bot\b|bot/|crawl|spider|scanner|preview|fetcher|monitor|uptime|validator|headless|phantomjs|"
    r"GoogleImageProxy|YahooMailProxy|ggpht|BitlyBot|barracuda|proofpoint|mimecast|symantec|trendmicro|fireeye|"
    r"forcepoint|sophos|kaspersky|avast|zscaler|safelinks|Microsoft Office|ms-office|MSOffice|Outlook-|Thunderbird|"
    r"urldefense|cloudmark|ironport|messagelabs|"
    r"^(java|python|ruby|perl|php|go|node|axios|undici|okhttp|curl|wget|httpie|postman|insomnia|dart|libwww|lwp|apache)",
    re.IGNORECASE,
)
# What stands in the user agents of people: the browser inside a messenger, phones of the make “Cubot”.
_PEOPLES = re.compile(r"Viber|Cubot", re.IGNORECASE)
_FAMILIES = (
    ("Instagram", "Instagram"), ("FBAN", "Facebook"), ("FBAV", "Facebook"), ("LinkedInApp", "LinkedIn"),
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
PREFETCH_HEADERS = frozenset((b"purpose", b"sec-purpose", b"x-purpose", b"x-moz"))
_PREFETCH_WORDS = (b"prefetch", b"preview", b"prerender")


class Kind(Enum):
    """What a visitor is taken for."""

    PERSON = 1
    ROBOT = 2
    PREVIEW = 3


class Visitor(NamedTuple):
    """What is known of a user agent: enough for counting, too little to know anybody again."""

    kind: Kind
    family: str


@lru_cache(maxsize=8_192)
def judge(agent: bytes) -> Visitor:
    """The visitor behind a user agent. No user agent at all is a robot."""
    text = agent.decode("latin-1")
    if len(text) < 8:
        return Visitor(Kind.ROBOT, "")
    if text.startswith("Mozilla/"):
        text = _PEOPLES.sub("", text)
    if _PREVIEWS.search(text):
        return Visitor(Kind.PREVIEW, "")
    if _ROBOTS.search(text) or _is_listed(text):
        return Visitor(Kind.ROBOT, "")
    family = next((name for mark, name in _FAMILIES if mark in text), "other")
    mobile = " mobile" if "Mobile" in text or "Android" in text or "iPhone" in text else ""
    return Visitor(Kind.PERSON, family + mobile)


def is_prefetch(value: bytes) -> bool:
    """Whether a purpose header says that nobody has looked at the page yet."""
    lower = value.lower()
    return any(word in lower for word in _PREFETCH_WORDS)


def _is_listed(text: str) -> bool:
    """Whether the public list of crawlers knows it: plain words by search, the few real patterns in one expression."""
    words, pattern = _listed()
    return any(word in text for word in words) or pattern.search(text) is not None


@cache
def _listed() -> tuple[tuple[str, ...], re.Pattern[str]]:
    known = json.loads(files("crawleruseragents").joinpath("crawler-user-agents.json").read_text("utf-8"))
    words, patterns = [], []
    for entry in known:
        plain = re.sub(r"\\([/.\-])", r"\1", entry["pattern"])
        if re.search(r"[\\\[\](){}^$|?*+]", plain):
            patterns.append(entry["pattern"])
        else:
            words.append(plain)
    return tuple(words), re.compile("|".join(patterns))
