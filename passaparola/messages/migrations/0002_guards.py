"""What providers told us is append-only; messages are not deleted."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("outreach", "0001_first")]
    operations = [
        guards.append_only("delivery"),
        # A deleted message could be planned, and sent, a second time.
        guards.append_only("message", updates=True),
    ]
