"""The history of stages is append-only."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("segments", "0001_first")]
    operations = [
        guards.append_only("stage_change"),
    ]
