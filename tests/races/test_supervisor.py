"""The supervisor with real processes: restart, readiness, deadline, and nobody left behind when it is killed."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from passaparola.kernel import supervisor
from tests.running import COMMAND, ROOT, free_port

# A web server that says yes to everything, as the edge does to /readyz; it starts a helper of its own.
ANSWERS = """
import http.server, subprocess, sys
class Yes(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
open(sys.argv[2], "w").write(str(helper.pid))
http.server.HTTPServer.allow_reuse_address = True
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Yes).serve_forever()
"""
SLEEPS = "import time; time.sleep(300)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(300)"
)
# Runs a supervisor over those programs, as `up` does over ours.
RUNS = """
import os, sys
from pathlib import Path
from passaparola.kernel import supervisor
folder, port = Path(sys.argv[1]), int(sys.argv[2])
python = (sys.executable, "-c")
children = [
    supervisor.Child("edge", (*python, sys.argv[3], str(port), str(folder / "helper.pid"))),
    supervisor.Child("worker", (*python, sys.argv[4])),
]
environment = {**os.environ, "PASSAPAROLA_BASE_URL": "http://127.0.0.1"}
supervisor._STOP_SECONDS_MAX = 2.0
sys.exit(supervisor.Supervisor(folder, children, "127.0.0.1", port, environment).run())
"""


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a supervisor; wait until it says it is ready."""
    made: list[subprocess.Popen[str]] = []

    def start(worker: str = SLEEPS) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(RUNS), str(tmp_path), str(free_port()), ANSWERS, worker],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        made.append(process)
        assert process.stdout is not None
        while "ready" not in process.stdout.readline():
            assert process.poll() is None
        return process

    yield start
    for process in made:
        if process.poll() is None:
            process.kill()
        process.wait()
    for file in tmp_path.glob("*.pid"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(file.read_text()), signal.SIGKILL)


def _pid(folder: Path, name: str) -> int:
    return int((folder / f"{name}.pid").read_text())


def _gone(pid: int, seconds_max: float = 5.0) -> bool:
    """Whether that process ends within so long (a zombie somebody else must reap counts as gone)."""
    until = time.monotonic() + seconds_max
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_killed_child_is_started_again_and_its_leftovers_end(
    supervised: Callable[..., object], tmp_path: Path
) -> None:
    supervised()
    edge, helper = _pid(tmp_path, "edge"), _pid(tmp_path, "helper")
    os.kill(edge, signal.SIGKILL)
    until = time.monotonic() + 3
    while _pid(tmp_path, "edge") == edge and time.monotonic() < until:
        time.sleep(0.02)
    assert _pid(tmp_path, "edge") != edge
    assert _gone(helper), "what a dead child started must not keep its port"


def test_sigterm_ends_everything_and_removes_the_pid_files(
    supervised: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = supervised()
    pids = [_pid(tmp_path, name) for name in ("edge", "worker", "helper")]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert all(_gone(pid) for pid in pids)
    assert not (tmp_path / "edge.pid").exists() and not (tmp_path / "worker.pid").exists()


def test_who_is_deaf_to_sigterm_is_killed_at_the_deadline(
    supervised: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = supervised(worker=STUBBORN)
    worker = _pid(tmp_path, "worker")
    time.sleep(0.3)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert 1.5 < time.monotonic() - began < 6
    assert _gone(worker)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells children of their parent's death")
def test_a_killed_supervisor_leaves_no_child(supervised: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    process = supervised()
    edge, worker = _pid(tmp_path, "edge"), _pid(tmp_path, "worker")
    process.kill()
    process.wait()
    assert _gone(edge) and _gone(worker)
    with contextlib.suppress(ProcessLookupError):
        os.kill(_pid(tmp_path, "helper"), signal.SIGKILL)


def test_what_cannot_start_is_given_up_with_a_sentence(tmp_path: Path) -> None:
    program = [sys.executable, "-c", textwrap.dedent(RUNS), str(tmp_path), str(free_port()), "raise SystemExit(3)", SLEEPS]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=20, check=False)
    assert done.returncode == 1
    assert "its edge ends at once" in done.stderr
    assert not list(tmp_path.glob("*.pid"))


def test_one_folder_one_supervisor(tmp_path: Path) -> None:
    with supervisor.alone(tmp_path / "up.lock"), pytest.raises(supervisor.CannotStart, match=f"process {os.getpid()}"):
        with supervisor.alone(tmp_path / "up.lock"):
            pass


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(supervisor.CannotStart, match=f"Port {port} .* choose another with --port"):
            supervisor.up(tmp_path, port)


def test_sqlite_takes_one_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PASSAPAROLA_DATABASE_URL", raising=False)
    with pytest.raises(supervisor.CannotStart, match="SQLite takes one worker"):
        supervisor.up(tmp_path, free_port(), workers=2)


# --- while the stores are prepared ----------------------------------------------------------------


def _whose_folder_is(folder: Path) -> list[int]:
    """Processes that work on that data folder."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"PASSAPAROLA_DATA={folder}\0".encode() in environ.read_bytes():
                found.append(int(environ.parent.name))
    return found


def _up(folder: Path) -> subprocess.Popen[str]:
    command = [*COMMAND, "up", "--data", str(folder), "--port", str(free_port())]
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("PASSAPAROLA_")}, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_store_that_cannot_be_prepared_leaves_nobody_behind(tmp_path: Path) -> None:
    """The edge loads while the stores are prepared; it must not stay when they cannot be."""
    with sqlite3.connect(tmp_path / "main.sqlite3") as store:
        store.execute("CREATE TABLE django_migrations (id integer PRIMARY KEY, app text, name text, applied text)")
        store.execute("INSERT INTO django_migrations VALUES (1, 'kernel', '9999_tomorrow', '2030-01-01')")
    process = _up(tmp_path)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1 and "9999_tomorrow" in said
    assert _whose_folder_is(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_while_preparing_it_ends_at_once(tmp_path: Path, number: int) -> None:
    process = _up(tmp_path)
    until = time.monotonic() + 30
    while not (tmp_path / "run" / "edge.pid").exists():
        assert time.monotonic() < until
        time.sleep(0.005)
    process.send_signal(number)
    assert process.wait(timeout=10) == 0
    assert _whose_folder_is(tmp_path) == []
    assert not (tmp_path / "run" / "edge.pid").exists()


@pytest.mark.parametrize(("lived_seconds", "waits"), [(4.0, [0.1] * 5), (0.5, [0.1, 0.2, 0.4, 0.8, 1.6])])
def test_only_who_ends_soon_after_its_start_is_kept_waiting(
    tmp_path: Path, lived_seconds: float, waits: list[float]
) -> None:
    """Who served its callers and is then killed is back at once, however often that happens."""
    child = supervisor.Child("edge", (sys.executable, "-c", ""))
    watching = supervisor.Supervisor(tmp_path, [child], "127.0.0.1", free_port(), dict(os.environ))
    seen, now = [], 1000.0
    for _ in waits:
        watching._start(child, now)
        assert child.process is not None
        child.process.wait()
        now += lived_seconds
        watching._bury(child, now)
        seen.append(round(child.start_at - now, 6))
        now = child.start_at
    assert seen == waits
