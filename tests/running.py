"""A real `passaparola up` on a free port with a folder of its own, for tests, soak and bench."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# As the installed `passaparola` command does, with the interpreter of this test run.
COMMAND = (sys.executable, "-c", "import sys; from passaparola.cli import main; sys.exit(main())")
# Settings of this test run are not the server's; and it starts as fast as it does in life, from compiled modules.
_NOT_PASSED_ON = ("PASSAPAROLA_", "DJANGO_", "PYTHONDONTWRITEBYTECODE")
_READY_SECONDS_MAX = 60.0
_STOP_SECONDS_MAX = 20.0


class NotReady(RuntimeError):
    """The server did not answer /readyz in time; the message carries the end of its log."""


def free_port() -> int:
    """A TCP port nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One installation: start it, stop it, run its commands. The folder is removed on exit unless it was given.

    `database_url` empty means the two SQLite files; `more` are settings for its environment.
    """

    def __init__(self, *, database_url: str = "", data: Path | None = None, port: int = 0, **more: str) -> None:
        self._own_folder = data is None
        self.data = data or Path(tempfile.mkdtemp(prefix="passaparola-run-"))
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(_NOT_PASSED_ON)},
            "PYTHONPATH": str(ROOT),
            "PASSAPAROLA_DATA": str(self.data),
            "PASSAPAROLA_BASE_URL": self.url,
            "PASSAPAROLA_DATABASE_URL": database_url,
            **more,
        }

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *problem: object) -> None:
        self.stop()
        if self._own_folder:
            shutil.rmtree(self.data, ignore_errors=True)

    @property
    def log(self) -> Path:
        """Everything its processes said."""
        return self.data / "up.log"

    def start(self) -> "Server":
        """Start it and wait until it is ready. Raises NotReady."""
        command = [*COMMAND, "up", "--data", str(self.data), "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=self.environment, start_new_session=True
            )
        self.wait_until_ready()
        return self

    def wait_until_ready(self, seconds_max: float = _READY_SECONDS_MAX) -> float:
        """Wait for /readyz; how many seconds it took."""
        began = time.monotonic()
        while not self.is_ready():
            dead = self.process is None or self.process.poll() is not None
            if dead or time.monotonic() - began > seconds_max:
                raise NotReady(self.log.read_text(errors="replace")[-3000:] if self.log.exists() else "no log")
            time.sleep(0.02)
        return time.monotonic() - began

    def is_ready(self) -> bool:
        """Whether /readyz says yes at this moment."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Ask the supervisor to end; after the deadline, kill it and the children it started."""
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=_STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            # The session is ours alone (start_new_session), so its group holds nobody else.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def command(self, *words: str, check: bool = True, **more: Any) -> "subprocess.CompletedProcess[str]":
        """Run `passaparola …` on this installation's data."""
        done = subprocess.run(
            [*COMMAND, *words],
            env=self.environment, capture_output=True, text=True, timeout=600, **more,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"passaparola {' '.join(words)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done
