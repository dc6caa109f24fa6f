"""The demo's own installation: its settings, its processes, its sign-in."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from passaparola.cli.speech import gettext as _
from passaparola.kernel import lifeline, supervisor
from passaparola.kernel.supervisor import CannotStart

BUSINESS = "Corner Grocery"
# The purchases are in US dollars, so the demo's shop counts in them.
CURRENCY = "USD"
USER = "demo"
_READY_SECONDS_MAX = 60.0
_STOP_SECONDS_MAX = 20.0
_COMMAND = "import sys; from passaparola.cli import main; sys.exit(main())"


def prepare(folder: Path, port: int) -> None:
    """Settings of this process and its children, before any of them is read. Mail goes into a folder, to nobody."""
    for name in [name for name in os.environ if name.startswith("PASSAPAROLA_") and name not in _KEPT]:
        del os.environ[name]
    own = {
        "PASSAPAROLA_BASE_URL": f"http://127.0.0.1:{port}",
        "PASSAPAROLA_BUSINESS": BUSINESS,
        "PASSAPAROLA_CURRENCY": CURRENCY,
        "PASSAPAROLA_MAIL_URL": f"file://{folder / 'mail'}",
        # All simulated friends come from this one machine.
        "PASSAPAROLA_SIGN_UPS_PER_VISITOR_HOUR_MAX": "1000",
    }
    os.environ.update(own, PASSAPAROLA_DATA=str(folder), DJANGO_SETTINGS_MODULE="passaparola.settings")
    # The command line finds them here, so that `passaparola --data data-demo explain …` counts in the same money.
    (folder / "passaparola.env").write_text(
        "".join(f"{name}={value}\n" for name, value in own.items()), encoding="utf-8"
    )


_KEPT = ("PASSAPAROLA_LANGUAGE", "PASSAPAROLA_TIME_ZONE")


@contextmanager
def running(folder: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """`passaparola up` on the demo's folder for the time of the block; nothing of it is left afterwards.

    It may not be ready yet (`wait_until_ready`). Its log is DIR/up.log.
    """
    parent = os.getpid()
    command = [sys.executable, "-c", _COMMAND, "up", "--data", str(folder), "--port", str(port)]
    with (folder / "up.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, preexec_fn=lambda: lifeline.hold(parent)
        )
    try:
        yield process
    finally:
        stop(process)


def wait_until_ready(process: "subprocess.Popen[bytes]", folder: Path, port: int) -> None:
    """Until the server answers. Raises CannotStart with what it said last when it does not."""
    until = time.monotonic() + _READY_SECONDS_MAX
    while not supervisor.answers("127.0.0.1", port):
        if process.poll() is not None or time.monotonic() > until:
            lines = (folder / "up.log").read_text(errors="replace").strip().splitlines()
            words = _("The server did not start: {said} ({log})")
            raise CannotStart(words.format(said=lines[-1] if lines else "?", log=folder / "up.log"))
        time.sleep(0.05)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask the supervisor to end and wait; its children end with it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def remembered(folder: Path) -> dict[str, Any]:
    """What the last `demo` on this folder left: sign-in, and whether the story was played to its end."""
    path = folder / "demo.json"
    return json.loads(path.read_text()) if path.exists() else {}


def remember(folder: Path, **what: Any) -> None:
    """Keep it, readable by this user only."""
    path, fresh = folder / "demo.json", folder / "demo.json.new"
    descriptor = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({**remembered(folder), **what}, file)
    fresh.replace(path)


def sign_in(folder: Path) -> tuple[str, str]:
    """An owner's account for the console; the same one as long as the folder lives."""
    from django.contrib.auth.models import User

    from passaparola.doors.console import roles

    known = remembered(folder)
    if "password" not in known:
        known["password"] = f"demo-{secrets.token_hex(4)}"
        user = User.objects.create_user(USER, password=known["password"])
        roles.give(user, "owner")
        remember(folder, password=known["password"])
    return USER, known["password"]


def until(true: Callable[[], bool], what: str, seconds_max: float = 60.0) -> None:
    """Wait for something that the running processes bring about. Raises CannotStart when they do not."""
    end = time.monotonic() + seconds_max
    while not true():
        if time.monotonic() > end:
            words = _("The demo waited {seconds} s in vain for this: {what}")
            raise CannotStart(words.format(seconds=round(seconds_max), what=what))
        time.sleep(0.05)
