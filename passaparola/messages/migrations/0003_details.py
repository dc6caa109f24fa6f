"""Erasure blanks what providers said about a message: they quote the address."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("outreach", "0002_guards"), ("people", "0010_evidence")]
    operations = [
        guards.erasable("delivery", ["detail"], "(SELECT m.person_id FROM message m WHERE m.id = OLD.message_id)"),
    ]
