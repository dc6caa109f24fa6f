"""Decisions, shares and published versions are append-only; referrals are not deleted."""

from django.db import migrations

from passaparola.kernel import guards


class Migration(migrations.Migration):
    dependencies = [("programs", "0001_first")]
    operations = [
        guards.append_only("decision"),
        guards.append_only("share"),
        # Number 0 is the draft; every published version is frozen.
        guards.append_only("program_version", but="OLD.number = 0"),
        # Its state moves on, but that it was is not forgotten.
        guards.append_only("referral", updates=True),
    ]
