"""Group commit: nobody is told “stored” who is not; the spool keeps what it said it kept."""

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from passaparola.events.inbox import group as group_module
from passaparola.events.inbox.backlog import SqliteCount
from passaparola.events.inbox.group import Entry, GroupCommit, StoreAway
from passaparola.events.inbox.spool import MEMORY_MAX, Spool, SpoolFull, make_entry


class Store:
    """A store in memory that can be slow, broken or stuck."""

    def __init__(self) -> None:
        self.groups: list[list[Entry]] = []
        self.is_broken = False
        self.go_on = threading.Event()
        self.go_on.set()

    def commit(self, entries: Sequence[Entry]) -> None:
        self.go_on.wait()
        time.sleep(0.002)
        if self.is_broken:
            raise OSError("no space left on device")
        self.groups.append(list(entries))

    @property
    def bodies(self) -> list[bytes]:
        return [entry.body for one in self.groups for entry in one]


def entry(number: int) -> Entry:
    return Entry("v1", "web", "track", str(number).encode())


async def running(store: Store) -> GroupCommit:
    made = GroupCommit(store.commit, name="test")
    made.start(asyncio.get_running_loop())
    return made


def test_what_comes_together_is_committed_together_in_order() -> None:
    store = Store()

    async def main() -> None:
        group = await running(store)
        await asyncio.gather(*(group.put(entry(n)) for n in range(500)))
        await group.stop()
        assert group.waiting_bytes == 0

    asyncio.run(main())
    assert store.bodies == [str(n).encode() for n in range(500)]
    assert len([g for g in store.groups if g]) < 10


def test_a_failed_commit_fails_everybody_in_it_and_those_behind() -> None:
    store = Store()

    async def main() -> None:
        group = await running(store)
        store.is_broken = True
        first = [group.put(entry(n)) for n in range(3)]
        await asyncio.sleep(0.001)
        later = [group.put(entry(n)) for n in range(3, 6)]
        answers = await asyncio.gather(*first, *later, return_exceptions=True)
        assert all(isinstance(answer, StoreAway) for answer in answers)
        assert group.is_away and store.bodies == []
        with pytest.raises(StoreAway):
            await group.put(entry(9))
        store.is_broken = False
        group.probe()
        while group.is_away:
            await asyncio.sleep(0.01)
        await group.put(entry(10))
        await group.stop()

    asyncio.run(main())
    assert store.bodies == [b"10"]


def test_nobody_waits_for_ever_for_a_store_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_module, "STUCK_SECONDS", 0.3)
    store = Store()

    async def main() -> None:
        group = await running(store)
        store.go_on.clear()
        first = group.put(entry(1))
        await asyncio.sleep(0.05)
        second = group.put(entry(2))
        answers = await asyncio.gather(first, second, return_exceptions=True)
        assert all(isinstance(answer, StoreAway) for answer in answers)
        store.go_on.set()
        while group.is_away:
            await asyncio.sleep(0.01)
        await group.put(entry(3))
        await group.stop()
        assert group.waiting_bytes == 0

    asyncio.run(main())
    assert store.bodies == [b"1", b"3"], "what hung was stored after all; what waited behind it was refused and is not"


def click(number: int) -> bytes:
    return json.dumps({"token": str(number)}).encode()


def test_the_spool_gives_back_what_it_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "clicks.spool")
    assert spool.is_empty
    spool.keep([make_entry(click(n)) for n in range(3)])
    spool.keep([make_entry(click(n)) for n in range(3, 1205)])
    spool.remember(click(2000))
    with spool.path.open("ab") as file:
        file.write(b'{"tok')
    assert not Spool(spool.path).is_empty
    taken = [body for step in spool.take() for body in step]
    assert taken == [click(n) for n in (*range(1205), 2000)]
    again = [body for step in spool.take() for body in step]
    assert again == [click(n) for n in range(1205)], "until it is told that they are safe"
    spool.drained()
    assert spool.is_empty


def test_the_spool_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passaparola.events.inbox.spool.FILE_BYTES_MAX", 100)
    spool = Spool(tmp_path / "clicks.spool")
    spool.keep([make_entry(b'{"a":"' + b"x" * 80 + b'"}')])
    with pytest.raises(SpoolFull):
        spool.keep([make_entry(click(1))])
    for number in range(MEMORY_MAX + 5):
        spool.remember(click(number))
    assert len(spool.memory) == MEMORY_MAX and spool.memory[0] == click(5)


def test_a_restored_inbox_gives_out_no_number_twice(tmp_path: Path) -> None:
    """Main's cursor stands at 50 while the inbox, restored from an older copy, would go on from 3."""
    main = sqlite3.connect(tmp_path / "main.sqlite3")
    main.execute("CREATE TABLE cursor (name TEXT PRIMARY KEY, position INTEGER)")
    main.execute("INSERT INTO cursor VALUES ('inbox', 50)")
    main.commit()
    inbox = sqlite3.connect(tmp_path / "inbox.sqlite3", isolation_level=None)
    inbox.execute("CREATE TABLE inbox (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB)")
    count = SqliteCount(tmp_path / "inbox.sqlite3", tmp_path / "main.sqlite3")
    for taken in (0, 2):
        inbox.execute("DELETE FROM sqlite_sequence")
        for _ in range(taken):
            inbox.execute("INSERT INTO inbox (body) VALUES (x'00')")
        assert count().rows == 0
        assert inbox.execute("INSERT INTO inbox (body) VALUES (x'00')").lastrowid == 51
        assert count().rows == 1, "what came after the restore waits for the corridor and is not trimmed"
        assert inbox.execute("SELECT id FROM inbox").fetchall() == [(51,)], "what the corridor had is trimmed"
        inbox.execute("DELETE FROM inbox")
