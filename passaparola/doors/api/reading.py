"""How the API reads: one person behind all merged rows, and pages by cursor."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from passaparola.doors.api.problems import NotFound
from passaparola.people.models import Person

M = TypeVar("M", bound=Model)


def page(found: QuerySet[M], limit: int, after: int | None) -> tuple[list[M], int | None]:
    """Rows with the highest ids first, and the cursor of the following page (None on the last)."""
    if after is not None:
        found = found.filter(pk__lt=after)
    rows = list(found.order_by("-pk")[: limit + 1])
    return rows[:limit], rows[limit - 1].pk if len(rows) > limit else None


def one(found: QuerySet[M]) -> M:
    """The row, or NotFound."""
    row = found.first()
    if row is None:
        raise NotFound
    return row


def root(person_id: int) -> Person:
    """The person of that number, or the one it was found to be."""
    person = one(Person.objects.filter(pk=person_id))
    return person if person.root_id == person.pk else one(Person.objects.filter(pk=person.root_id))


def members(root_id: int) -> list[int]:
    """Numbers of all rows that are this person: their events, codes and rewards are hers."""
    return list(Person.objects.filter(root_id=root_id).values_list("id", flat=True))


def roots(ids: Iterable[int | None]) -> dict[int, int]:
    """For each number, the number of the person it is today; one query for a whole page."""
    wanted = {number for number in ids if number is not None}
    return dict(Person.objects.filter(pk__in=wanted).values_list("id", "root_id")) if wanted else {}


def whose(root_by_id: dict[int, int], person_id: int | None) -> Any:
    """The person of today for a number kept in a row; None stays None."""
    return None if person_id is None else root_by_id.get(person_id, person_id)


def utc(at: datetime) -> datetime:
    """A moment somebody asked about, in UTC: PostgreSQL reads no zone beyond sixteen hours. Without a zone it is UTC."""
    if at.tzinfo is None:
        return at.replace(tzinfo=UTC)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        # Beyond what a calendar holds: earlier or later than anything that happened here.
        return datetime.min.replace(tzinfo=UTC) if at.year < 2000 else datetime.max.replace(tzinfo=UTC)
