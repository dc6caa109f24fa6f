"""Clicks that came while the store was away, in a file, until it is back.

A visitor is never refused because of us. Her click is appended to `clicks.spool` with an fsync before she is sent on,
and drained into the inbox later; a crash in between drains some again, and the corridor knows a click by its token.
Bounds: FILE_BYTES_MAX on disk (about 300,000 clicks); where even the file cannot be written, the last MEMORY_MAX
clicks are kept in memory and lost if the process dies before the disk is back.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from passaparola.events.inbox.group import Entry

FILE_BYTES_MAX = 64 * 1024 * 1024
MEMORY_MAX = 10_000
_DRAIN_STEP = 500


class SpoolFull(Exception):
    """The file has reached FILE_BYTES_MAX."""


class Spool:
    """The file and, behind it, the memory. `keep` runs in one thread, the rest in the loop's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._draining = path.with_suffix(path.suffix + ".draining")
        self.memory: deque[bytes] = deque(maxlen=MEMORY_MAX)

    def keep(self, entries: Sequence[Entry]) -> None:
        """Append the clicks' bodies, one a line, and wait for the disk. Raises OSError or SpoolFull, keeping none."""
        data = b"".join(entry.body + b"\n" for entry in entries)
        descriptor = os.open(self.path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            before = os.fstat(descriptor).st_size
            if before + len(data) > FILE_BYTES_MAX:
                raise SpoolFull(f"{self.path} holds {before} bytes")
            try:
                _write_all(descriptor, data)
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, before)
                raise
        finally:
            os.close(descriptor)

    def remember(self, body: bytes) -> None:
        """The last resort; the oldest gives way."""
        self.memory.append(body)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be drained."""
        return not self.memory and not self.path.exists() and not self._draining.exists()

    def take(self) -> Iterator[list[bytes]]:
        """What waits, in steps. The file is set aside first, so that new clicks go into a new one."""
        if not self._draining.exists() and self.path.exists():
            self.path.rename(self._draining)
        if self._draining.exists():
            yield from _steps(self._draining)
        while self.memory:
            yield [self.memory.popleft() for _ in range(min(_DRAIN_STEP, len(self.memory)))]

    def drained(self) -> None:
        """All that `take` gave is safe: forget the file."""
        self._draining.unlink(missing_ok=True)


def make_entry(body: bytes) -> Entry:
    """A click as the inbox takes it."""
    return Entry("click", "edge", "", body)


def _steps(path: Path) -> Iterator[list[bytes]]:
    """Whole lines only: a line that a crash cut short was never acknowledged to anybody."""
    step: list[bytes] = []
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"}\n"):
                step.append(line[:-1])
            if len(step) == _DRAIN_STEP:
                yield step
                step = []
    if step:
        yield step


def _write_all(descriptor: int, data: bytes, write: Callable[[int, bytes], int] = os.write) -> None:
    while data:
        data = data[write(descriptor, data) :]
