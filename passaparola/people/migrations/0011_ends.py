"""What ended a relationship is kept; telephone numbers are found by their end."""

from typing import Any

from django.db import migrations, models

_FILL = "UPDATE identity SET likeness = {backwards} WHERE kind = 'phone' AND likeness = ''"


def fill(apps: Any, editor: Any) -> None:
    """Digits backwards beside every number, by one statement."""
    connection = editor.connection
    if connection.vendor == "sqlite":
        from passaparola.people import names

        connection.ensure_connection()
        connection.connection.create_function("pp_backwards", 1, names.backwards, deterministic=True)
        editor.execute(_FILL.format(backwards="pp_backwards(value)"), params=None)
    else:
        editor.execute(_FILL.format(backwards="REVERSE(REGEXP_REPLACE(value, '[^0-9]', '', 'g'))"), params=None)


class Migration(migrations.Migration):
    dependencies = [("people", "0010_evidence")]
    operations = [
        migrations.AddField("relationship", "ended_by_id", models.BigIntegerField(null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop, hints={"home": "default"}),
    ]
