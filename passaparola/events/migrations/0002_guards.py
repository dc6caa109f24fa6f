"""The log is append-only but for erasure; orders are not deleted."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("events", "0001_first")]
    operations = [
        guards.append_only("event", updates=True),
        guards.written_in(__file__, "0002_guards", undo="DROP TRIGGER event_update_guard ON event"),
        # A deleted order could be paid for a second time.
        guards.append_only("purchase_order", updates=True),
    ]
