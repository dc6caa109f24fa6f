"""The tables of words in the shape that searching needs, filled from who is there."""

from itertools import islice
from typing import Any

from django.db import migrations

# One index for "is" and "begins with": SQLite compares bytes anyway, PostgreSQL in this collation.
_TABLES = (
    "DROP TABLE person_word",
    "DROP TABLE word",
    "CREATE TABLE person_word (word varchar(32){bytes} NOT NULL, person_id bigint NOT NULL, PRIMARY KEY (word, person_id)){bare}",
    "CREATE TABLE word (word varchar(32){bytes} NOT NULL PRIMARY KEY, backwards varchar(32){bytes} NOT NULL){bare}",
    "CREATE INDEX word_backwards ON word (backwards)",
)
# "Begins with" on names given by others; SQLite has it from the index that keeps them unique.
_STARTS = "CREATE INDEX identity_starts ON identity (value varchar_pattern_ops)"
_PEOPLE_AT_ONCE = 50_000


def make(apps: Any, editor: Any) -> None:
    """Both tables anew: without row ids on SQLite, compared by bytes on PostgreSQL."""
    sqlite = editor.connection.vendor == "sqlite"
    kind = {"bytes": "", "bare": " WITHOUT ROWID"} if sqlite else {"bytes": ' COLLATE "C"', "bare": ""}
    for statement in _TABLES if sqlite else (*_TABLES, _STARTS):
        editor.execute(statement.format(**kind), params=None)


def fill(apps: Any, editor: Any) -> None:
    """Everybody's words, in order of the index, so that it grows at its end."""
    from passaparola.people import names
    from passaparola.people.actions import words

    people = apps.get_model("people", "Person").objects.exclude(search="").values_list("id", "search")
    rows = people.order_by("id").iterator(chunk_size=2_000)
    while some := list(islice(rows, _PEOPLE_AT_ONCE)):
        words.add((word, person) for person, search in some for word in names.words(search))


def unmake(apps: Any, editor: Any) -> None:
    """The way back keeps the tables; migration 0005 takes them."""
    if editor.connection.vendor != "sqlite":
        editor.execute("DROP INDEX IF EXISTS identity_starts", params=None)


class Migration(migrations.Migration):
    dependencies = [("people", "0005_words")]
    operations = [
        migrations.RunPython(make, unmake, hints={"home": "default"}),
        migrations.RunPython(fill, migrations.RunPython.noop, hints={"home": "default"}),
    ]
