"""Traits in the operational store: kept for the people an event touches, read for one or for many.

What follows from the facts alone is kept in `person_trait`; what moves with time or with friends is counted when read.
So a trait is never stale, and nobody has to count everybody at night.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any

from passaparola.events import intake
from passaparola.kernel import database
from passaparola.segments import rules
from passaparola.segments.models import PersonTrait
from passaparola.segments.traits import own, portable, touched
from passaparola.segments.traits.definitions import SOURCES, TRAITS, by_name
from passaparola.segments.traits.own import OwnTrait

PEOPLE_AT_ONCE = 1_000
_DIALECT = {"sqlite": "sqlite", "postgresql": "postgres"}
_BORN = {
    "sqlite": "CAST(REPLACE(birth_on, '-', '') AS INTEGER)",
    "postgresql": "CAST(TO_CHAR(birth_on, 'YYYYMMDD') AS INTEGER)",
}


def refresh(people: Iterable[int]) -> None:
    """Count again what follows from the facts of these people (roots or other selves), inside a turn.

    PEOPLE_AT_ONCE of them at a time; persons that are no roots, or did nothing that counts, are left without a row.
    """
    for some in database.chunks(sorted(set(people)), PEOPLE_AT_ONCE):
        found = database.rows(f"SELECT DISTINCT root_id FROM person WHERE {database.any_of('id')}", [some])
        roots = sorted(root for (root,) in found)
        counted = touched.count(roots)
        if without := {*some, *roots}.difference(row["person_id"] for row in counted):
            database.run(f"DELETE FROM person_trait WHERE {database.any_of('person_id')}", [sorted(without)])
        database.upsert(PersonTrait, counted)


def backfill() -> int:
    """Count whoever has no row: in a store from before traits were kept, everybody. How many people were looked at.

    A turn for every PEOPLE_AT_ONCE of them; run again it does nothing for those who have a row by now.
    """
    sql = (
        "SELECT p.id FROM person p LEFT JOIN person_trait t ON t.person_id = p.id "
        "WHERE p.root_id = p.id AND t.person_id IS NULL AND p.id > ? ORDER BY p.id LIMIT ?"
    )
    last = looked = 0
    while some := [row[0] for row in database.rows(sql, [last, PEOPLE_AT_ONCE])]:
        with database.turn():
            refresh(some)
        last, looked = some[-1], looked + len(some)
    return looked


@cache
def base_sql() -> str:
    """The statement that counts the kept columns of everybody, in the order of the model: what `refresh` must agree with."""
    vendor = database.vendor()
    names = ", ".join(f"'{name}'" for name in SOURCES)
    facts = portable.written(f"facts.{vendor}.sql")
    facts = facts.replace("{people}", "1 = 1")
    facts = facts.replace("{names}", f"e.name IN ({names})")
    facts = facts.replace("{currency}", database.currency())
    tree = portable.parse(portable.written("base.sql"))
    picks = {pick.alias: pick for pick in tree.expressions}
    tree.set("expressions", [picks[name] for name in database.columns(PersonTrait)])
    body = portable.show(tree, _DIALECT[vendor])
    return f"WITH {facts}, {body.removeprefix('WITH ')}"


def relation(names: Sequence[str], *, today: int, people: bool = False, period_days: int | None = None) -> str:
    """A SELECT of person_id (roots) and the named traits as of the local day `today`, in the store's own dialect.

    Names may be of helper traits (rules.turns).
    With `people` it takes one list parameter for each `?` in it (the same list of roots, see `parameters`).
    Raises KeyError for a trait that does not exist.
    """
    vendor = database.vendor()
    if period_days is None:
        from passaparola.segments.actions import ranges_in_force

        period_days = ranges_in_force().period_days
    values = {"today": today, "today_ymd": ymd(today), "period_days": period_days}
    owned = own.in_force() if {_said(name)[0] for name in names} - by_name().keys() else {}
    built_in = {name: built_in_sql(name) for name in names if _said(name)[0] not in owned}
    where = database.any_of("p.root_id") if people else "1 = 1"
    mine = {f"own_{number}": name for number, name in enumerate(names) if name not in built_in}
    sources = {
        "base": "person_trait",
        **{
            source: f"({_filled(portable.written(f'{source}.store.sql'), vendor, values).format(people=where)})"
            for source in ("period", "turn", "friend")
        },
        **{alias: f"({_own(owned, name, values, people=people)})" for alias, name in mine.items()},
    }
    needed = {table for tree in built_in.values() for table in portable.tables(tree)} | mine.keys()
    found = {name: portable.show(portable.with_values(tree, values), _DIALECT[vendor]) for name, tree in built_in.items()}
    found |= {name: f"{alias}.value" for alias, name in mine.items()}
    picks = [f'{found[name]} AS "{name}"' for name in names]
    joins = [f"LEFT JOIN {sources[s]} AS {s} ON {s}.person_id = person.person_id" for s in sources if s in needed]
    person = (
        f"SELECT p.id AS person_id, {_BORN[vendor]} AS born_ymd, p.sex, p.language FROM person p WHERE p.id = p.root_id"
    )
    person += f" AND {where}" if people else ""
    return " ".join([f"SELECT {', '.join(['person.person_id', *picks])} FROM ({person}) AS person", *joins])


def _said(name: str) -> tuple[str, int | None]:
    """Of which trait a name is, itself or its helper's."""
    return rules.read_turn(name) or (name, None)


