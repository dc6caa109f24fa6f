"""What a withdrawn import leaves behind may go; nothing else may."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("programs", "0002_guards"), ("events", "0004_withdrawn")]
    operations = [
        guards.withdrawable("decision", guards.OF_WITHDRAWN_EVENT),
    ]
