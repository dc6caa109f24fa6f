"""Where the files to import lie, what is known of each, and what this installation assumes where a file does not say."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

from passaparola.doors.imports.prepare import Business
from passaparola.doors.imports.source import Survey, open_bytes
from passaparola.kernel.models import FileImport

_HEAD_BYTES = 1 << 20


def folder() -> Path:
    """Of all imports: progress and rejected rows of the command line lie here, each file of the console in its own."""
    return Path(settings.DATA_DIR) / "imports"


def home(row: FileImport) -> Path:
    """The folder of one import."""
    return folder() / str(row.pk)


def original(row: FileImport) -> Path:
    """The file as it was sent."""
    return home(row) / "file"


def text(row: FileImport) -> Path:
    """What is read: the file itself, or what a workbook or Parquet file was written out to."""
    converted = home(row) / "text"
    return converted if converted.exists() else original(row)


def rejected(row: FileImport) -> Path:
    """The rows that were not taken, each with its reason."""
    return home(row) / "rejected.csv"


def checked(row: FileImport) -> Path:
    """The rows that the last dry run would not have taken."""
    return home(row) / "checked.csv"


def lists() -> Path:
    """Second files (products and the like), kept for the next file of the same shape."""
    return folder() / "lists"


def survey(row: FileImport) -> Survey:
    """What the first pass told, with the file's beginning read again."""
    with open_bytes(text(row)) as stream:
        head = stream.read(_HEAD_BYTES)
    told = row.survey
    return Survey(told["bytes"], told["lines"], told["sha256"], told["encoding"], head)


def drop(row: FileImport, *, keep_rejected: bool) -> None:
    """Remove the file itself: what it said is in the log. Rejected rows may stay to be mended."""
    if not keep_rejected:
        shutil.rmtree(home(row), ignore_errors=True)
        return
    for path in home(row).glob("*"):
        if path != rejected(row):
            path.unlink(missing_ok=True)


def forget(row: FileImport) -> None:
    """Remove all that is kept of an import: its file, its rejected rows, and how far it had come."""
    drop(row, keep_rejected=False)
    if name := row.survey.get("progress"):
        for suffix in ("", "-wal", "-shm"):
            (folder() / f"{Path(name).name}{suffix}").unlink(missing_ok=True)


def business() -> Business:
    """What is assumed where the file does not say."""
    return Business(
        currency=settings.CURRENCY,
        time_zone=settings.BUSINESS_TIME_ZONE,
        earliest_year=settings.EARLIEST_YEAR,
        latest=datetime.now(UTC) + timedelta(seconds=settings.FUTURE_SECONDS_MAX),
    )
