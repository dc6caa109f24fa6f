"""The same histories in our own tables and in the shape of the lake, and statements asked of them."""

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
from sqlglot import exp

from passaparola.events.models import Event, Order, OrderLine
from passaparola.kernel import database
from passaparola.people.models import Consent, GroupMember, Person, Relationship
from passaparola.programs.models import Referral
from passaparola.segments import compile
from passaparola.segments.compile.source import column, select
from passaparola.segments.membership import sheets
from passaparola.segments.models import Lead, Traits
from passaparola.segments.person.panel import Panel
from passaparola.segments.rules import Clock, Group
from passaparola.segments.rules.operands import PROPERTY_MAX
from tests.agreement.dice import KNOWN, NOW_US, TRAITS, day_of, hour_of, turns
from tests.agreement.histories import Histories, at_of

Answers = dict[int, tuple[int | None, int | None]]
_TYPES = {"whole": "BIGINT", "number": "DOUBLE PRECISION", "text": "TEXT", "boolean": "BOOLEAN", "time": "BIGINT"}
# Of each trait the type of its column, and of each helper trait.
_COLUMNS = {name: _TYPES.get(kind.type, "INTEGER") for name, kind in TRAITS.items()} | dict.fromkeys(turns(0, 0), "INTEGER")
_SPARK = {"VARCHAR": "STRING", "TEXT": "STRING", "INTEGER": "INT"}
# Levels that other rooms will bring, in a table of the tests' own.
LEVELS = {
    kind: select(person_id=column("person_id"), level=column(kind)).from_("level") for kind in ("tier", "pyramid")
}
FACT_COLUMNS = {
    "person_id": "BIGINT", "event_id": "BIGINT", "line": "INTEGER", "at_us": "BIGINT", "day": "INTEGER", "hour": "INTEGER",
    "name": "VARCHAR", "product": "VARCHAR", "category": "VARCHAR", "quantity_milli": "BIGINT", "amount_minor": "BIGINT",
    "offer_minor": "BIGINT", "company": "BIGINT", "channel": "VARCHAR", "order_key": "BIGINT", "props": "VARCHAR",
}  # fmt: skip


class OwnTables:
    """The store of this run: SQLite or PostgreSQL."""

    def __init__(self, histories: Histories) -> None:
        dialect = "sqlite" if database.vendor() == "sqlite" else "postgres"
        self.all = compile.Operational(dialect, traits=_traits, currency="EUR", states=LEVELS)
        self.some = compile.Operational(dialect, traits=_traits, currency="EUR", states=LEVELS, people=True)
        self._fill(histories)

    def ask(self, tree: Group, clock: Clock, people: list[int] | None = None) -> Answers:
        """What the store says of everybody, or of some."""
        made = compile.compile(tree, source=self.all if people is None else self.some, known=KNOWN)
        rows = database.rows(made.sql, made.parameters(clock, people))
        assert len({row[0] for row in rows}) == len(rows)
        return {row[0]: (row[1], row[2]) for row in rows}

    def panel(self, tree: Group, clock: Clock, people: list[int]) -> Answers:
        """What the corridor says of some: facts read by it, traits of the tests' own table."""
        made = Panel({1: tree}, TRAITS)
        found = {}
        for one, facts in sheets.read(made.needs, people, clock, _trait_rows):
            answer, change = made.answer(one, facts, clock)
            found[one.id] = (None if answer is None else int(answer), change)
        return found

    def _fill(self, histories: Histories) -> None:
        rows, at, zero = histories.rows, at_of(NOW_US), {"event_id": 0}
        put = database.insert
        put(Person, [{**_PERSON, **row} for row in rows["person"]])
        put(Event, [_event(row) for row in rows["event"]])
        put(Order, [{**_ORDER, **_at(row), "order_id": str(row["id"])} for row in rows["purchase_order"]])
        put(OrderLine, [_at(row) | {"hour": hour_of(row["at_us"])} for row in rows["order_line"]])
        put(Consent, [{**_CONSENT, **row, "at": at} for row in rows["consent"]])
        put(Referral, [_referral(row) for row in rows["referral"]])
        put(Relationship, _ended(rows["relationship"], source="x", at=at, ended_by_id=None, **zero))
        put(GroupMember, _ended(rows["group_member"], role="member", source="x", from_at=at, ended_by_id=None, **zero))
        put(Traits, [{**_STAGE, "person_id": r["person_id"], "stage": r["stage"]} for r in rows["level"] if r["stage"]])
        put(Lead, [{**_LEAD, "person_id": r["person_id"], "temperature": r["lead"] or ""} for r in rows["level"]])
        _temporary("trait", _COLUMNS, rows["trait"])
        _temporary("level", {"tier": "TEXT", "pyramid": "TEXT"}, rows["level"])
        members = [{**row, "until_at": at.isoformat() if row["over"] else None} for row in rows["membership"]]
        _temporary("membership", {"segment_id": "BIGINT", "until_at": "TEXT"}, members)


