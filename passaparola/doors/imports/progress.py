"""What an import has done so far, in one small SQLite file beside the stores: where to go on after a stop.

Position, counts of equal rows, and lines waiting for the rest of their order change in one transaction, *after* their
events were accepted. So a stop at any moment repeats some events, which the log knows already, and skips none.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS seen (digest BLOB PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS basket (id TEXT PRIMARY KEY, first INTEGER NOT NULL, bad INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS named (digest BLOB PRIMARY KEY, said BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS person (digest BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS piece (basket TEXT NOT NULL, line INTEGER NOT NULL, cells TEXT NOT NULL);
"""


class Progress:
    """The state of one import of one file with one mapping."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.store = sqlite3.connect(path, isolation_level=None)
        self.store.execute("PRAGMA journal_mode=WAL")
        self.store.executescript(_TABLES)
        self.store.execute("BEGIN")
        found = self.store.execute("SELECT name, value FROM state").fetchall()
        self.state: dict[str, Any] = {name: json.loads(value) for name, value in found}

    def nth(self, digest: str) -> int:
        """How many equal rows there were, counting this one."""
        row = self.store.execute(
            "INSERT INTO seen VALUES (?, 1) ON CONFLICT (digest) DO UPDATE SET n = n + 1 RETURNING n",
            [bytes.fromhex(digest)],
        ).fetchone()
        return int(row[0])

    def agrees(self, name: str, said: str) -> bool:
        """Whether everything of that name so far said the same."""
        row = self.store.execute(
            "INSERT INTO named VALUES (?, ?) ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest RETURNING said",
            [_digest(name), bytes.fromhex(said)],
        ).fetchone()
        return bool(row[0].hex() == said)

    def met(self, who: str) -> None:
        """Count a person, by id, once."""
        self.store.execute("INSERT INTO person VALUES (?) ON CONFLICT DO NOTHING", [_digest(who)])

    def people(self) -> int:
        """How many different ids were met."""
        return int(self.store.execute("SELECT COUNT(*) FROM person").fetchone()[0])

    def stage(self, basket: str, line: int, cells: list[str]) -> None:
        """Keep a line until its whole order has been read."""
        self.store.execute("INSERT INTO basket (id, first) VALUES (?, ?) ON CONFLICT DO NOTHING", [basket, line])
        # Cells are parted by the control character made for it, which no shop's export holds.
        self.store.execute("INSERT INTO piece VALUES (?, ?, ?)", [basket, line, "\x1f".join(cells)])

    def spoil(self, basket: str, line: int) -> None:
        """An order one of whose lines cannot be read is not taken at all: its total would be wrong."""
        self.store.execute(
            "INSERT INTO basket VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET bad = excluded.bad",
            [basket, line, line],
        )

    def baskets(self, after: int) -> Iterator[tuple[int, int, list[tuple[int, list[str]]]]]:
        """Each order in the sequence of first lines: first line, bad line (0: none), its lines and their cells."""
        self.store.execute("CREATE INDEX IF NOT EXISTS piece_basket ON piece (basket, line)")
        self.store.execute("CREATE INDEX IF NOT EXISTS basket_first ON basket (first)")
        heads = self.store.cursor()
        heads.execute("SELECT id, first, bad FROM basket WHERE first > ? ORDER BY first", [after])
        for basket, first, bad in heads:
            pieces = self.store.execute("SELECT line, cells FROM piece WHERE basket = ? ORDER BY line", [basket])
            yield first, bad, [(line, cells.split("\x1f")) for line, cells in pieces]

    def keep(self, **state: Any) -> None:
        """Make everything since the last time durable, with the new position."""
        self.state.update(state)
        rows = [(name, json.dumps(value)) for name, value in state.items()]
        self.store.executemany(
            "INSERT INTO state VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", rows
        )
        self.store.execute("COMMIT")
        self.store.execute("BEGIN")

    def finish(self, **state: Any) -> None:
        """Note the end and give the space back."""
        self.keep(done=True, **state)
        self.store.execute("COMMIT")
        for table in ("seen", "named", "person", "basket", "piece"):
            self.store.execute(f"DROP TABLE {table}")
        self.store.execute("VACUUM")
        self.store.close()

    def close(self) -> None:
        """Leave it for the next time."""
        self.store.rollback()
        self.store.close()

    def forget(self) -> None:
        """Remove it: the next import starts from the beginning."""
        self.close()
        for name in (
            self.path,
            self.path.with_name(self.path.name + "-wal"),
            self.path.with_name(self.path.name + "-shm"),
        ):
            name.unlink(missing_ok=True)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
