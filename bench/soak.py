"""`./run soak`: kill -9 of edge, worker and dispatcher at random, under clients that retry, on both stores.

Afterwards every acknowledged event must have been processed once, every reward and message be there once, and
`passaparola prove` and `replay` agree. Seeded: the same seed kills the same processes at the same intervals.
"""

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from bench import soak_people
from bench.soak_clients import Clients
from tests import postgres
from tests.running import ROOT, Server, free_port

_MESSAGE_ID = re.compile(rb"^Message-ID: <(\d+)\.", re.MULTILINE)
VICTIMS = ("edge", "worker", "dispatcher")
STORES = ("sqlite", "postgresql")
# The edge must answer again within this long after it was killed. What of it was waiting for a core is shown beside it,
# not taken off: a loaded machine is no excuse, only an explanation.
BACK_SECONDS_MAX = 3.0
_BETWEEN_SECONDS = (0.3, 2.0)
# Nothing has moved for so long although something waits: then it is stuck.
_STUCK_SECONDS = 90.0


@dataclass(slots=True)
class Result:
    """What one soak came to: figures in the order of the table, and what is wrong."""

    store: str
    figures: dict[str, Any] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


class Mailbox:
    """A mail server that takes everything and counts how often each message came."""

    def __init__(self) -> None:
        self.copies: Counter[str] = Counter()
        self.port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  (the name the library calls)
        """Once counted it is ours, whether or not the answer arrives."""
        found = _MESSAGE_ID.search(envelope.content)
        self.copies[found[1].decode() if found else "a mail without Message-ID"] += 1
        return "250 OK"

    def __enter__(self) -> "Mailbox":
        self.controller.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.controller.stop()


