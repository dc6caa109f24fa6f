"""Money is added up in the installation's currency alone: whoever paid in another is counted again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import migrations, models

_ELSEWHERE = (
    # What lines, margins and offers said in another currency stays in the log.
    "UPDATE order_line SET amount_minor = NULL, offer_minor = NULL "
    "WHERE order_key IN (SELECT id FROM purchase_order WHERE unit <> {currency})",
    "UPDATE purchase_order SET margin_minor = NULL, offer_minor = NULL WHERE unit <> {currency}",
    "UPDATE traits SET spent_minor = (SELECT COALESCE(SUM(CASE WHEN o.unit <> {currency} OR o.cancelled "
    "OR o.refunded_minor > o.amount_minor THEN 0 ELSE o.amount_minor - o.refunded_minor END), 0) FROM purchase_order o "
    "JOIN person p ON p.id = o.person_id WHERE o.completed AND p.root_id = traits.person_id) WHERE person_id IN ({people})",
    # Whoever has no row is counted when the store is prepared.
    "DELETE FROM person_trait WHERE person_id IN ({people})",
)
_PEOPLE = "SELECT p.root_id FROM purchase_order o JOIN person p ON p.id = o.person_id WHERE o.unit <> {currency}"


def fill(apps: Any, editor: Any) -> None:
    """Where there is one currency, every purchase has its value in it."""
    from passaparola.kernel import database

    database.run("UPDATE person_trait SET purchases_valued = purchases")
    currency = database.currency()
    if database.rows(f"SELECT 1 FROM purchase_order WHERE unit <> {currency} LIMIT 1"):
        with _unguarded():
            for statement in _ELSEWHERE:
                database.run(statement.format(currency=currency, people=_PEOPLE.format(currency=currency)))


@contextmanager
def _unguarded() -> Iterator[None]:
    """Lines of orders are never changed; here they are, once."""
    from passaparola.kernel import database

    if database.vendor() == "postgresql":
        database.run("ALTER TABLE order_line DISABLE TRIGGER USER")
        yield
        database.run("ALTER TABLE order_line ENABLE TRIGGER USER")
        return
    guards = database.rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'order_line'")
    for name, _ in guards:
        database.run(f"DROP TRIGGER {name}")
    yield
    for _, sql in guards:
        database.run(sql)


class Migration(migrations.Migration):
    dependencies = [("segments", "0011_pin_reasons"), ("events", "0004_withdrawn"), ("people", "0006_words_filled")]
    operations = [
        migrations.AddField("persontrait", "purchases_valued", models.IntegerField(db_default=0)),
        migrations.RunPython(fill, migrations.RunPython.noop, hints={"home": "default"}),
    ]
