"""What a withdrawn import leaves behind may go; nothing else may."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("people", "0003_leads_and_groups"), ("events", "0004_withdrawn")]
    operations = [
        guards.withdrawable("consent", guards.OF_WITHDRAWN_EVENT),
        guards.withdrawable("group_member", guards.OF_WITHDRAWN_EVENT),
    ]
