"""Whether the lake is what the log says, fact by fact, both ways."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from passaparola.measure.lake import duck, facts, manifest, shape
from passaparola.measure.lake.manifest import Manifest

EVENTS_AT_ONCE = 100_000
_encode = msgspec.json.Encoder().encode
_COLUMNS = ", ".join(shape.FACT)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was compared. missing: facts of the log that are not in the lake; extra: the other way; twice: by person only."""

    facts: int
    watermark: int
    behind: int
    missing: int
    extra: int
    by_person_wrong: int

    @property
    def agree(self) -> bool:
        """Whether both copies are exactly what the log has up to the watermark."""
        return not (self.missing or self.extra or self.by_person_wrong)


def verify(progress: Callable[[int], None] = lambda events: None) -> Verdict:
    """Compare every fact up to the watermark. Properties of whoever was forgotten are not compared. Raises NoLake, Busy."""
    with manifest.writing(wait=True) as (known, at):
        manifest.load(at)
        missing = extra = 0
        start = 0
        while start < known.watermark:
            until = min(known.watermark, start + EVENTS_AT_ONCE)
            one, other = _compare(known, at, start, until)
            missing, extra, start = missing + one, extra + other, until
            progress(until)
        return Verdict(
            known.rows, known.watermark, facts.highest() - known.watermark, missing, extra, _by_person(known, at)
        )


def _compare(known: Manifest, at: Path, start: int, until: int) -> tuple[int, int]:
    spool = at / ".verify.jsonl"
    with spool.open("wb") as out:
        for _, some in facts.after(start, until):
            out.writelines(_encode(fact) + b"\n" for fact in some)
    picks = "{" + ", ".join(f"{name}: '{kind}'" for name, kind in shape.FACT.items()) + "}"
    names = [file.name for file in known.time if file.last_event > start and file.first_event <= until]
    with duck.engine(at) as engine:
        engine.execute(
            f"CREATE TABLE said AS SELECT * FROM read_json('{spool}', format = 'newline_delimited', columns = {picks})"
        )
        engine.execute(
            f"CREATE TABLE kept AS SELECT {_COLUMNS} FROM {duck.files(at, names, dict(shape.FACT))} "
            f"WHERE event_id > {start} AND event_id <= {until}"
        )
        for table in ("said", "kept"):
            engine.execute(f"UPDATE {table} SET props = NULL WHERE self_id IN {_forgotten()}")
        counts = [
            engine.execute(f"SELECT COUNT(*) FROM (SELECT * FROM {a} EXCEPT ALL SELECT * FROM {b})").fetchone()[0]
            for a, b in (("said", "kept"), ("kept", "said"))
        ]
    spool.unlink()
    return counts[0], counts[1]


def _forgotten() -> str:
    from passaparola.kernel import database

    sql = (
        "SELECT p.id FROM person p JOIN person r ON r.id = p.root_id "
        "WHERE p.forgotten_at IS NOT NULL OR r.forgotten_at IS NOT NULL"
    )
    return f"({', '.join(['-1', *(str(id_) for (id_,) in database.rows(sql))])})"


def _by_person(known: Manifest, at: Path) -> int:
    """Facts up to the seal that stand by time and not by person, or the other way."""
    if not known.sealed:
        return 0
    with duck.engine(at) as engine:
        by_time = f"SELECT {_COLUMNS} FROM {duck.files(at, [file.name for file in known.time])} WHERE event_id <= {known.sealed}"
        by_person = f"SELECT {_COLUMNS} FROM {duck.files(at, [file.name for file in known.people], dict(shape.FACT))}"
        marks = "SELECT md5(CAST(t AS VARCHAR)) AS m FROM ({}) AS t"
        sql = f"SELECT COUNT(*) FROM ({marks} EXCEPT ALL {marks})"
        return sum(
            engine.execute(sql.format(a, b)).fetchone()[0] for a, b in ((by_time, by_person), (by_person, by_time))
        )
