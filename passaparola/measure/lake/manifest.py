"""The manifest: which files make up the lake. What it does not name is not there; it changes in one rename."""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from passaparola.kernel.errors import Refusal

NAME = "manifest.json"
# A file that was replaced stays so long for readers that opened the older manifest.
GRACE_SECONDS = 900


class NoLake(Refusal):
    """There is no lake in {folder} yet: “passaparola lake write” makes one."""

    code, status = "no_lake", 404


class Busy(Refusal):
    """Another process is writing the lake in {folder}: wait until it is done."""

    code, status = "lake_busy", 409


class File(msgspec.Struct, frozen=True):
    """A Parquet file of facts. `month` of a file by time, `bucket` of a file by person, neither of one just landed."""

    name: str
    rows: int
    first_event: int
    last_event: int
    # Local days of the first and last fact in it.
    first_day: int
    last_day: int
    month: int | None = None
    bucket: int | None = None


class State(msgspec.Struct, frozen=True):
    """A snapshot of a table of states."""

    name: str
    rows: int
    watermark: int
    taken_us: int


class Manifest(msgspec.Struct):
    """What is in the lake. Every event up to `watermark` is in `time`, every one up to `sealed` also in `people`."""

    version: int = 1
    watermark: int = 0
    # Rings up to this event that took an import back are done here too.
    withdrawn: int = 0
    time: list[File] = []
    sealed: int = 0
    buckets: int = 0
    people: list[File] = []
    # The persons as they stood when the buckets were made: whoever has another root since is read apart.
    sealed_person: str = ""
    states: dict[str, State] = {}
    # How long the last snapshots of all states took.
    states_seconds: float = 0.0
    # Name and moment (seconds since 1970) of files that were replaced.
    retired: dict[str, float] = {}

    @property
    def rows(self) -> int:
        """Facts in the lake."""
        return sum(file.rows for file in self.time)


def folder() -> Path:
    """Where the lake is."""
    from django.conf import settings

    return Path(settings.LAKE_DIR)


def load(at: Path | None = None) -> Manifest:
    """What is in the lake. Raises NoLake."""
    path = (at or folder()) / NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as problem:
        raise NoLake(folder=path.parent) from problem


def save(manifest: Manifest, at: Path) -> None:
    """Make this the lake, all of it or nothing; a crash leaves the one before. Then clear away what nobody reads."""
    now = time.time()
    manifest.retired = {name: since for name, since in manifest.retired.items() if now - since < GRACE_SECONDS}
    part = at / f".{NAME}.{secrets.token_hex(4)}"
    with part.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest)))
        file.flush()
        os.fsync(file.fileno())
    part.replace(at / NAME)
    _sync(at)
    sweep(manifest, at)


def sweep(manifest: Manifest, at: Path) -> None:
    """Remove what neither the manifest nor a reader of the one before knows: also what a crash left behind."""
    known = {NAME, ".lock", *named(manifest), *manifest.retired}
    for path in at.iterdir():
        if path.is_file() and path.name not in known:
            path.unlink(missing_ok=True)


def named(manifest: Manifest) -> set[str]:
    """Every file the manifest names."""
    found = {file.name for file in (*manifest.time, *manifest.people)}
    found |= {state.name for state in manifest.states.values()} | {manifest.sealed_person}
    return found - {""}


def retire(manifest: Manifest, *names: str) -> None:
    """Files that are replaced; they stay a while for who is reading them."""
    manifest.retired.update(dict.fromkeys(filter(None, names), time.time()))


def new_name(kind: str) -> str:
    """A file name nobody has."""
    return f"{kind}-{time.time_ns():x}-{secrets.token_hex(3)}.parquet"


@contextmanager
def writing(*, wait: bool = False) -> Iterator[tuple[Manifest, Path]]:
    """The manifest and folder, as the only writer. Raises Busy at once, unless `wait`."""
    at = folder()
    at.mkdir(parents=True, exist_ok=True)
    with (at / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as problem:
            raise Busy(folder=at) from problem
        manifest = load(at) if (at / NAME).exists() else Manifest()
        sweep(manifest, at)
        yield manifest, at


def _sync(at: Path) -> None:
    descriptor = os.open(at, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
