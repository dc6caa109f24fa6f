"""From an event's answer to the mail it causes lying in its channel, through a whole running installation at 500 events a second.

Nine in ten events are page views of everybody; one in ten is somebody's first order, the moment a programme waits for.
"""

import base64
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figures import Figure

EVENTS_PER_SECOND, EVENTS_A_REQUEST, ORDERS_A_REQUEST = 500, 20, 2
SECONDS = 20
_ARRIVAL_SECONDS_MAX = 60.0


def run(*, quick: bool = False) -> Iterator[Figure]:
    """accept_to_handover_p95_ms on SQLite, into a folder."""
    from tests.running import Server

    seconds = 5 if quick else SECONDS
    buyers = seconds * EVENTS_PER_SECOND * ORDERS_A_REQUEST // EVENTS_A_REQUEST
    with Server() as server:
        mail = server.data / "mail"
        key = _prepare(server)
        line = _Line(server.port, key)
        _introduce(line, server, buyers)
        accepted = _drive(line, buyers)
        waits = sorted(_waits(mail, accepted))
    p95 = waits[int(len(waits) * 0.95) - 1] * 1000
    yield Figure("latency", "accept_to_handover_p95_ms", p95, "ms", "floor", 1000, False)
    yield Figure("latency", "accept_to_handover_p50_ms", waits[len(waits) // 2] * 1000, "ms", "floor", 1000, False)


class _Line:
    """One kept connection that sends batches."""

    def __init__(self, port: int, key: str) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        token = base64.b64encode(f"{key}:".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}

    def send(self, events: list[dict[str, Any]]) -> float:
        """The moment of the answer, as time.time gives it."""
        self.http.request("POST", "/v1/batch", json.dumps({"batch": events}), self.headers)
        answer = self.http.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {body[:200]!r}")
        return time.time()


def _introduce(line: _Line, server: Any, buyers: int) -> None:
    """Everybody is known and has agreed, before the clock runs."""
    for first in range(0, buyers, 200):
        some = range(first, min(first + 200, buyers))
        line.send([_identify(n) for n in some] + [_agree(n) for n in some])
    until = time.monotonic() + 120
    while _ask(server, "quiet") != "0" and time.monotonic() < until:
        time.sleep(0.2)


def _drive(line: _Line, buyers: int) -> dict[str, float]:
    """Send at the rate; when each buyer's order was accepted."""
    accepted: dict[str, float] = {}
    gap, due = EVENTS_A_REQUEST / EVENTS_PER_SECOND, time.monotonic()
    for first in range(0, buyers, ORDERS_A_REQUEST):
        ordering = range(first, min(first + ORDERS_A_REQUEST, buyers))
        views = [_view((first * 7 + n) % buyers, first, n) for n in range(EVENTS_A_REQUEST - ORDERS_A_REQUEST)]
        at = line.send([*views, *(_order(n) for n in ordering)])
        accepted |= {f"buyer{n}@bench.example": at for n in ordering}
        due += gap
        time.sleep(max(0.0, due - time.monotonic()))
    return accepted


def _waits(mail: Path, accepted: dict[str, float]) -> Iterator[float]:
    """Seconds from answer to file for each; all must come."""
    until = time.monotonic() + _ARRIVAL_SECONDS_MAX
    while len(files := list(mail.glob("*.eml"))) < len(accepted) and time.monotonic() < until:
        time.sleep(0.2)
    if len(files) != len(accepted):
        raise RuntimeError(f"{len(accepted)} orders, {len(files)} mails")
    for file in files:
        to = next(row for row in file.read_text().splitlines() if row.startswith("To: "))[4:]
        yield max(0.0, file.stat().st_mtime - accepted[to])


def _identify(n: int) -> dict[str, Any]:
    traits = {"email": f"buyer{n}@bench.example", "name": f"Buyer {n}", "language": ("es", "it", "en")[n % 3]}
    return {"type": "identify", "userId": f"b{n}", "messageId": f"known-{n}", "traits": traits}


def _agree(n: int) -> dict[str, Any]:
    said = {"channel": "email", "purpose": "referral", "wording": "yes"}
    return {"type": "track", "event": "Consent Given", "userId": f"b{n}", "messageId": f"yes-{n}", "properties": said}


def _view(n: int, request: int, position: int) -> dict[str, Any]:
    return {"type": "page", "name": "Product", "userId": f"b{n}", "messageId": f"view-{request}-{position}"}


def _order(n: int) -> dict[str, Any]:
    bought = {"order_id": f"o{n}", "total": 25, "currency": "EUR"}
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": f"b{n}",
        "messageId": f"order-{n}",
        "properties": bought,
    }


# --- in the installation's environment ------------------------------------------------------------
def _prepare(server: Any) -> str:
    return _ask(server, "prepare")


def _ask(server: Any, verb: str) -> str:
    environment = {**server.environment, "DJANGO_SETTINGS_MODULE": "passaparola.settings"}
    command = [sys.executable, "-m", "bench.latency", verb]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout.strip().splitlines()[-1]


def _child(verb: str) -> str:
    import django

    django.setup()
    if verb == "quiet":
        from bench.soak_books import _waiting

        return str(sum(rows for _, rows in _waiting()))
    from datetime import UTC, datetime

    from bench.soak_books import _act
    from passaparola.kernel import keys
    from passaparola.programs import terms

    now = datetime.now(UTC)
    _, text = keys.make(name="bench", source="shop", now=now)
    promise = terms.default("EUR")
    promise["goal"] |= {"target": 100_000, "deadline": "2030-12-31"}
    promise |= {
        "holdout_percent": 0, "moment": {"kind": "event", "event": "Order Completed", "nth": 1},
        "audience": {"stages": ["few", "some", "many"], "tenure_days_min": 0},
    }  # fmt: skip
    program = _act("Program Created", {"name": "Bench", "kind": "direct", "terms": promise}, now)["program_id"]
    _act("Program Published", {"program": program}, now)
    return str(text)


if __name__ == "__main__":
    print(_child(sys.argv[1]))
