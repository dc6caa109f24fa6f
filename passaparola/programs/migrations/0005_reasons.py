"""Erasure blanks the reasons that staff gave in their own words."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("programs", "0004_refused"), ("people", "0010_evidence")]
    operations = [guards.erasable("decision", ["reasons"], "OLD.person_id")]