class Views:
    """DuckDB over files in the shape of the lake."""

    def __init__(self, histories: Histories, folder: Path) -> None:
        import duckdb

        self.connection = duckdb.connect(config={"threads": 1})
        for name, (columns, rows) in lake(histories).items():
            path = folder / f"{name}.json"
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
            shape = ", ".join(f"'{column}': '{kind}'" for column, kind in columns.items())
            self.connection.execute(
                f"CREATE TABLE {name} AS SELECT * FROM read_json('{path}', columns={{{shape}}}, format='newline_delimited')"
            )
        self.source = compile.Lake("duckdb")

    def ask(self, tree: Group, clock: Clock) -> Answers:
        """What the engine says of everybody."""
        made = compile.compile(tree, source=self.source, known=KNOWN)
        rows = self.connection.execute(made.sql, made.parameters(clock)).fetchall()
        assert len({row[0] for row in rows}) == len(rows)
        return {row[0]: (row[1], row[2]) for row in rows}


class SparkViews:
    """Spark in this process over the same files. `session` is one for all tests: it takes seconds to start."""

    def __init__(self, histories: Histories, folder: Path, session: Any) -> None:
        self.session = session
        for name, (columns, rows) in lake(histories).items():
            path = folder / f"{name}.spark.json"
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
            shape = ", ".join(f"`{column}` {_SPARK.get(kind, kind)}" for column, kind in columns.items())
            session.read.schema(shape).json(str(path)).cache().createOrReplaceTempView(name)
        self.source = compile.Lake("spark")

    def ask(self, tree: Group, clock: Clock) -> Answers:
        """What the engine says of everybody."""
        made = compile.compile(tree, source=self.source, known=KNOWN)
        rows = self.session.sql(made.sql, args=made.named(clock)).collect()
        assert len({row[0] for row in rows}) == len(rows)
        return {row[0]: (row[1], row[2]) for row in rows}


def spark_session() -> Any:
    """A Spark of one thread in this process; None where pyspark or Java is missing."""
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        return None
    from pyspark.sql import SparkSession

    made = SparkSession.builder.master("local[1]").appName("agreement").config("spark.ui.enabled", "false")
    made = made.config("spark.sql.shuffle.partitions", "1").config("spark.sql.session.timeZone", "UTC")
    return made.config("spark.driver.memory", "1g").config("spark.log.level", "ERROR").getOrCreate()


def lake(histories: Histories) -> dict[str, tuple[dict[str, str], list[dict[str, Any]]]]:
    """Relation → columns and rows, keyed by the root, as compile.Lake reads them."""
    rows, root = histories.rows, histories.root
    big, words = "BIGINT", "VARCHAR"
    facts = [
        {**{k: v for k, v in msgspec.structs.asdict(fact).items() if k != "props"}, "person_id": one, "props": marked(fact.props)}
        for one, found in histories.facts.items()
        for fact in found
    ]
    generations = {person.id: person.generation for person in histories.people}
    states = [{**row, "generation": generations[row["person_id"]]} for row in rows["level"]]
    ending = ("membership", "group_member", "relationship")
    current = {table: [row for row in rows[table] if not row["over"]] for table in ending}
    types = {name: kind.removesuffix(" PRECISION") for name, kind in _COLUMNS.items()}

    def rooted(table: str, *keys: str) -> list[dict[str, Any]]:
        return [{**row, **{key: root[row[key]] for key in keys}} for row in current.get(table, rows[table])]

    made: dict[str, tuple[dict[str, str], list[dict[str, Any]]]] = {
        "fact": (FACT_COLUMNS, facts),
        "who": ({"person_id": big}, [{"person_id": person.id} for person in histories.people]),
        "trait": ({"person_id": big, **types}, rows["trait"]),
        "state": ({"person_id": big, "stage": words, "tier": words, "pyramid": words, "lead": words, "generation": big}, states),
        "membership": ({"segment_id": big, "person_id": big}, rooted("membership", "person_id")),
        "group_member": ({"group_id": big, "person_id": big}, rooted("group_member", "person_id")),
        "consent": (
            {"id": big, "person_id": big, "channel": words, "purpose": words, "state": words},
            rooted("consent", "person_id"),
        ),
        "referral": (
            {"program_id": big, "advocate_id": big, "friend_id": big, "state": words},
            rooted("referral", "advocate_id", "friend_id"),
        ),
        "relationship": ({"person_id": big, "other_id": big, "kind": words}, rooted("relationship", "person_id", "other_id")),
    }
    return {name: (columns, [{c: row.get(c) for c in columns} for row in found]) for name, (columns, found) in made.items()}


