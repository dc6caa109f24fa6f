"""An import step by step: received, looked at, described, checked, begun, stopped. The console's pages and the importer call this.

States: looking → ready ⇄ checking → running → done (or stopping → stopped → running, or failed). What is small is done
at once; the rest by a process of its own (work.py), which the supervisor starts while there is something to do.
"""

import contextlib
import json
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.utils import timezone

from passaparola.doors.imports import actions, convert, files, headings, lookup, prepare, preview, suggest
from passaparola.doors.imports import mapping as mappings
from passaparola.doors.imports.inbox import Front
from passaparola.doors.imports.mapping import Mapping
from passaparola.doors.imports.source import survey
from passaparola.doors.imports.suggest import Looked
from passaparola.doors.imports.summary import Summary
from passaparola.events.models import Event
from passaparola.kernel import database
from passaparola.kernel.errors import Refusal
from passaparola.kernel.models import FileImport

# What is smaller is looked at, and added up in a dry run, while one waits for the page.
AT_ONCE_BYTES_MAX = 4 << 20
CHECK_AT_ONCE_BYTES_MAX = 1 << 20
ATTEMPTS_MAX = 5
# How often a running import says how far it is, and looks whether it is to stop.
TELL_SECONDS = 1.0
BUSY = ("looking", "checking", "running", "stopping", "undoing")


class NotNow(Refusal):
    """This import is at another step now: look at its page again."""

    code, status = "not_now", 409


# --- receive and look -----------------------------------------------------------------------------


def receive(path: Path, label: str, *, actor: str) -> FileImport:
    """Take over a file that was sent. Small ones are looked at here, large ones by the importer."""
    row = FileImport.objects.create(
        label=label[:200], size_bytes=path.stat().st_size, state="looking", actor=actor, created_at=timezone.now()
    )
    files.home(row).mkdir(parents=True, exist_ok=True)
    shutil.move(path, files.original(row))
    if row.size_bytes <= AT_ONCE_BYTES_MAX:
        look(row)
    else:
        wake()
    return row


def look(row: FileImport) -> None:
    """First pass over the whole file; a mapping remembered for its shape, or one recognised."""
    try:
        _convert(row)
        found = survey(
            files.text(row), lambda size: _advance(row, size), bytes_max=settings.UNPACKED_BYTES_MAX
        )
        row.survey = {
            "bytes": found.size_bytes, "lines": found.lines, "sha256": found.sha256, "encoding": found.encoding,
        }  # fmt: skip
        looked = suggest.suggest(files.text(row), found, files.business())
        row.heading = looked.heading
        _describe(row, remembered(row, looked) or looked)
    except Refusal as refusal:
        _fail(row, refusal)
        return
    row.state, row.done_bytes, row.failure, row.attempts = "ready", 0, {}, 0
    row.save()


def _convert(row: FileImport) -> None:
    sheet = row.mapping.get("format", {}).get("sheet")
    made = convert.as_text(
        files.original(row), files.home(row), sheet=sheet, bytes_max=settings.UNPACKED_BYTES_MAX
    )
    if made != files.original(row):
        made.replace(files.home(row) / "text")


def _advance(row: FileImport, size: int) -> None:
    before, row.done_bytes = row.done_bytes, row.done_bytes + size
    if row.done_bytes >> 26 != before >> 26:
        # Every 64 MB, so that one sees it move.
        FileImport.objects.filter(pk=row.pk).update(done_bytes=row.done_bytes)


def remembered(row: FileImport, looked: Looked) -> Looked | None:
    """How the last file of the same shape was read, with this file's own delimiter, encoding and doubtless dates."""
    before = FileImport.objects.filter(heading=row.heading, started_at__isnull=False).exclude(pk=row.pk)
    # How a file was read that had to be taken back is no example.
    last = before.exclude(state__in=("undoing", "undone")).order_by("-id").first()
    if not row.heading or last is None:
        return None
    kept = mapping_of(last)
    here = looked.mapping.format
    form = msgspec.structs.replace(
        kept.format, delimiter=here.delimiter, encoding=here.encoding, header=here.header, sheet=here.sheet,
        dates=here.dates or kept.format.dates, decimal=here.decimal or kept.format.decimal,
    )  # fmt: skip
    row.source, row.survey["like"] = last.source, last.pk
    return Looked(msgspec.structs.replace(kept, format=form), looked.names, looked.rows)


