"""What the log keeps of somebody who asked to be forgotten: that it happened, when, and the figures."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from passaparola.events import parking, telling
from passaparola.events.models import Event, WithdrawnEvent
from passaparola.events.reading import decode_object, encode
from passaparola.kernel import database

_ROWS_AT_ONCE = 1_000


def erase(members: Sequence[int], *, names: Sequence[str], called: Iterable[str], at: datetime) -> None:
    """Blank what is personal in her events, withdrawn or not, and in what was parked. In the caller's transaction, at its end.

    members: all her selves. names: ids, addresses, numbers she was known by. called: what she is called besides.
    """
    known = telling.Names([*names, *called])
    for model in (Event, WithdrawnEvent):
        database.run(
            f"UPDATE {model._meta.db_table} SET user_id = NULL, anonymous_id = NULL, group_id = NULL, previous_id = NULL, "
            f"traits = NULL, context = NULL WHERE {database.any_of('person_id')}",
            [members],
        )
        _strip(model, members, known)
    parking.erase(names, at)


def _strip(model: type[Event] | type[WithdrawnEvent], members: Sequence[int], known: telling.Names) -> None:
    """Leave of the properties what the books follow from."""
    sql = (
        f"SELECT id, type, properties FROM {model._meta.db_table} WHERE {database.any_of('person_id')} AND id > ? "
        f"AND properties <> '{{}}' ORDER BY id LIMIT {_ROWS_AT_ONCE}"
    )
    after = 0
    while rows := database.rows(sql, [members, after]):
        after = rows[-1][0]
        changed = []
        for id_, type_, text in rows:
            said = decode_object(text)
            kept = telling.remains(type_, said, known)
            if kept != said:
                changed.append({"id": id_, "properties": encode(kept).decode()})
        if changed:
            database.update(model, changed, ["properties"])
