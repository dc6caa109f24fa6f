"""An import of the command line stands in the console's list too, and its events carry its number."""

import dataclasses
import time

import msgspec
from django.utils import timezone

from passaparola.doors.imports import wizard
from passaparola.doors.imports.actions import Importer
from passaparola.doors.imports.summary import Summary
from passaparola.events.models import Event
from passaparola.kernel import database
from passaparola.kernel.models import FileImport

ACTOR = "command line"


def begin(importer: Importer) -> FileImport:
    """Note that it begins, or that it goes on: the same content read the same way is the same import."""
    said = msgspec.to_builtins(importer.job.mapping)
    survey = importer.survey
    open_ = FileImport.objects.filter(actor=ACTOR, state="running", source=importer.job.source).order_by("-id")
    row = next((one for one in open_ if one.survey["sha256"] == survey.sha256 and one.mapping == said), None)
    if row is None:
        row = FileImport.objects.create(
            label=importer.job.label[:200],
            size_bytes=survey.size_bytes,
            state="running",
            source=importer.job.source,
            mapping=said,
            survey={
                "bytes": survey.size_bytes, "lines": survey.lines, "sha256": survey.sha256, "encoding": survey.encoding,
            },  # fmt: skip
            actor=ACTOR,
            created_at=timezone.now(),
            started_at=timezone.now(),
            first_event=database.highest(Event),
        )
    importer.job = dataclasses.replace(importer.job, number=row.pk)
    importer.stopped = _Ear(row)
    return row


class _Ear:
    """Hears, now and then, whether somebody takes the import back while it is under way."""

    def __init__(self, row: FileImport) -> None:
        self.row, self.asked_at = row, 0.0

    def __call__(self, summary: Summary, offset: int) -> bool:
        if time.monotonic() - self.asked_at < wizard.TELL_SECONDS:
            return False
        self.asked_at = time.monotonic()
        return not FileImport.objects.filter(pk=self.row.pk, state="running").exists()


def end(row: FileImport, summary: Summary, progress_name: str = "") -> None:
    """Note what came of it. What was imported before is no import."""
    if summary.finished_before:
        row.delete()
        return
    row.summary, row.last_event = summary.kept(), database.highest(Event)
    row.fresh_events = wizard.brought(row)
    row.survey = {**row.survey, "progress": progress_name}
    wizard.keep(row, state="done", finished_at=timezone.now(), done_bytes=row.size_bytes)
