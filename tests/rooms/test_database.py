"""Statements of the corridor: by index whatever is known of a table, rows' numbers without an index of their own, refusals."""

from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError

from passaparola.events.models import Event, Occurrence
from passaparola.kernel import database
from passaparola.kernel.fields import RowId
from tests.people import ALMA
from tests.world import World

EVENTS = 20_000


@pytest.fixture
def world() -> World:
    return World()


def many_events() -> None:
    """The first event 20,000 times more, of 2,000 people, in a table that nobody has analyzed."""
    (row,) = database.select(Event, "id > 0 ORDER BY id LIMIT 1")
    copies = [
        {**row, "id": row["id"] + n, "fingerprint": n.to_bytes(16, "big"), "person_id": n % 2_000} for n in range(1, EVENTS)
    ]
    with database.turn():
        database.insert(Event, copies)


def test_people_are_read_by_index_before_there_are_statistics(world: World) -> None:
    world.send(ALMA.identify())
    many_events()
    wanted = database.of_people("event", "e", "e.name IN ('Order Completed') AND e.type IN ('track', 'act')")
    explain = "EXPLAIN QUERY PLAN" if database.vendor() == "sqlite" else "EXPLAIN"
    with database.turn():
        plan = "\n".join(str(row[-1]) for row in database.rows(f"{explain} SELECT e.id FROM {wanted}", [list(range(376))]))
    assert "event_person" in plan, plan
    assert "Seq Scan on event" not in plan and "SCAN e" not in plan, plan


def test_a_row_number_has_no_index_of_its_own_on_sqlite() -> None:
    if database.vendor() != "sqlite":
        pytest.skip("PostgreSQL keeps every key in an index")
    keyed = [m for m in apps.get_models() if isinstance(m._meta.pk, RowId)]
    assert len(keyed) > 30
    for model in keyed:
        indices = database.rows(f"PRAGMA index_list({model._meta.db_table})")
        assert not [one for one in indices if one[3] == "pk"], model


def test_what_is_sent_together_and_refused_is_as_if_never_sent() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    once = {"id": 1, "person_id": 1, "name": "Visit Recorded", "n": 1, "first_at": at, "last_at": at + timedelta(microseconds=1)}
    with database.turn():
        with pytest.raises(IntegrityError), database.savepoint(), database.sending():
            database.insert(Occurrence, [once])
            database.insert(Occurrence, [{**once, "id": 2}])
            database.insert(Occurrence, [{**once, "id": 3, "person_id": 3}])
        assert database.rows("SELECT COUNT(*) FROM occurrence") == [(0,)]
        database.insert(Occurrence, [once])
    # Times come back as they went, aware and in UTC.
    assert database.select(Occurrence, "id = ?", [1]) == [once]
