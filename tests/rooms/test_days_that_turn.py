"""A rule on a trait that moves as days pass is asked again on the day on which it may come out otherwise, and on no other."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from passaparola import worker
from passaparola.events.models import Event
from passaparola.kernel import database
from passaparola.kernel.models import Timer
from passaparola.measure import engine, lake
from passaparola.measure.engine.recompute import compiled, population, spoken
from passaparola.measure.lake import manifest
from passaparola.segments import rules, traits
from passaparola.segments.dossier import read
from passaparola.segments.membership import answers, knowledge
from passaparola.segments.models import Membership
from passaparola.segments.person import explain
from passaparola.segments.traits import portable
from passaparola.segments.traits.definitions import _day_of
from tests.people import Somebody
from tests.world import START, World

ZONE = "Europe/Madrid"
DAYS, PEOPLE = 45, [1, 2, 3, 4, 5]
OWN = (
    {"name": "points_month", "event": "Points Given", "property": "points", "aggregate": "sum", "window_days": 30},
    {"name": "last_points", "event": "Points Given", "property": "points", "aggregate": "last", "window_days": 7},
)
# Crossing one value, two, several, too many to be told apart; and what of it cannot come again.
GROWING: tuple[tuple[str, Any], ...] = (
    (">=", 30), (">", 30), ("<", 30), ("<=", 29), ("=", 30), ("!=", 12), ("between", [0, 45]), ("notBetween", [20, 140]),
    ("in", [3, 4, 90]), ("notIn", [60, 62]), ("=", 0), ("<=", 0), (">=", -3), (">=", 10**9), ("null", None),
)  # fmt: skip


def leaf(trait: str, operator: str, value: Any) -> dict[str, Any]:
    return {"type": "trait", "trait": trait, "operator": operator, "value": value}


GROW = [t.name for t in traits.TRAITS if t.reaches]
MOVE = ["visits_period", "purchases_period", "spent_period_minor", "points_month", "last_points"]
RULES = [leaf(name, *compared) for name in ("days_since_visit", "overdue_percent") for compared in GROWING]
RULES += [leaf(name, *compared) for name in GROW for compared in ((">=", 18), ("between", [0, 45]), ("=", 0))]
RULES += [leaf(name, *compared) for name in MOVE for compared in (("=", 1), ("between", [1, 3000]), ("notNull", None))]
RULES += [leaf("days_since_visit", "in", list(range(0, 90, 2)))]
TREES = {n: rules.read({"rules": [one]}) for n, one in enumerate(RULES)}


def names_of(tree: rules.Group, kinds: dict[str, rules.TraitKind]) -> tuple[str, ...] | None:
    """The helper traits of a rule of one leaf."""
    (one,) = tree.rules
    assert isinstance(one, rules.Trait)
    return rules.turns(one, kinds[one.trait])


@pytest.fixture
def world() -> World:
    """Five people with histories apart, one of them hardly known."""
    made = World()
    made.act("Stages Changed", period_days=90, few=[1, 2], some=[3, 5], many=[6, None])
    for own in OWN:
        made.act("Trait Defined", **own)
    ago = {"1": (2, 9, 40), "2": (0,), "3": (89, 90, 91, 3, 4), "4": (400, 41)}
    for n, days in ago.items():
        one = Somebody(f"P{n}", f"p{n}", f"p{n}@example.test", "es")
        made.send(one.identify(birthday={"1": "1996-02-29", "2": "2008-03-03", "3": "1990-07-01", "4": "2026-05-01"}[n]))
        for day in days:
            at = (START - timedelta(days=day)).isoformat()
            made.send(
                one.buys(f"o{n}-{day}", 20, timestamp=at), one.track("Visit Recorded", timestamp=at),
                one.track("Points Given", points=day + 1, timestamp=at), one.track("Complaint Opened", timestamp=at),
                one.track("Code Shared", timestamp=at),
            )  # fmt: skip
    made.send(Somebody("P5", "p5", "p5@example.test", "es").identify())
    worker.drain(made.now)
    return made


def test_every_trait_that_moves_says_when(world: World) -> None:
    for trait in traits.TRAITS:
        assert trait.moves == (trait.window == "period" or "today" in trait.sql), trait.name


def test_the_day_named_is_the_day_on_which_the_answer_turns(world: World) -> None:
    """Against asking on every day: the first other answer is at the moment named before, and not a millisecond earlier."""
    kinds, first, people = knowledge.traits(), answers.of(TREES, PEOPLE, world.now, ZONE), Asked()
    today = answers.clock_at(world.now, ZONE).today
    # The clocks of this zone change four weeks ahead.
    days = [answers.midnight(day, ZONE) for day in range(today + 1, today + DAYS)]
    for n, tree in TREES.items():
        trait, operator = RULES[n]["trait"], RULES[n]["operator"]
        # Per cents pass by some values; of birthdays years ahead only the year is told.
        steps = trait != "age" and (trait != "overdue_percent" or operator in (">=", "<"))
        exact = steps and kinds[trait].grows and names_of(tree, kinds) is not None
        for person, (answer, due) in first[n].items():
            turned = next((at for at in days if (n in people.at(at, person)) != answer), None)
            assert turned is None or (due is not None and due <= turned), (RULES[n], person, due, turned)
            if exact:
                # As exact as can be: no earlier either, or never.
                assert due == turned or (turned is None and (due is None or due > days[-1])), (RULES[n], person, due, turned)
            if due is not None and due < days[-1]:
                just_before = due - timedelta(milliseconds=1)
                assert (n in people.at(just_before, person)) == answer, (RULES[n], person, due)


class Asked:
    """All rules asked at whatever moment, of everybody at once."""

    def __init__(self) -> None:
        self.said: dict[datetime, answers.Verdicts] = {}

    def at(self, at: datetime, person: int) -> list[int]:
        """The rules that say yes."""
        if at not in self.said:
            self.said[at] = answers.about(TREES, (), PEOPLE, at, ZONE)
        return self.said[at][person][0]


def test_a_date_is_its_day_on_this_store() -> None:
    """Divisions within divisions too; 29 February of a common year is 1 March."""
    dates = [date(2000, 2, 28) + timedelta(days=n * 61) for n in range(120)]
    numbers = [(one.toordinal() - date(1970, 1, 1).toordinal(), one.year * 10000 + one.month * 100 + one.day) for one in dates]
    for day, ymd in [*numbers, (numbers[0][0] + 367, 20010229)]:
        dialect = {"postgresql": "postgres"}.get(database.vendor(), "sqlite")
        sql = portable.show(portable.parse(f"SELECT {_day_of(str(ymd))}"), dialect)
        assert database.rows(sql) == [(day,)], ymd


def test_all_interpreters_name_the_same_day(world: World, tmp_path: Any, settings: Any) -> None:
    """The statements, the panel, the one with reasons and the engine."""
    settings.LAKE_DIR = tmp_path / "lake"
    lake.write(states=True)
    kinds, clock = knowledge.traits(), answers.clock_at(world.now, ZONE)
    of = answers.of(TREES, PEOPLE, world.now, ZONE)
    names = [name for one in TREES.values() for name in names_of(one, kinds) or ()]
    with engine.connect("duckdb", manifest.folder()) as made:
        population(made, lake.load(), manifest.folder(), world.now, turns=names).open(0)
        for n, tree in list(TREES.items())[::2]:
            statement = compiled(tree, made)
            counted = {row[0]: row[1:] for row in made.rows(*spoken(statement, clock))}
            panel = answers.about({n: tree}, [n], PEOPLE, world.now, ZONE)
            for person in PEOPLE:
                inside, due = of[n][person]
                assert panel[person] == ([n] if inside else [], due), (RULES[n], person)
                found = explain(tree, read(person, tree, clock.today), clock, kinds)
                assert (found.answer is True, answers.moment(found.next_us)) == (inside, due), (RULES[n], person)
                assert (counted[person][0] == 1, answers.moment(counted[person][1])) == (inside, due), (RULES[n], person)


def test_a_day_weighs_those_whose_answer_turns_on_it() -> None:
    """Sixty people who bought on sixty days one after the other: each day one of them has been away for thirty."""
    world = World(datetime(2026, 3, 1, 10, tzinfo=UTC))
    rule = {"rules": [leaf("days_since_purchase", ">=", 30), leaf("age", ">=", 18)]}
    segment = world.act("Segment Created", names={"en": "away"}, rule=rule)["segment_id"]
    for n in range(60):
        one, at = Somebody(f"P{n}", f"p{n}", f"p{n}@example.test", "es"), world.now - timedelta(days=n)
        world.send(one.identify(birthday="1980-01-01"), one.buys(f"o{n}", 20, timestamp=at.isoformat()))
    worker.drain(world.now)

    def rings() -> list[str]:
        rang = Event.objects.filter(name="Timer Rang", id__gt=last).order_by("id").values_list("properties", flat=True)
        return [one["subject"] for one in map(json.loads, rang) if one["kind"] == "weigh"]

    for day in range(1, 31):
        last = Event.objects.latest("id").id
        world.days_pass(1)
        assert rings() == [f"person:{world.number(Somebody(f'P{30 - day}', f'p{30 - day}', '', 'es'))}"], day
    assert Membership.objects.filter(segment_id=segment, until_at=None).count() == 60
    assert not Timer.objects.filter(kind="weigh").exists()
    assert world.disagreements() == []
