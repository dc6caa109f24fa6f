"""A load client of our own: raw sockets and epoll in one thread, so that the client costs less than the server.

Run as a process of its own (`python -m bench.load HOST PORT CONNECTIONS SECONDS < requests`): the requests come on
standard input, each preceded by its length (4 bytes, big-endian), and are sent in turn. Prints one JSON object.
"""

import json
import select
import socket
import struct
import sys
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Line:
    """One connection: what it has received so far and when its request left."""

    socket: socket.socket
    sent_at: float = 0.0
    received: bytes = b""
    rest: memoryview = field(default_factory=lambda: memoryview(b""))


def main(arguments: list[str]) -> None:
    """HOST PORT CONNECTIONS SECONDS; requests on standard input."""
    host, port, connections, seconds = arguments[0], int(arguments[1]), int(arguments[2]), float(arguments[3])
    requests = read_requests(sys.stdin.buffer.read())
    print(json.dumps(Drive(host, port, connections, requests).run(seconds)))


def read_requests(data: bytes) -> list[bytes]:
    """The requests out of their length-prefixed row."""
    found, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def write_requests(requests: list[bytes]) -> bytes:
    """The opposite of read_requests."""
    return b"".join(struct.pack(">I", len(request)) + request for request in requests)


class Drive:
    """Keeps every connection busy with the next request, for so many seconds."""

    def __init__(self, host: str, port: int, connections: int, requests: list[bytes]) -> None:
        self.requests = requests
        self.turn = 0
        self.latencies: list[float] = []
        self.statuses: dict[str, int] = {}
        self.poll = select.epoll()
        self.lines: dict[int, Line] = {}
        for _ in range(connections):
            self._open(host, port)

    def _open(self, host: str, port: int) -> None:
        line = Line(socket.create_connection((host, port)))
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.socket.setblocking(False)
        self.lines[line.socket.fileno()] = line
        self.poll.register(line.socket.fileno(), select.EPOLLIN)

    def run(self, seconds: float) -> dict[str, object]:
        """Latencies in ms, counts by status; every request sent is waited for."""
        started = time.perf_counter()
        for line in self.lines.values():
            self._send(line)
        waiting = len(self.lines)
        while waiting:
            for number, what in self.poll.poll(10):
                waiting -= self._step(self.lines[number], what, started + seconds)
        return self._summary(time.perf_counter() - started)

    def _step(self, line: Line, what: int, until: float) -> bool:
        """Serve one wake-up of a connection; whether the connection is finished."""
        if what & select.EPOLLOUT and line.rest:
            self._push(line)
        if not what & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            return False
        status = _take(line)
        if status is None:
            return False
        now = time.perf_counter()
        self.latencies.append(now - line.sent_at)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if now < until and status != "closed":
            self._send(line)
            return False
        self.poll.unregister(line.socket.fileno())
        return True

    def _send(self, line: Line) -> None:
        line.received = b""
        line.sent_at = time.perf_counter()
        line.rest = memoryview(self.requests[self.turn % len(self.requests)])
        self.turn += 1
        self._push(line)

    def _push(self, line: Line) -> None:
        """Send as much as the socket takes; ask to be woken for the rest."""
        had_rest = len(line.rest)
        try:
            line.rest = line.rest[line.socket.send(line.rest) :]
        except BlockingIOError:
            pass
        if line.rest:
            self.poll.modify(line.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)
        elif had_rest:
            self.poll.modify(line.socket.fileno(), select.EPOLLIN)

    def _summary(self, seconds: float) -> dict[str, object]:
        self.latencies.sort()
        count = len(self.latencies)
        return {
            "requests": count,
            "seconds": seconds,
            "per_second": count / seconds,
            "p50_ms": 1000 * self.latencies[count // 2],
            "p99_ms": 1000 * self.latencies[min(count - 1, int(count * 0.99))],
            "statuses": self.statuses,
        }


def _take(line: Line) -> str | None:
    """The status of the answer once it is complete."""
    try:
        data = line.socket.recv(65536)
    except BlockingIOError:
        return None
    if not data:
        return "closed"
    line.received += data
    end = line.received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = line.received[:end].lower()
    at = head.find(b"content-length:")
    length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    return head[9:12].decode() if len(line.received) >= end + 4 + length else None


if __name__ == "__main__":
    main(sys.argv[1:])
