"""Everything for everybody: traits, stages, segments; and what of it the books say otherwise."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from django.conf import settings

from passaparola.kernel.models import Setting
from passaparola.measure import lake
from passaparola.measure.engine.connect import Engine, connect
from passaparola.measure.engine.population import FEW_MAX, Population
from passaparola.measure.engine.reads import Reads
from passaparola.measure.lake import manifest
from passaparola.segments import compile as compiling
from passaparola.segments import rules, traits
from passaparola.segments.actions import ranges_in_force
from passaparola.segments.membership import answers, knowledge

# So many segments in one statement: what they share is counted once, and the engine still plans it quickly.
TOGETHER = 64
# What one bucket takes while it is counted, all but what spills: so many are counted at once as memory holds.
HAND_MB = 256


@dataclass(slots=True)
class Recomputed:
    """What a recompute came to. `segments`: how many are in each; `members`: who, where that was asked for."""

    people: int = 0
    facts: int = 0
    segments: dict[int, int] = field(default_factory=dict)
    members: dict[int, set[int]] = field(default_factory=dict)
    into: Path | None = None

    def add(self, part: "Recomputed") -> None:
        """Count in what a part of the people came to."""
        self.people += part.people
        for number, count in part.segments.items():
            self.segments[number] += count
        for number, inside in part.members.items():
            self.members[number] |= inside


def clock_at(as_of: datetime) -> rules.Clock:
    """A moment as rules are asked about it."""
    return answers.clock_at(as_of, settings.BUSINESS_TIME_ZONE)


def recompute(
    segments: Mapping[int, rules.Group],
    *,
    as_of: datetime,
    url: str | None = None,
    keep_members: bool = False,
    touched: Sequence[int] | None = None,
    progress: Callable[[int, int], None] = lambda done, all_: None,
) -> Recomputed:
    """Traits of everybody as Parquet below the lake (`traits/`), and who is in each segment. The lake is not written.

    touched: only of these people (roots), as Parquet in `touched/`; what it costs follows from how many they are.
    Raises NoLake, UnknownEngine, NoSpark.
    """
    known, at = manifest.load(), manifest.folder()
    into = _emptied(at / ("traits" if touched is None else "touched"))
    found = Recomputed(facts=known.rows, segments=dict.fromkeys(segments, 0), into=into)
    found.members = {number: set() for number in segments}
    few = touched is not None and len(touched) <= FEW_MAX
    hands = 1 if touched is not None else _hands(known)
    with connect(url or settings.ENGINE_URL, at, threads=1 if few or hands > 1 else None) as engine:
        people = population(engine, known, at, as_of, touched)
        asked = [Asked(engine, part) for part in _parts(segments)]
        work = partial(_bucket, asked, into, reads_of(segments.values(), [one.statement.sql for one in asked]), keep_members)
        for done, part in enumerate(_divided(people, hands, work), start=1):
            found.add(part)
            progress(done, people.buckets)
    return found


def _hands(known: lake.Manifest) -> int:
    """How many buckets are counted at once: one a core, as memory allows; a core for itself does it with less work."""
    cores = settings.ENGINE_THREADS or os.cpu_count() or 1
    return max(1, min(cores, known.buckets, settings.ENGINE_MEMORY_MB // HAND_MB))


def _divided(people: Population, hands: int, work: Callable[[Population, int], Recomputed]) -> Iterator[Recomputed]:
    """What each bucket came to, as they are done."""
    if min(hands, people.buckets) == 1:
        yield from (work(people, bucket) for bucket in range(people.buckets))
        return
    free: SimpleQueue[Population] = SimpleQueue()
    for _ in range(hands):
        free.put(people.beside())

    def one(bucket: int) -> Recomputed:
        own = free.get()
        try:
            return work(own, bucket)
        finally:
            free.put(own)

    with ThreadPoolExecutor(hands) as pool:
        yield from pool.map(one, range(people.buckets))


def _bucket(asked: list["Asked"], into: Path, reads: Reads, keep_members: bool, people: Population, bucket: int) -> Recomputed:
    """The traits of one bucket as Parquet, and what its people answer."""
    found = Recomputed()
    people.open(bucket, reads=reads)
    people.engine.write("SELECT * FROM trait", into / f"traits-{bucket}.parquet")
    found.people = int(people.engine.rows("SELECT COUNT(*) FROM who")[0][0])
    for one in asked:
        one.ask(people, found, keep_members=keep_members)
    return found


class Asked:
    """Some segments, asked in one statement."""

    def __init__(self, engine: Engine, segments: Mapping[int, rules.Group]) -> None:
        self.names = {f"s{number}": number for number in segments}
        trees = {f"s{number}": rule for number, rule in segments.items()}
        self.statement = compiling.together(trees, source=compiling.Lake(engine.dialect), known=_known())

    def ask(self, people: Population, found: Recomputed, *, keep_members: bool) -> None:
        """How many are in each, and who, of the bucket that is open."""
        engine, (sql, values) = people.engine, spoken(self.statement, people.clock)
        if keep_members:
            engine.table("said", sql, values)
            sql, values = "SELECT * FROM said", None
            for name, number in self.names.items():
                found.members[number] = {person for (person,) in engine.rows(f"SELECT person_id FROM said WHERE {name} = 1")}
        counts = ", ".join(f"COUNT(CASE WHEN {name} = 1 THEN 1 END)" for name in self.names)
        (row,) = engine.rows(f"SELECT {counts} FROM ({sql}) AS said", values)
        found.segments |= dict(zip(self.names.values(), row, strict=True))


def evaluate(rule: rules.Group, *, as_of: datetime, url: str | None = None) -> list[int]:
    """The persons (roots) for whom a rule holds as of a moment, sorted. Raises NoLake, UnknownEngine, NoSpark."""
    known, at = manifest.load(), manifest.folder()
    found: list[int] = []
    with connect(url or settings.ENGINE_URL, at) as engine:
        people = population(engine, known, at, as_of)
        statement = answered(rule, engine)
        for bucket in range(people.buckets):
            people.open(bucket, traits=needs_traits(rule), reads=reads_of([rule], [statement.sql]))
            sql, values = spoken(statement, people.clock)
            found += [person for (person,) in engine.rows(f"SELECT person_id FROM ({sql}) AS said WHERE answer = 1", values)]
    return sorted(found)


def needs_traits(rule: rules.Group) -> bool:
    """Whether a rule asks about more than facts, groups, consents and the like."""
    said = rules.mentions(rule)
    return bool(said.traits or said.states & {"stage", "tier", "pyramid", "lead", "referral"})


def reads_of(asked: Iterable[rules.Group], statements: Iterable[str]) -> Reads:
    """What rules read of the facts."""
    return Reads(frozenset(name for rule in asked for name in rules.mentions(rule).events), tuple(statements))


def _parts(segments: Mapping[int, rules.Group]) -> Iterator[dict[int, rules.Group]]:
    """Segments in groups of as many as one statement takes."""
    numbers = list(segments)
    for start in range(0, len(numbers), TOGETHER):
        yield {number: segments[number] for number in numbers[start : start + TOGETHER]}


def _emptied(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.parquet"):
        old.unlink()
    return folder


def population(
    engine: Engine,
    known: lake.Manifest,
    at: Path,
    as_of: datetime,
    touched: Sequence[int] | None = None,
    turns: Sequence[str] = (),
) -> Population:
    """The people of the lake as this installation counts them: its period, its own traits."""
    return Population(
        engine, known, at, clock_at(as_of), period_days=ranges_in_force().period_days, pyramid_days=_pyramid_days(),
        owned=traits.in_force(), touched=touched, turns=turns,
    )  # fmt: skip


def _pyramid_days() -> int:
    found = Setting.objects.filter(name="pyramid").first()
    return int(found.value.get("period_days", 365)) if found else 365


def compiled(rule: rules.Group, engine: Engine) -> compiling.Statement:
    """The statement of a rule for an engine; asks (person_id, answer, next_us) of the bucket that is open."""
    return compiling.compile(rule, source=compiling.Lake(engine.dialect), known=_known())


def answered(rule: rules.Group, engine: Engine) -> compiling.Statement:
    """The same without the moment of change, for who asks once: person_id, answer."""
    return compiling.together({"answer": rule}, source=compiling.Lake(engine.dialect), known=_known())


def _known() -> rules.Known:
    return rules.Known(traits=knowledge.traits())


def spoken(statement: compiling.Statement, clock: rules.Clock) -> tuple[str, Any]:
    """A statement as its engine takes it at a moment: the text, and the values it is bound to."""
    return (statement.sql, statement.named(clock)) if statement.dialect == "spark" else statement.with_numbers(clock)