def marked(props: Any) -> str:
    """Properties as the lake keeps them: each a text whose first letter says the type."""

    def one(value: Any) -> str:
        if isinstance(value, bool):
            return "bt" if value else "bf"
        return f"s{value}" if isinstance(value, str) else f"n{value!r}"

    kept = {key: one(value) for key, value in props.items() if not isinstance(value, int) or abs(value) < PROPERTY_MAX}
    return msgspec.json.encode(kept).decode()


def _traits(dialect: str, names: Any) -> exp.Select:
    picks = {alias: exp.column(name, quoted=True) for alias, name in names.items()}
    return select(person_id=column("person_id"), **picks).from_("trait")


def _trait_rows(names: tuple[str, ...], _today: int) -> tuple[str, dict[str, str]]:
    listed = ", ".join(f'"{name}"' for name in names)
    sql = f"SELECT person_id, {listed} FROM trait WHERE {database.any_of('person_id')}"
    return sql, {name: TRAITS[name].type if name in TRAITS else "day" for name in names}


def _temporary(table: str, columns: dict[str, str], rows: list[dict[str, Any]]) -> None:
    """A table of the test's own for what another room will bring."""
    listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    database.run(f"DROP TABLE IF EXISTS temp.{table}" if database.vendor() == "sqlite" else f"DROP TABLE IF EXISTS pg_temp.{table}")
    database.run(f"CREATE TEMPORARY TABLE {table} (person_id BIGINT, {listed})")
    names = ["person_id", *columns]
    listed = ", ".join(f'"{name}"' for name in names)
    for row in rows:
        database.run(f"INSERT INTO {table} ({listed}) VALUES ({', '.join('?' * len(names))})", [row[name] for name in names])


def _at(row: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in row.items() if key != "at_us"}
    return {**kept, "occurred_at": at_of(row["at_us"]), "day": day_of(row["at_us"])}


def _event(row: dict[str, Any]) -> dict[str, Any]:
    mark = row["id"].to_bytes(16, "big")
    moment = at_of(row["at_us"])
    own = {"hour": hour_of(row["at_us"]), "received_at": moment, "fingerprint": mark, "message_id": str(row["id"])}
    return {**_EVENT, **_at(row), **own}


def _referral(row: dict[str, Any]) -> dict[str, Any]:
    at = at_of(NOW_US)
    return {**_REFERRAL, **row, "opened_at": at, "changed_at": at}


def _ended(rows: list[dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
    at = at_of(NOW_US)
    return [{**{k: v for k, v in row.items() if k != "over"}, **more, "until_at": at if row["over"] else None} for row in rows]


_PERSON = {
    "name": "", "given_name": "", "birth_on": None, "sex": "", "language": "", "time_zone": "", "profile": {}, "shows_name": False,
    "forgotten_at": None, "search": "",
}  # fmt: skip
_EVENT = {
    "batch": 1, "source": "x", "body_hash": b"12345678", "history": False, "import_id": None, "caused_by": None, "user_id": None,
    "anonymous_id": None, "group_id": None, "previous_id": None, "traits": None, "context": None,
}  # fmt: skip
_ORDER = {
    "source": "x", "line": "", "refunded_minor": 0, "unit": "EUR", "cancelled": False, "history": False, "company": None,
    "channel": None, "margin_minor": None, "offer_minor": None,
}  # fmt: skip
_CONSENT = {"wording": "", "language": "", "source": "x", "evidence": {}, "event_id": 0}
_REFERRAL = {"version": 1, "code_id": None, "reason": "", "evidence": {}, "promised": [], "order_id": None, "event_id": 0}
_STAGE = {
    "first_seen_at": at_of(NOW_US), "last_seen_at": at_of(NOW_US), "visits_period": 0, "visits_ever": 0, "first_visit_day": None,
    "last_visit_day": None, "orders": 0, "first_order_at": None, "last_order_at": None, "spent_minor": 0, "refunds": 0,
    "complaints_open": 0, "unhappy": False, "stage_since_at": None,
}  # fmt: skip
_LEAD = {
    "source": "", "since_at": None, "confirmed_at": None, "fit": 0, "sum_micro": 0, "at": None, "score": 0,
    "temperature_since_at": None, "became_customer_at": None, "taken_by": "", "taken_at": None, "own": {},
}  # fmt: skip
