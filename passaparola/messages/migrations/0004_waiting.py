"""What waits to be sent is found by the event that made us plan it: its import may be taken back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outreach", "0003_details")]
    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["event_id"], condition=models.Q(("state__in", ("planned", "claimed", "handing"))), name="message_waiting"
            ),
        ),
    ]
