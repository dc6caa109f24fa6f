"""Clients that tell stories and try again until they are believed: the load of the soak, and what it must come to."""

import base64
import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

_TRIES_MAX = 600
_PAUSE_SECONDS_MAX = 0.12
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
REFUNDED, SENT_TWICE, IN_ONE_BATCH, CLICKED = 0.25, 0.2, 0.3, 0.5


class GaveUp(RuntimeError):
    """A request was not acknowledged in all its tries."""


@dataclass(slots=True)
class Story:
    """A friend signs up with an advocate's code, buys, and perhaps brings it back."""

    friend: str
    order: str
    code: str
    refunded: bool

    def events(self) -> list[dict[str, Any]]:
        """Up to the order, in the order in which they happen."""
        mine = {"userId": self.friend}
        return [
            {**mine, "type": "identify", "messageId": f"{self.friend}-1",
             "traits": {"email": f"{self.friend}@soak.example", "name": f"Friend {self.friend}", "language": "it"}},
            {**mine, "type": "track", "messageId": f"{self.friend}-2", "event": "Signed Up", "properties": {"code": self.code}},
            {**mine, "type": "track", "messageId": f"{self.friend}-3", "event": "Order Completed",
             "properties": {"order_id": self.order, "total": 30, "currency": "EUR"}},
        ]  # fmt: skip

    def refund(self) -> dict[str, Any]:
        """All of it comes back."""
        return {
            "type": "track", "userId": self.friend, "messageId": f"{self.friend}-4", "event": "Order Refunded",
            "properties": {"order_id": self.order, "total": 30, "currency": "EUR"},
        }  # fmt: skip


@dataclass(slots=True)
class Told:
    """What one client has had acknowledged."""

    message_ids: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    stories: list[Story] = field(default_factory=list)
    requests: int = 0
    retries: int = 0


class Client(threading.Thread):
    """One sender with its own seed: keeps telling stories until told to finish the one at hand."""

    def __init__(self, number: int, port: int, key: str, codes: list[str], seed: int) -> None:
        super().__init__(name=f"client-{number}", daemon=True)
        self.number, self.port, self.codes = number, port, codes
        self.rng = random.Random(f"{seed}:{number}")
        self.token = base64.b64encode(f"{key}:".encode()).decode()
        self.told, self.stopping, self.problem = Told(), threading.Event(), ""
        self.link: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Stories, one after the other."""
        number = 0
        while not self.stopping.is_set():
            number += 1
            try:
                self._tell(f"f{self.number}x{number}")
            except GaveUp as problem:
                self.problem = str(problem)
                return

    def _tell(self, friend: str) -> None:
        code = self.rng.choice(self.codes)
        if self.rng.random() < CLICKED:
            self._click(code)
        story = Story(friend, f"o-{friend}", code, self.rng.random() < REFUNDED)
        events = story.events()
        if self.rng.random() < IN_ONE_BATCH:
            self._send("batch", {"batch": events}, [event["messageId"] for event in events])
        else:
            for event in events:
                self._send(event["type"], event, [event["messageId"]])
        if story.refunded:
            self._send("track", story.refund(), [story.refund()["messageId"]])
        self.told.stories.append(story)

    def _send(self, call: str, body: dict[str, Any], message_ids: list[str]) -> None:
        """Deliver until acknowledged; sometimes once more, as a sender does that missed the answer."""
        for _ in range(2 if self.rng.random() < SENT_TWICE else 1):
            headers = {"Authorization": f"Basic {self.token}", "Content-Type": "application/json"}
            self._insist("POST", f"/v1/{call}", json.dumps(body), headers, 200)
        self.told.message_ids += message_ids
        time.sleep(self.rng.uniform(0, _PAUSE_SECONDS_MAX))

    def _click(self, code: str) -> None:
        cookie = self._insist("GET", f"/r/{code}/wa", None, {"User-Agent": _BROWSER}, 302)
        self.told.tokens.append(cookie)

    def _insist(self, method: str, path: str, body: str | None, headers: dict[str, str], wanted: int) -> str:
        """Try again until the wanted status comes; the click token of the answer, if it has one."""
        for _ in range(_TRIES_MAX):
            try:
                if self.link is None:
                    self.link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                self.link.request(method, path, body, headers)
                answer = self.link.getresponse()
                answer.read()
                if answer.status == wanted:
                    self.told.requests += 1
                    return _token(answer.headers.get("Location", ""))
                if 400 <= answer.status < 500 and answer.status != 429:
                    raise GaveUp(f"{method} {path} was answered {answer.status}")
            except (OSError, http.client.HTTPException):
                if self.link is not None:
                    self.link.close()
                self.link = None
            self.told.retries += 1
            time.sleep(0.05)
        raise GaveUp(f"{method} {path} was not acknowledged in {_TRIES_MAX} tries")


def _token(location: str) -> str:
    return location.rpartition("pp=")[2].split("&")[0].split("#")[0] if "pp=" in location else ""


class Clients:
    """All of them."""

    def __init__(self, port: int, key: str, codes: list[str], seed: int, count: int) -> None:
        self.members = [Client(number, port, key, codes, seed) for number in range(count)]
        self.problems: list[str] = []

    def start(self) -> None:
        """Begin."""
        for member in self.members:
            member.start()

    def finish(self) -> None:
        """Let each bring its story to the end, then stop."""
        for member in self.members:
            member.stopping.set()
        for member in self.members:
            member.join(timeout=120)
            if member.is_alive():
                self.problems.append(f"{member.name} did not come to an end")
            if member.problem:
                self.problems.append(f"{member.name}: {member.problem}")

    def report(self) -> dict[str, Any]:
        """What was acknowledged, for the check."""
        told = [member.told for member in self.members]
        return {
            "message_ids": [one for t in told for one in t.message_ids],
            "tokens": [one for t in told for one in t.tokens],
            "stories": [
                {"friend": s.friend, "order": s.order, "code": s.code, "refunded": s.refunded}
                for t in told
                for s in t.stories
            ],
            "requests": sum(t.requests for t in told),
            "retries": sum(t.retries for t in told),
        }
