"""Messages: what was said to people and what became of it."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from passaparola.doors.api import acting, reading
from passaparola.doors.api.access import needs
from passaparola.doors.api.shapes import (
    PAGE_ROWS,
    After,
    Done,
    Limit,
    Out,
    Page,
    PathId,
    QueryId,
    Time,
    answers,
)
from passaparola.messages.models import Delivery, Message

router = Router(tags=["Messages"])
MessageState = Literal[
    "planned", "claimed", "handing", "sent", "delivered", "bounced", "complained", "unknown", "refused", "failed"
]


class MessageBrief(Out):
    """A message in a list; addresses and texts are not kept in it."""

    id: int
    key: str = Field(description="Its cause: there is one message for each.")
    person: int
    channel: str
    purpose: str
    template: str
    program: int | None
    state: str
    reason: str = Field(description="Why it was refused or failed.")
    planned_at: Time
    due_at: Time
    deadline_at: Time
    changed_at: Time


class DeliveryOut(Out):
    """What the mail server or provider said."""

    outcome: str
    detail: str
    at: Time


class MessageOut(MessageBrief):
    """A message with what became of it."""

    context: dict[str, Any] = Field(description="Numbers, codes and ids the text may use.")
    deliveries: list[DeliveryOut]


def _brief(m: Message, today: dict[int, int]) -> dict[str, Any]:
    named = {name: getattr(m, name) for name in MessageBrief.model_fields if name not in ("person", "program")}
    return {**named, "person": reading.whose(today, m.person_id), "program": m.program_id}


@router.get("/messages", auth=needs("messages:read"), response=answers(Page[MessageBrief], found=False))
def list_messages(
    request: HttpRequest,
    state: Annotated[MessageState | None, Query()] = None,
    template: Annotated[str | None, Query(max_length=40, pattern=r"^[a-z_]+$")] = None,
    program: QueryId = None,
    person: QueryId = None,
    limit: Limit = PAGE_ROWS,
    after: After = None,
) -> Page[MessageBrief]:
    """Messages, newest first."""
    found = Message.objects.all()
    for name, value in (("state", state), ("template", template), ("program_id", program)):
        if value is not None:
            found = found.filter(**{name: value})
    if person is not None:
        found = found.filter(person_id__in=reading.members(person))
    rows, following = reading.page(found, limit, after)
    today = reading.roots(m.person_id for m in rows)
    return Page(items=[MessageBrief(**_brief(m, today)) for m in rows], next=following)


@router.get("/messages/{message}", auth=needs("messages:read"), response=answers(MessageOut))
def get_message(request: HttpRequest, message: PathId) -> MessageOut:
    """One message with its deliveries."""
    found = reading.one(Message.objects.filter(pk=message))
    told = Delivery.objects.filter(message_id=found.pk).order_by("id")[:200]
    return MessageOut(
        **_brief(found, reading.roots([found.person_id])),
        context=found.context,
        deliveries=[DeliveryOut(outcome=d.outcome, detail=d.detail, at=d.at) for d in told],
    )


@router.post("/messages/{message}/resend", auth=needs("messages:write"), response=answers(Done, writes=True))
def resend_message(request: HttpRequest, message: PathId, key: acting.IdempotencyKey = None) -> Done:
    """Send again a message whose fate is unknown; nothing unknown is ever sent again by itself."""
    found = reading.one(Message.objects.filter(pk=message))
    return acting.act(request, "Message Resent", {"message": found.pk}, subject=f"message:{found.pk}", key=key).out()
