"""Set-based statements on both databases: one statement a table a batch, saying which rows are new.

Django's models define the tables; here their rows are written without the ORM's cost (docs/decisions/raw-sql.md).
Statements run on the driver's own connection inside Django's transaction.
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.db import connections, models, transaction
from django.db.utils import OperationalError

from passaparola.kernel import kinds
from passaparola.kernel.kinds import as_day as as_day
from passaparola.kernel.kinds import as_time as as_time

# A PostgreSQL advisory lock of this number makes corridor transactions follow one another.
CORRIDOR_LOCK = 0x70617373
_RETRY_SECONDS = 0.002
_PAUSED_SECONDS_MAX = 20
_SQLITE_BUSY_MS = 20_000
# One call: a process that is paused while it has its turn must not hold up the others for ever; what a turn reads are
# rows of a list of people, by index, from memory: to the planner a page in no order costs as much as the next one.
_TURN = (
    f"SET LOCAL idle_in_transaction_session_timeout = '{_PAUSED_SECONDS_MAX}s'; SET LOCAL random_page_cost = 1.1; "
    f"SELECT pg_advisory_xact_lock({CORRIDOR_LOCK})"
)
_STREAM_ROWS = 2_000


def vendor(alias: str = "default") -> str:
    """ "sqlite" or "postgresql"."""
    return connections[alias].vendor


def currency() -> str:
    """The installation's currency as a text of SQL: amounts in another are not added up with those in it."""
    return f"'{settings.CURRENCY}'"


@contextmanager
def turn(*, wait_seconds: float = 60.0) -> Iterator[None]:
    """One corridor transaction: alone among all writers of derived state, in one total order.

    On SQLite `BEGIN IMMEDIATE`, retried every 2 ms by ourselves (its own back-off starves the loser); on PostgreSQL
    an advisory lock. Ids given out inside are in commit order, which is what makes a replay exact.
    """
    with beside(wait_seconds=wait_seconds):
        if vendor() == "postgresql":
            with connections["default"].cursor() as cursor:
                cursor.execute(_TURN)
        with connections["default"].wrap_database_errors:
            yield


@contextmanager
def beside(*, wait_seconds: float = 60.0) -> Iterator[None]:
    """A short transaction beside the corridor's, for what no fold of the log tells: Django's atomic, with our own wait.

    Raises OperationalError where SQLite's write lock is not had in time.
    """
    connection = connections["default"]
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    connection.ensure_connection()
    connection.connection.execute("PRAGMA busy_timeout = 0")
    until = time.monotonic() + wait_seconds
    atomic = transaction.atomic()
    try:
        while True:
            try:
                atomic.__enter__()
                break
            except OperationalError as problem:
                if "locked" not in str(problem) or time.monotonic() > until:
                    raise
                time.sleep(_RETRY_SECONDS)
    finally:
        connection.connection.execute(f"PRAGMA busy_timeout = {_SQLITE_BUSY_MS}")
    try:
        yield
    except BaseException as problem:
        atomic.__exit__(type(problem), problem, problem.__traceback__)
        raise
    else:
        atomic.__exit__(None, None, None)


@contextmanager
def savepoint() -> Iterator[None]:
    """A savepoint: a refusal by the database inside it leaves the surrounding transaction usable.

    The driver's own errors leave it as Django's, so that callers know one kind on either database.
    """
    with transaction.atomic(), connections["default"].wrap_database_errors:
        yield


@contextmanager
def sending() -> Iterator[None]:
    """Statements inside go off one after the other: PostgreSQL works at one while the next is made ready.

    What it refuses is raised at the end, if not before; how many rows a statement touched is not known inside.
    """
    if vendor() == "sqlite":
        yield
    else:
        with driver().pipeline():
            yield


def driver(alias: str = "default") -> Any:
    """The driver's own connection, inside whatever transaction Django has open."""
    connections[alias].ensure_connection()
    return connections[alias].connection


