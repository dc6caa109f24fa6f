"""The kind of column that a row's number is."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class RowId(models.BigIntegerField):  # type: ignore[type-arg]
    """A primary key of 64 bits that the corridor gives out.

    On SQLite it is the number of the row itself: a key of any other type than INTEGER would be an index beside the
    table, written with every row and walked first by every reader.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"primary_key": True, **options})

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """INTEGER on SQLite, bigint on PostgreSQL."""
        return "integer" if connection.vendor == "sqlite" else super().db_type(connection)
