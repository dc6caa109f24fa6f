"""The working set of one corridor transaction: rows read once, changed in memory, written once.

Rooms read rows with `take`, make them with `add`, change them with `change`; `write` turns the difference into one
statement a table. Nothing is written before the last event was folded, so an event that cannot be taken costs
nothing but a second try without it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model

from passaparola.kernel import database
from passaparola.kernel.models import Timer

Record = dict[str, Any]


class Table:
    """The rows of one table that a batch has to do with, by primary key."""

    def __init__(self, model: type[Model]) -> None:
        self.model = model
        self.key: str = model._meta.pk.column or "id"
        self.rows: dict[int, Record] = {}
        self.fresh: list[Record] = []
        self.touched: dict[int, Record] = {}
        # Row → the columns that differ from the stored ones: only these are written.
        self._differing: dict[int, set[str]] = {}
        self._fresh_keys: set[int] = set()
        self.gone: set[int] = set()
        self._next: int | None = None

    def take(self, where: str, parameters: Sequence[Any] = ()) -> list[Record]:
        """Read rows; a row already here keeps its (perhaps changed) state."""
        found = database.select(self.model, where, parameters)
        if self.gone:
            found = [row for row in found if row[self.key] not in self.gone]
        return [self.rows.setdefault(row[self.key], row) for row in found]

    def take_any(self, column: str, values: Iterable[Any], kind: str = "bigint") -> list[Record]:
        """Read the rows whose column is among the values."""
        wanted = list(values)
        return self.take(database.any_of(column, kind), [wanted]) if wanted else []

    def add(self, **values: Any) -> Record:
        """A new row; gets the next id unless its key is given."""
        row = {**_defaults(self.model), **values}
        if row.get(self.key) is None:
            if self._next is None:
                self._next = database.highest(self.model) + 1
            row[self.key] = self._next
            self._next += 1
        self.rows[row[self.key]] = row
        self.fresh.append(row)
        self._fresh_keys.add(row[self.key])
        return row

    def start_above(self, floor: Callable[[], int]) -> None:
        """Give out no id up to this one, also where the rows that had them are gone; asked once a batch."""
        if self._next is None:
            self._next = max(database.highest(self.model), floor()) + 1

    def put(self, row: Record) -> Record:
        """A new row with all its columns but the key, which it gets: `add` without the defaults, for the busiest table."""
        if self._next is None:
            self._next = database.highest(self.model) + 1
        row[self.key] = self._next
        self._next += 1
        self.rows[row[self.key]] = row
        self.fresh.append(row)
        self._fresh_keys.add(row[self.key])
        return row

    def is_fresh(self, key: int) -> bool:
        """Whether this batch made the row."""
        return key in self._fresh_keys

    def change(self, row: Record, **values: Any) -> Record:
        """Change columns of a row that was taken or added."""
        key = row[self.key]
        if key not in self._fresh_keys:
            self.touched[key] = row
            # What is a list or an object may have been changed in place.
            changed = {name for name, new in values.items() if row[name] != new or type(new) in (dict, list)}
            self._differing.setdefault(key, set()).update(changed)
        row.update(values)
        return row

    def drop(self, row: Record) -> None:
        """The row goes when the batch is written. Few tables allow it, and only for what was withdrawn."""
        key = row[self.key]
        self.rows.pop(key, None)
        self.touched.pop(key, None)
        if key in self._fresh_keys:
            self._fresh_keys.discard(key)
            self.fresh = [one for one in self.fresh if one is not row]
        else:
            self.gone.add(key)

    def erase(self) -> None:
        """The rows that go, in one statement."""
        if self.gone:
            sql = f"DELETE FROM {self.model._meta.db_table} WHERE {database.any_of(self.key)}"
            database.run(sql, [sorted(self.gone)])

    def write(self) -> None:
        """New rows, then changed ones, in key order: one statement for all of which the same columns differ."""
        database.insert(self.model, self.fresh)
        alike: dict[tuple[str, ...], list[Record]] = {}
        for key in sorted(self.touched):
            if differing := self._differing[key]:
                alike.setdefault(tuple(sorted(differing)), []).append(self.touched[key])
        for names, rows in sorted(alike.items()):
            database.update(self.model, rows, names)


# So many are read one by one, at some 50 µs each, before everybody is.
_ONE_BY_ONE_MAX = 32


class Readings:
    """Of whom something was read that few events need: of the first few alone, then of everybody at once."""

    def __init__(self) -> None:
        self._read: set[int] = set()
        self._times = 0

    def missing(self, wanted: Iterable[int], everybody: Callable[[], Iterable[int]]) -> set[int]:
        """Whom to read now, that these are known; they count as read from here on."""
        found = set(wanted) - self._read
        if not found:
            return found
        self._times += 1
        if self._times > _ONE_BY_ONE_MAX:
            found |= set(everybody()) - self._read
        self._read |= found
        return found


_DEFAULTS: dict[type[Model], Record] = {}


def _defaults(model: type[Model]) -> Record:
    """Column defaults of a model; lists and dicts are made anew by the caller when changed, never in place."""
    if model not in _DEFAULTS:
        _DEFAULTS[model] = {
            str(field.column): field.get_default() if field.has_default() else None
            for field in model._meta.concrete_fields
        }
    return _DEFAULTS[model]


class Batch:
    """All tables and timers of one corridor transaction."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._tables: dict[type[Model], Table] = {}
        self._timers: dict[tuple[str, str], tuple[datetime, Record] | None] = {}
        self._raised: list[Any] = []
        self._at_end: list[Callable[[], object]] = []

    def table(self, model: type[Model]) -> Table:
        """The working set of a table."""
        if model not in self._tables:
            self._tables[model] = Table(model)
        return self._tables[model]

    def keep(self, model: type[Model], table: Any) -> None:
        """A working set that writes itself, in its own way: in the place of a table's."""
        self._tables[model] = table

    def set_timer(self, kind: str, subject: str, due_at: datetime, payload: Record | None = None) -> None:
        """Let `kind` ring for `subject` at `due_at`; replaces the one that was set."""
        self._timers[kind, subject] = (due_at, payload or {})

    def clear_timer(self, kind: str, subject: str) -> None:
        """Let `kind` no longer ring for `subject`."""
        self._timers[kind, subject] = None

    def raise_(self, happening: Any) -> None:
        """Let an event that follows from the one being folded be folded right after it."""
        self._raised.append(happening)

    def at_end(self, step: Callable[[], object]) -> None:
        """Let a step follow when everything else is written: what it changes is more than a batch should hold."""
        self._at_end.append(step)

    def raised(self) -> list[Any]:
        """The events raised since this was last asked."""
        raised, self._raised = self._raised, []
        return raised

    def write(self) -> None:
        """Everything this batch came to, one statement a table and kind of change."""
        # What goes makes room for what comes; the withdrawn event itself is put aside before it goes.
        order = sorted(self._tables, key=_write_order)
        for model in order:
            if not self._tables[model].gone:
                self._tables[model].write()
        for model in order:
            self._tables[model].erase()
        for model in order:
            if self._tables[model].gone:
                self._tables[model].write()
        self._write_timers()
        for step in self._at_end:
            step()

    def _write_timers(self) -> None:
        if not self._timers:
            return
        by_kind: dict[str, list[str]] = {}
        for kind, subject in self._timers:
            by_kind.setdefault(kind, []).append(subject)
        for kind, subjects in sorted(by_kind.items()):
            database.run(f"DELETE FROM timer WHERE kind = ? AND {database.any_of('subject', 'text')}", [kind, subjects])
        table = Table(Timer)
        for (kind, subject), timer in self._timers.items():
            if timer:
                table.add(kind=kind, subject=subject, due_at=timer[0], payload=timer[1])
        table.write()


def _write_order(model: type[Model]) -> str:
    return model._meta.db_table
