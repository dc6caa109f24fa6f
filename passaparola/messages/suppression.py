"""Addresses never to be written to, known only by a keyed hash: erasure and re-import cannot revive them."""

import hashlib
import hmac

from django.conf import settings

from passaparola.people import names


def digest(address: str) -> str:
    """The keyed hash of the mailbox behind an address."""
    return hmac.digest(
        settings.SECRET_KEY.encode(), b"suppression:" + names.mailbox(address).encode(), hashlib.sha256
    ).hex()
