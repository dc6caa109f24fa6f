"""Events: the log, what could not be taken, and one event in, answered with what it came to."""

import json
import uuid
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Query, Router
from pydantic import Field

from passaparola import corridor
from passaparola.doors.api import acting, reading
from passaparola.doors.api.access import needs
from passaparola.doors.api.problems import Mistake
from passaparola.doors.api.shapes import (
    PAGE_ROWS,
    After,
    In,
    JsonObject,
    Limit,
    Out,
    Page,
    PathId,
    QueryId,
    ShortText,
    Time,
    answers,
)
from passaparola.events import catalogue, intake, log
from passaparola.events.models import Event, Parked
from passaparola.kernel.errors import Refusal

router = Router(tags=["Events"])
Outside = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*\S[^\x00]*$")]

_DATE_TIME: dict[str, Any] = {"format": "date-time"}


class NotTaken(Refusal):
    """This event cannot be taken; see errors."""

    code, status = "event_not_taken", 422

    def __init__(self, errors: list[Mistake]) -> None:
        self.errors = errors
        super().__init__()


class EventIn(In):
    """One event, in the names of the Segment specification."""

    type: Literal["identify", "track", "page", "screen", "group", "alias"] = Field("track", description="Which call.")
    event: Annotated[ShortText | None, Field(description="The event's name; for track.")] = None
    message_id: Annotated[
        str | None,
        Field(
            pattern=r"^[\x21-\x7e]{1,100}$", description="Your own id: the same again is answered as the first time."
        ),
    ] = None
    user_id: Outside | None = Field(None, description="Your id of the person; this or anonymous_id is needed.")
    anonymous_id: Outside | None = Field(None, description="Your id of a visitor not yet known.")
    group_id: Outside | None = Field(None, description="For group.")
    previous_id: Annotated[Outside | None, Field(description="For alias.")] = None
    timestamp: Annotated[
        str | None,
        Field(max_length=40, description="When it happened (ISO 8601); now when absent.", json_schema_extra=_DATE_TIME),
    ] = None
    properties: JsonObject = Field({}, description="What the event tells: docs/reference/events.md.")
    traits: JsonObject = Field({}, description="For identify: what is known of the person.")


class DoubtOut(Out):
    """What is odd about a property of a known event; the event was taken all the same."""

    property: str
    code: Literal["missing", "type"]
    wanted: str


class EventDone(Out):
    """What an event came to."""

    event: int | None = Field(description="Its number in the log.")
    repeated: bool = Field(description="True when it was in the log before: nothing was done twice.")
    person: int | None
    result: dict[str, Any]
    doubts: list[DoubtOut]


class EventOut(Out):
    """An event as the log keeps it."""

    id: int
    source: str
    message_id: str
    type: str
    name: str
    person: int | None
    occurred_at: Time
    received_at: Time
    history: bool = Field(description="Imported history: builds people and stages, never asks or pays.")
    caused_by: int | None
    properties: dict[str, Any]
    result: dict[str, Any]


class ParkedOut(Out):
    """An item that could not be taken, with the reason; the item itself is kept with the operator."""

    id: int
    received_at: Time
    source: str
    reason: str
    detail: str
    position: int | None
    resolved_at: Time | None
    erased_at: Time | None = Field(description="When its content was removed, since somebody it named was forgotten.")


class PropertyOut(Out):
    """One property of a known event."""

    name: str
    type: str
    meaning: str
    required: bool
    instead: list[str]


class DefinitionOut(Out):
    """A known event; unknown ones are kept too."""

    name: str
    type: str
    meaning: str
    properties: list[PropertyOut]


