"""The click's token, opaque, and the signed first-party cookie that carries it for ninety days."""

import hashlib
import hmac
import os
import time
from binascii import b2a_base64
from functools import cache

from django.conf import settings

COOKIE = "pp_click"
PARAMETER = "pp"
DAYS_MAX = 90
SECONDS_MAX = DAYS_MAX * 24 * 3600
TOKEN_LENGTH = 22
_MAC_BYTES = 12
_TOKENS_AT_ONCE = 64
_tokens: list[str] = []
# After a fork the child draws its own.
os.register_at_fork(after_in_child=_tokens.clear)
_TOKEN_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def make_token() -> str:
    """22 characters out of 128 random bits: says nothing about anybody and cannot be guessed."""
    if not _tokens:
        _tokens.extend(_fresh_tokens())
    return _tokens.pop()


def _fresh_tokens() -> list[str]:
    """Some tokens out of one question to the system: 16 bytes each, 18 asked for so that base64 cuts evenly."""
    text = b2a_base64(os.urandom(18 * _TOKENS_AT_ONCE), newline=False).translate(_URL_SAFE).decode()
    return [text[at : at + TOKEN_LENGTH] for at in range(0, len(text), 24)]


def is_token(text: str) -> bool:
    """Whether the text has a token's shape; whether it was ever given out, only the log knows."""
    return len(text) == TOKEN_LENGTH and _TOKEN_LETTERS.issuperset(text)


def cookie(token: str, *, at: float | None = None) -> str:
    """The whole Set-Cookie value for a click: HttpOnly, Lax, and Secure where the installation speaks TLS."""
    return f"{COOKIE}={cookie_value(token, at=at)}{_attributes()}"


def cookie_value(token: str, *, at: float | None = None) -> str:
    """token.time.MAC; `at` in seconds since 1970 (now if None)."""
    signed = f"{token}.{int(time.time() if at is None else at):x}"
    return f"{signed}.{_mac(signed)}"


def read_cookie(value: str | None, *, at: float | None = None) -> str | None:
    """The token within the cookie's value; None if forged, cut, older than ninety days or absent."""
    if not value or len(value) > 80 or not value.isascii():
        return None
    signed, _, mac = value.rpartition(".")
    token, _, made = signed.partition(".")
    if not hmac.compare_digest(mac, _mac(signed)) or not is_token(token):
        return None
    age = (time.time() if at is None else at) - int(made, 16)
    return token if age <= SECONDS_MAX else None


def _mac(text: str) -> str:
    keyed = _keyed().copy()
    keyed.update(text.encode())
    # 12 bytes are 16 letters: no padding.
    return b2a_base64(keyed.digest(), newline=False).translate(_URL_SAFE).decode()


@cache
def _keyed() -> "hashlib.blake2b":
    """The hash after it took the key: copying it is cheaper than keying it anew."""
    key = hashlib.blake2b(settings.SECRET_KEY.encode(), person=b"passaparola-clik", digest_size=32).digest()
    return hashlib.blake2b(key=key, digest_size=_MAC_BYTES)


@cache
def _attributes() -> str:
    secure = "; Secure" if settings.BASE_URL.startswith("https://") else ""
    return f"; Path=/; Max-Age={SECONDS_MAX}; HttpOnly; SameSite=Lax{secure}"
