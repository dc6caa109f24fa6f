"""kill -9 under load: whatever was acknowledged is stored."""

import http.client
import json
import sqlite3
import threading
import time
from urllib.parse import parse_qsl, urlsplit

from tests.edge import PERSON, Edge, track

KILLS = 4
CLIENTS = 8


class Client(threading.Thread):
    """Sends events and clicks on one connection, again and again, each event until it is acknowledged."""

    def __init__(self, edge: Edge, number: int, ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self.edge, self.number, self.ended = edge, number, ended
        self.acknowledged: list[str] = []
        self.clicked: list[str] = []
        self.refused: set[int] = set()
        self.link: http.client.HTTPConnection | None = None

    def run(self) -> None:
        count = 0
        while not self.ended.is_set():
            count += 1
            name = f"{self.number}-{count}"
            body = json.dumps({"batch": [track(messageId=name)]}).encode()
            while not self.ended.is_set():
                status, _ = self.once("POST", "/v1/batch", body, self.edge.basic())
                if status == 200:
                    self.acknowledged.append(name)
                    break
            status, location = self.once("GET", "/r/A1MA7K00", None, {"User-Agent": PERSON})
            if status == 302:
                self.clicked.append(dict(parse_qsl(urlsplit(location).query))["pp"])

    def once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, str]:
        """Status and Location; 0 when the connection broke."""
        try:
            if self.link is None:
                self.link = http.client.HTTPConnection("127.0.0.1", self.edge.port, timeout=10)
            self.link.request(method, path, body, headers)
            answer = self.link.getresponse()
            answer.read()
            if answer.status not in (200, 302):
                self.refused.add(answer.status)
            return answer.status, answer.getheader("Location") or ""
        except (OSError, http.client.HTTPException):
            self.link = None
            time.sleep(0.02)
            return 0, ""


def test_acknowledged_is_stored(new_edge, store: str) -> None:  # type: ignore[no-untyped-def]
    edge: Edge = new_edge()
    ended = threading.Event()
    clients = [Client(edge, number, ended) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for _ in range(KILLS):
        time.sleep(0.7)
        edge.kill()
        began = time.monotonic()
        edge.start()
        took = time.monotonic() - began
    time.sleep(0.5)
    ended.set()
    for client in clients:
        client.join(15)
    acknowledged = {name for client in clients for name in client.acknowledged}
    clicked = {token for client in clients for token in client.clicked}
    assert len(acknowledged) > 100 and len(clicked) > 100
    assert set().union(*(client.refused for client in clients)) <= {503}
    assert acknowledged <= set(edge.message_ids())
    assert clicked <= {made["token"] for made in edge.clicks()}
    print(f"acknowledged {len(acknowledged)} events and {len(clicked)} clicks over {KILLS} kills, last start {took:.2f} s")
    if store == "sqlite":
        check = sqlite3.connect(edge.folder / "inbox.sqlite3").execute("PRAGMA integrity_check").fetchone()
        assert check == ("ok",)
