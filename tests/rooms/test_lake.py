"""The lake has exactly what the log has: as events come, late, in months, by person, after erasure."""

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from passaparola.events.models import OrderLine
from passaparola.measure import lake
from passaparola.measure.lake import compacting, duck, manifest, props, shape, writing
from tests.people import ALMA, BRUNO, CHIARA, DORA
from tests.world import World


@pytest.fixture
def world(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    settings.LAKE_DIR = tmp_path / "lake"
    monkeypatch.setattr(writing, "LANDING_EVENTS_MAX", 25)
    yield World()


def live(world: World, seed: int, events: int = 25) -> None:
    """Somebody buys, looks, comes and gives back; some of it long ago."""
    rng = random.Random(seed)
    world.send(*(who.identify() for who in (ALMA, BRUNO, CHIARA, DORA)))
    for n in range(events):
        who = rng.choice((ALMA, BRUNO, CHIARA, DORA))
        when = (world.now - timedelta(days=rng.randrange(300), seconds=rng.randrange(9))).isoformat()
        products = [{"sku": rng.choice("abc"), "category": "c", "total": 2}] * rng.randrange(3)
        world.send(
            rng.choice(
                (
                    who.buys(f"{seed}-{rng.randrange(events)}", 5, timestamp=when, products=products, channel="web"),
                    who.returns(f"{seed}-{rng.randrange(events)}", total=1),
                    who.track("Visit Recorded", timestamp=when, companions=n % 3),
                    who.track("Product Viewed", timestamp=when, size=n / 4, colour="red", email="x@example.test"),
                    {"type": "page", "userId": who.user_id, "name": "Coffee", "properties": {"path": "/"}},
                )
            )
        )


def kept(sql: str) -> list[tuple[Any, ...]]:
    known, at = lake.load(), manifest.folder()
    names = [str(at / file.name) for file in known.time]
    return duckdb.sql(sql.replace("facts", f"read_parquet({names})")).fetchall()


def test_exactly_what_the_log_has(world: World) -> None:
    live(world, 1)
    known = lake.write()
    assert len(known.time) > 1
    verdict = lake.verify()
    assert (verdict.agree, verdict.behind) == (True, 0)
    assert kept("SELECT COUNT(*) FROM facts WHERE name = 'Product Bought'") == [(OrderLine.objects.count(),)]
    assert kept("SELECT DISTINCT props FROM facts WHERE props LIKE '%size%' AND props LIKE '%@%'") == []
    live(world, 2)
    assert lake.verify().behind > 0
    lake.write()
    assert lake.verify().agree


@pytest.mark.parametrize("parts_max", [2, compacting.PARTS_MAX])
def test_late_events_find_their_month_and_their_bucket(
    parts_max: int, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compacting, "BUCKET_ROWS", 5)
    monkeypatch.setattr(compacting, "PARTS_MAX", parts_max)
    live(world, 3)
    lake.write(states=True)
    known = lake.compact(force=True)
    assert known.buckets > 4 and all(file.month is not None for file in known.time)
    for file in known.people:
        sql = f"SELECT DISTINCT person_id % {known.buckets} FROM '{manifest.folder() / file.name}'"
        assert duckdb.sql(sql).fetchall() == [(file.bucket,)]
    live(world, 4)
    lake.write()
    known = lake.compact(force=True)
    months = [file.month for file in known.time]
    assert len(months) == len(set(months)) > 5
    assert known.sealed == known.watermark
    verdict = lake.verify()
    assert verdict.agree, verdict


def test_many_buckets_need_no_more_memory_than_few(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of 256 written at once took 512 MB with 200 million facts, and nothing came of it."""
    settings.ENGINE_MEMORY_MB = 64
    monkeypatch.setattr(compacting, "BUCKET_ROWS", 250)
    people, events = 5_000, 60_000
    given = {"self_id": f"1 + i % {people}", "event_id": "1 + i", "line": "0", "day": "20000", "name": "'Visit Recorded'"}
    facts = ", ".join(f"CAST({given.get(name, 'NULL')} AS {kind}) AS {name}" for name, kind in shape.FACT.items())
    with manifest.writing() as (known, at), duck.engine(at) as engine:
        writing.snapshot(known, at)
        person = known.states["person"].name
        many = f"FROM range({people}) AS r(i) LEFT JOIN '{at / person}' ON FALSE"
        engine.execute(f"COPY (SELECT * REPLACE (1 + i AS id, 1 + i AS root_id) {many}) TO '{at}/new' (FORMAT parquet)")
        (at / "new").replace(at / person)
        engine.execute(f"COPY (SELECT {facts} FROM range({events}) AS r(i)) TO '{at}/facts.parquet' (FORMAT parquet)")
        known.time.append(writing.described(engine, at, "facts.parquet", month=625))
        known.states["person"] = manifest.State(person, people, events, 0)
        known.watermark = events
        manifest.save(known, at)
    known = lake.compact(force=True)
    assert (known.buckets, len(known.people), sum(file.rows for file in known.people)) == (256, 256, events)


def test_who_came_after_the_states_were_taken_stands_by_person_too(world: World) -> None:
    world.send(ALMA.identify(), ALMA.buys("1", 5))
    lake.write(states=True)
    world.send(BRUNO.identify(), BRUNO.buys("2", 7))
    lake.write(states=False)
    lake.compact(force=True)
    assert lake.verify().agree


def test_states_that_take_long_are_taken_more_rarely(world: World) -> None:
    """Ten million people take minutes: every ten of them would be half of a core for ever."""
    live(world, 9, 3)
    known = lake.write(states=True)
    assert known.states_seconds > 0
    live(world, 10, 3)

    def taken_after(age_seconds: int, took_seconds: float) -> bool:
        with manifest.writing() as (known, at):
            moment = time.time_ns() // 1000 - age_seconds * 1_000_000
            known.states = {kind: msgspec.structs.replace(one, taken_us=moment) for kind, one in known.states.items()}
            known.states_seconds, before = took_seconds, known.states["person"].name
            manifest.save(known, at)
        return lake.write().states["person"].name != before

    assert not taken_after(590, 0.1)
    assert not taken_after(1_900, 100)
    assert taken_after(2_100, 100)
    live(world, 11, 3)
    assert taken_after(610, 0.1)


def test_a_fact_lost_or_doubled_is_seen(world: World) -> None:
    live(world, 5)
    known = lake.write(states=True)
    lake.compact(force=True)
    file = lake.load().time[0].name
    at = manifest.folder() / file
    duckdb.sql(f"COPY (SELECT * FROM '{at}' WHERE event_id <> (SELECT MIN(event_id) FROM '{at}')) TO '{at}.new' (FORMAT parquet)")
    Path(f"{at}.new").replace(at)
    verdict = lake.verify()
    assert verdict.missing > 0 and verdict.by_person_wrong > 0 and not verdict.agree
    assert known.rows > 0


def test_who_is_forgotten_has_no_properties_anywhere(world: World) -> None:
    live(world, 6)
    lake.write(states=True)
    lake.compact(force=True)
    alma = world.number(ALMA)
    world.act("Person Forgotten", person_id=alma)
    lake.write(states=True)
    assert kept(f"SELECT COUNT(props), COUNT(*) > 0 FROM facts WHERE self_id = {alma}") == [(0, True)]
    known, at = lake.load(), manifest.folder()
    assert {path.name for path in at.glob("*.parquet")} == manifest.named(known), "the old files are gone"
    assert lake.verify().agree
    forgotten = duckdb.sql(f"SELECT forgotten, born_ymd FROM '{at / known.states['person'].name}' WHERE id = {alma}").fetchall()
    assert forgotten == [(1, None)]


def test_replaced_files_stay_for_who_reads_them_and_then_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    live(world, 7)
    before = manifest.named(lake.write(states=True))
    known = lake.compact(force=True)
    there = {path.name for path in manifest.folder().glob("*.parquet")}
    assert before <= there
    monkeypatch.setattr(manifest, "GRACE_SECONDS", -1)
    live(world, 8, 3)
    known = lake.write()
    assert {path.name for path in manifest.folder().glob("*.parquet")} == manifest.named(known)


def test_only_one_writes(world: World) -> None:
    with manifest.writing(), pytest.raises(lake.Busy):
        lake.write()


def test_there_is_no_lake_yet(world: World) -> None:
    with pytest.raises(lake.NoLake):
        lake.load()


VALUES = st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=90)


@examples(max_examples=60)
@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=6))
def test_properties_are_read_back_as_they_were_written(properties: dict[str, Any]) -> None:
    packed = props.packed(properties)
    if packed is None:
        return
    con = duckdb.connect()
    for key, value in properties.items():
        if not props._KEY.fullmatch(key):
            continue
        (found,) = con.execute("SELECT json_extract_string($1, $2)", [packed, f'$."{key}"']).fetchone() or (None,)  # type: ignore[misc]
        if found is None:
            assert isinstance(value, str) or key.lower() in props.PERSONAL
        elif isinstance(value, bool):
            assert found == ("bt" if value else "bf")
        elif isinstance(value, str):
            assert found == f"s{value}"
        else:
            assert con.execute("SELECT CAST(substr($1, 2) AS DOUBLE)", [found]).fetchone() == (float(value),)


@pytest.mark.parametrize("value", ["a@b.example", "+34 600 123 456", "4111 1111 1111 1111", "x" * 81, "a\0b", [1], None])
def test_what_could_be_about_somebody_stays_out(value: Any) -> None:
    assert props.packed({"note2": value}) is None
    assert props.packed({"Email": "red"}) is None
