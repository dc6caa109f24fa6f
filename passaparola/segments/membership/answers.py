"""The rules' answers about some people as of one moment: one set-based statement a segment."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from passaparola.events import intake
from passaparola.kernel import database
from passaparola.segments import compile as compiling
from passaparola.segments import pyramid, rules
from passaparola.segments.membership import knowledge

# Person (root) → whether in, and the next moment at which time alone may change that.
Answers = dict[int, tuple[bool, datetime | None]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DIALECTS = {"sqlite": "sqlite", "postgresql": "postgres"}


def of(trees: Mapping[int, rules.Group], people: Sequence[int], as_of: datetime, zone: str) -> dict[int, Answers]:
    """What each rule says about each of these people (roots). Reads only."""
    clock, mark = clock_at(as_of, zone), knowledge.mark()
    found = {id_: _one(tree, people, clock, mark) for id_, tree in trees.items()}
    layered = [id_ for id_, tree in trees.items() if "pyramid" in rules.mentions(tree).states]
    if layered:
        _until_inactive(found, layered, people, clock.today, zone)
    return found


def _until_inactive(found: dict[int, Answers], ids: Sequence[int], people: Sequence[int], today: int, zone: str) -> None:
    """A level of the pyramid falls on a day of its own, which no fact in the rule tells."""
    days = knowledge.pyramid_changes(people, today, pyramid.period_in_force().period_days)
    for person, day in days.items():
        falls = midnight(day, zone)
        for id_ in ids:
            if person in found[id_]:
                answer, next_ = found[id_][person]
                found[id_][person] = (answer, min(next_, falls) if next_ else falls)


def _one(tree: rules.Group, people: Sequence[int], clock: compiling.Clock, mark: str) -> Answers:
    made = statement(tree, clock.today, some=True, mark=mark)
    rows = database.rows(made.sql, made.parameters(clock, list(people)))
    return {person: (bool(answer), moment(next_us)) for person, answer, next_us in rows}


def statement(tree: rules.Group, today: int, *, some: bool, mark: str | None = None) -> compiling.Statement:
    """The compiled rule for this store: about `some` people given as a list, or about everybody.

    mark: what `knowledge.mark` says now, where many are asked in one go.
    """
    key = msgspec.json.encode(rules.as_json(tree), order="sorted")
    return _compiled(key, database.vendor(), today, some, knowledge.mark() if mark is None else mark)


@lru_cache(maxsize=2048)
def _compiled(rule: bytes, vendor: str, today: int, some: bool, mark: str) -> compiling.Statement:
    source, known = _source(vendor, today, some=some), rules.Known(traits=knowledge.traits())
    return compiling.compile(rules.read(rule), source=source, known=known)


def _source(vendor: str, today: int, *, some: bool) -> compiling.Operational:
    states = knowledge.states(today, pyramid.period_in_force().period_days)
    traits = knowledge.trait_relation(today, some=some)
    return compiling.Operational(_DIALECTS[vendor], traits=traits, states=states, people=some)


def text(tree: rules.Group, as_of: datetime, zone: str) -> str:
    """The statement about everybody with every value in its place: to be read, and run elsewhere by hand."""
    clock = clock_at(as_of, zone)
    source, known = _source(database.vendor(), clock.today, some=False), rules.Known(traits=knowledge.traits())
    return compiling.text(tree, source=source, known=known, clock=clock)


def clock_at(as_of: datetime, zone: str) -> compiling.Clock:
    """A moment as rules are asked about it: microseconds, the local day, and when that day is over."""
    today, _ = intake.local(as_of, zone)
    return compiling.Clock((as_of - _EPOCH) // _MICROSECOND, today, (midnight(today + 1, zone) - _EPOCH) // _MICROSECOND)


def midnight(day: int, zone: str) -> datetime:
    """When a local day begins."""
    there = datetime.combine(date.fromordinal(intake.EPOCH.toordinal() + day), time.min, ZoneInfo(zone))
    return there.astimezone(UTC)


def moment(us: int | None) -> datetime | None:
    """A moment from microseconds since 1970."""
    return None if us is None else _EPOCH + timedelta(microseconds=int(us))
