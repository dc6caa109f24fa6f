"""Whoever was merged is found from the index alone: where a row's number is its place, the larger index of roots would do so too."""

from django.db import migrations

HERE = {"home": "default"}
OLD, NEW = (f"CREATE INDEX person_merged ON person ({columns}) WHERE root_id <> id" for columns in ("id", "id, root_id"))


class Migration(migrations.Migration):
    dependencies = [("people", "0007_merged")]
    operations = [
        migrations.RunSQL("DROP INDEX person_merged", OLD, hints=HERE),
        migrations.RunSQL(NEW, "DROP INDEX person_merged", hints=HERE),
    ]
