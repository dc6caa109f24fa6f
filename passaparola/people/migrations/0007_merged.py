"""Who was merged into somebody else is found without reading everybody: few are, and every count of people leaves them out."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("people", "0006_words_filled")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX person_merged ON person (id) WHERE root_id <> id", "DROP INDEX person_merged", hints={"home": "default"}
        )
    ]
