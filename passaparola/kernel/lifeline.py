"""A child ends when its parent does, also when the parent was killed and could say nothing."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_GATE_VARIABLE = "PASSAPAROLA_GATE_OF_SUPERVISOR"
_GATE_SECONDS = 0.005


def hold(parent: int, death_signal: int = signal.SIGTERM) -> None:
    """Ask the kernel to send us that signal when `parent` (our parent's process id) dies.

    Linux only; elsewhere nothing happens, and a killed supervisor leaves children behind. To be called in the child,
    once, before anything else: a parent that died in between is noticed and ends us at once.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def gate(path: Path) -> dict[str, str]:
    """For a child's environment: it may load, but must not touch the stores before we make this file."""
    return {_GATE_VARIABLE: f"{os.getpid()} {path}"}


def is_gated() -> bool:
    """Whether wait_at_gate would wait."""
    path = os.environ.get(_GATE_VARIABLE, "").partition(" ")[2]
    return bool(path) and not os.path.exists(path)


def wait_at_gate() -> None:
    """Until the stores are prepared; at once where nobody said that they are being. Ends us if the supervisor is gone."""
    holder = os.environ.get(_GATE_VARIABLE, "").partition(" ")[0]
    while is_gated():
        try:
            os.kill(int(holder), 0)
        except ProcessLookupError:
            os._exit(1)
        time.sleep(_GATE_SECONDS)
