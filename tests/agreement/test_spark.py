"""The same definitions on a real Spark cluster: a standalone master and two workers, processes of their own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passaparola.measure import engine, lake
from passaparola.measure.engine.recompute import compiled, population, reads_of, spoken
from passaparola.measure.lake import compacting, manifest
from passaparola.segments.traits.definitions import TRAITS
from tests.agreement import cluster
from tests.agreement.test_engine import OWN, RULE, settle

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def spark(tmp_path: Path) -> Iterator[str]:
    if not cluster.is_there():
        pytest.skip(cluster.MISSING)
    with cluster.running(tmp_path) as url:
        yield url


def test_spark_says_what_duckdb_says(spark: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LAKE_DIR = tmp_path / "lake"
    monkeypatch.setattr(compacting, "BUCKET_ROWS", 20)
    for name, value in cluster.HERE_ONLY.items():
        monkeypatch.setenv(name, value)
    history = settle(1)
    names = [*(trait.name for trait in TRAITS), *(own["name"] for own in OWN)]
    found = {}
    for url in ("duckdb", spark):
        with engine.connect(url, manifest.folder()) as made:
            people = population(made, lake.load(), manifest.folder(), history.world.now)
            rows: list[tuple[Any, ...]] = []
            said: list[tuple[Any, ...]] = []
            statement = compiled(RULE, made)
            for bucket in range(people.buckets):
                people.open(bucket, reads=reads_of([RULE], [statement.sql]))
                rows += made.rows(f"SELECT person_id, {', '.join(names)} FROM trait")
                said += made.rows(*spoken(statement, people.clock))
            found[url] = (sorted(rows, key=str), sorted(said, key=str))
        assert any(answer == 1 for _, answer, _ in found[url][1])
    assert found["duckdb"] == found[spark]
