"""Erasure blanks what a consent was proven by: it may hold an address."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("people", "0009_forgotten")]
    operations = [guards.erasable("consent", ["evidence"], "OLD.person_id")]
