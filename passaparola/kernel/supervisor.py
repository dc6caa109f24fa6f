"""`passaparola up`: edge, corridor worker and dispatcher as child processes, kept alive until we are told to end.

This module imports nothing but the standard library and runs no thread, so that it stays small and forking is safe.
Each child leads a session of its own: what it leaves behind when it dies is killed with it, and Ctrl-C reaches only us.
"""

import contextlib
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from passaparola.kernel import lifeline
from passaparola.kernel.log import Log

_LOG = Log("supervisor")
_RESTART_SECONDS_FIRST = 0.1
_RESTART_SECONDS_MAX = 10.0
# Who ends so often before anything was ready will not be helped by trying on.
_TRIES_AT_START = 4
# A child that ran this long was in good health: its next restart is quick again. Not much longer than a start takes,
# or who is killed a few times in a row is kept away from customers as if it were failing.
_HEALTHY_SECONDS = 3.0
# Longer than granian gives its own workers (doors/serve.py), shorter than what init systems give us.
_STOP_SECONDS_MAX = 17.0
# granian hangs on a SIGTERM that arrives while it starts its worker: forward none until it answers, up to this long.
_READY_SECONDS_MAX = 30.0
_STOP_WAITS_READY_SECONDS_MAX = 5.0


class CannotStart(RuntimeError):
    """`up` refuses; the text is a sentence for the operator."""