@router.post("/events", auth=needs("events:write"), response=answers(EventDone, writes=True, found=False))
def send_event(request: HttpRequest, body: EventIn, key: acting.IdempotencyKey = None) -> EventDone:
    """Send one event and wait for what it comes to. For many events use POST /v1/batch, which is far faster."""
    now = timezone.now()
    source = request.auth.source  # type: ignore[attr-defined]
    given = _specified(body, body.message_id or key or str(uuid.uuid4()))
    good, bad = intake.read(
        kind="v1", call=body.type, source=source, body=given, received_at=now, inbox_id=0, limits=log.limits()
    )
    if bad:
        raise NotTaken([Mistake(where="body", code=bad[0].reason, message=bad[0].detail)])
    outcome = corridor.submit(good, now=now)[0]
    if outcome.refused is not None:
        raise outcome.refused
    person = Event.objects.filter(pk=outcome.event_id or 0).values_list("person_id", flat=True).first()
    return EventDone(
        event=outcome.event_id,
        repeated=outcome.repeated,
        person=reading.whose(reading.roots([person]), person),
        result=dict(outcome.result),
        doubts=[
            DoubtOut.model_validate({"property": d.property, "code": d.code, "wanted": d.wanted}) for d in _doubts(body)
        ],
    )


def _specified(body: EventIn, message_id: str) -> bytes:
    """The event as the specification writes it, for the same intake that all events pass."""
    given = {
        "messageId": message_id,
        "userId": body.user_id,
        "anonymousId": body.anonymous_id,
        "groupId": body.group_id,
        "previousId": body.previous_id,
        "event" if body.type == "track" else "name": body.event,
        "timestamp": body.timestamp,
        "properties": body.properties,
        "traits": body.traits or None,
    }
    return json.dumps({name: value for name, value in given.items() if value is not None}).encode()


def _doubts(body: EventIn) -> list[catalogue.Doubt]:
    if body.type == "track":
        return catalogue.doubts(body.event or "", body.properties)
    return catalogue.doubts(body.type, body.traits if body.type == "identify" else body.properties)


@router.get("/events", auth=needs("events:read"), response=answers(Page[EventOut], found=False))
def list_events(
    request: HttpRequest,
    name: Annotated[str | None, Query(min_length=1, max_length=120, pattern=r"^[^\x00]*$")] = None,
    person: QueryId = None,
    limit: Limit = PAGE_ROWS,
    after: After = None,
) -> Page[EventOut]:
    """The log, newest first. Ids and traits of people are not in it: see identities."""
    found = Event.objects.all()
    if name is not None:
        found = found.filter(name=name)
    if person is not None:
        found = found.filter(person_id__in=reading.members(person))
    rows, following = reading.page(found, limit, after)
    return Page(items=_events(rows), next=following)


@router.get("/events/parked", auth=needs("events:read"), response=answers(Page[ParkedOut], found=False))
def list_parked(request: HttpRequest, limit: Limit = PAGE_ROWS, after: After = None) -> Page[ParkedOut]:
    """What was sent and could not be taken, newest first, each with its reason."""
    rows, following = reading.page(Parked.objects.defer("body"), limit, after)
    names = ("received_at", "source", "reason", "detail", "position", "resolved_at", "erased_at")
    return Page(items=[ParkedOut(id=p.pk, **{n: getattr(p, n) for n in names}) for p in rows], next=following)


@router.get("/events/catalogue", auth=needs("events:read"), response=answers(list[DefinitionOut], found=False))
def list_known_events(request: HttpRequest) -> list[DefinitionOut]:
    """Every event with a meaning, in the caller's language."""
    return [
        DefinitionOut(
            name=d.name,
            type=d.type,
            meaning=gettext(d.meaning),
            properties=[
                PropertyOut(
                    name=p.name, type=p.type, meaning=gettext(p.meaning), required=p.required, instead=list(p.instead)
                )
                for p in d.properties
            ],
        )
        for d in (*catalogue.CALLS.values(), *catalogue.KNOWN.values())
    ]


@router.get("/events/{event}", auth=needs("events:read"), response=answers(EventOut))
def get_event(request: HttpRequest, event: PathId) -> EventOut:
    """One event."""
    return _events([reading.one(Event.objects.filter(pk=event))])[0]


def _events(rows: list[Event]) -> list[EventOut]:
    today = reading.roots(e.person_id for e in rows)
    return [
        EventOut(
            id=e.pk, source=e.source, message_id=e.message_id, type=e.type, name=e.name,
            person=reading.whose(today, e.person_id), occurred_at=e.occurred_at, received_at=e.received_at,
            history=e.history, caused_by=e.caused_by, properties=json.loads(e.properties or "{}"),
            result=json.loads(e.result or "{}"),
        )
        for e in rows
    ]  # fmt: skip
