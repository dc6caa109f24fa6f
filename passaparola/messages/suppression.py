"""Addresses never to be written to, known only by a keyed hash: erasure and re-import cannot revive them."""

from django.conf import settings

from passaparola.kernel import signing
from passaparola.people import names


def digest(address: str) -> str:
    """The keyed hash of the mailbox behind an address."""
    return signing.mac(settings.SECRET_KEY.encode(), b"suppression:", names.mailbox(address).encode()).hex()