@dataclass(slots=True)
class Child:
    """One process to be kept alive."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    failures: int = 0
    start_at: float = 0.0
    # Started only while this file is there; when it has done its work it ends by itself.
    wanted: Path | None = None

    def is_wanted(self) -> bool:
        """Whether it is to run now."""
        return self.wanted is None or self.wanted.exists()

    def is_running(self) -> bool:
        """Whether it is there; a dead one is reaped by asking."""
        return self.process is not None and self.process.poll() is None


def children(host: str, port: int, *, workers: int = 1, dispatchers: int = 1) -> list[Child]:
    """What an installation consists of. More than one worker or dispatcher only on PostgreSQL."""

    def several(name: str, module: str, count: int) -> list[Child]:
        return [Child(name if n == 0 else f"{name}-{n + 1}", (sys.executable, "-m", module)) for n in range(count)]

    edge = (sys.executable, "-m", "passaparola.doors.serve", "--host", host, "--port", str(port))
    return [
        Child("edge", edge),
        *several("worker", "passaparola.worker", workers),
        *several("dispatcher", "passaparola.dispatcher", dispatchers),
    ]


@dataclass(slots=True)
class Supervisor:
    """Starts the children, restarts the dead with back-off, passes SIGTERM on, kills what does not end in time."""

    folder: Path
    children: list[Child]
    host: str
    port: int
    environment: dict[str, str]
    stopping: bool = False
    kill_now: bool = False
    ready: bool = False
    _wake: tuple[socket.socket, socket.socket] = field(default_factory=socket.socketpair)

    def run(self) -> int:
        """Until SIGTERM or SIGINT; then 0. A second one kills at once. 1 if something ends again and again at the start."""
        self._listen()
        hopeless = None
        try:
            while not self.stopping and not hopeless:
                self.turn()
                first = [] if self.ready else [c for c in self.children if c.wanted is None]
                hopeless = next((c.name for c in first if c.failures >= _TRIES_AT_START), None)
                self._sleep(0.02 if not self.ready else 1.0)
            self._wait_for_readiness()
        finally:
            self.stop()
        if hopeless:
            print(f"Passaparola cannot start: its {hopeless} ends at once; the lines above say why.", file=sys.stderr, flush=True)
        return 1 if hopeless else 0

    def prepare_and_run(self, gate: Path) -> int:
        """Prepare the stores, then run. The edge, which takes longest to start, loads meanwhile and waits at the gate."""
        self._listen()
        preparing = subprocess.Popen([sys.executable, "-m", "passaparola.prepare"], env=self.environment)
        self._start(self.children[0], time.monotonic())
        while preparing.poll() is None and not self.stopping:
            self._doze(1.0)
        if preparing.returncode == 0:
            gate.touch()
            return self.run()
        # Nothing was accepted yet, so nobody needs to be asked.
        self.kill_now = True
        preparing.kill()
        preparing.wait()
        self.stop()
        return 0 if self.stopping else preparing.returncode

    def turn(self) -> None:
        """Start what is due to be started; note who died; say once when all is ready."""
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and not child.is_running():
                self._bury(child, now)
            if child.process is None and now >= child.start_at and child.is_wanted():
                self._start(child, now)
        if not self.ready and answers(self.host, self.port):
            self.ready = True
            _LOG.info("supervisor.ready", port=self.port)
            print(f"Passaparola is ready: {self.environment['PASSAPAROLA_BASE_URL']}/console/", flush=True)

    def stop(self) -> None:
        """Ask all to end, wait, kill the rest with whatever they started, and remove the pid files."""
        for child in self.children:
            if child.is_running():
                _signal_group(child, signal.SIGTERM, whole=False)
        until = time.monotonic() + _STOP_SECONDS_MAX
        while any(child.is_running() for child in self.children) and time.monotonic() < until and not self.kill_now:
            self._sleep(0.05)
        for child in self.children:
            if child.process is not None:
                if child.is_running():
                    _LOG.info("supervisor.child.killed", child=child.name)
                _signal_group(child, signal.SIGKILL)
                child.process.wait()
            self._pid_file(child).unlink(missing_ok=True)
        _LOG.info("supervisor.stopped")

    def _start(self, child: Child, now: float) -> None:
        parent = os.getpid()
        child.process = subprocess.Popen(
            child.command, env=self.environment, start_new_session=True, preexec_fn=lambda: lifeline.hold(parent)
        )
        child.started_at = now
        # Renamed into place: whoever reads it never reads half a number.
        fresh = self._pid_file(child).with_suffix(".new")
        fresh.write_text(str(child.process.pid))
        fresh.replace(self._pid_file(child))
        _LOG.info("supervisor.child.started", child=child.name, pid=child.process.pid)

    def _bury(self, child: Child, now: float) -> None:
        assert child.process is not None
        _signal_group(child, signal.SIGKILL)
        healthy = now - child.started_at >= _HEALTHY_SECONDS
        child.failures = 1 if healthy else child.failures + 1
        if child.wanted is not None and child.process.returncode == 0:
            child.failures = 0
        wait = min(_RESTART_SECONDS_MAX, _RESTART_SECONDS_FIRST * 2 ** max(0, child.failures - 1))
        child.start_at = now + wait
        _LOG.info("supervisor.child.ended", child=child.name, code=child.process.returncode, again_in_seconds=wait)
        child.process = None

    def _wait_for_readiness(self) -> None:
        until = time.monotonic() + _STOP_WAITS_READY_SECONDS_MAX
        while not self.ready and not self.kill_now and time.monotonic() < until and self.children[0].is_running():
            self.ready = answers(self.host, self.port)
            self._sleep(0.02)

    def _listen(self) -> None:
        """Every signal ends the sleep at once; a dead child is one too."""
        for end in self._wake:
            end.setblocking(False)
        signal.set_wakeup_fd(self._wake[1].fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _asked_to_stop(self, number: int, _: FrameType | None) -> None:
        self.kill_now, self.stopping = self.stopping, True

    def _sleep(self, seconds: float) -> None:
        """Until a signal, or until the next child is due to start, at most so long."""
        due = [c.start_at - time.monotonic() for c in self.children if c.process is None and c.is_wanted()]
        self._doze(max(0.0, min([seconds, *due])) if not self.stopping else seconds)

    def _doze(self, wait: float) -> None:
        """Until a signal, at most so many seconds."""
        if select.select([self._wake[0]], [], [], wait)[0]:
            with contextlib.suppress(BlockingIOError):
                self._wake[0].recv(4096)

    def _pid_file(self, child: Child) -> Path:
        return self.folder / f"{child.name}.pid"


def up(
    data: str | Path,
    port: int = 8600,
    host: str = "127.0.0.1",
    *,
    workers: int = 1,
    dispatchers: int = 1,
    base_url: str = "",
) -> int:
    """Prepare the stores, start everything, and stay until told to end. Raises CannotStart."""
    folder = Path(data).resolve()
    environment = environment_for(folder, port, host, base_url)
    if not environment.get("PASSAPAROLA_DATABASE_URL") and (workers, dispatchers) != (1, 1):
        raise CannotStart(
            "SQLite takes one worker and one dispatcher; for more, set PASSAPAROLA_DATABASE_URL to PostgreSQL."
        )
    run = folder / "run"
    run.mkdir(parents=True, exist_ok=True)
    with alone(run / "up.lock"):
        _refuse_taken_port(host, port)
        members = children(host, port, workers=workers, dispatchers=dispatchers)
        # Files wait for it in the data folder (doors/imports/wizard.py).
        work = (sys.executable, "-m", "passaparola.doors.imports.work")
        members.append(Child("importer", work, wanted=folder / "imports" / "wanted"))
        gate = run / "prepared"
        gate.unlink(missing_ok=True)
        # Where whitenoise looks for files, besides the package.
        (folder / "static").mkdir(exist_ok=True)
        return Supervisor(run, members, host, port, {**environment, **lifeline.gate(gate)}).prepare_and_run(gate)


def environment_for(folder: Path, port: int, host: str, base_url: str = "") -> dict[str, str]:
    """The children's environment: ours, with the data folder and the address under which people reach us."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    base = base_url or os.environ.get("PASSAPAROLA_BASE_URL") or f"http://{shown}:{port}"
    return {
        **os.environ,
        "PASSAPAROLA_DATA": str(folder),
        "PASSAPAROLA_BASE_URL": base,
        "DJANGO_SETTINGS_MODULE": "passaparola.settings",
        "PYTHONUNBUFFERED": "1",
    }


@contextlib.contextmanager
def alone(path: Path):  # type: ignore[no-untyped-def]
    """Hold the lock file; it is free again when this process is gone, however it went. Raises CannotStart."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise CannotStart(f"{path.parent.parent} is in use already, by process {holder}.") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def answers(host: str, port: int) -> bool:
    """Whether GET /readyz says 200 at this moment."""
    target = "127.0.0.1" if host in ("0.0.0.0", "") else "::1" if host == "::" else host
    try:
        with socket.create_connection((target, port), timeout=1) as link:
            link.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b" 200 " in link.recv(64)
    except OSError:
        return False


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise CannotStart(
                f"Port {port} on {host} cannot be had ({problem.strerror}); choose another with --port."
            ) from None


def _signal_group(child: Child, number: int, *, whole: bool = True) -> None:
    """Signal the child, or it and everything in its session; gone is fine."""
    assert child.process is not None
    with contextlib.suppress(ProcessLookupError):
        if whole:
            os.killpg(child.process.pid, number)
        else:
            os.kill(child.process.pid, number)
