"""Everything for everybody: traits, stages, segments; and what of it the books say otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from passaparola.events import intake
from passaparola.kernel.models import Setting
from passaparola.measure import lake
from passaparola.measure.engine.connect import Engine, connect
from passaparola.measure.engine.population import Population
from passaparola.measure.lake import manifest
from passaparola.segments import compile as compiling
from passaparola.segments import rules, traits
from passaparola.segments.actions import ranges_in_force
from passaparola.segments.traits.definitions import TRAITS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Recomputed:
    """What a recompute came to. `segments`: how many are in each; `members`: who, where that was asked for."""

    people: int = 0
    facts: int = 0
    segments: dict[int, int] = field(default_factory=dict)
    members: dict[int, set[int]] = field(default_factory=dict)
    into: Path | None = None


def clock_at(as_of: datetime) -> rules.Clock:
    """A moment as rules are asked about it."""
    zone = settings.BUSINESS_TIME_ZONE
    today, _ = intake.local(as_of, zone)
    midnight = datetime.combine(date.fromordinal(intake.EPOCH.toordinal() + today + 1), time.min, ZoneInfo(zone))
    microsecond = timedelta(microseconds=1)
    return rules.Clock((as_of - _EPOCH) // microsecond, today, (midnight - _EPOCH) // microsecond)


def known_traits() -> dict[str, rules.TraitKind]:
    """Every trait with its kind, own ones too."""
    own = {name: rules.TraitKind(one.kind, one.window_days is not None) for name, one in traits.in_force().items()}
    return {trait.name: rules.TraitKind(trait.type, trait.moves) for trait in TRAITS} | own


def recompute(
    segments: Mapping[int, rules.Group],
    *,
    as_of: datetime,
    url: str | None = None,
    keep_members: bool = False,
    progress: Callable[[int, int], None] = lambda done, all_: None,
) -> Recomputed:
    """Traits of everybody as Parquet below the lake (`traits/`), and who is in each segment. The lake is not written.

    Raises NoLake, UnknownEngine, NoSpark.
    """
    known, at = manifest.load(), manifest.folder()
    into = at / "traits"
    into.mkdir(exist_ok=True)
    for old in into.glob("*.parquet"):
        old.unlink()
    found = Recomputed(facts=known.rows, segments=dict.fromkeys(segments, 0), into=into)
    found.members = {number: set() for number in segments}
    with connect(url or settings.ENGINE_URL, at) as engine:
        people = population(engine, known, at, as_of)
        statements = {number: compiled(rule, engine) for number, rule in segments.items()}
        for bucket in range(people.buckets):
            people.open(bucket)
            engine.write("SELECT * FROM trait", into / f"traits-{bucket}.parquet")
            found.people += int(engine.rows("SELECT COUNT(*) FROM who")[0][0])
            for number, statement in statements.items():
                picks = "person_id" if keep_members else "COUNT(*)"
                sql = f"SELECT {picks} FROM ({statement.sql}) AS said WHERE answer = 1"
                rows = [value for (value,) in engine.rows(sql, given(statement, people.clock))]
                found.segments[number] += len(rows) if keep_members else rows[0]
                found.members[number].update(rows if keep_members else ())
            progress(bucket + 1, people.buckets)
    return found


def evaluate(rule: rules.Group, *, as_of: datetime, url: str | None = None) -> list[int]:
    """The persons (roots) for whom a rule holds as of a moment, sorted. Raises NoLake, UnknownEngine, NoSpark."""
    known, at = manifest.load(), manifest.folder()
    found: list[int] = []
    with connect(url or settings.ENGINE_URL, at) as engine:
        people = population(engine, known, at, as_of)
        statement, said = compiled(rule, engine), rules.mentions(rule)
        for bucket in range(people.buckets):
            people.open(
                bucket, traits=bool(said.traits or said.states & {"stage", "tier", "pyramid", "lead", "referral"})
            )
            sql = f"SELECT person_id FROM ({statement.sql}) AS said WHERE answer = 1"
            found += [person for (person,) in engine.rows(sql, given(statement, people.clock))]
    return sorted(found)


def population(engine: Engine, known: lake.Manifest, at: Path, as_of: datetime) -> Population:
    """The people of the lake as this installation counts them: its period, its own traits."""
    return Population(
        engine, known, at, clock_at(as_of), period_days=ranges_in_force().period_days, pyramid_days=_pyramid_days(),
        owned=traits.in_force(),
    )  # fmt: skip


def _pyramid_days() -> int:
    found = Setting.objects.filter(name="pyramid").first()
    return int(found.value.get("period_days", 365)) if found else 365


def compiled(rule: rules.Group, engine: Engine) -> compiling.Statement:
    """The statement of a rule for an engine; asks (person_id, answer, next_us) of the bucket that is open."""
    return compiling.compile(rule, source=compiling.Lake(engine.dialect), known=rules.Known(traits=known_traits()))


def given(statement: compiling.Statement, clock: rules.Clock) -> Any:
    """The values a statement is bound to: in their order, on Spark by name."""
    return statement.named(clock) if statement.dialect == "spark" else statement.parameters(clock)
