"""A copy of an installation on SQLite while it runs: both files as of one moment, and the secret.

The inbox is held still for the milliseconds in which both snapshots begin. Otherwise a row could be consumed and
trimmed between the two copies and be in neither, or the copied cursor could stand above the copied inbox.
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from passaparola.kernel.errors import Refusal

MAIN, INBOX = "main.sqlite3", "inbox.sqlite3"
# What else an installation cannot do without: links ever sent are signed with the secret.
ALONG = ("secret", "passaparola.env")
_PAGES_A_STEP = 2_000
_WAIT_SECONDS = 20.0


class NotEmpty(Refusal):
    """The folder {folder} already holds a copy: name a new one."""

    code = "backup_not_empty"


class NothingThere(Refusal):
    """There is no installation on SQLite in {folder}."""

    code = "backup_nothing"


def copy(*, folder: Path, into: Path) -> list[Path]:
    """Copy the installation in `folder` to `into`; the files written. Raises NotEmpty or NothingThere.

    A copy is whole or not there: each file is written under another name and renamed when it is complete.
    """
    if not (folder / MAIN).exists() or not (folder / INBOX).exists():
        raise NothingThere(folder=folder)
    if (into / MAIN).exists() or (into / INBOX).exists():
        raise NotEmpty(folder=into)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _still(folder) as (main, inbox):
        written = [_write(main, into / MAIN), _write(inbox, into / INBOX)]
    for name in ALONG:
        if (folder / name).exists():
            shutil.copy2(folder / name, into / name)
            written.append(into / name)
    return written


@contextlib.contextmanager
def _still(folder: Path) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    """Readers of both files whose snapshots are of the same moment."""
    with (
        closing(_open(folder / INBOX)) as holder,
        closing(_open(folder / MAIN)) as main,
        closing(_open(folder / INBOX)) as inbox,
    ):
        holder.execute("BEGIN IMMEDIATE")
        for reader in (main, inbox):
            # In WAL mode a snapshot begins with the first read.
            reader.execute("BEGIN")
            reader.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        holder.execute("COMMIT")
        yield main, inbox


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)


def _write(reader: sqlite3.Connection, target: Path) -> Path:
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(part, isolation_level=None)) as copied:
        reader.backup(copied, pages=_PAGES_A_STEP)
        found = copied.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
    part.chmod(0o600)
    part.replace(target)
    return target