def _describe(row: FileImport, looked: Looked) -> None:
    row.mapping = msgspec.to_builtins(looked.mapping)


def mapping_of(row: FileImport) -> Mapping:
    """How the file is to be read."""
    return mappings.read(json.dumps(row.mapping).encode(), path=row.label)


def looked_at(row: FileImport) -> Looked:
    """The columns and first rows under the mapping of now. Raises a Refusal."""
    kept = mapping_of(row)
    found = suggest.split(files.text(row), files.survey(row), kept.format)
    return Looked(kept, found.names, found.rows, found.is_json)


# --- describe -------------------------------------------------------------------------------------


def choose(row: FileImport, wanted: Mapping, **columns: Any) -> None:
    """Read the file like this from now on. Raises NotNow while it is at work."""
    if row.state not in ("ready", "stopped", "failed"):
        raise NotNow()
    sheet_before = row.mapping.get("format", {}).get("sheet")
    row.mapping = msgspec.to_builtins(wanted)
    for name, value in columns.items():
        setattr(row, name, value)
    if wanted.format.sheet != sheet_before and row.state == "ready":
        (files.home(row) / "text").unlink(missing_ok=True)
        look(row)
        return
    row.save()


def attach(row: FileImport, path: Path, name: str) -> None:
    """Take over a second file, with more about the products; what its columns mean is chosen afterwards."""
    if row.state != "ready":
        raise NotNow()
    files.lists().mkdir(parents=True, exist_ok=True)
    kept = files.lists() / f"{row.pk}-{timezone.now():%Y%m%d%H%M%S}"
    shutil.move(path, kept)
    heads = [head.strip() for head in lookup.heading(kept, files.home(row), bytes_max=settings.UNPACKED_BYTES_MAX)]
    joins = next((head for head in heads if headings.means("product", head)), heads[0] if heads else "")
    fills: dict[str, str] = {}
    for field in ("product_name", "category"):
        if found := next((head for head in heads if headings.means(field, head) and head not in fills.values()), None):
            fills[field] = found
    (files.home(row) / "checked.csv").unlink(missing_ok=True)
    row.mapping["lookup"] = {"file": kept.name, "on": joins, "by": "product", "columns": fills}
    row.survey = {**row.survey, "list": {"name": name[:200], "columns": heads}}
    row.save()


def look_up(row: FileImport, wanted: Mapping) -> Callable[[str], dict[str, str]] | None:
    """The second file as a question by key, None without one. Raises WrongLookup."""
    if wanted.lookup is None:
        return None
    path = files.lists() / Path(wanted.lookup.file).name
    store = files.home(row) / f"list-{preview.digest(wanted.lookup)}"
    return lookup.look_up(wanted.lookup, path, store, bytes_max=settings.UNPACKED_BYTES_MAX)


def plan_of(row: FileImport) -> prepare.Plan:
    """How the file will be read. Raises a Refusal that says what is missing."""
    wanted = mapping_of(row)
    return prepare.plan(files.text(row), files.survey(row), wanted, None, files.business(), look_up(row, wanted))


# --- check and run --------------------------------------------------------------------------------


def check(row: FileImport) -> None:
    """Add everything up without importing: at once if the file is small, else by the importer. Raises a Refusal."""
    if row.state not in ("ready", "stopped", "failed", "checking"):
        raise NotNow()
    plan_of(row)
    if row.state != "checking" and row.survey["bytes"] > CHECK_AT_ONCE_BYTES_MAX:
        row.state, row.done_bytes, row.failure, row.attempts = "checking", 0, {}, 0
        row.save()
        wake()
        return
    files.checked(row).unlink(missing_ok=True)
    summary = importer(row, dry_run=True).run()
    row.checked = {"mapping": said(row), "summary": summary.kept()}
    row.state, row.done_bytes = "ready", 0
    # Not the mapping: somebody may have chosen something else meanwhile.
    row.save(update_fields=["checked", "state", "done_bytes"])


def said(row: FileImport) -> str:
    """What the dry run depends on."""
    return preview.digest([row.mapping, row.source, row.live_from])


def is_checked(row: FileImport) -> bool:
    """Whether the totals of the dry run are those of the mapping of now."""
    return bool(row.checked) and row.checked["mapping"] == said(row)


