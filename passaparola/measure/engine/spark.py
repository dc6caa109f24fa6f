"""Spark: the same statements on a cluster. pyspark is no dependency; the extra `spark` brings it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from passaparola.measure.engine.connect import NoSpark
from passaparola.measure.lake import manifest

_ROWS_A_PART, _PARTS_MAX = 500_000, 400
_SMALL_ROWS = 300_000
_TYPES = {"VARCHAR": "STRING"}


@contextmanager
def session(url: str, at: Path) -> Iterator["Spark"]:
    """A session on the cluster at spark://host:port (or local[n], for tests). Raises NoSpark."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as problem:
        raise NoSpark(problem=str(problem)) from problem
    rows = manifest.load(at).rows if (at / manifest.NAME).exists() else 0
    making = SparkSession.builder.master(url).appName("passaparola")
    for name, value in _settings(rows).items():
        making = making.config(name, value)
    made = making.getOrCreate()
    try:
        yield Spark(made)
    finally:
        made.stop()


def _settings(rows: int) -> dict[str, str]:
    """What a session is told. Its own defaults are for the large; where the shop is small they cost more than the work."""
    made = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        # Days and hours are integers of the business already; nothing may depend on a session's zone.
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "false",
        "spark.sql.shuffle.partitions": str(max(2, min(_PARTS_MAX, rows // _ROWS_A_PART))),
    }
    if rows < _SMALL_ROWS:
        # Compiling the steps and planning anew between them pays for itself only over many rows.
        made |= {
            "spark.sql.adaptive.enabled": "false",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        }
    return made


class Spark:
    """A Spark session."""

    dialect, whole = "spark", True

    def __init__(self, made: Any) -> None:
        self.session = made

    def view(self, name: str, sql: str) -> None:
        """See Engine."""
        self.session.sql(sql).createOrReplaceTempView(name)

    def table(self, name: str, sql: str, parameters: Any = None) -> None:
        """See Engine."""
        self.session.sql(sql, args=parameters or None).cache().createOrReplaceTempView(name)

    def shared(self, name: str, sql: str) -> None:
        """See Engine."""
        self.table(name, sql)

    def beside(self) -> "Spark":
        """See Engine. The cluster divides the work; nobody asks for a second one."""
        return self

    def rows(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """See Engine."""
        return [tuple(row) for row in self.session.sql(sql, args=parameters or None).collect()]

    def write(self, sql: str, path: Path, parameters: Any = None) -> None:
        """See Engine. A folder of files, as clusters write."""
        self.session.sql(sql, args=parameters or None).write.mode("overwrite").parquet(str(path))

    def parquet(self, at: Path, names: Sequence[str], columns: dict[str, str]) -> str:
        """See Engine."""
        picks = ", ".join(f"CAST(NULL AS {_TYPES.get(kind, kind)}) AS {name}" for name, kind in columns.items())
        if not names:
            return f"(SELECT {picks} WHERE FALSE)"
        # The names say which columns; several files are one relation.
        return (
            "(" + " UNION ALL ".join(f"SELECT {', '.join(columns)} FROM parquet.`{at / name}`" for name in names) + ")"
        )
