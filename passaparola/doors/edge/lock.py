"""One edge process on SQLite, by a file lock that ends with its process, however that ends."""

import fcntl
import os
import time
from pathlib import Path

from passaparola.kernel.errors import Refusal

# On PostgreSQL this many edge processes may share a data folder.
SLOTS_MAX = 64
# Names the server's process to its worker, so that an orphan ends by itself.
PARENT_VARIABLE = "PASSAPAROLA_EDGE_PARENT"
_POLL_SECONDS = 0.05


class EdgeRuns(Refusal):
    """Another edge process (pid {pid}) already serves {folder}; on SQLite there may be only one. Stop it first."""

    code = "edge_runs"
    status = 409


class EdgeLock:
    """A slot held until the process ends. Slot 0 is the only one on SQLite."""

    def __init__(self, folder: Path, slot: int, descriptor: int) -> None:
        self.folder, self.slot, self._descriptor = folder, slot, descriptor

    @property
    def spool_path(self) -> Path:
        """The click spool that belongs to this slot alone."""
        return self.folder / ("clicks.spool" if self.slot == 0 else f"clicks-{self.slot}.spool")

    def release(self) -> None:
        """Let another process have it."""
        os.close(self._descriptor)


def take(folder: Path, *, slots: int, wait_seconds: float = 0.0) -> EdgeLock:
    """The first free slot; waits so long for a process that is just ending. Raises EdgeRuns."""
    until = time.monotonic() + wait_seconds
    while True:
        for slot in range(slots):
            descriptor = _try(_path(folder, slot))
            if descriptor is not None:
                return EdgeLock(folder, slot, descriptor)
        if time.monotonic() >= until:
            raise EdgeRuns(pid=_holder(folder), folder=folder)
        time.sleep(_POLL_SECONDS)


def _path(folder: Path, slot: int) -> Path:
    return folder / ("edge.lock" if slot == 0 else f"edge-{slot}.lock")


def _try(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _holder(folder: Path) -> str:
    try:
        return _path(folder, 0).read_text().strip() or "unknown"
    except OSError:
        return "unknown"
