"""Consents are append-only; a merge is undone, not deleted."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("people", "0001_first")]
    operations = [
        guards.append_only("consent"),
        # Undone by a date, never deleted.
        guards.append_only("merge", updates=True),
    ]
