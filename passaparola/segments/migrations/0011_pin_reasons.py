"""Erasure blanks why staff put somebody in or kept her out."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("segments", "0010_regulars"), ("people", "0010_evidence")]
    operations = [guards.erasable("pin", ["reason"], "OLD.person_id")]