def start(row: FileImport) -> None:
    """Begin, or go on where it stopped. Raises a Refusal."""
    if row.state not in ("ready", "stopped", "failed"):
        raise NotNow()
    plan_of(row)
    row.state, row.failure, row.attempts = "running", {}, 0
    if row.started_at is None:
        row.started_at, row.first_event = timezone.now(), database.highest(Event)
    row.save()
    wake()


def stop(row: FileImport) -> None:
    """Ask it to stop after the step it is at. Raises NotNow."""
    if row.state == "running" and not files.home(row).exists():
        # Begun at the command line and gone: nobody would hear.
        row.state = "stopped"
        row.save()
        return
    if not FileImport.objects.filter(pk=row.pk, state="running").update(state="stopping"):
        raise NotNow()


def discard(row: FileImport) -> None:
    """Throw away a file of which nothing was imported. Raises NotNow."""
    if row.started_at is not None or row.state in ("looking", "checking"):
        raise NotNow()
    files.drop(row, keep_rejected=False)
    row.delete()


def run(row: FileImport) -> None:
    """The import itself, from where it was. What came of it stands in the row; a Refusal too."""
    try:
        made = importer(row)
        try:
            row.summary = made.run().kept()
        except actions.Stopped:
            keep(row, state="stopped", summary=made.summary.kept())
            return
    except Refusal as refusal:
        _fail(row, refusal)
        return
    Front().settle()
    row.last_event = database.highest(Event)
    row.fresh_events = brought(row)
    keep(row, state="done", finished_at=timezone.now(), failure={}, done_bytes=row.survey["bytes"])
    files.drop(row, keep_rejected=True)


def importer(row: FileImport, *, dry_run: bool = False) -> actions.Importer:
    """The walk through the file, telling the row how far it is. Raises a Refusal."""
    wanted = mapping_of(row)
    job = actions.Job(
        path=files.text(row),
        label=row.label,
        mapping=wanted,
        source=row.source,
        live_from=actions.live_from(row.live_from, prepare.zone(wanted.format.time_zone or settings.BUSINESS_TIME_ZONE))
        if row.live_from
        else None,
        rejected=files.checked(row) if dry_run else files.rejected(row),
        dry_run=dry_run,
        number=row.pk,
        lookup=files.lists() / Path(wanted.lookup.file).name if wanted.lookup else None,
        bytes_max=settings.UNPACKED_BYTES_MAX,
    )

    told_at = 0.0

    def stopped(summary: Summary, offset: int) -> bool:
        nonlocal told_at
        if time.monotonic() - told_at < TELL_SECONDS:
            return False
        told_at = time.monotonic()
        state = FileImport.objects.filter(pk=row.pk).values_list("state", flat=True).first()
        now = {"done_bytes": offset} if dry_run else {"done_bytes": offset, "summary": summary.kept()}
        # The corridor writes without a pause now: wait for our turn as it does.
        with database.turn():
            FileImport.objects.filter(pk=row.pk).update(**now)
        row.done_bytes = offset
        return state in ("stopping", "undoing", None)

    return actions.Importer(job, door=Front(), business=files.business(), folder=files.home(row), stopped=stopped)


def brought(row: FileImport) -> int:
    """How many events of the log came with this import: those it said first."""
    sql = "SELECT COUNT(*) FROM event WHERE id > ? AND id <= ? AND import_id = ?"
    return int(database.rows(sql, [row.first_event, row.last_event, row.pk])[0][0])


def _fail(row: FileImport, refusal: Refusal) -> None:
    keep(row, state="failed", failure={"code": refusal.code, "sentence": refusal.message})


def keep(row: FileImport, *, state: str, **values: Any) -> None:
    """Write the row down; but who takes it back meanwhile is not overruled."""
    for name, value in {**values, "state": state}.items():
        setattr(row, name, value)
    with database.turn():
        if FileImport.objects.filter(pk=row.pk, state="undoing").exists():
            row.state = "undoing"
        row.save()


# --- the importer's alarm clock -------------------------------------------------------------------


def flag() -> Path:
    """While this file is there, the supervisor keeps an importer running."""
    return files.folder() / "wanted"


def wake() -> None:
    """There is something to do."""
    files.folder().mkdir(parents=True, exist_ok=True)
    flag().write_text(datetime.now(UTC).isoformat())


def rest() -> None:
    """There is nothing left to do."""
    with contextlib.suppress(FileNotFoundError):
        flag().unlink()
