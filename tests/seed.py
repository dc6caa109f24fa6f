"""Rows written past the corridor, for tests of what the database refuses and of what `prove` finds."""

from datetime import UTC, date, datetime
from typing import Any

from django.db import models
from django.db.models import Max

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def row(model: type[models.Model], **values: Any) -> Any:
    """A row of `model` with the given values; the rest is the column's default or something harmless."""
    made = model(**{field.attname: _filling(model, field) for field in model._meta.concrete_fields} | values)
    made.save(force_insert=True)
    return made


def _filling(model: type[models.Model], field: Any) -> Any:
    if field.primary_key:
        numbered = field.get_internal_type() != "CharField"
        return (model._default_manager.aggregate(n=Max(field.attname))["n"] or 0) + 1 if numbered else "x"
    if field.has_default():
        return field.get_default()
    if field.null:
        return None
    count = model._default_manager.count() + 1
    fillings: dict[str, Any] = {
        "DateTimeField": NOW,
        "DateField": date(2026, 11, 21),
        "CharField": f"{field.name[:3]}{count}"[: field.max_length],
        "TextField": "",
        "BinaryField": count.to_bytes(8, "big"),
    }
    return fillings.get(field.get_internal_type(), 1)
