"""What a panel of rules needs to know of some people, read in one statement a table.

The same rows that the compiled statements read (segments/compile/operational.py says which events are facts).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from passaparola.kernel import database
from passaparola.segments import traits as trait_list
from passaparola.segments.compile.operational import LINE, VISIT
from passaparola.segments.person.facts import Fact, Person
from passaparola.segments.person.panel import Needs
from passaparola.segments.rules import Clock

# More facts than this of the people of one reading are left to the statements: these hold nothing in memory.
FACTS_MAX = 50_000
_NO_FACT = "Timer Rang"
_VIEWS = {"Page Viewed": "page", "Screen Viewed": "screen"}
_NAMES = {kind: name for name, kind in _VIEWS.items()}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_decode = msgspec.json.Decoder().decode
Facts = dict[str, list[Fact]]
# (trait names, local day) → the statement and the kind of each trait.
Traits = Callable[[tuple[str, ...], int], tuple[str, Mapping[str, str]]]


class TooMany(Exception):
    """These people did more than one reading may hold."""


def read(needs: Needs, people: Sequence[int], clock: Clock, traits: Traits) -> list[tuple[Person, Facts]]:
    """Everybody of the list (roots) with what is needed of her. Raises TooMany."""
    sql = f"SELECT id, root_id FROM person WHERE {database.any_of('root_id')}"
    root_of: dict[int, int] = dict(database.rows(sql, [people]))
    facts = _facts(needs, root_of, clock)
    values = _traits(needs, people, clock, traits)
    levels = {kind: _levels(kind, people) for kind in sorted(needs.levels)}
    segments = _segments(needs, root_of)
    found = []
    for id_ in people:
        placed = {kind: of.get(id_) for kind, of in levels.items()}
        person = Person(id=id_, traits=values.get(id_, {}), levels=placed, segments=frozenset(segments.get(id_, ())))
        found.append((person, facts.get(id_, {})))
    return found


def as_us(at: Any) -> int:
    """Microseconds since 1970 of a moment as the driver gives it."""
    if isinstance(at, str):
        return (datetime.fromisoformat(at) - _EPOCH) // _MICROSECOND
    return int((at - _EPOCH) // _MICROSECOND)


def _facts(needs: Needs, root_of: Mapping[int, int], clock: Clock) -> dict[int, Facts]:
    """Root → name → facts in the order of time."""
    found: dict[int, Facts] = {}
    left = FACTS_MAX
    for names, since in _reaches(needs, clock):
        rows = _event_rows(needs, names, since, sorted(root_of), left)
        left = _taken(left, rows)
        for fact, person in map(_fact, rows):
            found.setdefault(root_of[person], {}).setdefault(fact.name, []).append(fact)
    if LINE in needs.reach_us:
        rows = _line_rows(needs, sorted(root_of), _since(needs.reach_us[LINE], clock), left)
        _taken(left, rows)
        for fact, person in map(_line, rows):
            found.setdefault(root_of[person], {}).setdefault(LINE, []).append(fact)
    for by_name in found.values():
        for facts in by_name.values():
            if len(facts) > 1:
                facts.sort(key=_moment_of)
    return found


def _moment_of(fact: Fact) -> int:
    return fact.at_us


def _taken(left: int, rows: Sequence[Any]) -> int:
    if len(rows) > left:
        raise TooMany
    return left - len(rows)


def _reaches(needs: Needs, clock: Clock) -> Iterable[tuple[list[str], datetime | None]]:
    """The names read over all time, then those read as far back as the longest of their windows."""
    wanted = {name: us for name, us in needs.reach_us.items() if name not in (LINE, _NO_FACT)}
    if ever := sorted(name for name, us in wanted.items() if us is None):
        yield ever, None
    if lately := {name: us for name, us in wanted.items() if us is not None}:
        yield sorted(lately), _since(max(lately.values()), clock)


def _since(us: int | None, clock: Clock) -> datetime | None:
    return None if us is None else _EPOCH + timedelta(microseconds=clock.as_of_us - us)


def _event_rows(needs: Needs, names: list[str], since: datetime | None, people: list[int], left: int) -> list[tuple[Any, ...]]:
    sqlite = database.vendor() == "sqlite"
    at = "e.occurred_at || '+00:00'" if sqlite else "e.occurred_at"
    with_order = "Order Completed" in names and "Order Completed" in needs.orders
    amount = f"CASE WHEN o.unit = {database.currency()} THEN o.amount_minor END"
    order = f"{amount}, o.offer_minor, o.company, o.channel, o.id" if with_order else "NULL, NULL, NULL, NULL, NULL"
    result = f"CASE WHEN e.name = '{VISIT}' THEN e.result END" if VISIT in names and VISIT in needs.orders else "NULL"
    whole = [name for name in names if name in needs.properties]
    kinds = [_VIEWS[name] for name in names if name in _VIEWS]
    viewed_whole = _or_viewed([_VIEWS[name] for name in whole if name in _VIEWS])
    properties = f"CASE WHEN {_listed('e.name', whole)}{viewed_whole} THEN e.properties END" if whole else "NULL"
    join = (
        "LEFT JOIN purchase_order o ON o.person_id = e.person_id AND o.event_id = e.id AND o.completed "
        "AND e.name = 'Order Completed'"
        if with_order
        else ""
    )
    again = "instr(e.result, '\"repeated_order\"')" if sqlite else "strpos(e.result, '\"repeated_order\"')"
    named = f"({_listed('e.name', names)} AND e.type IN ('track', 'act') AND (e.name <> 'Order Completed' OR {again} = 0))"
    wanted = f"({named}{_or_viewed(kinds)})"
    parameters: list[Any] = [*whole, people, *names]
    if since is not None:
        wanted += " AND e.occurred_at > ?"
        parameters.append(since)
    sql = (
        f"SELECT e.person_id, e.type, e.name, {at}, e.day, e.hour, e.id, {properties}, {result}, {order} "
        f"FROM {database.of_people('event', 'e', wanted)} {join}"
    )
    return database.rows(f"{sql} LIMIT ?", [*parameters, left + 1])


def _listed(column: str, values: Sequence[str]) -> str:
    return f"{column} IN ({', '.join('?' * len(values))})"


def _or_viewed(kinds: Sequence[str]) -> str:
    """Views are known by their type, which is one of two words."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return f" OR e.type IN ({listed})" if kinds else ""


