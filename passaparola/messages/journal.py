"""Which letters were begun and which ended, in files that outlive a killed dispatcher: only what lies between is in doubt.

One file (a page) for each group of letters: written before the group is marked as *handing*, a line before each letter
is handed over, a line after it, and removed once the outcomes are recorded. A page is not forced onto the disk: the
kernel keeps what a killed process has written. After a power cut it may have holes, so a page of an earlier start of
the machine is believed in what it says was done, never in what it does not say.
"""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from passaparola.kernel.outbox import Claim

_SUFFIX = ".page"


@dataclass(slots=True)
class Left:
    """What a dispatcher left behind that is no more."""

    path: Path
    # Outcomes it knew: properties of "Message Handed Over".
    ended: list[dict[str, Any]] = field(default_factory=list)
    # Begun, and nothing known.
    doubtful: list[Claim] = field(default_factory=list)
    # Certainly not begun.
    untouched: list[Claim] = field(default_factory=list)


class Page:
    """The open page of one group. Its lock tells others that its writer is alive."""

    def __init__(self, path: Path, group: Sequence[Claim]) -> None:
        """Raises OSError when it cannot be written."""
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self._write(json.dumps({"boot": _boot(), "group": group}))
        except BaseException:
            self.remove()
            raise

    def begin(self, taken: Claim) -> None:
        """From here on it may be with the person. Raises OSError: then it must not be handed over."""
        self._write(f'["begun",{taken.id},{taken.attempts}]')

    def end(self, properties: dict[str, Any]) -> None:
        """What became of it. Raises OSError: then a crash would leave it in doubt."""
        self._write(json.dumps(["ended", properties]))

    def remove(self) -> None:
        """Everything it says is recorded, or was never true."""
        self.path.unlink(missing_ok=True)
        self.abandon()

    def abandon(self) -> None:
        """Let go of it as a killed process does."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, line: str) -> None:
        whole = f"{line}\n".encode()
        if os.write(self._file, whole) != len(whole):
            raise OSError("the disk took only half a line")


class Journal:
    """The pages of one dispatcher: that of the group under way, and that of the next until it is committed."""

    is_kept = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._page: Page | None = None
        self._next: Page | None = None

    def open(self, group: Sequence[Claim]) -> None:
        """A page for letters about to be marked. Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._next = Page(self.folder / f"{secrets.token_hex(8)}{_SUFFIX}", group)

    def committed(self) -> None:
        """The group before is recorded, the next one is marked."""
        if self._page:
            self._page.remove()
        self._page, self._next = self._next, None

    def failed(self) -> None:
        """The next group was not marked; or was, if only the answer got lost: then its page, found, says that none was begun."""
        if self._next:
            self._next.abandon()
        self._next = None

    def begin(self, taken: Claim) -> None:
        """Before each letter. Raises OSError: then it must not be handed over."""
        assert self._page is not None, "no group is open"
        self._page.begin(taken)

    def end(self, properties: dict[str, Any]) -> None:
        """After each letter. Raises OSError: then a crash would leave it in doubt."""
        assert self._page is not None, "no group is open"
        self._page.end(properties)

    def abandon(self) -> None:
        """Let go of everything, as a killed process does."""
        for page in (self._page, self._next):
            if page:
                page.abandon()

    @contextlib.contextmanager
    def left(self) -> Iterator[list[Left]]:
        """The pages of the dead, held against others meanwhile; removed at the end unless it raised."""
        held: list[int] = []
        try:
            found = [one for path in sorted(self.folder.glob(f"*{_SUFFIX}")) if (one := _take(path, held))]
            yield found
            for one in found:
                one.path.unlink(missing_ok=True)
        finally:
            for file in held:
                os.close(file)


class NoJournal(Journal):
    """For channels where doing it again does no harm, and nothing is ever in doubt."""

    is_kept = False

    def __init__(self) -> None:
        super().__init__(Path())

    def open(self, group: Sequence[Claim]) -> None:
        """Nothing is written."""

    def begin(self, taken: Claim) -> None:
        """Nothing is written."""

    def end(self, properties: dict[str, Any]) -> None:
        """Nothing is written."""

    @contextlib.contextmanager
    def left(self) -> Iterator[list[Left]]:
        """Nothing is found."""
        yield []


def _take(path: Path, held: list[int]) -> Left | None:
    """Lock and read a page; None if its writer lives, or somebody else is at it."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    held.append(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    # Between opening and locking its writer may have removed it: then all of it is recorded.
    return read(path) if path.exists() else None


def read(path: Path) -> Left:
    """What a page says. A line that is not whole was being written when all ended: it counts as not written."""
    left, begun, ended = Left(path), set[Claim](), set[Claim]()
    head, *lines = _lines(path.read_bytes()) or [{}]
    for kind, *rest in lines:
        if kind == "begun":
            begun.add(Claim(*rest))
        else:
            left.ended.append(rest[0])
            ended.add(Claim(rest[0]["message"], rest[0]["attempt"]))
    left.doubtful = sorted(begun - ended)
    if head.get("boot") == _boot():
        left.untouched = sorted({Claim(*one) for one in head["group"]} - begun - ended)
    return left


def _lines(content: bytes) -> list[Any]:
    found = []
    for line in content.split(b"\n")[:-1]:
        try:
            found.append(json.loads(line))
        except ValueError:
            # Holes, as a power cut leaves them: nothing behind one is believed.
            break
    return found


@cache
def _boot() -> str:
    """This start of the machine. Where it cannot be told, every page counts as one of an earlier start."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return secrets.token_hex(8)
