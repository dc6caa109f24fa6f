"""PASSAPAROLA_ENGINE_URL → an engine: the few verbs that DuckDB and Spark both know."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from passaparola.kernel.errors import Refusal
from passaparola.measure.lake import duck


class UnknownEngine(Refusal):
    """PASSAPAROLA_ENGINE_URL is {url}: it must be duckdb or spark://host:port."""

    code, status = "unknown_engine", 422


class NoSpark(Refusal):
    """PASSAPAROLA_ENGINE_URL asks for Spark, which needs “pip install passaparola[spark]” and Java: {problem}"""

    code, status = "no_spark", 503


class Engine(Protocol):
    """What a population is asked through."""

    dialect: str
    # Whether one statement over everybody is better than one a bucket: on a cluster the engine divides the work itself.
    whole: bool

    def view(self, name: str, sql: str) -> None:
        """Let a name stand for a SELECT."""

    def table(self, name: str, sql: str, parameters: Any = None) -> None:
        """The same, computed once."""

    def shared(self, name: str, sql: str) -> None:
        """The same, and every engine beside this one sees it."""

    def beside(self) -> "Engine":
        """The same engine for one more thread: it sees what is shared; views and tables are its own."""

    def rows(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """All rows of a SELECT; the parameters are a list for `?`, on Spark names with their values."""

    def write(self, sql: str, path: Path, parameters: Any = None) -> None:
        """Its rows as Parquet."""

    def parquet(self, at: Path, names: Sequence[str], columns: dict[str, str]) -> str:
        """A relation over Parquet files."""


@contextmanager
def connect(url: str, at: Path, *, threads: int | None = None) -> Iterator[Engine]:
    """The engine of a URL, with a lake at `at`; `threads`: for DuckDB, other than set. Raises UnknownEngine, NoSpark."""
    if url == "duckdb":
        with duck.engine(at, threads=threads) as connection:
            yield Duck(connection)
    elif url.startswith(("spark://", "local[")):
        from passaparola.measure.engine import spark

        with spark.session(url, at) as made:
            yield made
    else:
        raise UnknownEngine(url=url)


class Duck:
    """DuckDB in this process."""

    dialect, whole = "duckdb", False

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def view(self, name: str, sql: str) -> None:
        """See Engine."""
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql}")

    def table(self, name: str, sql: str, parameters: Any = None) -> None:
        """See Engine. The one before goes first: memory holds one of them."""
        self.connection.execute(f"DROP TABLE IF EXISTS {name}")
        self.connection.execute(f"CREATE TEMP TABLE {name} AS {sql}", list(parameters or ()))

    def shared(self, name: str, sql: str) -> None:
        """See Engine."""
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}")

    def beside(self) -> "Duck":
        """See Engine."""
        return Duck(self.connection.cursor())

    def rows(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """See Engine."""
        return self.connection.execute(sql, list(parameters or ())).fetchall()  # type: ignore[no-any-return]

    def write(self, sql: str, path: Path, parameters: Any = None) -> None:
        """See Engine."""
        self.connection.execute(f"COPY ({sql}) TO {duck.quoted(str(path))} {duck.COMPRESSION}", list(parameters or ()))

    def parquet(self, at: Path, names: Sequence[str], columns: dict[str, str]) -> str:
        """See Engine."""
        return duck.files(at, list(names), columns)
