"""The same definitions on a real Spark cluster: a standalone master and two workers, processes of their own."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from passaparola.measure import engine, lake
from passaparola.measure.engine.recompute import compiled, given, population
from passaparola.measure.lake import compacting, manifest
from passaparola.segments.traits.definitions import TRAITS
from tests.agreement.test_engine import OWN, RULE, settle
from tests.running import free_port

pytestmark = pytest.mark.django_db(databases="__all__")
START_SECONDS_MAX = 90


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The URL of a master with two workers from the pip package; they end with the block."""
    import pyspark

    home, port = Path(pyspark.__file__).parent, free_port()
    url = f"spark://127.0.0.1:{port}"
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_NO_DAEMONIZE": "1"}
    deploy = [str(home / "bin" / "spark-class")]
    master = [*deploy, "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port)]
    worker = [*deploy, "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "-c", "1", "-m", "1g"]
    started = []
    try:
        for n, command in enumerate((master, worker, worker)):
            ports = ["--webui-port", str(free_port())] + (["-d", str(folder / f"work{n}"), url] if n else [])
            with (folder / f"spark-{n}.log").open("wb") as log:
                started.append(
                    subprocess.Popen([*command, *ports], env=environment, stdout=log, stderr=log, start_new_session=True)
                )
            if not n:
                _wait_for(port)
        yield url
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    pytest.fail("the Spark master did not start")


@pytest.fixture
def spark(tmp_path: Path) -> Iterator[str]:
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("Spark needs pyspark (pip install passaparola[spark]) and Java")
    with cluster(tmp_path) as url:
        yield url


def test_spark_says_what_duckdb_says(spark: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LAKE_DIR = tmp_path / "lake"
    monkeypatch.setattr(compacting, "BUCKET_ROWS", 20)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    history = settle(7)
    names = [*(trait.name for trait in TRAITS), *(own["name"] for own in OWN)]
    found = {}
    for url in ("duckdb", spark):
        with engine.connect(url, manifest.folder()) as made:
            people = population(made, lake.load(), manifest.folder(), history.world.now)
            rows: list[tuple[Any, ...]] = []
            said: list[tuple[Any, ...]] = []
            statement = compiled(RULE, made)
            for bucket in range(people.buckets):
                people.open(bucket)
                rows += made.rows(f"SELECT person_id, {', '.join(names)} FROM trait")
                said += made.rows(statement.sql, given(statement, people.clock))
            found[url] = (sorted(rows, key=str), sorted(said, key=str))
    assert found["duckdb"] == found[spark]
    assert any(answer == 1 for _, answer, _ in found[spark][1])
