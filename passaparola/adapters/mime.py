"""A letter as an e-mail: headers that mailbox providers honour, text and HTML side by side. Pure."""

import hashlib
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any

from passaparola.messages.channel import Letter

# These are read by machines that do not decode: never folded, never encoded (RFC 8058 in practice; ECOSYSTEM 4).
_VERBATIM = frozenset({"list-unsubscribe", "list-unsubscribe-post", "message-id"})


class _Policy(EmailPolicy):
    """Python's modern policy, which however folds or encodes long addresses in the headers above."""

    def fold(self, name: str, value: Any) -> str:
        return f"{name}: {value}{self.linesep}" if name.lower() in _VERBATIM else super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii") if name.lower() in _VERBATIM else super().fold_binary(name, value)


POLICY = _Policy(**{k: getattr(SMTP, k) for k in ("linesep", "max_line_length", "utf8", "cte_type")})


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom the mails come, and what makes our message ids nobody else's."""

    # "Name <address>", as in the From header.
    mailbox: str
    secret: str

    @property
    def address(self) -> str:
        """The bare address: envelope sender."""
        return parseaddr(self.mailbox)[1]

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2] or "localhost"


def message_id(letter: Letter, sender: Sender) -> str:
    """The Message-ID header: follows from our message's id alone, so a second try is recognisable as the same mail."""
    mark = hashlib.blake2b(str(letter.message_id).encode(), key=sender.secret.encode()[:64], digest_size=8).hexdigest()
    return f"<{letter.message_id}.{mark}@{sender.domain}>"


def build(letter: Letter, sender: Sender) -> EmailMessage:
    """The whole mail, the same bytes for the same letter."""
    name, address = parseaddr(sender.mailbox)
    user, _, domain = address.rpartition("@")
    mail = EmailMessage(policy=POLICY)
    mail["From"] = Address(name, user, domain)
    mail["To"] = Address(addr_spec=letter.to) if letter.to.isascii() else letter.to
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(letter.made_at)
    mail["Message-ID"] = message_id(letter, sender)
    mail["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if letter.is_service:
        mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text, cte="quoted-printable")
    mail.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    mail["Content-Language"] = letter.language
    # A boundary that follows from the message, instead of a random one.
    mail.set_boundary(f"=_{message_id(letter, sender)[1:].partition('@')[0]}")
    return mail
