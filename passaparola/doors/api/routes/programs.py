"""Programmes: what they promise, and their life from draft to end."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from passaparola.doors.api import acting, reading
from passaparola.doors.api.access import needs
from passaparola.doors.api.shapes import (
    PAGE_ROWS,
    After,
    AmountMinor,
    Done,
    In,
    JsonObject,
    Limit,
    Out,
    Page,
    PathId,
    ShortText,
    Time,
    Unit,
    answers,
)
from passaparola.programs.models import Budget, Program, ProgramVersion

router = Router(tags=["Programmes"])
State = Literal["draft", "active", "paused", "ended"]


class ProgramIn(In):
    """A programme to be drafted."""

    name: ShortText = Field(description="What staff calls it.")
    kind: Literal["direct"] = Field("direct", description="Customers recommend directly.")
    terms: JsonObject = Field(description="What it promises: docs/reference/programme-terms.md.")


class ProgramEdit(In):
    """A draft changed."""

    name: ShortText = Field(description="What staff calls it.")
    terms: JsonObject = Field(description="What it promises: docs/reference/programme-terms.md.")


class BudgetIn(In):
    """How much a programme may promise."""

    unit: Unit = Field(description="ISO 4217 code, or PTS for points.")
    limit: AmountMinor | None = Field(description="In minor units; null for no limit.")


class ProgramBrief(Out):
    """A programme in a list."""

    id: int
    uid: str
    kind: str
    name: str
    state: str
    version: int = Field(description="The version in force; 0 before the first publication.")
    created_at: Time
    launched_at: Time | None


class VersionOut(Out):
    """What a programme promised from a moment on; frozen. Number 0 is the draft."""

    number: int
    published_at: Time
    terms: dict[str, Any]


class BudgetOut(Out):
    """A budget in one unit."""

    unit: str
    limit: int | None = Field(description="Null: no limit.")
    promised: int = Field(description="Held and confirmed rewards together.")


class ProgramOut(ProgramBrief):
    """A programme with its draft, its versions and budgets."""

    draft: dict[str, Any] | None
    versions: list[VersionOut]
    budgets: list[BudgetOut]


def _brief(p: Program) -> dict[str, Any]:
    return {name: getattr(p, name) for name in ProgramBrief.model_fields}


def _whole(p: Program) -> ProgramOut:
    rows = list(ProgramVersion.objects.filter(program_id=p.pk).order_by("-number")[:100])
    return ProgramOut(
        **_brief(p),
        draft=next((v.terms for v in rows if v.number == 0), None),
        versions=[VersionOut(number=v.number, published_at=v.published_at, terms=v.terms) for v in rows if v.number],
        budgets=[
            BudgetOut(unit=b.unit, limit=b.limit_amount, promised=b.promised)
            for b in Budget.objects.filter(program_id=p.pk).order_by("unit")
        ],
    )


@router.get("/programs", auth=needs("programs:read"), response=answers(Page[ProgramBrief], found=False))
def list_programs(
    request: HttpRequest,
    state: Annotated[State | None, Query(description="Only programmes in this state.")] = None,
    limit: Limit = PAGE_ROWS,
    after: After = None,
) -> Page[ProgramBrief]:
    """Programmes, newest first."""
    found = Program.objects.filter(state=state) if state else Program.objects.all()
    rows, following = reading.page(found, limit, after)
    return Page(items=[ProgramBrief(**_brief(p)) for p in rows], next=following)


@router.get("/programs/{program}", auth=needs("programs:read"), response=answers(ProgramOut))
def get_program(request: HttpRequest, program: PathId) -> ProgramOut:
    """One programme: its draft, what each published version promises, and its budgets."""
    return _whole(reading.one(Program.objects.filter(pk=program)))


@router.post("/programs", auth=needs("programs:write"), response=answers(Done, writes=True, found=False))
def create_program(request: HttpRequest, body: ProgramIn, key: acting.IdempotencyKey = None) -> Done:
    """Draft a programme. It asks nobody and promises nothing until it is published."""
    said = {**body.model_dump(), "seed": acting.seed(request, key)}
    return acting.act(request, "Program Created", said, subject="program", key=key).out()


@router.put("/programs/{program}", auth=needs("programs:write"), response=answers(Done, writes=True))
def edit_program(request: HttpRequest, program: PathId, body: ProgramEdit, key: acting.IdempotencyKey = None) -> Done:
    """Change the draft. What was published stays as promised; publish again for a new version."""
    return _act(request, "Program Edited", program, key, **body.model_dump())


@router.post("/programs/{program}/publish", auth=needs("programs:write"), response=answers(Done, writes=True))
def publish_program(request: HttpRequest, program: PathId, key: acting.IdempotencyKey = None) -> Done:
    """Freeze the draft as the next version and start. Asks go out as soon as their moments come."""
    return _act(request, "Program Published", program, key)


@router.post("/programs/{program}/pause", auth=needs("programs:write"), response=answers(Done, writes=True))
def pause_program(request: HttpRequest, program: PathId, key: acting.IdempotencyKey = None) -> Done:
    """Ask nobody and take no new referral for now."""
    return _act(request, "Program Paused", program, key)


@router.post("/programs/{program}/resume", auth=needs("programs:write"), response=answers(Done, writes=True))
def resume_program(request: HttpRequest, program: PathId, key: acting.IdempotencyKey = None) -> Done:
    """Run again after a pause."""
    return _act(request, "Program Resumed", program, key)


@router.post("/programs/{program}/end", auth=needs("programs:write"), response=answers(Done, writes=True))
def end_program(request: HttpRequest, program: PathId, key: acting.IdempotencyKey = None) -> Done:
    """End it for good. Open referrals are still honoured."""
    return _act(request, "Program Ended", program, key)


@router.post("/programs/{program}/budget", auth=needs("programs:write"), response=answers(Done, writes=True))
def set_budget(request: HttpRequest, program: PathId, body: BudgetIn, key: acting.IdempotencyKey = None) -> Done:
    """Set how much the programme may promise in one unit; rewards beyond it are refused, never owed."""
    return _act(request, "Budget Set", program, key, **body.model_dump())


def _act(request: HttpRequest, act: str, program: int, key: str | None, /, **properties: Any) -> Done:
    found = reading.one(Program.objects.filter(pk=program))
    said = {"program": found.pk, **properties}
    return acting.act(request, act, said, subject=f"program:{found.pk}", key=key).out()