@dataclass(slots=True)
class Killer:
    """Kills by the pid files of the supervisor, and measures how long the edge was away."""

    server: Server
    rng: random.Random
    killed: Counter[str] = field(default_factory=Counter)
    # How long the edge was away, and how much of that it waited for a core.
    away_seconds: list[tuple[float, float]] = field(default_factory=list)

    def strike(self) -> None:
        """Kill one process of the installation."""
        name = self.rng.choice(VICTIMS)
        pid = self._pid(name)
        if pid is None:
            return
        # Half of the time not granian's keeper of processes but the one that serves.
        below = _children(pid) if name == "edge" and self.rng.random() < 0.5 else []
        before = _waited_seconds(pid)
        try:
            os.kill(below[0] if below else pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.killed[name] += 1
        if name == "edge":
            self.away_seconds.append(self._until_answered(before))

    def _pid(self, name: str) -> int | None:
        """The process in charge now; for a short while after a kill there may be none."""
        file = self.server.data / "run" / f"{name}.pid"
        until = time.monotonic() + 15
        while time.monotonic() < until:
            with contextlib.suppress(FileNotFoundError, ValueError):
                pid = int(file.read_text())
                if Path(f"/proc/{pid}").exists():
                    return pid
            time.sleep(0.02)
        return None

    def _until_answered(self, before: dict[int, float]) -> tuple[float, float]:
        """Seconds until the edge says it is ready. The dying process must not be taken for the new one."""
        began = time.monotonic()
        time.sleep(0.05)
        self.server.wait_until_ready(60)
        away, pid = time.monotonic() - began, self._pid("edge")
        waited = sum(seconds - before.get(one, 0.0) for one, seconds in _waited_seconds(pid or 0).items())
        return away, min(away, waited)


def soak(store: str, *, kills: int, seed: int, database_url: str = "", clients: int = 6) -> Result:
    """Kill, wait until all is quiet, check. `database_url` is an empty PostgreSQL database for that store."""
    result, rng = Result(store), random.Random(seed)
    began = time.monotonic()
    with Mailbox() as box, Server(database_url=database_url, PASSAPAROLA_MAIL_URL=f"smtp://127.0.0.1:{box.port}") as server:
        prepared = _books(server, "prepare", {"advocates": 24})
        load = Clients(server.port, prepared["key"], prepared["codes"], seed, clients)
        killer = Killer(server, rng)
        load.start()
        while sum(killer.killed.values()) < kills:
            time.sleep(rng.uniform(*_BETWEEN_SECONDS))
            killer.strike()
        load.finish()
        loaded = time.monotonic() - began
        report = load.report()
        quiet = _books(server, "quiet", {"stuck_seconds": _STUCK_SECONDS})
        server.stop()
        checked = _books(server, "check", {**report, "mails": box.copies, "source": prepared["source"]})
        result.findings = [*load.problems, *quiet["findings"], *checked["findings"]]
        result.figures = {
            "kills": sum(killer.killed.values()),
            **{f"of {name}": killer.killed[name] for name in VICTIMS},
            "seconds under load": round(loaded),
            "seconds until quiet": quiet["seconds"],
            "requests acknowledged": report["requests"],
            "requests retried": report["retries"],
            **_away(killer.away_seconds, result.findings),
            **checked["figures"],
            **_agree(server, result.findings),
        }
    result.figures["findings"] = len(result.findings)
    return result


def _away(seconds: list[tuple[float, float]], findings: list[str]) -> dict[str, str]:
    """How long the edge was away after a kill."""
    if not seconds:
        return {}
    own = sorted(away - waited for away, waited in seconds)
    whole = sorted(away for away, _ in seconds)
    slow = [s for s in whole if s > BACK_SECONDS_MAX]
    if slow:
        findings.append(f"the edge was away for more than {BACK_SECONDS_MAX:g} s {len(slow)} times, up to {max(slow):.2f} s")
    return {
        "edge away, median s": f"{whole[len(whole) // 2]:.2f}",
        "edge away, longest s": f"{whole[-1]:.2f}",
        "edge away on a core of its own, longest s": f"{own[-1]:.2f}",
    }


def _agree(server: Server, findings: list[str]) -> dict[str, str]:
    """`prove` and `replay` on the data that the kills left behind."""
    figures = {}
    into = Path(tempfile.mkdtemp(prefix="passaparola-replay-"))
    try:
        for words in (("prove",), ("replay", "--into", str(into))):
            done = server.command(*words, check=False)
            figures[words[0]] = "agrees" if done.returncode == 0 else "DISAGREES"
            if done.returncode:
                findings.append(f"{words[0]}: {(done.stdout + done.stderr).strip()[-1500:]}")
    finally:
        shutil.rmtree(into, ignore_errors=True)
    return figures


def _books(server: Server, verb: str, question: dict[str, Any]) -> dict[str, Any]:
    """Ask bench/soak_books.py, a process of its own because each store needs its own settings."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.soak_books", verb], cwd=ROOT, input=json.dumps(question),
        env={**server.environment, "DJANGO_SETTINGS_MODULE": "passaparola.settings"}, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"bench.soak_books {verb}:\n{done.stderr[-3000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def _waited_seconds(pid: int) -> dict[int, float]:
    """How long a process and its children have waited for a core so far (the kernel's schedstat, where it keeps that)."""
    found = {}
    for one in (pid, *_children(pid)):
        with contextlib.suppress(OSError, IndexError, ValueError):
            found[one] = int(Path(f"/proc/{one}/schedstat").read_text().split()[1]) / 1e9
    return found


def _children(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def table(results: list[Result]) -> Iterator[str]:
    """The figures side by side."""
    names = list(dict.fromkeys(name for result in results for name in result.figures))
    width = max(map(len, names))
    yield " " * width + "".join(f"{result.store:>14}" for result in results)
    for name in names:
        yield f"{name:<{width}}" + "".join(f"{result.figures.get(name, ''):>14}" for result in results)


def main(arguments: list[str]) -> int:
    """0 only if nothing was lost, doubled or slow to come back."""
    parser = argparse.ArgumentParser(prog="./run soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="on each store (default: %(default)s)")
    parser.add_argument("--store", choices=STORES, help="one store only")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--people", type=int, help="instead: the random life of so many people, memberships asked again")
    parser.add_argument("--chapters", type=int, default=soak_people.CHAPTERS, help="of their life (default: %(default)s)")
    parser.add_argument("--scenes", type=int, default=soak_people.SCENES_IN_BATCHES, help="of a chapter (default: %(default)s)")
    given = parser.parse_args(arguments)
    if given.people:
        return soak_people.main(given.people, given.seed, chapters=given.chapters, scenes=given.scenes)
    results = []
    for store in [given.store] if given.store else STORES:
        print(f"{given.kills} kills on {store}, seed {given.seed} …", flush=True)
        if store == "sqlite":
            results.append(soak(store, kills=given.kills, seed=given.seed, clients=given.clients))
            continue
        postgres.obtain()
        with postgres.cluster(durable=True) as cluster:
            url = cluster.database()
            results.append(soak(store, kills=given.kills, seed=given.seed, database_url=url, clients=given.clients))
    print("\n".join(table(results)))
    for result in results:
        for finding in result.findings[:50]:
            print(f"{result.store}: {finding}")
    return 1 if any(result.findings for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
