"""Playbooks: what to say to each stage, why and where; read, written anew, and beside one person. Nothing is sent."""

from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Router
from pydantic import Field

from passaparola.doors.api import acting, reading
from passaparola.doors.api.access import needs
from passaparola.doors.api.problems import NotFound
from passaparola.doors.api.shapes import Done, In, Out, PathId, Text, Time, answers
from passaparola.events import intake
from passaparola.kernel.models import Setting
from passaparola.measure import playbooks as figures
from passaparola.segments.keeping import playbooks_in_force
from passaparola.segments.playbooks import ADVICE_MAX, Advice, Playbook

router = Router(tags=["Figures"])
Stage = Literal["few", "some", "many"]
Where = Literal["", "people", "segment", "mend", "programs", "profiles", "groups", "leads"]
Fact = Literal["", "products", "rhythm", "next_stage", "points", "code", "friends", "mood"]
PathStage = Annotated[Stage, Path(description="few, some or many.")]
Texts = Annotated[dict[Literal["es", "it", "en"], Text], Field(max_length=3)]


class AdviceIO(In):
    """One thing to say."""

    say: Texts = Field(description="What to say, in one language at least.", min_length=1)
    why: Texts = Field({}, description="Why.")
    page: Where = Field("", description="The console's page that does it.")
    fact: Fact = Field("", description="What of the person's own is told beside it.")


class PlaybookIn(In):
    """A playbook to be kept."""

    aim: Texts = Field(description="What the stage is to lead to, in one language at least.", min_length=1)
    advice: Annotated[list[AdviceIO], Field(min_length=1, max_length=ADVICE_MAX)] = Field(description="In order.")


class PlaybookOut(Out):
    """The playbook of a stage."""

    stage: Stage
    shipped: bool = Field(description="Whether it is the one that comes with the program.")
    changed_at: Time | None = Field(description="When it was written here; null where it is shipped.")
    aim: dict[str, str]
    advice: list[AdviceIO]


class ProductOut(Out):
    """Something she bought and how many times."""

    product: str
    times: int


class KnownOut(Out):
    """What is known of the person; null where it is not."""

    products: list[ProductOut] = Field(description="Her own most bought, at most three.")
    interval_days: int | None = Field(description="How many days usually lie between two visits.")
    since_days: int | None = Field(description="Days since the last visit.")
    next_stage: str | None
    visits_missing: int = Field(description="Visits to the next stage, within the period.")
    period_days: int
    points: int
    has_code: bool
    may_ask: bool = Field(description="Whether she agreed to be asked to recommend.")
    friends: int = Field(description="Friends she brought who bought.")
    complaints_open: int
    unhappy: bool = Field(description="Whether her last score was low.")


class SuggestionOut(Out):
    """The playbook of somebody's stage, with what is known of her."""

    person: int
    stage: Stage
    mend_first: bool = Field(description="Something is to be mended before anything is asked.")
    aim: dict[str, str]
    advice: list[AdviceIO] = Field(description="Listening first where something is to be mended.")
    known: KnownOut


def _advice(one: Advice) -> AdviceIO:
    return AdviceIO(say=one.say, why=one.why, page=one.page, fact=one.fact)  # type: ignore[arg-type]


def _out(book: Playbook, row: Setting | None) -> PlaybookOut:
    return PlaybookOut(
        stage=book.stage, shipped=row is None, changed_at=row.changed_at if row else None, aim=book.aim,  # type: ignore[arg-type]
        advice=[_advice(one) for one in book.advice],
    )  # fmt: skip


@router.get("/stages/playbooks", auth=needs("settings:read"), response=answers(list[PlaybookOut], found=False))
def list_playbooks(request: HttpRequest) -> list[PlaybookOut]:
    """What to say to few, some and many: the shipped playbooks, or your own."""
    return [_out(book, row) for book, row in playbooks_in_force().values()]


@router.put("/stages/playbooks/{stage}", auth=needs("settings:write"), response=answers(Done, writes=True, found=False))
def change_playbook(request: HttpRequest, stage: PathStage, body: PlaybookIn, key: acting.IdempotencyKey = None) -> Done:
    """Write the playbook of a stage anew. It sends nothing."""
    said = {"stage": stage, **body.model_dump()}
    return acting.act(request, "Playbook Changed", said, subject=f"playbook:{stage}", key=key).out()


@router.delete("/stages/playbooks/{stage}", auth=needs("settings:write"), response=answers(Done, writes=True, found=False))
def restore_playbook(request: HttpRequest, stage: PathStage, key: acting.IdempotencyKey = None) -> Done:
    """Take your own away: the shipped one is in use again."""
    return acting.act(request, "Playbook Restored", {"stage": stage}, subject=f"playbook:{stage}", key=key).out()


@router.get("/people/{person}/playbook", auth=needs("people:read"), response=answers(SuggestionOut))
def get_person_playbook(request: HttpRequest, person: PathId) -> SuggestionOut:
    """What the playbook of her stage means for one person; 404 for whoever never came."""
    root = reading.root(person).pk
    found = figures.suggestion(root, reading.members(root), intake.local(timezone.now(), settings.BUSINESS_TIME_ZONE)[0])
    if found is None:
        raise NotFound
    known: dict[str, Any] = {name: getattr(found.known, name) for name in KnownOut.model_fields if name != "products"}
    return SuggestionOut(
        person=root, stage=found.playbook.stage, mend_first=found.mend_first, aim=found.playbook.aim,  # type: ignore[arg-type]
        advice=[_advice(one) for one in found.advice],
        known=KnownOut(products=[ProductOut(product=p, times=n) for p, n in found.known.products], **known),
    )  # fmt: skip