@lru_cache(maxsize=512)
def built_in_sql(name: str) -> Any:
    """The expression of a trait or of a helper trait, as a tree. Raises KeyError for one that does not exist."""
    trait, value = _said(name)
    if rules.read_turn(name) is None:
        return portable.parse(by_name()[trait].sql)
    if value is None:
        return portable.parse(by_name()[trait].changes)
    return portable.with_values(portable.parse(by_name()[trait].reaches), {"w": value})


def parameters(sql: str, people: Sequence[int]) -> list[Sequence[int]]:
    """The list parameters that a relation for some people takes."""
    return [people] * sql.count("?")


def values(person_id: int, *, today: int, turns: Iterable[str] = ()) -> dict[str, Any]:
    """Every trait of one person (a root), own ones too, and the helper traits named; None where it is not known."""
    names = [*(trait.name for trait in TRAITS), *own.in_force(), *turns]
    sql = relation(names, today=today, people=True)
    found = database.rows(sql, parameters(sql, [person_id]))
    if not found:
        return {}
    kinds = kinds_of(names)
    return {name: _python(kinds[name], value) for name, value in zip(names, found[0][1:], strict=True)}


def kinds_of(names: Iterable[str]) -> dict[str, str]:
    """The type of each named trait; of a helper trait it is a day."""
    owned = own.in_force()

    def kind(name: str) -> str:
        return owned[name].kind if name in owned else by_name()[name].type

    return {name: kind(name) if rules.read_turn(name) is None else "day" for name in names}


def ymd(day: int) -> int:
    """A day number as year * 10000 + month * 100 + day."""
    on = intake.EPOCH + timedelta(days=day)
    return on.year * 10000 + on.month * 100 + on.day


def _python(kind: str, value: Any) -> Any:
    if value is None or kind == "text":
        return value
    if kind == "boolean":
        return bool(value)
    return float(value) if kind == "number" else int(value)


def _filled(sql: str, vendor: str, values: dict[str, int]) -> str:
    """A text of ours with its parameters filled in and the place for the people kept."""
    sql = sql.replace("{people}", "people_here").replace("{currency}", database.currency())
    tree = portable.with_values(portable.parse(sql), values)
    return portable.show(tree, _DIALECT[vendor]).replace("people_here", "{people}")


def _own(owned: Mapping[str, OwnTrait], name: str, values: dict[str, int], *, people: bool) -> str:
    trait, make = owned[_said(name)[0]], own.store_sql if name in owned else own.store_turn_sql
    return make(trait, values["today"], database.vendor(), people=people)
