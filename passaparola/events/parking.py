"""What could not be taken is kept aside, whole, until it is mended or somebody it names asks to be forgotten.

Each word of it that may be a name leaves a mark (64 bits of a hash), so that an erasure finds what names her by an index,
however much is parked. The marks go with the content. Of a forgotten name remains a keyed hash, as of a suppressed
address: what comes later under it and cannot be taken is not kept, unless somebody has that name again.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from passaparola.events import telling
from passaparola.events.intake import Rejected
from passaparola.events.models import ForgottenName, Parked, ParkedName
from passaparola.kernel import database, signing
from passaparola.kernel.batch import Batch

# The mark of an item with more words than are marked: an erasure reads it itself.
_LONG = 0


def park(items: Sequence[Rejected]) -> None:
    """Keep these aside, in the caller's transaction, after everything else of it was written."""
    if not items:
        return
    batch, anybody = Batch(0), bool(database.rows("SELECT 1 FROM forgotten_name LIMIT 1"))
    for item in items:
        words, whole = telling.words(item.body)
        erased = anybody and _is_forgotten(words)
        row = batch.table(Parked).add(
            received_at=item.received_at, source=item.source, reason=item.reason[:60], position=item.position,
            detail="" if erased else item.detail[:500], body=b"" if erased else item.body,
            erased_at=item.received_at if erased else None, resolved_at=item.received_at if erased else None,
        )  # fmt: skip
        for number in sorted(marks(words, whole=whole)) if not erased else ():
            batch.table(ParkedName).add(parked_id=row["id"], mark=number)
    batch.write()


def marks(words: Iterable[str], *, whole: bool = True) -> set[int]:
    """By which numbers an item with these words is found."""
    found = {_number(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()) for word in words}
    return found if whole else found | {_LONG}


def _is_forgotten(words: Iterable[str]) -> bool:
    sql = f"SELECT 1 FROM forgotten_name WHERE {database.any_of('mark')} LIMIT 1"
    return bool(database.rows(sql, [sorted(keyed(words))]))


def keyed(words: Iterable[str]) -> set[int]:
    """What remains of forgotten names: hashes that only this installation can make."""
    return {_keyed(word) for word in words}


def _keyed(word: str) -> int:
    return _number(signing.mac(settings.SECRET_KEY.encode(), b"forgotten:", word.encode("utf-8", "surrogatepass"))[:8])


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "big", signed=True)


def erase(names: Sequence[str], at: datetime) -> None:
    """Blank the content of every parked item that one of these names is in; that it was there, and why, stays."""
    words = {form for name in names for form in telling.forms(name)}
    if not words:
        return
    found = f"SELECT parked_id FROM parked_name WHERE {database.any_of('mark')}"
    numbers = sorted(marks(words))
    long = _long_ones(telling.Names(names))
    for ids, values in ((found, [numbers]), (None, [long])):
        condition = f"id IN ({ids})" if ids else database.any_of("id")
        database.run(
            f"UPDATE parked SET body = ?, detail = '', erased_at = ?, resolved_at = COALESCE(resolved_at, ?) WHERE {condition}",
            [b"", at, at, *values],
        )
        condition = f"parked_id IN ({ids})" if ids else database.any_of("parked_id")
        database.run(f"DELETE FROM parked_name WHERE {condition}", values)


def _long_ones(names: telling.Names) -> list[int]:
    """Items with more words than are marked, that hold one of these: each is read, one at a time."""
    return [
        number
        for (number,) in database.rows("SELECT parked_id FROM parked_name WHERE mark = ?", [_LONG])
        if telling.holds(bytes(database.rows("SELECT body FROM parked WHERE id = ?", [number])[0][0]), names)
    ]


class Forgotten:
    """In the batch in the place of the table of forgotten names: who was forgotten, and which names are somebody's again."""

    # Comes and goes in one write: nothing has to make room for it.
    gone = ()

    def __init__(self) -> None:
        # When each was forgotten; None: it is somebody's again.
        self._names: dict[str, datetime | None] = {}

    @classmethod
    def of(cls, batch: Batch) -> "Forgotten":
        """A new one, written with the batch."""
        made = cls()
        batch.keep(ForgottenName, made)
        return made

    def forget(self, name: str, at: datetime) -> None:
        """Nobody is called so any more."""
        self._names[name] = at

    def revive(self, name: str) -> None:
        """Somebody is called so."""
        self._names[name] = None

    def erase(self) -> None:
        """Done by `write`."""

    def write(self) -> None:
        """The difference. Where nobody was ever forgotten, names that come cost one look a batch."""
        gone = {_keyed(form): at for name, at in self._names.items() if at for form in telling.forms(name)}
        come = {form for name, at in self._names.items() if at is None for form in telling.forms(name)}
        if come and database.rows("SELECT 1 FROM forgotten_name LIMIT 1"):
            database.run(f"DELETE FROM forgotten_name WHERE {database.any_of('mark')}", [sorted(keyed(come))])
        rows: list[dict[str, Any]] = [{"mark": number, "at": gone[number]} for number in sorted(gone)]
        database.add_missing(ForgottenName, rows)
