"""Segments handed on regularly: to a file, or to a webhook whose pages are signed."""

from typing import Annotated, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from passaparola.adapters import webhook
from passaparola.doors import syncs
from passaparola.doors.api import acting, reading
from passaparola.doors.api.access import needs
from passaparola.doors.api.shapes import PAGE_ROWS, After, Done, In, Limit, Out, Page, PathId, Time, answers
from passaparola.segments.models import Segment, Sync

router = Router(tags=["Segments"])


class SyncIn(In):
    """A segment to be handed on regularly."""

    kind: Literal["webhook", "file"] = Field(description="To an address, or to a file in the data folder.")
    content: Literal["everybody", "moves"] = Field("everybody", description="All its people, or who came and went since.")
    target: Annotated[str, Field(max_length=500, pattern=r"^[!-~]*$")] = Field("", description="The webhook's https address.")
    every_hours: Annotated[int, Field(ge=1, le=744)] = Field(24, description="How often, in hours.")


class SyncOut(Out):
    """A segment handed on regularly, and how it went last."""

    id: int
    segment: int
    kind: str
    content: str
    target: str
    every_hours: int
    created_at: Time
    stopped_at: Time | None
    done_at: Time | None = Field(description="When it was last handed on.")
    lines: int = Field(description="How many lines that were.")
    failure: str = Field(description="Why the last run could not be handed on; empty where it was.")


class SecretOut(Out):
    """What the pages of a webhook are signed with."""

    secret: str


@router.get("/segments/{segment}/syncs", auth=needs("segments:read"), response=answers(Page[SyncOut]))
def list_syncs(request: HttpRequest, segment: PathId, limit: Limit = PAGE_ROWS, after: After = None) -> Page[SyncOut]:
    """Where a segment is handed on to, and how that goes."""
    reading.one(Segment.objects.filter(pk=segment))
    rows, following = reading.page(Sync.objects.filter(segment_id=segment), limit, after)
    names = [name for name in SyncOut.model_fields if name != "segment"]
    items = [SyncOut(segment=row.segment_id, **{name: getattr(row, name) for name in names}) for row in rows]
    return Page(items=items, next=following)


@router.post("/segments/{segment}/syncs", auth=needs("segments:write"), response=answers(Done, writes=True))
def start_sync(request: HttpRequest, segment: PathId, body: SyncIn, key: acting.IdempotencyKey = None) -> Done:
    """Hand a segment on every so many hours, for the first time at once: docs/howto/sync-segments.md."""
    if body.kind == "webhook":
        webhook.check(body.target, allowed_hosts=settings.WEBHOOK_HOSTS)
    one = reading.one(Segment.objects.filter(pk=segment))
    said = {"segment": one.pk, **body.model_dump()}
    return acting.act(request, "Sync Started", said, subject=f"segment:{one.pk}", key=key).out()


@router.get("/syncs/{sync}/secret", auth=needs("segments:write"), response=answers(SecretOut))
def get_sync_secret(request: HttpRequest, sync: PathId) -> SecretOut:
    """The secret with which a webhook's pages are signed, so that the receiver can check them."""
    return SecretOut(secret=syncs.secret(reading.one(Sync.objects.filter(pk=sync)).pk).decode())


@router.post("/syncs/{sync}/stop", auth=needs("segments:write"), response=answers(Done, writes=True))
def stop_sync(request: HttpRequest, sync: PathId, key: acting.IdempotencyKey = None) -> Done:
    """Hand it on no more."""
    one = reading.one(Sync.objects.filter(pk=sync))
    return acting.act(request, "Sync Stopped", {"sync": one.pk}, subject=f"sync:{one.pk}", key=key).out()
