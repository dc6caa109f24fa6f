"""A letter as an e-mail: headers that mailbox providers honour, text and HTML side by side. Pure.

Written out by ourselves: Python's modern policy folds or encodes long unsubscribe addresses, which providers then ignore,
and costs thirty times as much. A test reads every mail back with Python's own parser.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parseaddr
from functools import cached_property, lru_cache

from passaparola.messages.channel import Letter

LINE_CHARACTERS_MAX = 76
# =?utf-8?b?…?= around each encoded word; it may have 75 characters, so 60 of base64, which are 45 bytes.
_FRAME_CHARACTERS = 12
_WORD_BYTES_MAX = 45
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_DOMAIN = re.compile(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f.:]+\]")
_PRINTABLE = re.compile(r"[ -~]*")
_NEW_LINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Sender:
    """From whom the mails come, and what makes our message ids nobody else's."""

    # "Name <address>", as in the From header.
    mailbox: str
    secret: str

    @cached_property
    def address(self) -> str:
        """The bare address: envelope sender."""
        return wire_address(parseaddr(self.mailbox)[1]) or "nobody@localhost"

    @cached_property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2]

    @cached_property
    def header(self) -> str:
        """The value of the From header."""
        name = parseaddr(self.mailbox)[0]
        if not name:
            return self.address
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        shown = f'"{quoted}"' if _is_plain(name) else encoded(name, before=6)
        return f"{shown} <{self.address}>"


def wire_address(address: str) -> str | None:
    """The address as SMTP can carry it: foreign domains in their ASCII form; None for what is no address."""
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL.fullmatch(local):
        return None
    try:
        domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return f"{local}@{domain}" if _DOMAIN.fullmatch(domain) else None


def message_id(letter: Letter, sender: Sender) -> str:
    """The Message-ID header: follows from our message's id alone, so a second try is recognisable as the same mail."""
    mark = hashlib.blake2b(str(letter.message_id).encode(), key=sender.secret.encode()[:64], digest_size=8).hexdigest()
    return f"<{letter.message_id}.{mark}@{sender.domain}>"


def build(letter: Letter, sender: Sender, to: str) -> bytes:
    """The whole mail with CRLF, the same bytes for the same letter; `to` as wire_address gives it."""
    id_ = message_id(letter, sender)
    boundary = f"=_{id_[1:].partition('@')[0]}"
    head = [
        f"From: {sender.header}",
        f"To: {to}",
        f"Subject: {letter.subject if _is_plain(letter.subject) else encoded(letter.subject, before=9)}",
        f"Date: {_date(letter.made_at)}",
        f"Message-ID: {id_}",
        # Read by machines that do not decode: never folded, never encoded (RFC 8058).
        f"List-Unsubscribe: <{letter.unsubscribe_url}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        *(["Auto-Submitted: auto-generated"] if letter.is_service else []),
        "MIME-Version: 1.0",
        f"Content-Language: {letter.language}",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
    ]
    lines = [*head, "", *_part("plain", letter.text, boundary), *_part("html", letter.html, boundary), f"--{boundary}--", ""]
    return "\r\n".join(lines).encode("ascii")


def _part(kind: str, text: str, boundary: str) -> list[str]:
    return [
        f"--{boundary}",
        f"Content-Type: text/{kind}; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        quoted_printable(text),
    ]


def quoted_printable(text: str) -> str:
    """Text in lines of at most 76 ASCII characters, with CRLF."""
    text = text if text.endswith("\n") else f"{text}\n"
    lines = _NEW_LINE.sub("\r\n", text) if "\r" in text else text.replace("\n", "\r\n")
    return binascii.b2a_qp(lines.encode(), istext=True).decode("ascii")


@lru_cache(maxsize=64)
def _date(made_at: datetime) -> str:
    """Letters of one group were made at the same moment."""
    return format_datetime(made_at)


@lru_cache(maxsize=1_000)
def encoded(text: str, before: int = 0) -> str:
    """Text as encoded words of RFC 2047, folded; `before` characters stand on the first line already.

    No character is split between two words, and no line has more than 76 characters.
    """
    words, word, room = [], b"", (LINE_CHARACTERS_MAX - before - _FRAME_CHARACTERS) // 4 * 3
    for character in text:
        more = character.encode("utf-8", "replace")
        if len(word) + len(more) > room:
            words.append(word)
            word, room = b"", _WORD_BYTES_MAX
        word += more
    words.append(word)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(one).decode()}?=" for one in words)


def _is_plain(text: str) -> bool:
    """Whether the text may stand in a header as it is."""
    return len(text) <= LINE_CHARACTERS_MAX - 10 and "=?" not in text and bool(_PRINTABLE.fullmatch(text))
