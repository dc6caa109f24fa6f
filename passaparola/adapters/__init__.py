"""The outside world: one file per family of providers, and here the one place where they are registered."""

from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from passaparola.adapters import email
from passaparola.kernel.errors import Refusal
from passaparola.messages.channel import Channel

# By the scheme of PASSAPAROLA_MAIL_URL. Adding a provider is adding a line.
MAIL: dict[str, Callable[[SplitResult, email.Sender], Channel]] = {
    "smtp": email.Smtp.from_url,
    "smtps": email.Smtp.from_url,
    "file": email.Folder.from_url,
    "null": email.Null.from_url,
}


class UnknownMail(Refusal):
    """PASSAPAROLA_MAIL_URL begins with none of {schemes}."""

    code = "unknown_mail"
    status = 422


def mail(url: str, sender: email.Sender) -> Channel:
    """The e-mail channel a URL names: smtp://user:password@host:port, smtps://…, file:///folder, null://."""
    parts = urlsplit(url)
    if parts.scheme not in MAIL:
        raise UnknownMail(schemes=", ".join(f"{name}://" for name in MAIL))
    return MAIL[parts.scheme](parts, sender)
