"""The installation: the calling key and the stage ranges."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from passaparola.doors.api import acting
from passaparola.doors.api.access import any_key, needs
from passaparola.doors.api.shapes import Done, In, Margin, Out, PeriodDays, StayDays, Time, Visits, answers
from passaparola.kernel.models import Setting
from passaparola.segments.stages import Ranges

router = Router(tags=["Installation"])


class KeyOut(Out):
    """The key you are using."""

    id: int
    name: str
    source: str = Field(description="The source its events carry; events are unique by source and message id.")
    scopes: list[str]
    expires_at: Time | None


class StagesOut(Out):
    """From and to how many visits in the period a stage reaches; null: no end."""

    period_days: int
    few: list[int | None]
    some: list[int | None]
    many: list[int | None]
    margin: int = Field(0, description="So many visits below its start a stage is still kept.")
    stay_days: int = Field(0, description="So many days a stage is kept at least.")


class StagesIn(In):
    """The ranges must follow one another without gap, from 1, and the last must be open."""

    period_days: PeriodDays = Field(description="Days in which visits are counted.")
    few: Annotated[list[Visits], Field(min_length=2, max_length=2, description="First and last number of visits.")]
    some: Annotated[list[Visits], Field(min_length=2, max_length=2, description="First and last number of visits.")]
    many: Annotated[list[Visits | None], Field(min_length=2, max_length=2, description="First number of visits, null.")]
    margin: Margin = Field(0, description="So many visits below its start a stage is still kept.")
    stay_days: StayDays = Field(0, description="So many days a stage is kept at least; at most the period.")


@router.get("/key", auth=any_key, response=answers(KeyOut, found=False))
def get_key(request: HttpRequest) -> KeyOut:
    """The key you are using: its name, source, scopes and last day. Any secret key may ask."""
    held: Any = request.auth  # type: ignore[attr-defined]
    return KeyOut(
        id=held.id, name=held.name, source=held.source, scopes=sorted(held.scopes), expires_at=held.expires_at
    )


@router.get("/stages", auth=needs("settings:read"), response=answers(StagesOut, found=False))
def get_stages(request: HttpRequest) -> StagesOut:
    """The ranges of the loyalty stages few, some and many."""
    kept = Setting.objects.filter(name="stages").values_list("value", flat=True).first()
    return StagesOut(**(Ranges.read(kept) if kept else Ranges()).as_json())


@router.put("/stages", auth=needs("settings:write"), response=answers(Done, writes=True, found=False))
def change_stages(request: HttpRequest, body: StagesIn, key: acting.IdempotencyKey = None) -> Done:
    """Change the ranges. Every stage is computed anew; nobody is asked twice because of it."""
    return acting.act(request, "Stages Changed", body.model_dump(), subject="stages", key=key).out()
