"""What a withdrawn import leaves behind may go; nothing else may."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("segments", "0008_who_left"), ("events", "0004_withdrawn")]
    operations = [
        guards.withdrawable("stage_change", guards.OF_WITHDRAWN_PERSON),
        guards.withdrawable("lead_change", guards.OF_WITHDRAWN_PERSON),
        guards.withdrawable("membership", guards.OF_WITHDRAWN_PERSON),
    ]