def rows(sql: str, parameters: Sequence[Any] = (), *, alias: str = "default") -> list[tuple[Any, ...]]:
    """All rows of a SELECT. Placeholders are `?`; a list parameter stands for `IN (SELECT value FROM …)`: see any_of."""
    if vendor(alias) == "sqlite":
        return driver(alias).execute(sql, [kinds.to_sqlite(p) for p in parameters]).fetchall()
    with _server_cursor(alias) as cursor:
        # In binary: as text each time would go through Django's reader in Python, which costs more than the rest of its row.
        return cursor.execute(_to_postgres(sql), [_to_driver(p) for p in parameters], binary=True).fetchall()


def stream(sql: str, parameters: Sequence[Any] = (), *, alias: str = "default") -> Iterator[tuple[Any, ...]]:
    """The rows of a SELECT one by one, held neither here nor in the driver. Inside a transaction or snapshot."""
    if vendor(alias) == "sqlite":
        yield from driver(alias).execute(sql, [kinds.to_sqlite(p) for p in parameters])
        return
    with connections[alias].chunked_cursor() as cursor:
        cursor.execute(_to_postgres(sql), list(parameters))
        while some := cursor.fetchmany(_STREAM_ROWS):
            yield from some


@contextmanager
def snapshot(alias: str = "default") -> Iterator[None]:
    """Everything read inside is of one moment, and nothing can be written. Inside a transaction: that one."""
    connection = connections[alias]
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        # Django's own transactions take the write lock; a reader must not.
        driver(alias).execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            driver(alias).execute("ROLLBACK")
    else:
        with transaction.atomic(using=alias):
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", alias=alias)
            yield


def any_of(column: str, kind: str = "bigint") -> str:
    """A condition that a column is among the values of one list parameter, on either database."""
    if vendor() == "sqlite":
        return f"{column} IN (SELECT value FROM json_each(?))"
    return f"{column} = ANY(?::{kind}[])"


def of_people(table: str, name: str, where: str = "") -> str:
    """A FROM list: the rows of a table (called `name`) of each person of one list parameter, always by its index on person_id.

    SQLite keeps the order of a CROSS JOIN. PostgreSQL does not look into a LATERAL with OFFSET: while it has no statistics
    it would take the whole table for small, and read it once for each person. `where` speaks of the table alone; its
    parameters come after the list.
    """
    also = f" AND ({where})" if where else ""
    if vendor() == "sqlite":
        return f"(SELECT value AS id FROM json_each(?)) p CROSS JOIN {table} {name} ON {name}.person_id = p.id{also}"
    rows_ = f"SELECT * FROM {table} {name} WHERE {name}.person_id = p.id{also} OFFSET 0"
    return f"unnest(?::bigint[]) AS p(id) CROSS JOIN LATERAL ({rows_}) {name}"


def run(sql: str, parameters: Sequence[Any] = (), *, alias: str = "default") -> int:
    """Execute one statement; how many rows it touched."""
    if vendor(alias) == "sqlite":
        return driver(alias).execute(sql, [kinds.to_sqlite(p) for p in parameters]).rowcount
    with _server_cursor(alias) as cursor:
        return cursor.execute(_to_postgres(sql), [_to_driver(p) for p in parameters]).rowcount


def columns(model: type[models.Model]) -> tuple[str, ...]:
    """The column names of a table, in the model's order."""
    return kinds.shape(model)[0]


