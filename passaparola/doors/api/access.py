"""Who may call a route: a live secret key that carries the scope written beside it."""

import time
from collections import OrderedDict
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from passaparola.kernel import keys
from passaparola.kernel.errors import Refusal

# How many wrong keys one address may try in a minute before it is told to wait.
WRONG_KEYS_PER_MINUTE_MAX = 20
_ADDRESSES_MAX = 10_000


class NoKey(Refusal):
    """This address needs a key: send the header "Authorization: Bearer sk_…"."""

    code, status = "key_missing", 401


class WrongKey(Refusal):
    """This key is not valid: it is unknown, revoked or past its last day."""

    code, status = "key_wrong", 401


class PublicKey(Refusal):
    """This is a write key: it sends events to /v1 and can read nothing. Use a secret key (sk_…)."""

    code, status = "key_public", 403


class ScopeMissing(Refusal):
    """This key may not do that: it lacks the scope {scope}."""

    code, status = "scope_missing", 403


class TooManyWrongKeys(Refusal):
    """Too many wrong keys from this address: wait {seconds} seconds."""

    code, status = "too_many_wrong_keys", 429


class WrongKeys:
    """Counts wrong keys by address in windows of a minute; one process's memory, of bounded size.

    Right keys are never held back, so that people behind one proxy cannot lock each other out.
    """

    def __init__(self) -> None:
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def count(self, address: str) -> None:
        """One more wrong key. Raises TooManyWrongKeys once the minute's allowance is used up."""
        now = int(time.monotonic())
        start, tries = self._counts.pop(address, (now, 0))
        if now - start >= 60:
            start, tries = now, 0
        self._counts[address] = (start, tries + 1)
        if len(self._counts) > _ADDRESSES_MAX:
            self._counts.popitem(last=False)
        if tries >= WRONG_KEYS_PER_MINUTE_MAX:
            raise TooManyWrongKeys(seconds=max(1, 60 - (now - start)))

    def forget(self) -> None:
        """Start anew (tests)."""
        self._counts.clear()


wrong_keys = WrongKeys()


class SecretKey(HttpBearer):
    """A live secret key that carries `scope`; an empty scope asks for any live secret key."""

    def __init__(self, scope: str = "") -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Any:
        """The calling key, from the header. Raises NoKey and what authenticate raises."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise NoKey
        return self.authenticate(request, text.strip())

    def authenticate(self, request: HttpRequest, token: str) -> keys.Held:
        """The key's owner and scopes. Raises WrongKey, PublicKey, ScopeMissing or TooManyWrongKeys."""
        info = keys.find(token, now=timezone.now())
        if info is None:
            wrong_keys.count(request.META.get("REMOTE_ADDR", ""))
            raise WrongKey
        if not token.startswith(keys.SECRET_PREFIX):
            raise PublicKey
        if self.scope and not info.may(self.scope):
            raise ScopeMissing(scope=self.scope)
        return info


def needs(scope: str) -> SecretKey:
    """The permission beside a route: one of keys.SCOPES."""
    if scope not in keys.SCOPES:
        raise LookupError(scope)
    return SecretKey(scope)


any_key = SecretKey()