def _fact(row: tuple[Any, ...]) -> tuple[Fact, int]:
    person, type_, name, at, day, hour, id_, properties, result, amount, offer, company, channel, order = row
    if result is not None and name == VISIT:
        # Of a visit, how many came together stands in what came of the event.
        company = _decode(result).get("company")
    props = _decode(properties) if properties else {}
    fact = Fact(
        _NAMES.get(type_, name), as_us(at), day, hour, id_, 0, None, None, None, amount, offer, company, channel, order, props
    )
    return fact, person


def _line_rows(needs: Needs, people: list[int], since: datetime | None, left: int) -> list[tuple[Any, ...]]:
    sqlite = database.vendor() == "sqlite"
    at = "l.occurred_at || '+00:00'" if sqlite else "l.occurred_at"
    order, join = "NULL, NULL", ""
    if LINE in needs.orders:
        order, join = "o.company, o.channel", "JOIN purchase_order o ON o.id = l.order_key"
    sql = (
        f"SELECT l.person_id, {at}, l.day, l.hour, l.event_id, l.line, l.product, l.category, l.quantity_milli, l.amount_minor, "
        f"l.offer_minor, {order}, l.order_key FROM order_line l {join} WHERE {database.any_of('l.person_id')}"
    )
    parameters: list[Any] = [people]
    if since is not None:
        sql += " AND l.occurred_at > ?"
        parameters.append(since)
    return database.rows(f"{sql} LIMIT ?", [*parameters, left + 1])


def _line(row: tuple[Any, ...]) -> tuple[Fact, int]:
    person, at, *more = row
    return Fact(LINE, as_us(at), *more), person


def _traits(needs: Needs, people: Sequence[int], clock: Clock, traits: Traits) -> dict[int, dict[str, Any]]:
    if not needs.traits:
        return {}
    names = tuple(sorted(needs.traits))
    sql, kinds = traits(names, clock.today)
    readers = [(name, _READERS.get(kinds[name], _whole)) for name in names]
    found: dict[int, dict[str, Any]] = {}
    for person, *values in database.rows(sql, trait_list.parameters(sql, people)):
        found[person] = {
            name: None if value is None else reader(value) for (name, reader), value in zip(readers, values, strict=True)
        }
    return found


def _whole(value: Any) -> Any:
    return value if type(value) is int else int(value)


def _same(value: Any) -> Any:
    return value


_READERS: dict[str, Callable[[Any], Any]] = {"text": _same, "boolean": bool, "number": float}


@lru_cache(maxsize=64)
def relation(names: tuple[str, ...], today: int, _mark: str, _vendor: str) -> tuple[str, Mapping[str, str]]:
    """The statement of some traits of some people; made once as long as `knowledge.mark` is the same."""
    return trait_list.relation(names, today=today, people=True), trait_list.kinds_of(names)


_LEVELS = {
    "stage": "SELECT person_id, stage FROM traits WHERE",
    "lead": "SELECT person_id, NULLIF(temperature, '') FROM lead WHERE",
}


def _levels(kind: str, people: Sequence[int]) -> dict[int, str | None]:
    return dict(database.rows(f"{_LEVELS[kind]} {database.any_of('person_id')}", [people]))


def _segments(needs: Needs, root_of: Mapping[int, int]) -> dict[int, set[int]]:
    """Root → which of the segments that rules name she is in, under any self."""
    if not needs.segments:
        return {}
    sql = (
        "SELECT person_id, segment_id FROM membership WHERE until_at IS NULL AND "
        f"{database.any_of('person_id')} AND {database.any_of('segment_id')}"
    )
    found: dict[int, set[int]] = {}
    for person, segment in database.rows(sql, [sorted(root_of), sorted(needs.segments)]):
        found.setdefault(root_of[person], set()).add(segment)
    return found
