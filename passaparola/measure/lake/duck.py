"""DuckDB as the lake uses it: bounded in memory, one folder to spill into, nothing fetched at run time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COMPRESSION = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
# By person within the name of the event, in small groups of rows: a rule reads the groups of its own event only.
BY_PERSON = "(FORMAT parquet, PARQUET_VERSION v2, COMPRESSION snappy, ROW_GROUP_SIZE 40960)"
BY_PERSON_ORDER = "name, person_id, at_us, event_id, line"


@contextmanager
def engine(at: Path, *, memory_mb: int | None = None, threads: int | None = None) -> Iterator[Any]:
    """A connection in memory that spills below `at`."""
    import duckdb
    from django.conf import settings

    spill = at / "spill"
    config: dict[str, Any] = {
        "memory_limit": f"{memory_mb or settings.ENGINE_MEMORY_MB}MB",
        "temp_directory": str(spill),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "preserve_insertion_order": "false",
    }
    if threads or settings.ENGINE_THREADS:
        config["threads"] = str(threads or settings.ENGINE_THREADS)
    with duckdb.connect(config=config) as made:
        yield made


def files(at: Path, names: list[str], columns: dict[str, str] | None = None) -> str:
    """A relation over Parquet files; over none an empty one of these columns."""
    if not names:
        picks = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in (columns or {}).items())
        return f"(SELECT {picks} WHERE FALSE)"
    listed = ", ".join(quoted(str(at / name)) for name in names)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def quoted(text: str) -> str:
    """A text as a literal."""
    return "'" + text.replace("'", "''") + "'"
