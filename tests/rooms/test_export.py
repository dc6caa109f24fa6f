"""Exports: every column, safe in a spreadsheet, the same facts in each format."""

import csv
import io
import json
from pathlib import Path

import duckdb
import pytest

from passaparola.doors import exports, exports_base
from passaparola.events.models import Event
from passaparola.people.models import Person
from tests.people import ALMA, BRUNO
from tests.seed import row
from tests.world import World


def _rows(what: str, form: str = "csv") -> list[dict[str, str]]:
    out = io.StringIO()
    exports.write(what, form, out)
    out.seek(0)
    return list(csv.DictReader(out)) if form == "csv" else [json.loads(line) for line in out]


def test_a_cell_cannot_be_a_formula() -> None:
    for value, shown in [
        ("=1+1", "'=1+1"), ("+cmd|x", "'+cmd|x"), ("-2+3|x", "'-2+3|x"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"),
        ("\n=1", "'\n=1"), ("\uff1d1+1", "'\uff1d1+1"),
        ("+34600000000", "+34600000000"), ("-5", "-5"), ("plain", "plain"), ("", ""),
    ]:  # fmt: skip
        assert exports.safe_cell(value) == shown


def test_events_in_all_formats_say_the_same(tmp_path: Path) -> None:
    row(
        Event,
        message_id="=m-1",
        type="track",
        name="Order Completed",
        user_id="007",
        properties='{"total":1.5,"ñ":"ü"}',
    )
    row(Event, message_id="m-2", type="identify", name="", traits='{"name":"A, \\"B\\""}', user_id=None)
    table, lines = _rows("events"), _rows("events", "jsonl")
    assert list(table[0]) == list(exports.EXPORTS["events"].columns)
    assert [one["message_id"] for one in table] == ["'=m-1", "m-2"]
    assert json.loads(table[0]["properties"]) == lines[0]["properties"] == {"total": 1.5, "ñ": "ü"}
    assert lines[1]["user_id"] is None
    path = tmp_path / "it's.parquet"
    assert exports.write_file("events", "parquet", path) == 2
    found = duckdb.execute(
        "SELECT message_id, user_id, properties FROM read_parquet(?) ORDER BY 1", [str(path)]
    ).fetchall()
    assert found[0][:2] == ("=m-1", "007")
    assert json.loads(found[0][2]) == {"total": 1.5, "ñ": "ü"}


@pytest.mark.parametrize("what", exports.EXPORTS)
@pytest.mark.parametrize("form", exports.FORMATS)
def test_an_empty_store_exports_empty_files(what: str, form: str, tmp_path: Path) -> None:
    path = tmp_path / f"{what}.{form}"
    # The playbooks that come with the program are there from the beginning.
    count = 3 if what == "playbooks" else 0
    assert exports.write_file(what, form, path) == count
    assert path.exists()
    assert not list(tmp_path.glob("*.part"))
    if form == "parquet":
        assert len(duckdb.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()) == count


def test_more_rows_than_a_chunk_come_in_order_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports_base, "CHUNK_ROWS", 3)
    for number in range(10):
        row(Event, message_id=f"m-{number}")
    assert [one["message_id"] for one in _rows("events")] == [f"m-{number}" for number in range(10)]


def test_leads_groups_and_ties_come_out_by_public_id() -> None:
    world = World()
    world.send(ALMA.identify(), BRUNO.identify(), BRUNO.track("Lead Submitted"))
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    world.act("Group Created", names={"it": "Circolo"}, key="circolo")
    world.act("Group Joined", person=alma, key="circolo")
    world.act("Relationship Recorded", person=alma, other=bruno, kind="friend")
    uids = dict(Person.objects.values_list("id", "uid"))
    rows = {what: list(exports.EXPORTS[what].rows()) for what in ("leads", "groups", "group-members", "relationships")}
    assert [(r["person"], r["temperature"], r["source"]) for r in rows["leads"]] == [(uids[bruno], "warm", "form")]
    assert rows["groups"][0]["names"] == {"it": "Circolo"}
    assert (rows["group-members"][0]["group"], rows["group-members"][0]["person"]) == ("circolo", uids[alma])
    assert (rows["relationships"][0]["person"], rows["relationships"][0]["other"]) == (uids[alma], uids[bruno])
    for what, found in rows.items():
        assert all(list(row) == list(exports.EXPORTS[what].columns) for row in found)
