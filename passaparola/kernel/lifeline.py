"""A child ends when its parent does, also when the parent was killed and could say nothing."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


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
