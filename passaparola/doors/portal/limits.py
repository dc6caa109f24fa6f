"""How often the same visitor or address may sign up: a bounded memory of this process, forgotten on restart."""

import hashlib
import threading
import time
from collections import OrderedDict, deque

from django.conf import settings
from django.http import HttpRequest


class Limiter:
    """At most `count_max` per key in `seconds`; remembers at most `keys_max` keys, the least recent go first.

    Each edge process counts for itself: with n processes the bound is n times as wide.
    """

    def __init__(self, count_max: int, seconds: float, keys_max: int = 20_000) -> None:
        self.count_max, self.seconds, self.keys_max = count_max, seconds, keys_max
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, key: str) -> bool:
        """Count one attempt; whether it is still within the limit."""
        at = time.monotonic()
        with self._lock:
            times = self._seen.setdefault(key, deque())
            self._seen.move_to_end(key)
            while times and times[0] <= at - self.seconds:
                times.popleft()
            if len(times) >= self.count_max:
                return False
            times.append(at)
            if len(self._seen) > self.keys_max:
                self._seen.popitem(last=False)
            return True

    def forget(self) -> None:
        """Start counting anew."""
        with self._lock:
            self._seen.clear()


sign_ups_by_visitor = Limiter(settings.SIGN_UPS_PER_VISITOR_HOUR_MAX, 3600)
sign_ups_by_address = Limiter(settings.SIGN_UPS_PER_ADDRESS_HOUR_MAX, 3600)


def visitor(request: HttpRequest) -> str:
    """The visitor's network address; behind proxies, the one that the outermost trusted proxy saw."""
    proxies = settings.TRUSTED_PROXIES
    chain = [one.strip() for one in request.headers.get("X-Forwarded-For", "").split(",") if one.strip()]
    if proxies and len(chain) >= proxies:
        return chain[-proxies]
    return str(request.META.get("REMOTE_ADDR", ""))


def digest(value: str) -> str:
    """A keyed hash: proves later that it was the same, without keeping what it was."""
    return hashlib.blake2b(value.encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=12).hexdigest()
