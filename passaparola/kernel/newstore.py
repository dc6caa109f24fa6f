"""An empty SQLite file gets the tables of today's models at once, instead of walking through every migration since the first.

Walking costs a second and a half, nearly all of it spent on imagining the models as they once were. A test compares both
ways: the same tables, triggers and rows. Should one ever not do, the file stays empty and the migrations are walked.
"""

from typing import Any

from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connections, router
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython, RunSQL
from django.utils import timezone

from passaparola.kernel import log


class _Today:
    """Stands where a migration expects the models of its time: nothing is in the tables yet, so today's will do."""

    apps = apps

    def clear_delayed_apps_cache(self) -> None:
        """There is none."""


def build(alias: str, executor: MigrationExecutor) -> bool:
    """Make all tables of an empty SQLite file; False if it is not one, or could not be made like this."""
    connection = connections[alias]
    if connection.vendor != "sqlite" or connection.introspection.table_names():
        return False
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    emit_pre_migrate_signal(0, False, alias)
    try:
        with connection.schema_editor() as editor:
            for model in apps.get_models():
                if model._meta.managed and not model._meta.proxy and router.allow_migrate_model(alias, model):
                    editor.create_model(model)
            executor.recorder.ensure_schema()
            _special(plan, editor)
            executor.recorder.migration_qs.bulk_create(
                executor.recorder.Migration(app=one.app_label, name=one.name, applied=timezone.now()) for one, _ in plan
            )
    except Exception as problem:
        # Whatever an old migration wants of the models of its time: walking through all of them gives it that.
        log.get().warning("store.built_by_migrations", store=alias, problem=type(problem).__name__)
        return False
    emit_post_migrate_signal(0, False, alias)
    return True


def _special(plan: list[Any], editor: Any) -> None:
    """What migrations do by hand: triggers. What they do to rows finds none."""
    today: Any = _Today()
    for migration, _ in plan:
        for operation in migration.operations:
            if isinstance(operation, (RunPython, RunSQL)):
                operation.database_forwards(migration.app_label, editor, today, today)
