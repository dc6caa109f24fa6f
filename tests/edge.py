"""An edge process of its own (without worker and dispatcher), and what its inbox holds: for tests and bench."""

import base64
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from tests.running import ROOT, free_port

PERSON = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/604.1"
_READY_SECONDS_MAX = 60.0
_SEED = ROOT / "tests" / "edge_seed.py"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer with lower-case header names."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Prepared:
    """An installation brought up to date and seeded once; every edge starts on a copy of it."""

    def __init__(self, cluster: Any) -> None:
        self.cluster = cluster
        self.folder = Path(tempfile.mkdtemp(prefix="passaparola-edge-"))
        self.url = cluster.database() if cluster else ""
        environment = _environment(self.folder, self.url, {})
        done = subprocess.run([sys.executable, str(_SEED)], env=environment, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        self.keys: dict[str, str] = json.loads(done.stdout.splitlines()[-1])

    def copy(self) -> tuple[Path, str]:
        """A folder and a database URL of their own."""
        folder = Path(tempfile.mkdtemp(prefix="passaparola-edge-"))
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        if not self.cluster:
            return folder, ""
        name = f"edge_{time.monotonic_ns()}"
        with psycopg.connect(self.cluster.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.url.split("?")[0].rsplit("/", 1)[1]}"')
        return folder, self.cluster.named(name)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class Edge:
    """One edge process (and its server's own) on a prepared installation."""

    def __init__(self, prepared: Prepared, **settings: str) -> None:
        self.keys = prepared.keys
        self.key = prepared.keys["public"]
        self.folder, self.database_url = prepared.copy()
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.environment = _environment(self.folder, self.database_url, {"PASSAPAROLA_BASE_URL": self.base, **settings})
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Edge":
        return self.start()

    def __exit__(self, *problem: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self) -> Path:
        return self.folder / "edge.log"

    @property
    def pids(self) -> list[int]:
        """The server's process and its worker."""
        assert self.process is not None
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def command(self) -> list[str]:
        return [sys.executable, "-m", "passaparola.doors.serve", "--port", str(self.port)]

    def start(self) -> "Edge":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        self.wait()
        return self

    def wait(self, path: str = "/livez", status: int = 200) -> float:
        """Until the path answers with the status; how many seconds it took."""
        began = time.monotonic()
        while True:
            try:
                if self.ask("GET", path).status == status:
                    return time.monotonic() - began
            except OSError:
                assert self.process is None or self.process.poll() is None, self.log.read_text()
            assert time.monotonic() - began < _READY_SECONDS_MAX, self.log.read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def kill(self) -> None:
        """kill -9 of everything there is of it."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, timeout: float = 15
    ) -> Answer:
        """One request on a connection of its own; redirects are not followed."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            link.request(method, path, body, headers or {})
            got = link.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            link.close()

    def visit(self, path: str, agent: str = PERSON, **headers: str) -> Answer:
        """Follow a link as a browser would, one step."""
        return self.ask("GET", path, headers={"User-Agent": agent, **{k.replace("_", "-"): v for k, v in headers.items()}})

    def send(self, path: str, value: Any, headers: dict[str, str] | None = None) -> Answer:
        """POST JSON with the good key, unless the headers say otherwise."""
        return self.ask("POST", path, _bytes(value), {**self.basic(), **(headers or {})})

    def basic(self, key: str | None = None) -> dict[str, str]:
        """The header official SDKs send."""
        text = self.key if key is None else key
        return {"Authorization": "Basic " + base64.b64encode(f"{text}:".encode()).decode()}

    def inbox(self) -> list[tuple[str, str, str, bytes]]:
        """(kind, source, call, body) of every row, in order."""
        return [(row[0], row[1], row[2], bytes(row[3])) for row in self._rows()]

    def clicks(self) -> list[dict[str, Any]]:
        return [json.loads(body) for kind, _, _, body in self.inbox() if kind == "click"]

    def message_ids(self) -> list[str]:
        """The message ids of all events in the inbox, in order."""
        found = []
        for kind, _, call, body in self.inbox():
            if kind in ("v1", "web"):
                given = json.loads(body)
                found += [item.get("messageId") for item in (given["batch"] if call == "batch" else [given])]
        return found

    def _rows(self) -> Sequence[Any]:
        sql = "SELECT kind, source, call, body FROM inbox ORDER BY id"
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                return connection.execute(sql).fetchall()
        connection = sqlite3.connect(f"file:{self.folder / 'inbox.sqlite3'}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


def track(number: int = 1, **more: Any) -> dict[str, Any]:
    """A whole track event."""
    at = datetime(2026, 11, 20, 10, 0, tzinfo=UTC).isoformat()
    return {"type": "track", "event": "Visit Recorded", "userId": f"u{number}", "messageId": f"m{number}", "timestamp": at, **more}


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def _environment(folder: Path, database_url: str, settings: dict[str, str]) -> dict[str, str]:
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(("PASSAPAROLA_", "DJANGO_"))},
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "passaparola.settings",
        "PASSAPAROLA_DATA": str(folder),
        "PASSAPAROLA_DATABASE_URL": database_url,
        "PASSAPAROLA_SECRET": os.environ.get("PASSAPAROLA_SECRET", "a-secret-of-the-tests-and-of-nothing-else"),
        "PASSAPAROLA_DESTINATION_HOSTS": "shop.example,.partner.example",
        **settings,
    }
