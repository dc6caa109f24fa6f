"""Sends the inbox to its own file where there is one."""

from typing import Any

from django.conf import settings


class InboxRouter:
    """On SQLite the edge's inbox is a database of its own; on PostgreSQL there is one database for all."""

    def _home(self, model_name: str | None) -> str:
        return "inbox" if model_name == "inbox" and "inbox" in settings.DATABASES else "default"

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Read where the table lives."""
        return self._home(model._meta.model_name)

    db_for_write = db_for_read

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        """Rows hold plain ids of other tables: nothing to forbid."""
        return True

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        """Every table in its home; hand-written SQL names its database by `hints={"home": …}`."""
        home = hints.get("home") or self._home(model_name)
        return db == (home if home in settings.DATABASES else "default")
