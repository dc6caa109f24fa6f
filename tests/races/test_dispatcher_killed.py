"""A real dispatcher, killed in the middle of its work again and again: nobody gets a message twice, and nothing is forgotten."""

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller

from tests import postgres
from tests.running import ROOT, free_port

COUNT = 150
SEED = f"""
import django; django.setup()
from passaparola import prepare
prepare.stores()
from django.db import transaction
from tests import messages as some
from datetime import UTC, datetime, timedelta
with transaction.atomic():
    some.program()
    for n in range(1, {COUNT} + 1):
        some.person(n)
        some.message(n, n, at=datetime.now(UTC) - timedelta(minutes=1))
"""
# As if the leases of the killed one had run out.
LAPSE = "UPDATE message SET due_at = planned_at WHERE state IN ('claimed', 'handing')"


class SlowSink:
    """Takes mails after a while; remembers to whom."""

    def __init__(self) -> None:
        self.got: Counter[str] = Counter()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(0.004)
        # From here on it is the server's: whoever is killed now does not know.
        self.got.update(envelope.rcpt_tos)
        await asyncio.sleep(0.004)
        return "250 OK"


class Installation:
    """A folder or database with planned messages, and dispatchers on it."""

    def __init__(self, folder: Path, database_url: str, mail_url: str) -> None:
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("PASSAPAROLA_")},
            "PYTHONPATH": str(ROOT), "PASSAPAROLA_DATA": str(folder), "PASSAPAROLA_DATABASE_URL": database_url,
            "PASSAPAROLA_MAIL_URL": mail_url, "DJANGO_SETTINGS_MODULE": "passaparola.settings",
        }  # fmt: skip
        self.log = folder / "dispatcher.log"
        self.running: list[subprocess.Popen[bytes]] = []

    def python(self, code: str) -> str:
        """Run a little program in the installation's environment."""
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def dispatcher(self) -> subprocess.Popen[bytes]:
        """Start a dispatcher."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "passaparola.dispatcher"], env=self.environment, stdout=log, stderr=log, cwd=ROOT
            )
        self.running.append(process)
        return process

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement on its store, as another process would."""
        if url := self.environment["PASSAPAROLA_DATABASE_URL"]:
            with psycopg.connect(url) as server:
                cursor = server.execute(statement)  # type: ignore[call-overload]
                return list(cursor.fetchall()) if cursor.description else []
        with contextlib.closing(sqlite3.connect(self.log.parent / "main.sqlite3", timeout=20)) as file, file:
            return file.execute(statement).fetchall()

    def states(self) -> dict[int, str]:
        """State by message."""
        return dict(self.sql("SELECT id, state FROM message"))

    def outcomes(self) -> dict[int, int]:
        """How many outcomes were recorded for each message."""
        return dict(self.sql("SELECT message_id, count(*) FROM delivery GROUP BY message_id"))


@pytest.fixture
def install(tmp_path: Path, store: str, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Installation]]:
    cluster: postgres.Cluster | None = request.getfixturevalue("postgres_cluster") if store == "postgresql" else None
    url = cluster.database() if cluster else ""
    made: list[Installation] = []

    def make(mail_url: str) -> Installation:
        one = Installation(tmp_path, url, mail_url)
        made.append(one)
        one.python(SEED)
        return one

    yield make
    for one in made:
        for process in one.running:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()
    if cluster:
        cluster.drop(url)


@pytest.fixture
def sink() -> Iterator[tuple[SlowSink, str]]:
    one, port = SlowSink(), free_port()
    controller = Controller(one, hostname="127.0.0.1", port=port)
    controller.start()
    yield one, f"smtp://127.0.0.1:{port}"
    controller.stop()


def _wait(condition: Callable[[], bool], seconds_max: float = 60.0) -> None:
    until = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < until, "took too long"
        time.sleep(0.005)


def test_killed_over_smtp_each_is_delivered_once_or_marked_unknown(
    install: Callable[[str], Installation], sink: tuple[SlowSink, str], tmp_path: Path
) -> None:
    server, url = sink
    here = install(url)
    draw = random.Random(20261121)
    for _ in range(3):
        before = server.got.total()
        process = here.dispatcher()
        _wait(lambda seen=before: server.got.total() > seen)  # type: ignore[misc]
        time.sleep(draw.uniform(0, 0.15))
        process.kill()
        process.wait()
    here.sql(LAPSE)
    last = here.dispatcher()
    _wait(lambda: not {"planned", "claimed", "handing"} & set(here.states().values()))
    last.send_signal(signal.SIGTERM)
    last.wait(timeout=20)
    states, outcomes = here.states(), here.outcomes()
    got = {int(address.removeprefix("alma").split("@")[0]): n for address, n in server.got.items()}
    assert max(got.values()) == 1, "doubled"
    assert set(states.values()) <= {"sent", "unknown"}
    assert all(got.get(id_) == 1 for id_, state in states.items() if state == "sent"), "said to be sent, and was not"
    assert all(states[id_] == "unknown" for id_ in states if id_ not in got)
    assert outcomes == dict.fromkeys(states, 1)
    # Three kills, each with one letter under way on each of two connections: the journal knows about all others.
    assert sum(state == "unknown" for state in states.values()) <= 6
    assert list((tmp_path / "run" / "handing").iterdir()) == [], "a page was left"


def test_killed_into_a_folder_each_is_there_once(install: Callable[[str], Installation], tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    here = install(f"file://{mail}")
    draw = random.Random(7)
    for _ in range(2):
        before = len(list(mail.glob("*.eml"))) if mail.exists() else 0
        process = here.dispatcher()
        _wait(lambda seen=before: len(list(mail.glob("*.eml"))) > seen)  # type: ignore[misc]
        time.sleep(draw.uniform(0, 0.03))
        process.kill()
        process.wait()
        here.sql(LAPSE)
        if len(list(mail.glob("*.eml"))) >= COUNT:
            break
    here.dispatcher()
    _wait(lambda: set(here.states().values()) == {"sent"})
    states, outcomes = here.states(), here.outcomes()
    assert len(list(mail.glob("*.eml"))) == len(states) == COUNT
    assert outcomes == dict.fromkeys(states, 1)


def test_asked_to_end_it_finishes_what_it_began(
    install: Callable[[str], Installation], sink: tuple[SlowSink, str]
) -> None:
    server, url = sink
    here = install(url)
    process = here.dispatcher()
    _wait(lambda: server.got.total() > 20)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) == 0
    states, outcomes = here.states(), here.outcomes()
    assert set(states.values()) == {"sent", "planned"}
    assert sum(state == "sent" for state in states.values()) == server.got.total() == len(outcomes)


def test_two_at_once(install: Callable[[str], Installation], sink: tuple[SlowSink, str], store: str) -> None:
    """On SQLite the second refuses; on PostgreSQL they share the work, also when one is paused for a while."""
    server, url = sink
    here = install(url)
    first = here.dispatcher()
    _wait(lambda: server.got.total() > 0)
    second = here.dispatcher()
    if store == "sqlite":
        assert second.wait(timeout=20) == 1
        assert "in use already" in here.log.read_text()
        return
    time.sleep(0.05)
    first.send_signal(signal.SIGSTOP)
    _wait(lambda: second.poll() is None and server.got.total() > COUNT - 60)
    first.send_signal(signal.SIGCONT)
    _wait(lambda: set(here.states().values()) == {"sent"})
    assert set(server.got.values()) == {1} and len(server.got) == COUNT
