"""Where other systems' segments go wrong, ours must not: on the store, and in Python."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from passaparola.kernel import database
from passaparola.segments import compile, person, rules
from passaparola.segments.rules import Clock, Group
from passaparola.segments.rules.tree import DAY_US
from tests.agreement.dice import KNOWN, NOW_US, TRAITS, Trees, clock
from tests.agreement.histories import Histories
from tests.agreement.stores import OwnTables
from tests.people import ALMA, BRUNO
from tests.world import World

MILLISECOND = 1000
LARGE = {
    "type": "event", "event": "Order Completed",
    "where": {"rules": [{"field": "amount_minor", "operator": ">", "value": 10_000}]},
}  # fmt: skip
NOBODY: dict[str, Any] = {"combinator": "and", "rules": []}


@pytest.fixture
def world() -> World:
    return World()


def within(n: int, unit: str = "days", **more: Any) -> dict[str, Any]:
    return {"type": "event", "event": "Visit Recorded", "window": {"kind": "within", "n": n, "unit": unit}, **more}


def us(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def at(moment_us: int) -> Clock:
    day = moment_us // DAY_US
    return Clock(moment_us, day, (day + 1) * DAY_US)


def asked(rule: dict[str, Any], moment_us: int, people: list[int] | None = None) -> dict[int, tuple[int | None, int | None]]:
    """What the store says of everybody, or of some: person → (answer, next change)."""
    tree = rules.read(rule if "rules" in rule else {"rules": [rule]})
    dialect = "sqlite" if database.vendor() == "sqlite" else "postgres"
    source = compile.Operational(dialect, traits=lambda *_: None, currency="EUR", people=people is not None)  # type: ignore[arg-type, return-value]
    made = compile.compile(tree, source=source, known=rules.Known(traits={}))
    return {row[0]: (row[1], row[2]) for row in database.rows(made.sql, made.parameters(at(moment_us), people))}


def test_nobody_and_somebody_is_nobody_in_either_order(world: World) -> None:
    """H24: an empty part must not be replaced by what the other part finds."""
    world.send(ALMA.track("Visit Recorded"))
    for parts in ([NOBODY, within(9)], [within(9), NOBODY]):
        assert [a for a, _ in asked({"combinator": "and", "rules": parts}, us(world.now)).values()] == [0]
    assert [a for a, _ in asked({"combinator": "and", "not": True, "rules": []}, us(world.now)).values()] == [0]


def test_rules_that_differ_only_in_where_their_window_begins_share_nothing(world: World) -> None:
    """H27."""
    world.send(ALMA.track("Visit Recorded", timestamp="2026-02-25T10:00:00Z"))
    world.send(BRUNO.track("Visit Recorded", timestamp="2026-01-10T10:00:00Z"))
    long, short = within(90), within(20)
    both = asked({"combinator": "or", "rules": [short, long]}, us(world.now))
    assert [a for a, _ in both.values()] == [1, 1]
    assert [a for a, _ in asked(short, us(world.now)).values()] == [1, 0]
    assert [a for a, _ in asked({"rules": [long, {"not": True, "rules": [short]}]}, us(world.now)).values()] == [0, 1]


@pytest.mark.parametrize("beside", [1, MILLISECOND])
def test_a_window_ends_exactly(world: World, beside: int) -> None:
    """H28, H29, H30: not on whole days, not every few minutes, but where it ends; and the store says when that is."""
    world.send(ALMA.track("Visit Recorded", timestamp="2026-02-19T10:15:30.123456Z"))
    leaves = us(datetime(2026, 2, 19, 10, 15, 30, 123456, tzinfo=UTC)) + 10 * DAY_US
    (alma,) = asked(within(10), leaves - beside)
    assert asked(within(10), leaves - beside) == {alma: (1, leaves)}
    assert asked(within(10), leaves)[alma][0] == 0
    assert asked(within(10), leaves + beside)[alma][0] == 0
    before = {**within(10), "window": {"kind": "before", "n": 10, "unit": "days"}}
    assert asked(before, leaves - beside) == {alma: (0, leaves)}
    assert asked(before, leaves) == {alma: (1, None)}


def test_no_times_is_met_by_who_never_did_it(world: World) -> None:
    """H29: 0 is a number like another."""
    world.send(ALMA.track("Visit Recorded"), BRUNO.identify())
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    assert {n for n, (a, _) in asked(within(30, operator="=", value=0), us(world.now)).items() if a} == {bruno}
    assert {n for n, (a, _) in asked(within(30, operator=">", value=0), us(world.now)).items() if a} == {alma}


def test_what_was_ever_done_stays_done(world: World) -> None:
    """H36: a later, smaller purchase does not undo a large one."""
    world.send(ALMA.buys("1", 250))
    alma = world.number(ALMA)
    assert asked(LARGE, us(world.now)) == {alma: (1, None)}
    world.send(ALMA.buys("2", 5))
    assert asked(LARGE, us(world.now)) == {alma: (1, None)}


def test_who_was_merged_is_one_and_a_late_event_counts_where_it_belongs(world: World) -> None:
    world.send({"type": "track", "event": "Order Completed", "anonymousId": "browser",
                "properties": {"order_id": "1", "total": 250}})  # fmt: skip
    world.send({**ALMA.identify(), "anonymousId": "browser"})
    alma = world.number(ALMA)
    assert asked(LARGE, us(world.now)) == {alma: (1, None)}
    assert asked(LARGE, us(world.now), [alma]) == {alma: (1, None)}
    world.send(ALMA.track("Visit Recorded", timestamp="2026-02-20T10:00:00Z"))
    first = {"steps": [{"event": "Visit Recorded"}, {"event": "Order Completed"}], "type": "sequence"}
    assert asked(first, us(world.now))[alma][0] == 1


def test_an_order_reported_again_is_bought_once(world: World) -> None:
    world.send(ALMA.buys("1", 250), ALMA.buys("1", 250))
    twice = {"type": "event", "event": "Order Completed", "value": 2}
    assert [a for a, _ in asked(twice, us(world.now)).values()] == [0]


def test_words_in_a_rule_are_never_words_of_sql(world: World) -> None:
    name = "'; DROP TABLE person; -- ? %s \"x\" \\ :p0 $1"
    world.send(ALMA.track(name, size=name))
    rule = {"type": "event", "event": name, "where": {"rules": [{"field": "properties.size", "operator": "=", "value": name}]}}
    assert [a for a, _ in asked(rule, us(world.now)).values()] == [1]


def test_as_many_conditions_as_a_rule_may_have(world: World) -> None:
    """More relations than SQLite joins in one go."""
    world.send(ALMA.track("Visit Recorded"))
    many = {"combinator": "or", "rules": [within(n, operator=">=", value=1) for n in range(1, 190)]}
    ((answer, change),) = asked(many, us(world.now)).values()
    assert (answer, change) == (1, us(world.now) + DAY_US)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_a_group_does_not_depend_on_order(world: World, dice: Any) -> None:
    """Turned round at every level, a rule says the same of everybody; what fails is shrunk to its smallest."""
    tree = Trees(dice).tree()
    turned = rules.read(_turned(rules.as_json(tree)))
    for one in Histories(dice, 5).people:
        first, second = (person.explain(t, one, clock(NOW_US), TRAITS) for t in (tree, turned))
        assert (first.answer, first.next_us) == (second.answer, second.next_us), json.dumps(rules.as_json(tree))


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        made = {key: _turned(one) for key, one in value.items()}
        return {**made, "rules": made["rules"][::-1]} if "rules" in made else made
    return value if not isinstance(value, list) else [_turned(one) for one in value]


# Without shrinking: each attempt fills the store anew, and Python alone shrinks above.
@settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.randoms(use_true_random=False))
def test_store_and_python_agree_on_what_hypothesis_finds(world: World, dice: Any) -> None:
    """The same as tests/rooms/test_rules_agree.py for one small history, with shrinking."""
    with database.savepoint():
        histories, tree = Histories(dice, 4), Trees(dice).tree()
        found = OwnTables(histories).ask(tree, clock(NOW_US))
        for one in histories.people:
            seen = person.explain(tree, one, clock(NOW_US), TRAITS)
            assert found[one.id] == (None if seen.answer is None else int(seen.answer), seen.next_us)
        from django.db import transaction

        transaction.set_rollback(True)


def test_the_dice_only_make_good_rules() -> None:
    import random

    for seed in range(200):
        tree = Trees(random.Random(seed)).tree()
        assert isinstance(tree, Group)
        assert rules.check(tree, KNOWN) == []
        assert rules.read(json.dumps(rules.as_json(tree))) == tree
        assert rules.from_rqb(rules.to_rqb(tree)) == tree
