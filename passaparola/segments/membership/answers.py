"""The rules' answers about some people as of one moment.

`of` asks the store, one set-based statement a segment. `about` reads what all rules together need of the people once, and
asks the rules of one person after the other in Python; what it cannot answer so, it asks as `of` does. Both must agree,
and do in the tests; `prove` asks the books by `of`, so that what the corridor kept by `about` is checked by the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings

from passaparola.events import intake
from passaparola.kernel import database
from passaparola.segments import compile as compiling
from passaparola.segments import pyramid, rules
from passaparola.segments.membership import knowledge, sheets
from passaparola.segments.person import panel

# Person (root) → whether in, and the next moment at which time alone may change that.
Answers = dict[int, tuple[bool, datetime | None]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY_US = 86_400_000_000
# So far ahead local midnights are known exactly.
CLOCKS_DAYS = 400
_DIALECTS = {"sqlite": "sqlite", "postgresql": "postgres"}


def of(trees: Mapping[int, rules.Group], people: Sequence[int], as_of: datetime, zone: str) -> dict[int, Answers]:
    """What each rule says about each of these people (roots). Reads only."""
    clock, mark = clock_at(as_of, zone), knowledge.mark()
    found = {id_: _one(tree, people, clock, mark) for id_, tree in trees.items()}
    layered = [id_ for id_, tree in trees.items() if "pyramid" in rules.mentions(tree).states]
    if layered:
        _until_inactive(found, layered, people, clock.today, zone)
    return found


# Person (root) → the segments whose rule says yes, and when time alone may next change one of the timed.
Verdicts = dict[int, tuple[list[int], datetime | None]]
# People of whom facts are held in memory at a time.
PEOPLE_AT_ONCE = 500


def about(
    trees: Mapping[int, rules.Group], timed: Iterable[int], people: Sequence[int], as_of: datetime, zone: str
) -> Verdicts:
    """What these rules say of each of these people (roots), who is to be alive; timed: whose next change is wanted."""
    clock, mark, wanted = clock_at(as_of, zone), knowledge.mark(), frozenset(timed)
    quick = {id_: tree for id_, tree in trees.items() if panel.fits(tree)}
    slow = {id_: tree for id_, tree in trees.items() if id_ not in quick}
    found: Verdicts = {person: ([], None) for person in people}
    made = _panel(_Rules(quick, wanted.intersection(quick), mark))

    def traits(names: tuple[str, ...], today: int) -> tuple[str, Mapping[str, str]]:
        return sheets.relation(names, today, mark, database.vendor())

    for some in database.chunks(people, PEOPLE_AT_ONCE) if quick else ():
        try:
            for person, facts in sheets.read(made.needs, some, clock, traits):
                yes, next_us = made.ask(person, facts, clock)
                found[person.id] = (yes, moment(next_us))
        except sheets.TooMany:
            _add(found, of(quick, some, as_of, zone), wanted)
    if slow:
        _add(found, of(slow, people, as_of, zone), wanted)
    return found


def _add(found: Verdicts, answers: Mapping[int, Answers], timed: frozenset[int]) -> None:
    """Answers of statements beside those that are there already."""
    for id_, said in answers.items():
        for person, (answer, change) in said.items():
            yes, next_ = found[person]
            if answer:
                yes.append(id_)
            if change is not None and id_ in timed and (next_ is None or change < next_):
                found[person] = (yes, change)


def _key(tree: rules.Group) -> bytes:
    return msgspec.json.encode(rules.as_json(tree), order="sorted")


class _Rules:
    """Rules as what a panel is made of, told apart by what they say."""

    def __init__(self, trees: Mapping[int, rules.Group], timed: frozenset[int], mark: str) -> None:
        self.trees, self.timed = trees, timed
        self.key = (mark, tuple(sorted(timed)), tuple((id_, msgspec.json.encode(tree)) for id_, tree in trees.items()))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rules) and self.key == other.key


@lru_cache(maxsize=64)
def _panel(asked: _Rules) -> panel.Panel:
    return panel.Panel(asked.trees, knowledge.traits(), asked.timed)


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
    return _compiled(_key(tree), database.vendor(), today, some, knowledge.mark() if mark is None else mark)


@lru_cache(maxsize=2048)
def _compiled(rule: bytes, vendor: str, today: int, some: bool, mark: str) -> compiling.Statement:
    source, known = _source(vendor, today, some=some), rules.Known(traits=knowledge.traits())
    return compiling.compile(rules.read(rule), source=source, known=known)


def _source(vendor: str, today: int, *, some: bool) -> compiling.Operational:
    states = knowledge.states(today, pyramid.period_in_force().period_days)
    traits = knowledge.trait_relation(today, some=some)
    return compiling.Operational(_DIALECTS[vendor], traits=traits, currency=settings.CURRENCY, states=states, people=some)


def text(tree: rules.Group, as_of: datetime, zone: str) -> str:
    """The statement about everybody with every value in its place: to be read, and run elsewhere by hand."""
    clock = clock_at(as_of, zone)
    source, known = _source(database.vendor(), clock.today, some=False), rules.Known(traits=knowledge.traits())
    return compiling.text(tree, source=source, known=known, clock=clock)


def clock_at(as_of: datetime, zone: str) -> compiling.Clock:
    """A moment as rules are asked about it: microseconds, the local day, and when that day is over."""
    today, _ = intake.local(as_of, zone)
    return compiling.Clock((as_of - _EPOCH) // _MICROSECOND, today, *_midnights(today, zone))


@lru_cache(maxsize=64)
def _midnights(today: int, zone: str) -> tuple[int, int, int, int]:
    """When the day ends, and on which days the clocks will have changed, once and twice: what a Clock says of them."""
    ends = (midnight(today + 1, zone) - _EPOCH) // _MICROSECOND
    first, turn_us = today + CLOCKS_DAYS, 0
    for ahead in range(1, CLOCKS_DAYS):
        shift = (midnight(today + 1 + ahead, zone) - _EPOCH) // _MICROSECOND - ends - ahead * _DAY_US
        if shift != turn_us and turn_us:
            return ends, first, turn_us, today + 1 + ahead
        if shift != turn_us:
            first, turn_us = today + 1 + ahead, shift
    return ends, first, turn_us, today + CLOCKS_DAYS


def midnight(day: int, zone: str) -> datetime:
    """When a local day begins."""
    there = datetime.combine(date.fromordinal(intake.EPOCH.toordinal() + day), time.min, ZoneInfo(zone))
    return there.astimezone(UTC)


def moment(us: int | None) -> datetime | None:
    """A moment from microseconds since 1970."""
    return None if us is None else _EPOCH + timedelta(microseconds=int(us))
