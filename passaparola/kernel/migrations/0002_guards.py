"""The audit trail is append-only."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_first")]
    operations = [
        guards.append_only("audit_entry"),
    ]
