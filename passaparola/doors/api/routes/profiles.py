"""Profiles: people by two dimensions, of those with further values; what the console hides is hidden here too."""

from typing import Annotated, Literal

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router
from pydantic import Field

from passaparola.doors.api import acting
from passaparola.doors.api.access import needs
from passaparola.doors.api.shapes import AS_OF, Done, In, Out, Time, answers, integral
from passaparola.kernel.errors import Refusal
from passaparola.measure import pictures
from passaparola.measure import profiles as figures
from passaparola.segments.cells import LEAST_MAX, LEAST_MIN

router = Router(tags=["Figures"])
Dimension = Literal["stage", "age", "sex", "company", "hour", "weekday", "product", "channel"]
Measure = Literal["people", "orders", "revenue"]
Where = Annotated[str, Field(max_length=140, pattern=r"^[a-z]{1,10}:[^\x00]+$")]


class BadProfile(Refusal):
    """Two different dimensions and at most {most} filters on further ones: {why}."""

    code, status = "bad_profile", 422


class CellOut(Out):
    """A cell of the table."""

    row: str
    column: str
    value: int | None = Field(description="Null: hidden, because it would tell about too few people.")


class RowOut(Out):
    """A row's total."""

    row: str
    value: int | None = Field(description="Null: hidden.")


class ProfileOut(Out):
    """A table; `*` stands for small groups put together, `else` for rare values, `unknown` for what is not known."""

    row: Dimension
    column: Dimension
    measure: Measure
    unit: str = Field(description="Of revenue: a currency, in minor units.")
    least: int = Field(description="Groups of fewer people are not told.")
    refused: str = Field(description='"few": nothing is told, as it would be about too few people; else empty.')
    counted_at: Time | None = Field(description=AS_OF)
    rows: list[str]
    columns: list[str]
    cells: list[CellOut]
    totals: list[RowOut]


class ProfilesIn(In):
    """What is told."""

    least: Annotated[int, Field(ge=LEAST_MIN, le=LEAST_MAX), integral] = Field(description="So many people at least.")


@router.get("/profiles", auth=needs("metrics:read"), response=answers(ProfileOut, found=False))
def get_profile(
    request: HttpRequest,
    row: Annotated[Dimension, Query(description="What the rows are.")] = "stage",
    column: Annotated[Dimension, Query(description="What the columns are; another than the rows.")] = "company",
    measure: Annotated[Measure, Query(description="What is counted: people, their orders or their revenue, ever.")] = "people",
    where: Annotated[
        list[Where], Query(max_length=figures.FILTERS_MAX, description="dimension:value; as often as there are filters.")
    ] = [],  # noqa: B006  (ninja copies it)
) -> ProfileOut:
    """Everybody who came or bought, by what is theirs most often; small groups are hidden as in the console."""
    filters = _filters(row, column, where)
    shown = pictures.look("profiles", *figures.dimensions(row, column, *filters), now=timezone.now())
    found = figures.pivot(shown.value, row, column, filters)
    cells, totals = found.cells.get(measure, {}), found.totals.get(measure, {})
    return ProfileOut(
        row=row, column=column, measure=measure, unit=settings.CURRENCY, least=found.least, refused=found.refused,
        counted_at=shown.at, rows=list(found.rows), columns=list(found.columns),
        cells=[CellOut(row=a, column=b, value=value) for (a, b), value in cells.items()],
        totals=[RowOut(row=a, value=value) for a, value in totals.items()],
    )  # fmt: skip


def _filters(row: str, column: str, where: list[str]) -> dict[str, str]:
    most = figures.FILTERS_MAX
    filters: dict[str, str] = {}
    for one in where:
        name, _sep, value = one.partition(":")
        if name not in figures.DIMENSIONS:
            raise BadProfile(most=most, why=f"there is no dimension {name}")
        if name in (row, column, *filters):
            raise BadProfile(most=most, why=f"{name} is named twice")
        filters[name] = value
    if row == column:
        raise BadProfile(most=most, why=f"{row} is named twice")
    return filters


@router.put("/profiles", auth=needs("settings:write"), response=answers(Done, writes=True, found=False))
def change_profiles(request: HttpRequest, body: ProfilesIn, key: acting.IdempotencyKey = None) -> Done:
    """Change the smallest group that is told, in every door."""
    return acting.act(request, "Profiles Changed", body.model_dump(), subject="profiles", key=key).out()
