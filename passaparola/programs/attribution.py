"""Who brought the friend: evidence in a declared order, within the window, with reasons. Pure.

Order: a code typed at the checkout, then the advocate an own sign-up bound, then the last click within the window.
No view-through. A conflict is noted, never split.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

METHODS = ("code", "bound", "click")


class Evidence(msgspec.Struct, frozen=True):
    """One sign that an advocate's code brought somebody: by which method, when, and the ids to show."""

    method: str
    code_id: int
    at: datetime
    subject: str
    # How long a click counts, by the terms of its code.
    window_days: int


class Verdict(msgspec.Struct, frozen=True):
    """The evidence that decides (None if nothing does) and the reasons for a reader."""

    evidence: Evidence | None
    reasons: list[dict[str, Any]]


def choose(signs: Sequence[Evidence], *, now: datetime) -> Verdict:
    """The strongest evidence still within its window; the newest among equals."""
    fitting = [sign for sign in signs if sign.method != "click" or _counts(sign, now)]
    if not fitting:
        late = (
            [{"code": "window_over", "days": max(sign.window_days for sign in signs)}]
            if signs
            else [{"code": "no_evidence"}]
        )
        return Verdict(None, late)
    best = min(fitting, key=lambda sign: (METHODS.index(sign.method), -sign.at.timestamp(), sign.code_id))
    reasons: list[dict[str, Any]] = [{"code": "evidence", "method": best.method, "subject": best.subject}]
    if best.method == "click":
        reasons.append({"code": "within_window", "days": best.window_days, "after_days": (now - best.at).days})
    others = {sign.code_id for sign in fitting} - {best.code_id}
    if others:
        reasons.append({"code": "conflict", "count": len(others)})
    return Verdict(best, reasons)


def _counts(click: Evidence, now: datetime) -> bool:
    return now - timedelta(days=click.window_days) <= click.at <= now
