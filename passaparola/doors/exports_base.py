"""What every export is made of: columns with their Parquet types, rows by ascending id, people by their public id."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from passaparola.people.models import Person

CHUNK_ROWS = 2_000
TEXT, INT, TIME, DAY, JSON = "VARCHAR", "BIGINT", "TIMESTAMPTZ", "DATE", "JSON"
Row = dict[str, Any]


@dataclass(frozen=True)
class Export:
    """A thing that can be exported: its columns with their Parquet types, and its rows in order."""

    columns: Mapping[str, str]
    rows: Callable[[], Iterator[Row]]


def chunks(found: QuerySet[Any]) -> Iterator[list[Any]]:
    """Rows by ascending id, a chunk at a time, without holding a transaction or cursor open for long."""
    last = None
    while chunk := list((found.filter(pk__gt=last) if last is not None else found).order_by("pk")[:CHUNK_ROWS]):
        yield chunk
        last = chunk[-1].pk


def uids_of(ids: Iterable[int]) -> dict[int, str]:
    """The public id of each person."""
    return dict(Person.objects.filter(id__in=set(ids)).values_list("id", "uid"))
