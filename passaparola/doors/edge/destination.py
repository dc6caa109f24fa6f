"""Where a click leads: only to allowed hosts, with every query and fragment kept. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus, urlsplit

from passaparola.programs import codes

PARAMETER = "pp"
# A longer incoming query is dropped whole: proxies refuse long Location headers.
INCOMING_CHARACTERS_MAX = 2_000
_URL_CHARACTERS_MAX = 2_000
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
# Every ASCII sign that may stand in a URL unescaped, and % for what is escaped already.
_SAFE = "!#$%&'()*+,/:;=?@[]~-._"
CHANNELS = frozenset(("wa", "tg", "em", "sm", "fb", "x", "li", "na", "cp", "qr"))
_CODE = re.compile(r"[0-9A-Z]{1,40}")


@dataclass(frozen=True, slots=True)
class Destination:
    """An allowed URL in three parts: up to the path, the query without “?”, the fragment with “#” or empty."""

    head: str
    query: str
    fragment: str


def parse(url: str, hosts: Collection[str]) -> Destination | None:
    """The URL's parts, or None if it is no http(s) URL on one of `hosts` (".example.com" allows its subdomains)."""
    if len(url) > _URL_CHARACTERS_MAX or _FORBIDDEN.search(url):
        return None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or not _is_allowed(host, hosts):
        return None
    rest, mark, fragment = url.partition("#")
    head, _, query = rest.partition("?")
    return Destination(_escape(head), _escape(query), f"{mark}{_escape(fragment)}" if mark else "")


def compose(destination: Destination, incoming: str, token: str = "") -> str:
    """The address to go to: the destination's own query, then what the visitor brought, then the click's token."""
    pieces = [piece for piece in (destination.query, _kept(incoming)) if piece]
    if token:
        pieces.append(f"{PARAMETER}={token}")
    query = "?" + "&".join(pieces) if pieces else ""
    return f"{destination.head}{query}{destination.fragment}"


def fold(text: str) -> tuple[str, str] | None:
    """A typed code as it may be stored: look-alikes folded (O is 0, I and L are 1, U is V), and as written, without hyphens.

    None for what can be no code.
    """
    if len(text) > 60 or not text.isascii():
        return None
    written = text.upper().replace("-", "")
    return (codes.normalise(text), written) if _CODE.fullmatch(written) else None


def _kept(incoming: str) -> str:
    """The visitor's query without any token of ours: that one we give ourselves."""
    if not incoming or len(incoming) > INCOMING_CHARACTERS_MAX:
        return ""
    pieces = [p for p in incoming.split("&") if p and unquote_plus(p.partition("=")[0]) != PARAMETER]
    return _escape("&".join(pieces)).replace("#", "%23")


def _escape(text: str) -> str:
    """Percent-encode whatever may not stand in a header or URL; what is encoded already stays."""
    return quote(text, safe=_SAFE) if not text.isascii() or _UNSAFE.search(text) else text


_UNSAFE = re.compile(r"[^!#$%&'()*+,/:;=?@\[\]~\-._0-9A-Za-z]")


def _is_allowed(host: str, hosts: Collection[str]) -> bool:
    return bool(host) and any(host == h or (h.startswith(".") and host.endswith(h)) for h in hosts)
