"""Order-independent digests of everything derived, by natural keys, so that two stores can be compared.

A row is written as JSON of names that mean the same in both stores (uids, keys, codes; ids of events are the log's own
numbers), hashed, and added to one of 256 sums of its table. Sums that agree mean tables that agree; where they do not,
the rows of that part are read again and named. What belongs to the moment and not to the log is left out: leases,
attempts, which process has a message in hand.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from passaparola.kernel import database

PARTS = 256
_SPACE = 2**128
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What of a table counts: a statement whose first `keys` columns say which row it is.

    times, json, flags: positions of columns to be read as such. Rows whose column `who` (a person's number) is of
    somebody forgotten are left out: what they once gave us is gone from the log too (docs/howto/prove-and-replay.md).
    """

    name: str
    sql: str
    keys: int = 1
    times: tuple[int, ...] = ()
    json: tuple[int, ...] = ()
    flags: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """Number of rows and the 256 sums of a table."""

    rows: int
    parts: tuple[int, ...]

    def __str__(self) -> str:
        return hashlib.blake2b(repr(self.parts).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is in one store only, or not the same in both. No personal data: natural keys and other columns'
    hashes only."""

    table: str
    key: str
    live: str
    replayed: str

    def __str__(self) -> str:
        return f"{self.table} {self.key}: live {self.live}, replayed {self.replayed}."


def digest(table: Table, alias: str) -> Digest:
    """The digest of a table in the store `alias`."""
    parts, count = [0] * PARTS, 0
    for key, mark in _marks(table, alias):
        parts[_part(key)] = (parts[_part(key)] + int.from_bytes(mark, "big")) % _SPACE
        count += 1
    return Digest(count, tuple(parts))


def differences(table: Table, one: Digest, other: Digest, live: str, replayed: str, most: int) -> Iterator[Difference]:
    """At most `most` rows that make two digests differ, named by their keys."""
    wanted = {n for n in range(PARTS) if one.parts[n] != other.parts[n]}
    found = [{key: mark for key, mark in _marks(table, alias) if _part(key) in wanted} for alias in (live, replayed)]
    different = [key for key in sorted({*found[0], *found[1]}) if found[0].get(key) != found[1].get(key)]
    for key in different[:most]:
        said = [side[key].hex()[:8] if key in side else "none" for side in found]
        yield Difference(table.name, key, *said)


def _part(key: str) -> int:
    return hashlib.blake2b(key.encode(), digest_size=1).digest()[0]


def _marks(table: Table, alias: str) -> Iterator[tuple[str, bytes]]:
    """Key and hash of each row."""
    readers: dict[int, Callable[[Any], Any]] = {
        **dict.fromkeys(table.times, _time), **dict.fromkeys(table.json, _json), **dict.fromkeys(table.flags, bool)
    }  # fmt: skip
    for row in database.stream(table.sql, alias=alias):
        values = [readers[n](value) if n in readers and value is not None else value for n, value in enumerate(row)]
        text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=_plain)
        key = " ".join(str(_plain(value)) for value in values[: table.keys])
        yield key, hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _time(value: Any) -> str:
    return database.as_time(value).isoformat()


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, (str, bytes)) else value


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return value.isoformat() if isinstance(value, (date, datetime)) else value