def select(model: type[models.Model], where: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Rows of a table as dicts of Python values (aware UTC times, decoded JSON)."""
    names, _, readers = kinds.shape(model)
    if vendor() == "sqlite":
        readers = kinds.sqlite_readers(model)
    found = rows(f"SELECT {kinds.picks(model, vendor())} FROM {model._meta.db_table} WHERE {where}", parameters)
    if not found:
        return []
    # Column by column: of most columns nothing has to be read at all.
    columns_: list[Sequence[Any]] = list(zip(*found))
    for position, reader in enumerate(readers):
        if reader:
            columns_[position] = [None if value is None else reader(value) for value in columns_[position]]
    return [dict(zip(names, row)) for row in zip(*columns_)]


def insert(model: type[models.Model], values: Sequence[dict[str, Any]], *, alias: str = "default") -> None:
    """Insert rows; a conflict is an error."""
    _write(model, values, "", alias)


def upsert(model: type[models.Model], values: Sequence[dict[str, Any]]) -> None:
    """Insert rows or, where the primary key is there, overwrite all columns. One row a key."""
    names = columns(model)
    key = model._meta.pk.column
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != key)
    _write(model, values, f" ON CONFLICT ({key}) DO UPDATE SET {changes}", "default")


def add_missing(model: type[models.Model], values: Sequence[dict[str, Any]]) -> None:
    """Insert rows except those whose key is there: for rows that say nothing but their key."""
    _write(model, values, " ON CONFLICT DO NOTHING", "default")


def update(model: type[models.Model], values: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    """Write these columns of rows that are there, by primary key. No other is read, nor an index on another touched."""
    key, table = str(model._meta.pk.column), model._meta.db_table
    picked = (*names, key)
    if vendor() == "sqlite":
        sql = f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in names)} WHERE {key} = ?"
        driver().executemany(sql, list(zip(*_columns(model, values, picked, sqlite=True))))
        return
    changes = ", ".join(f"{name} = {_pick(model, name)}" for name in names)
    sql = f"UPDATE {table} SET {changes} FROM {_unnested(model, picked)} WHERE {table}.{key} = u.{key}"
    with _server_cursor("default") as cursor:
        cursor.execute(sql, [list(column) for column in _columns(model, values, picked, sqlite=False)])


def _unnested(model: type[models.Model], names: Sequence[str]) -> str:
    """Lists, one a column, as the relation u."""
    types = dict(zip(*kinds.shape(model)[:2]))
    return f"unnest({', '.join(f'%b::{types[name]}[]' for name in names)}) AS u({', '.join(names)})"


def _pick(model: type[models.Model], name: str) -> str:
    """A column of u. jsonb has no binary text form: it travels as text and is cast on the server."""
    return f"u.{name}::jsonb" if kinds.is_json(model, name) else f"u.{name}"


def _write(model: type[models.Model], values: Sequence[dict[str, Any]], conflict: str, alias: str) -> None:
    if not values:
        return
    names, table = columns(model), model._meta.db_table
    sqlite = vendor(alias) == "sqlite"
    columns_ = _columns(model, values, names, sqlite=sqlite)
    if sqlite:
        # One prepared statement, run for each row: a text of a thousand rows would be read anew each time.
        marks = ", ".join("?" * len(names))
        sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}){conflict}"
        driver(alias).executemany(sql, list(zip(*columns_)))
        return
    picks = ", ".join(_pick(model, name) for name in names)
    with _server_cursor(alias) as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {picks} FROM {_unnested(model, names)}{conflict}",
            [list(column) for column in columns_],
        )


def _columns(
    model: type[models.Model], values: Sequence[dict[str, Any]], names: Sequence[str], *, sqlite: bool
) -> list[Sequence[Any]]:
    """The values column by column as the driver takes them; only columns that need it are looked at."""
    found: list[Sequence[Any]] = list(zip(*map(itemgetter(*names), values)))
    writers = kinds.writers(model, sqlite=sqlite)
    for position, write in enumerate(writers[name] for name in names):
        if write is kinds.sqlite_time:
            # Rows of one batch share their times.
            known = {at: kinds.sqlite_time(at) for at in {*found[position]} - {None}}
            known[None] = None
            found[position] = [known[at] for at in found[position]]
        elif write:
            found[position] = [value if value is None else write(value) for value in found[position]]
    return found


def highest(model: type[models.Model]) -> int:
    """The highest id in use, 0 for an empty table; only meaningful inside a turn."""
    key = model._meta.pk.column
    return rows(f"SELECT COALESCE(MAX({key}), 0) FROM {model._meta.db_table}")[0][0]


@contextmanager
def _server_cursor(alias: str) -> Iterator[Any]:
    """A psycopg cursor with server-side binding: binary parameters cost half of text ones."""
    import psycopg

    with psycopg.Cursor(driver(alias)) as cursor:
        yield cursor


def _to_postgres(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


def _to_driver(value: Any) -> Any:
    return list(value) if isinstance(value, (set, tuple, frozenset)) else value


def is_gone(problem: BaseException) -> bool:
    """Whether the database went away or is busy, so that trying again later makes sense."""
    return isinstance(problem, (OperationalError, sqlite3.OperationalError))


def chunks(values: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    """The values in slices of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))
