"""Everybody, bucket by bucket: the relations that rules and traits are written against, over the lake.

fact, refund, person, who, trait, state, membership, group_member, consent, referral, relationship, each keyed by the root as
of now. Facts after the moment asked about are not there; states with a history (stage, membership, groups, relationships,
consent) stand as they stood then, the others (leads, referrals' states, refunds) as they stand in the newest snapshot.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path

from sqlglot import exp

from passaparola.measure.engine.connect import Engine
from passaparola.measure.engine.reads import COUNTED, Reads
from passaparola.measure.lake import shape
from passaparola.measure.lake.manifest import Manifest, NoLake
from passaparola.segments import rules
from passaparola.segments.models import PersonTrait
from passaparola.segments.rules import Clock
from passaparola.segments.traits import own, portable
from passaparola.segments.traits.definitions import TRAITS
from passaparola.segments.traits.own import OwnTrait
from passaparola.segments.traits.store import built_in_sql, ymd

# Up to so many people one core does it with less work than two.
FEW_MAX = 20_000
_HERE = Path(__file__).parent
_COLUMNS = ", ".join(name for name in shape.FACT if name != "self_id")
_KINDS = {"BigIntegerField": "BIGINT", "CharField": "TEXT"}


class Population:
    """The people of a lake as of one moment."""

    def __init__(
        self,
        engine: Engine,
        known: Manifest,
        at: Path,
        clock: Clock,
        *,
        period_days: int,
        pyramid_days: int,
        owned: Mapping[str, OwnTrait],
        touched: Sequence[int] | None = None,
        turns: Sequence[str] = (),
    ) -> None:
        """`touched`: only these people (roots), all in one bucket. `turns`: helper traits (rules.turns) that are asked for."""
        if not known.states:
            raise NoLake(folder=at)
        self.engine, self.known, self.at, self.clock = engine, known, at, clock
        self.period_days, self.pyramid_days, self.owned = period_days, pyramid_days, dict(owned)
        self.buckets = 1 if engine.whole or touched is not None or not known.buckets else known.buckets
        self.turns = tuple(dict.fromkeys(turns))
        self.touched = None if touched is None else frozenset(touched)
        if touched is not None:
            engine.shared("touched", f"SELECT UNNEST([{', '.join(map(str, sorted(set(touched))))}]) AS person_id")
        self._once()

    # --- once -------------------------------------------------------------------------------------

    def _once(self) -> None:
        """What all buckets share: who everybody is, and the facts that are not in their bucket."""
        root, faces = self._state("person"), "id, root_id, forgotten, born_ymd, sex, language"
        if self.touched is None:
            self._together("everybody", f"SELECT {faces} FROM {root}", person="root_id")
        else:
            # Who is whom is needed of everybody, the rest of those who are asked about only.
            self.engine.shared("everybody", f"SELECT id, root_id FROM {root}")
            self.engine.shared("somebody", f"SELECT {faces} FROM {root} JOIN touched ON touched.person_id = id")
        names = [self.known.sealed_person] if self.known.sealed_person else []
        sealed = self.engine.parquet(self.at, names, {"id": "BIGINT", "root_id": "BIGINT"})
        # Whoever was found to be somebody else since the buckets were made; few are anybody but themselves then or now.
        other = "SELECT id FROM everybody WHERE root_id <> id UNION SELECT id FROM sealed WHERE root_id <> id"
        self.engine.shared(
            "moved",
            f"WITH sealed AS (SELECT id, root_id FROM {sealed}) SELECT e.id AS id FROM ({other}) AS o "
            "JOIN everybody AS e ON e.id = o.id JOIN sealed AS s ON s.id = o.id WHERE s.root_id <> e.root_id",
        )
        self.has_moved = bool(self.engine.rows("SELECT 1 FROM moved LIMIT 1"))
        newer = [file.name for file in self.known.time if file.last_event > self.known.sealed]
        picks = ", ".join(f"f.{name}" for name in shape.FACT if name != "self_id")
        parts = []
        if newer:
            files = self.engine.parquet(self.at, newer, dict(shape.FACT))
            parts.append(
                f"SELECT e.root_id AS person_id, {picks} FROM {files} AS f JOIN everybody AS e ON e.id = f.self_id "
                f"WHERE f.event_id > {self.known.sealed}"
            )
        if self.has_moved:
            files = self._people([file.name for file in self.known.people])
            parts.append(
                f"SELECT e.root_id AS person_id, {picks} FROM {files} AS f JOIN everybody AS e ON e.id = f.self_id "
                "WHERE f.self_id IN (SELECT id FROM moved)"
            )
        self.has_apart = bool(parts)
        if parts:
            self._together("apart", " UNION ALL ".join(parts))
        self._states()

    def _together(self, name: str, sql: str, person: str = "person_id") -> None:
        """Rows of people, each bucket's together: where they lie in no order every bucket would read all of them."""
        if self.buckets > 1:
            sql = f"SELECT *, CAST({person} % {self.buckets} AS SMALLINT) AS bucket FROM ({sql}) AS found ORDER BY bucket"
        self.engine.shared(name, sql)

    def _state(self, kind: str) -> str:
        state = self.known.states.get(kind)
        return self.engine.parquet(self.at, [state.name] if state else [], dict(shape.STATES[kind].columns))

    def _people(self, names: Sequence[str]) -> str:
        return self.engine.parquet(self.at, names, {**shape.FACT, "person_id": "BIGINT"})

    def _of_root(self, kind: str, picks: str, where: str = "TRUE", person: str = "self_id") -> str:
        return (
            f"SELECT e.root_id AS person_id, {picks} FROM {self._state(kind)} AS s "
            f"JOIN everybody AS e ON e.id = s.{person} WHERE {where}"
        )

    def _states(self) -> None:
        now = self.clock.as_of_us
        then = f"s.from_us <= {now} AND (s.until_us IS NULL OR s.until_us > {now})"
        made = {
            "all_refund": self._of_root("refund", "s.id AS order_key, s.back_minor AS back_minor"),
            "all_membership": self._of_root("membership", "s.segment_id AS segment_id", then),
            "all_group_member": self._of_root("group_member", "s.group_id AS group_id", then),
            "all_consent": self._of_root(
                "consent",
                "s.id AS id, s.channel AS channel, s.purpose AS purpose, s.state AS state",
                f"s.at_us <= {now}",
            ),
            "referral": (
                "SELECT s.id AS id, s.program_id AS program_id, a.root_id AS advocate_id, f.root_id AS friend_id, s.state AS state "
                f"FROM {self._state('referral')} AS s JOIN everybody AS a ON a.id = s.advocate_id "
                f"JOIN everybody AS f ON f.id = s.friend_id WHERE s.opened_us <= {now}"
            ),
            "all_relationship": (
                "SELECT e.root_id AS person_id, o.root_id AS other_id, s.kind AS kind "
                f"FROM {self._state('relationship')} AS s JOIN everybody AS e ON e.id = s.self_id "
                f"JOIN everybody AS o ON o.id = s.other_id WHERE s.at_us <= {now} AND (s.until_us IS NULL OR s.until_us > {now})"
            ),
            "all_stage": self._stages(),
            "named": f"SELECT DISTINCT e.root_id AS person_id FROM {self._state('named')} AS s JOIN everybody AS e ON e.id = s.id",
            "all_lead": f"SELECT id AS person_id, temperature AS lead FROM {self._state('lead')} WHERE temperature <> ''",
        }
        for name, sql in made.items():
            if name.startswith("all_"):
                self._together(name, sql)
            else:
                self.engine.shared(name, sql)
        self.engine.shared("friend", portable.printed(_text("friend.sql"), self.engine.dialect))
        self.engine.shared("generation", _text("generation.sql"))

    def _stages(self) -> str:
        """The stage as of the moment: what the last change before it said."""
        return (
            "SELECT person_id, after AS stage FROM (SELECT s.self_id AS person_id, s.after, "
            "ROW_NUMBER() OVER (PARTITION BY s.self_id ORDER BY s.at_us DESC, s.id DESC) AS place "
            f"FROM {self._state('stage_change')} AS s WHERE s.at_us <= {self.clock.as_of_us}) AS placed WHERE place = 1"
        )

    # --- a bucket ---------------------------------------------------------------------------------

    def open(self, bucket: int = 0, *, traits: bool = True, reads: Reads | None = None) -> None:
        """Let the relations stand for the people of a bucket; without `traits` trait, pyramid and base are left out.

        `reads`: what will be asked of the facts, which are then fetched once, and no others; None: they stay where they are.
        """
        here, view = self._here(bucket), self.engine.view
        if reads is None:
            view("fact", self._facts(bucket, _COLUMNS))
        else:
            reads |= self._counting if traits else Reads()
            self.engine.table("fetched", self._facts(bucket, ", ".join(reads.columns()), reads.events))
            view("fact", "SELECT * FROM fetched")
        among = "everybody" if self.touched is None else "somebody"
        picks = "id AS person_id, born_ymd, sex, language, forgotten"
        # Of the touched nobody else is in somebody.
        view("person", f"SELECT {picks} FROM {among} WHERE id = root_id AND {'TRUE' if among == 'somebody' else here}")
        view("who", "SELECT person_id FROM person WHERE forgotten = 0")
        for name in ("refund", "membership", "group_member", "consent", "relationship", "stage", "lead"):
            view(name, f"SELECT * FROM all_{name} WHERE {here}")
        if not traits:
            return
        for name, sql in self._trait_tables.items():
            self.engine.table(name, sql)
        view("state", self._levels)

    def beside(self) -> "Population":
        """The same people for one more thread, which opens a bucket of its own."""
        other = copy(self)
        other.engine = self.engine.beside()
        return other

    def _here(self, bucket: int) -> str:
        """Which rows of people are of the bucket, or of the touched."""
        if self.touched is not None:
            return "person_id IN (SELECT person_id FROM touched)"
        return "TRUE" if self.buckets == 1 else f"bucket = {bucket}"

    def _facts(self, bucket: int, columns: str, events: Iterable[str] = ()) -> str:
        """The facts until the moment asked about: those in their bucket, and those that stand apart."""
        within = f"at_us <= {self.clock.as_of_us}"
        if events:
            within += f" AND name IN ({', '.join(own.plain(name, self.engine.dialect) for name in sorted(events))})"
        stay, these = " AND self_id NOT IN (SELECT id FROM moved)" if self.has_moved else "", ""
        if self.touched is not None:
            # A join sorts out while the files are read, which IN does only afterwards.
            these = " JOIN touched USING (person_id)"
        files = self._people([file.name for file in self.known.people if self._is_in(file.bucket, bucket)])
        made = f"SELECT person_id, {columns} FROM {files} AS f{these} WHERE {within}{stay}"
        if self.has_apart:
            made += f" UNION ALL SELECT person_id, {columns} FROM apart WHERE {within} AND {self._here(bucket)}"
        return made

    def _is_in(self, file: int | None, bucket: int) -> bool:
        if self.touched is not None and file is not None:
            return any(person % self.known.buckets == file for person in self.touched)
        return self.buckets == 1 or file == bucket

    @cached_property
    def _trait_tables(self) -> dict[str, str]:
        """The kept columns, what falls into the period, and every trait over them: each computed once for a bucket."""
        dialect = self.engine.dialect
        values = {"today": self.clock.today, "today_ymd": ymd(self.clock.today), "period_days": self.period_days}
        falling = ("period", "turn") if self.turns else ("period",)
        picks, joins = [], [f"LEFT JOIN {name} ON {name}.person_id = person.person_id" for name in ("base", *falling, "friend")]
        for trait in TRAITS:
            value = portable.printed(trait.sql, dialect, values)
            picks.append(f"CAST({value} AS {_type(trait.type, dialect)}) AS {trait.name}")
        for name in self.turns:
            if (rules.read_turn(name) or ("",))[0] not in self.owned:
                value = portable.show(portable.with_values(built_in_sql(name), values), dialect)
                picks.append(f"CAST({value} AS BIGINT) AS {_quoted(name, dialect)}")
        for number, (name, sql) in enumerate(self._own.items()):
            picks.append(f"own_{number}.value AS {_quoted(name, dialect)}")
            joins.append(f"LEFT JOIN ({sql}) AS own_{number} ON own_{number}.person_id = person.person_id")
        return {
            "base": self.base_sql(),
            **{name: portable.printed(_text(f"{name}.sql"), dialect, values) for name in falling},
            "trait": f"SELECT person.person_id AS person_id, {', '.join(picks)} FROM person {' '.join(joins)}",
        }

    @cached_property
    def _own(self) -> dict[str, str]:
        today, dialect = self.clock.today, self.engine.dialect
        helpers = {name: self.owned[turn[0]] for name in self.turns if (turn := rules.read_turn(name)) and turn[0] in self.owned}
        return {
            **{name: own.lake_sql(one, today, dialect) for name, one in self.owned.items()},
            **{name: own.lake_turn_sql(one, today, dialect) for name, one in helpers.items()},
        }

    @cached_property
    def _levels(self) -> str:
        levels = _text("levels.sql").replace("pyramid_day", str(self.clock.today - self.pyramid_days))
        return portable.printed(levels, self.engine.dialect)

    @cached_property
    def _counting(self) -> Reads:
        """What the traits read of the facts."""
        events = COUNTED | {trait.event for trait in self.owned.values()}
        tables = [sql for name, sql in self._trait_tables.items() if name != "trait"]
        counted = (*tables, *self._own.values())
        return Reads(events, counted)

    def base_sql(self) -> str:
        """The statement of the kept columns, each in the type of its column in the store."""
        picks = []
        for field in PersonTrait._meta.concrete_fields:
            name, kind = str(field.column), _KINDS.get(field.get_internal_type(), "INT")
            picks.append(f"CAST({name} AS {'STRING' if (kind, self.engine.dialect) == ('TEXT', 'spark') else kind}) AS {name}")
        counted = portable.printed(portable.written("base.sql"), self.engine.dialect)
        return f"SELECT {', '.join(picks)} FROM ({counted}) AS counted"


def _quoted(name: str, dialect: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect=dialect)


def _type(kind: str, dialect: str) -> str:
    if kind == "text":
        return "STRING" if dialect == "spark" else "VARCHAR"
    return "DOUBLE" if kind == "number" else "BIGINT"


def _text(name: str) -> str:
    lines = (_HERE / name).read_text().splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))
