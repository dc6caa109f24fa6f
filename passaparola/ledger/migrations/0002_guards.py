"""Transfers and accounts are append-only, and a transfer agrees with its accounts and with what it resolves."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_first")]
    operations = [
        guards.append_only("transfer"),
        guards.append_only("account"),
        guards.append_only("reward", updates=True),
        guards.written_in(__file__, "0002_guards", undo="DROP TRIGGER transfer_insert_guard ON transfer"),
    ]
