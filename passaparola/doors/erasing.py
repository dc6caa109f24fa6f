"""Files of ours that name somebody forgotten: rejected rows, segments handed on as files, the mails of the local sink.

A job of each erasure, run by the dispatcher's process beside everything else. It knows her names only as the keyed hashes
that remain of them (events/parking.py). Files elsewhere, and a file that waits to be imported, are their owner's.
"""

import csv
import email
import os
from collections.abc import Iterator
from datetime import datetime
from email import policy
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from passaparola.doors import syncs
from passaparola.doors.imports import files
from passaparola.events import parking, telling
from passaparola.kernel import database, log, outbox
from passaparola.kernel.models import FileImport
from passaparola.people.actions.merging import ERASE

# While an import is at it, its file of rejected rows is being written: later.
_BUSY = ("checking", "running", "stopping", "undoing")
_LEASE_SECONDS, _TRIES_MAX = 900.0, 12
_FIELD_CHARACTERS_MAX = 64 * 1024 * 1024


def once(now: datetime) -> bool:
    """Take one job and run it. Whether there was one."""
    if not outbox.is_any_due(outbox.JOBS, (ERASE,), now=now):
        return False
    taken = outbox.claim_jobs((ERASE,), limit=1, lease_seconds=_LEASE_SECONDS, now=now)
    for claim, job in taken:
        last = claim.attempts >= _TRIES_MAX
        problem = erase(set(job["payload"]["marks"]), wait=not last)  # type: ignore[index, call-overload]
        if problem and last:
            log.get().error("erasing.left", job=claim.id, problem=problem)
        if problem and not last:
            outbox.try_job_again(claim, due_at=now + outbox.back_off(claim.attempts), failure=problem)
        elif outbox.finish_job(claim, now=now):
            with outbox.short_transaction():
                database.run("UPDATE job SET payload = '{}' WHERE id = ?", [claim.id])
    return bool(taken)


def erase(marks: set[int], *, wait: bool = True) -> str:
    """Take every row and mail that holds one of the names out of our files; what stood in the way, if anything did.

    wait: leave the rejected rows alone while an import may be writing them. One that died stands as running for ever.
    """
    busy = wait and FileImport.objects.filter(state__in=_BUSY).exists()
    problem = "import_under_way" if busy else ""
    for path in sorted(_tables(busy=busy)):
        try:
            _without(path, marks)
        except (OSError, UnicodeDecodeError, csv.Error) as trouble:
            problem = type(trouble).__name__
    for path in _mails():
        if not marks.isdisjoint(_names_in(path)):
            path.unlink(missing_ok=True)
    return problem


def _tables(*, busy: bool) -> Iterator[Path]:
    yield from syncs.folder().glob("*.csv")
    if not busy:
        yield from files.folder().glob("*.rejected.csv")
        for name in ("rejected.csv", "checked.csv"):
            yield from files.folder().glob(f"*/{name}")


def _mails() -> Iterator[Path]:
    where = urlsplit(settings.MAIL_URL)
    if where.scheme == "file":
        yield from Path(where.path).glob("*.eml")


def _without(path: Path, marks: set[int]) -> None:
    """Write the file anew without her rows; it is whole or as it was. A file that does not name her is left alone."""
    spare, gone = path.with_name(f".{path.name}.erasing"), 0
    csv.field_size_limit(_FIELD_CHARACTERS_MAX)
    try:
        with path.open(newline="", encoding="utf-8") as old, spare.open("w", newline="", encoding="utf-8") as new:
            out = csv.writer(new)
            for number, row in enumerate(csv.reader(old)):
                if number and not marks.isdisjoint(parking.keyed(_forms(row))):
                    gone += 1
                else:
                    out.writerow(row)
            new.flush()
            os.fsync(new.fileno())
        if gone:
            spare.replace(path)
    finally:
        spare.unlink(missing_ok=True)


def _forms(cells: list[str]) -> set[str]:
    """Of a cell that holds several names, each."""
    return {form for cell in cells for part in {cell, *cell.split(";"), *cell.split()} for form in telling.forms(part)}


def _names_in(path: Path) -> set[int]:
    """The hashes of whatever a mail says in its head and its texts."""
    try:
        mail = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    except FileNotFoundError:
        return set()
    texts = [str(value) for _, value in mail.items()]
    texts += [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return parking.keyed({form for text in texts for form in telling.forms(text)})
