"""Accounts of staff: the first one, sign-in with patience, and whom else the owner lets in."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

from passaparola.doors.console import roles
from passaparola.kernel import audit
from passaparola.kernel.models import AuditEntry

# After so many wrong tries for one account from one address within the window, a wait; and so many from one address.
WRONG_TRIES_MAX = 5
WRONG_TRIES_ADDRESS_MAX = 30
WINDOW = timedelta(minutes=15)
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_FAILED = "Sign-in failed"
# How many of the latest audit entries the counting looks at; a bound, so that sign-in never reads a long trail.
_LOOK_BACK = 500


def first_account(secret: tuple[str, str] | None = None) -> tuple[str, str] | None:
    """Make the first account, or nothing if there is any. The password is told once and kept only hashed (`secret`: both)."""
    if User.objects.exists():
        return None
    password, hashed = secret or new_secret()
    user = User.objects.create(username="owner", password=hashed)
    roles.give(user, "owner")
    return user.username, password


def new_secret() -> tuple[str, str]:
    """A password and its hash, which takes a while to make."""
    password = new_password()
    return password, make_password(password)


def new_password() -> str:
    """About 79 bits, easy to copy by hand: four groups of four letters and digits without look-alikes."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def note_failure(account: str, address: str, now: datetime) -> None:
    """Record a wrong try. Kept as keyed digests: what was typed might be a password in the wrong field."""
    audit.record("nobody", _FAILED, _digest(account.lower()), {"address": _digest(address)}, now)


def wait_minutes(account: str, address: str, now: datetime) -> int:
    """How many minutes to wait before the next try: 0 when it is allowed."""
    since = now - WINDOW
    recent = AuditEntry.objects.order_by("-id").values_list("act", "subject", "detail", "at")[:_LOOK_BACK]
    here, who = _digest(address), _digest(account.lower())
    mine = [
        (subject, at)
        for act, subject, detail, at in recent
        if act == _FAILED and at > since and detail.get("address") == here
    ]
    account_times = sorted(at for subject, at in mine if subject == who)
    all_times = sorted(at for _, at in mine)
    ends = []
    if len(account_times) >= WRONG_TRIES_MAX:
        ends.append(account_times[-WRONG_TRIES_MAX] + WINDOW)
    if len(all_times) >= WRONG_TRIES_ADDRESS_MAX:
        ends.append(all_times[-WRONG_TRIES_ADDRESS_MAX] + WINDOW)
    return max((int((end - now).total_seconds() // 60) + 1 for end in ends if end > now), default=0)


def _digest(text: str) -> str:
    return hmac.digest(settings.SECRET_KEY.encode(), b"sign-in\0" + text.encode(), hashlib.sha256).hex()[:16]
