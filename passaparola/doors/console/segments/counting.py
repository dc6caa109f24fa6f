"""How many the rule fits now, and a few of them: exact where the store is small, an honest estimate where it is large.

Counting never runs longer than a limit: the page is for thinking aloud, and an answer that comes too late is none.
"""

import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction

from passaparola.kernel import database
from passaparola.measure import intervals
from passaparola.segments import rules
from passaparola.segments.membership import answers

# Up to so many people everybody is asked; of more a part, drawn by lot.
EXACT_PEOPLE_MAX = 20_000
DRAWN_PEOPLE = 2_000
SECONDS_MAX = 3.0
SHOWN_PEOPLE = 6
_OPERATIONS_BETWEEN_LOOKS = 20_000


class TookTooLong(Exception):
    """The statement was stopped at the limit."""


@dataclass(frozen=True)
class Count:
    """How many of everybody; `low` and `high` are a 95 % interval where only a part was asked."""

    people: int
    everybody: int
    low: int
    high: int
    shown: tuple[int, ...] = ()
    exact: bool = True
    late: bool = False

    @property
    def share(self) -> float:
        """Of everybody, 0 to 1."""
        return self.people / self.everybody if self.everybody else 0.0


def everybody() -> int:
    """People with a name of their own: merged and forgotten ones left out."""
    # Each by an index of its own: no person is read.
    sql = (
        "SELECT (SELECT COUNT(*) FROM person) - (SELECT COUNT(*) FROM person WHERE root_id <> id) "
        "- (SELECT COUNT(*) FROM person WHERE forgotten_at IS NOT NULL AND root_id = id)"
    )
    return int(database.rows(sql)[0][0])


def count(tree: rules.Group, now: datetime) -> Count:
    """How many people fit the tree now. A count stopped at the limit says so (`late`)."""
    total = everybody()
    try:
        with limited(SECONDS_MAX):
            if total <= EXACT_PEOPLE_MAX:
                found = fitting(tree, now, None)
                return Count(len(found), total, len(found), len(found), tuple(found[:SHOWN_PEOPLE]))
            asked = drawn(DRAWN_PEOPLE)
            found = fitting(tree, now, asked)
    except TookTooLong:
        return Count(0, total, 0, total, exact=False, late=True)
    low, high = intervals.wilson(len(found), max(len(asked), 1))
    part = len(found) / max(len(asked), 1)
    bounds = (round(total * low), round(total * high))
    return Count(round(total * part), total, *bounds, tuple(found[:SHOWN_PEOPLE]), exact=False)


def fitting(tree: rules.Group, now: datetime, people: Sequence[int] | None) -> list[int]:
    """Roots whom the rule fits at that moment, of these or of everybody."""
    clock = answers.clock_at(now, settings.BUSINESS_TIME_ZONE)
    made = answers.statement(tree, clock.today, some=people is not None)
    sql = f"SELECT person_id FROM ({made.sql}) AS answered WHERE answer = 1 ORDER BY person_id"
    rows = database.rows(sql, made.parameters(clock, people))
    return [int(row[0]) for row in rows]


def drawn(wanted: int) -> list[int]:
    """People drawn by lot, the same for the same store: what changes from count to count is the rule alone."""
    highest = int(database.rows("SELECT COALESCE(MAX(id), 0) FROM person")[0][0])
    lot = random.Random(highest)
    numbers = sorted({lot.randint(1, highest) for _ in range(min(4 * wanted, 4 * highest))}) if highest else []
    sql = f"SELECT id FROM person WHERE root_id = id AND forgotten_at IS NULL AND {database.any_of('id')}"
    found = [int(row[0]) for row in database.rows(sql, [numbers])]
    return sorted(lot.sample(found, min(wanted, len(found))))


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Statements inside are stopped after so long. Raises TookTooLong."""
    if database.vendor() == "sqlite":
        with _limited_sqlite(seconds):
            yield
        return
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
            with connection.wrap_database_errors:
                yield
    except OperationalError as problem:
        raise TookTooLong from problem


@contextmanager
def _limited_sqlite(seconds: float) -> Iterator[None]:
    until = time.monotonic() + seconds
    driver: Any = database.driver()
    driver.set_progress_handler(lambda: time.monotonic() > until, _OPERATIONS_BETWEEN_LOOKS)
    try:
        yield
    except (sqlite3.OperationalError, OperationalError) as problem:
        if "interrupted" not in str(problem):
            raise
        raise TookTooLong from problem
    finally:
        driver.set_progress_handler(None, 0)
