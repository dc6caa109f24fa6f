"""What is parked is found by the names in it; erasure may strip an event's properties too."""

from importlib import import_module

from django.db import migrations, models

from passaparola.kernel import guards
from passaparola.kernel.fields import RowId

_withdrawn = import_module("passaparola.events.migrations.0004_withdrawn")
TABLES = ("event", "withdrawn_event")


def free_properties(apps, editor):
    """The update guard of before watched the properties with the rest; they get a guard of their own."""
    _drop(editor)
    _put(editor, [column for column in _withdrawn.FIXED if column != "properties"])


def watch_properties(apps, editor):
    """As it was before."""
    _drop(editor)
    _put(editor, _withdrawn.FIXED)


def _drop(editor):
    for table in TABLES:
        on = "" if editor.connection.vendor == "sqlite" else f" ON {table}"
        editor.execute(f"DROP TRIGGER IF EXISTS {table}_update_guard{on}")
        editor.execute(f"DROP TRIGGER IF EXISTS {table}_erasure_guard{on}")


def _put(editor, columns):
    sqlite = editor.connection.vendor == "sqlite"
    differs, each = ("IS NOT", "") if sqlite else ("IS DISTINCT FROM", "FOR EACH ROW")
    for table in TABLES:
        fixed = columns if table == "event" else (*columns, "withdrawn_by")
        conditions = [f"NEW.{column} {differs} OLD.{column}" for column in fixed]
        conditions += [f"(NEW.{column} IS NOT NULL AND NEW.{column} {differs} OLD.{column})" for column in _withdrawn.PERSONAL]
        if sqlite:
            body = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: only erasure may blank its personal columns'); END"
        else:
            body = "EXECUTE FUNCTION passaparola_event_update()"
        when = " OR ".join(conditions)
        editor.execute(
            f"CREATE TRIGGER {table}_update_guard BEFORE UPDATE ON {table} {each} WHEN ({when}) {body};", params=None
        )
        if "properties" not in columns:
            guards.erasure_guard(editor, table, ["properties"], guards.forgotten("OLD.person_id"))


def mark_parked(apps, editor):
    """What is parked already is found from now on too."""
    from passaparola.events import parking, telling

    alias, number = editor.connection.alias, 0
    names = apps.get_model("events", "ParkedName").objects.using(alias)
    parked = apps.get_model("events", "Parked").objects.using(alias).order_by("id").values_list("id", "body")
    for id_, body in parked.iterator(chunk_size=200):
        words, whole = telling.words(bytes(body))
        rows = []
        for mark in sorted(parking.marks(words, whole=whole)):
            number += 1
            rows.append(names.model(id=number, parked_id=id_, mark=mark))
        names.bulk_create(rows)


def nothing(apps, editor):
    """The way back drops the table."""


class Migration(migrations.Migration):
    dependencies = [("events", "0004_withdrawn"), ("people", "0009_forgotten")]

    operations = [
        migrations.AddField(model_name="parked", name="erased_at", field=models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="ParkedName",
            fields=[
                ("id", RowId(primary_key=True, serialize=False)),
                ("parked_id", models.BigIntegerField(db_index=True)),
                ("mark", models.BigIntegerField(db_index=True)),
            ],
            options={"db_table": "parked_name"},
        ),
        migrations.CreateModel(
            name="ForgottenName",
            fields=[
                ("mark", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
            options={"db_table": "forgotten_name"},
        ),
        migrations.RunPython(mark_parked, nothing, hints={"home": "default"}),
        migrations.RunPython(free_properties, watch_properties, hints={"home": "default"}),
    ]
