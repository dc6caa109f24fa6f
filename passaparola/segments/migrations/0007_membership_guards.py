"""Rules as they were and pins are append-only; a membership ends, it is never taken away."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("segments", "0006_memberships")]
    operations = [
        guards.append_only("segment_version"),
        guards.append_only("pin"),
        guards.append_only("membership", updates=True),
    ]
