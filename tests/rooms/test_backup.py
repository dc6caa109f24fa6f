"""A copy made while the house is at work holds every event exactly once: consumed in main, or waiting in the inbox."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from passaparola.kernel import backup


def _house(folder: Path) -> None:
    with closing(sqlite3.connect(folder / backup.MAIN)) as main:
        main.executescript(
            "PRAGMA journal_mode=WAL; CREATE TABLE event (id INTEGER PRIMARY KEY); CREATE TABLE cursor (at);"
        )
        main.execute("INSERT INTO cursor VALUES (0)")
        main.commit()
    with closing(sqlite3.connect(folder / backup.INBOX)) as inbox:
        inbox.executescript("PRAGMA journal_mode=WAL; CREATE TABLE inbox (id INTEGER PRIMARY KEY AUTOINCREMENT);")
    (folder / "secret").write_text("s")


class Work(threading.Thread):
    """Accepts, consumes and trims as fast as it can, as edge and worker do."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.end = folder, threading.Event()

    def run(self) -> None:
        main = sqlite3.connect(self.folder / backup.MAIN, timeout=20)
        inbox = sqlite3.connect(self.folder / backup.INBOX, timeout=20)
        while not self.end.is_set():
            inbox.execute("INSERT INTO inbox DEFAULT VALUES")
            inbox.execute("INSERT INTO inbox DEFAULT VALUES")
            inbox.commit()
            last = inbox.execute("SELECT MAX(id) FROM inbox").fetchone()[0]
            at = main.execute("SELECT at FROM cursor").fetchone()[0]
            main.executemany("INSERT INTO event VALUES (?)", [(number,) for number in range(at + 1, last)])
            main.execute("UPDATE cursor SET at = ?", [last - 1])
            main.commit()
            inbox.execute("DELETE FROM inbox WHERE id <= ?", [last - 1])
            inbox.commit()
        main.close()
        inbox.close()


@pytest.mark.django_db(databases=[])
def test_nothing_is_lost_or_doubled_in_a_copy(tmp_path: Path) -> None:
    live = tmp_path / "live"
    live.mkdir()
    _house(live)
    work = Work(live)
    work.start()
    try:
        for number in range(12):
            copy = tmp_path / f"copy{number}"
            backup.copy(folder=live, into=copy)
            with (
                closing(sqlite3.connect(copy / backup.MAIN)) as main,
                closing(sqlite3.connect(copy / backup.INBOX)) as inbox,
            ):
                done = [row[0] for row in main.execute("SELECT id FROM event ORDER BY id")]
                cursor = main.execute("SELECT at FROM cursor").fetchone()[0]
                waiting = [row[0] for row in inbox.execute("SELECT id FROM inbox WHERE id > ? ORDER BY id", [cursor])]
                highest = (inbox.execute("SELECT seq FROM sqlite_sequence").fetchone() or [0])[0]
            assert done + waiting == list(range(1, highest + 1))
            assert (copy / "secret").read_text() == "s"
    finally:
        work.end.set()
        work.join()


@pytest.mark.django_db(databases=[])
def test_a_copy_is_never_written_over(tmp_path: Path) -> None:
    _house(tmp_path)
    backup.copy(folder=tmp_path, into=tmp_path / "copy")
    with pytest.raises(backup.NotEmpty):
        backup.copy(folder=tmp_path, into=tmp_path / "copy")
    with pytest.raises(backup.NothingThere):
        backup.copy(folder=tmp_path / "nowhere", into=tmp_path / "copy2")
