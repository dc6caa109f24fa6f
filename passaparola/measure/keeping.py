"""Figures that took long to count are kept for a while, so that a page of a large house opens at once.

What takes less than half a second is counted each time. What takes longer is kept for twenty times as long as it took:
a second of counting for twenty, ten for three minutes and a half. Pages say as of when such a figure is. Each process
keeps its own, and only a few.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Generic, TypeVar

SECONDS_MIN = 0.5
TIMES_AS_LONG = 20
KEPT_MAX = 24

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counted(Generic[T]):
    """A value and when it was counted; `was_kept` where that was before this request."""

    value: T
    at: datetime
    was_kept: bool


_kept: OrderedDict[Hashable, tuple[float, Counted[object]]] = OrderedDict()
_lock = Lock()


def counted(key: Hashable, count: Callable[[], T]) -> Counted[T]:
    """What `count` says now, or said a short while ago under the same key."""
    began = time.monotonic()
    with _lock:
        until, found = _kept.get(key, (0.0, None))
    if found is not None and began < until:
        return found  # type: ignore[return-value]
    at, value = datetime.now(UTC), count()
    took = time.monotonic() - began
    if took >= SECONDS_MIN:
        with _lock:
            _kept[key] = (time.monotonic() + took * TIMES_AS_LONG, Counted(value, at, was_kept=True))
            _kept.move_to_end(key)
            while len(_kept) > KEPT_MAX:
                _kept.popitem(last=False)
    return Counted(value, at, was_kept=False)


def forget() -> None:
    """Keep nothing (tests)."""
    with _lock:
        _kept.clear()
