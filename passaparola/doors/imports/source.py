"""A file as a stream of bytes: plain or gzip, from disk or standard input, surveyed once from end to end."""

import codecs
import gzip
import hashlib
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from passaparola.kernel.errors import Refusal

_BLOCK = 1 << 20
# Bytes that cp1252 leaves undefined: a file that holds one is latin-1 (or no text).
_NOT_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
_FOREIGN = (
    # These two are read, but not from within gzip.
    (b"PK\x03\x04", "an Excel workbook or zip archive"),
    (b"PAR1", "a Parquet file"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of before 2007"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "a SQLite database"),
)


class NoSuchFile(Refusal):
    """There is no file {path}: check the name, or give - to read standard input."""

    code = "no_such_file"


class NotText(Refusal):
    """{path} is {what}: save it as CSV in UTF-8 (or as JSON lines) and import that."""

    code = "not_text"


class BrokenGzip(Refusal):
    """{path} is a damaged gzip file ({detail}): fetch it again; nothing was imported."""

    code = "broken_gzip"


class EmptyFile(Refusal):
    """{path} is empty: nothing to import."""

    code = "empty_file"


class TooLarge(Refusal):
    """{path} unpacks to more than {limit} bytes, which is the most taken: cut it into parts."""

    code, status = "too_large", 413


@dataclass(frozen=True)
class Survey:
    """What one pass over the whole (decompressed) file told."""

    size_bytes: int
    lines: int
    sha256: str
    encoding: str
    head: bytes


def open_bytes(path: Path) -> BinaryIO:
    """The decompressed bytes of `path`, whatever its name says."""
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
    except FileNotFoundError as problem:
        raise NoSuchFile(path=path) from problem
    except OSError as problem:
        raise NotText(path=path, what=f"not readable ({problem.strerror})") from problem
    return gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[return-value]


def spool(folder: Path) -> Path:
    """Standard input copied to a file, because recognising and resuming need to look twice."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "standard-input.spool"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file, _BLOCK)
    return path


def survey(path: Path, advance: Callable[[int], None] = lambda _: None, *, bytes_max: int | None = None) -> Survey:
    """Read everything once: size, lines, digest and encoding. Raises a Refusal for what is no text or beyond the limit."""
    digest, utf8, valid = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), True
    size = lines = 0
    head, last, odd = b"", b"", False
    try:
        with open_bytes(path) as stream:
            while block := stream.read(_BLOCK):
                if not head:
                    head = block
                    _check_foreign(path, head)
                digest.update(block)
                size, lines, last = size + len(block), lines + block.count(b"\n"), block[-1:]
                if bytes_max is not None and size > bytes_max:
                    raise TooLarge(path=path.name, limit=f"{bytes_max:,}")
                if valid:
                    valid = _is_valid(utf8, block)
                if not valid:
                    odd = odd or any(mark in block for mark in _NOT_CP1252)
                advance(len(block))
    except (EOFError, gzip.BadGzipFile, OSError) as problem:
        raise BrokenGzip(path=path, detail=str(problem)) from problem
    if not size:
        raise EmptyFile(path=path)
    valid = valid and _is_valid(utf8, b"", final=True)
    lines += last != b"\n"
    return Survey(size, lines, digest.hexdigest(), _encoding(head, valid, odd), head)


def _check_foreign(path: Path, head: bytes) -> None:
    for mark, what in _FOREIGN:
        if head.startswith(mark):
            raise NotText(path=path, what=what)
    if b"\0" in head:
        raise NotText(path=path, what="binary data")


def _is_valid(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _encoding(head: bytes, utf8: bool, odd: bool) -> str:
    if utf8:
        return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    return "latin-1" if odd else "cp1252"
