"""Orders in two currencies: money is added up in the installation's only; what another says is kept, and shown by itself."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction

from passaparola.events import intake
from passaparola.events.models import Order, OrderLine
from passaparola.kernel import database
from passaparola.ledger.models import Reward
from passaparola.measure import engine, lake
from passaparola.measure.engine.recompute import population
from passaparola.measure.lake import manifest
from passaparola.people.models import Person
from passaparola.programs.models import Referral
from passaparola.segments import dossier, rules, traits
from passaparola.segments.membership import answers
from passaparola.segments.models import Membership, PersonTrait, Traits
from passaparola.segments.traits import store
from tests.people import ALMA, BRUNO, CHIARA
from tests.world import World, friends_join

MONEY = (
    "spent_minor",
    "spent_period_minor",
    "average_order_minor",
    "margin_minor",
    "offer_percent",
    "purchases",
    "visits",
)
SOLD = [{"sku": "coffee", "total": 40}]
# At least 30.00 at once; 50.00 in all; lines of at least 30.00: all true of yen and dollars, none of euros.
RULES: tuple[dict[str, Any], ...] = (
    {"type": "event", "event": "Order Completed",
     "where": {"rules": [{"field": "amount_minor", "operator": ">=", "value": 3000}]}},
    {"type": "event", "event": "Order Completed", "measure": "sum", "of": "amount_minor", "operator": ">=", "value": 5000},
    {"type": "event", "event": "Product Bought",
     "where": {"rules": [{"field": "amount_minor", "operator": ">=", "value": 3000}]}},
    {"type": "trait", "trait": "spent_minor", "operator": ">=", "value": 3000},
)  # fmt: skip
pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def world(tmp_path: Path, settings: Any) -> World:
    settings.LAKE_DIR = tmp_path / "lake"
    return World()


def shop(world: World) -> None:
    """Alma pays in euros, dollars and yen, and gives some of each back; Bruno pays in dollars only."""
    ago = (world.now - timedelta(days=3)).isoformat()
    world.send(
        ALMA.identify(),
        BRUNO.identify(),
        ALMA.buys("e", 10, margin=2, products=[{"sku": "tea", "total": 10}]),
        ALMA.buys("d", 40, currency="USD", margin=30, coupon="X", products=SOLD, timestamp=ago),
        ALMA.buys("y", 9000, currency="JPY", products=[{"sku": "rice", "total": 9000}]),
        ALMA.returns("e", amount=1),
        ALMA.returns("d", amount=5),
        ALMA.returns("y", amount=1000),
        BRUNO.buys("b", 70, currency="usd", products=[{"sku": "tea", "total": 70}]),
    )


def test_money_is_added_up_in_one_currency(world: World) -> None:
    shop(world)
    today, _ = intake.local(world.now, "Europe/Madrid")
    with database.turn():
        traits.refresh(Person.objects.values_list("id", flat=True))
    alma, bruno = (traits.values(world.number(who), today=today) for who in (ALMA, BRUNO))
    assert {name: alma[name] for name in MONEY} == {
        "spent_minor": 900, "spent_period_minor": 900, "average_order_minor": 900, "margin_minor": 200, "offer_percent": 0,
        "purchases": 3, "visits": 2,
    }  # fmt: skip
    assert {name: bruno[name] for name in MONEY} == {
        "spent_minor": 0, "spent_period_minor": 0, "average_order_minor": None, "margin_minor": None, "offer_percent": None,
        "purchases": 1, "visits": 1,
    }  # fmt: skip
    kept = dict(Traits.objects.values_list("person_id", "spent_minor"))
    assert (kept[world.number(ALMA)], kept[world.number(BRUNO)]) == (900, 0)
    # What was paid stays known in its own currency.
    orders = {o.order_id: (o.amount_minor, o.refunded_minor, o.unit) for o in Order.objects.all()}
    assert orders["d"] == (4000, 500, "USD") and orders["y"] == (9000, 1000, "JPY")
    assert list(OrderLine.objects.order_by("id").values_list("product", "amount_minor")) == [
        ("tea", 1000), ("coffee", None), ("rice", None), ("tea", None),
    ]  # fmt: skip
    assert world.disagreements() == []


def test_for_everybody_as_for_each_and_in_the_engine(world: World) -> None:
    shop(world)
    with database.turn():
        traits.refresh(Person.objects.values_list("id", flat=True))
    kept = database.rows(f"SELECT {', '.join(database.columns(PersonTrait))} FROM person_trait ORDER BY person_id")
    assert database.rows(f"{store.base_sql()} ORDER BY person_id") == kept
    lake.write(states=True)
    today, _ = intake.local(world.now, "Europe/Madrid")
    with engine.connect("duckdb", manifest.folder()) as made:
        everybody = population(made, lake.load(), manifest.folder(), world.now)
        everybody.open()
        found = {person: values for person, *values in made.rows(f"SELECT person_id, {', '.join(MONEY)} FROM trait")}
    for who in (ALMA, BRUNO):
        said = traits.values(world.number(who), today=today)
        assert found[world.number(who)] == [said[name] for name in MONEY]
    assert lake.verify().agree


@pytest.mark.parametrize("leaf", RULES)
def test_rules_about_amounts_mean_our_money(world: World, leaf: dict[str, Any]) -> None:
    tree = rules.read({"rules": [leaf]})
    segment = world.act("Segment Created", names={"en": "Rich"}, rule=rules.as_json(tree))["segment_id"]
    world.send(CHIARA.identify(), CHIARA.buys("c", 60, products=[{"sku": "tea", "total": 60}]))
    shop(world)
    world.days_pass(0.1)
    rich = [world.number(CHIARA)]
    assert (
        list(Membership.objects.filter(segment_id=segment, until_at=None).values_list("person_id", flat=True)) == rich
    )
    lake.write(states=True)
    assert engine.evaluate(tree, as_of=world.now) == rich
    today, _ = intake.local(world.now, "Europe/Madrid")
    clock = answers.clock_at(world.now, "Europe/Madrid")
    said = {person for person, answer, _ in _everybody(tree, clock, today) if answer}
    assert said == set(rich)
    for who in (ALMA, BRUNO, CHIARA):
        number = world.number(who)
        known = dossier.read(number, tree, today)
        amounts = [fact.amount_minor for fact in known.facts if fact.name == "Order Completed"]
        assert len([amount for amount in amounts if amount is not None]) <= 1


def _everybody(tree: rules.Group, clock: Any, today: int) -> list[tuple[Any, ...]]:
    made = answers.statement(tree, today, some=False)
    return database.rows(made.sql, made.parameters(clock, None))


def test_joined_and_taken_apart(world: World) -> None:
    shop(world)
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    merge = world.act("Person Merged", keep=alma, other=bruno, reason="by hand")["merge_id"]
    assert Traits.objects.get(person_id=alma).spent_minor == 900 and world.disagreements() == []
    world.act("Person Unmerged", merge=merge)
    assert Traits.objects.get(person_id=alma).spent_minor == 900 and world.disagreements() == []


def test_an_older_store_is_counted_again(world: World) -> None:
    shop(world)
    with database.turn():
        traits.refresh(Person.objects.values_list("id", flat=True))
    counted = sorted(PersonTrait.objects.values_list())
    # As it was added up before.
    migration = import_module("passaparola.segments.migrations.0012_one_currency")
    with migration._unguarded():
        OrderLine.objects.filter(product="coffee").update(amount_minor=4000, offer_minor=0)
    Order.objects.filter(order_id="d").update(margin_minor=3000, offer_minor=4000)
    Traits.objects.filter(person_id=world.number(ALMA)).update(spent_minor=12400)
    PersonTrait.objects.update(spent_minor=12400, purchases_valued=0)
    assert world.disagreements()
    migration.fill(apps, None)
    store.backfill()
    assert sorted(PersonTrait.objects.values_list()) == counted
    assert Traits.objects.get(person_id=world.number(ALMA)).spent_minor == 900 and world.disagreements() == []
    with pytest.raises(DatabaseError), transaction.atomic():
        OrderLine.objects.update(amount_minor=1)


def test_the_smallest_order_is_of_our_currency(world: World) -> None:
    """3,000 yen are not 30.00 euros: such an order may not be compared with the programme's minimum."""
    code = friends_join(world, world.programme(qualify={"order_minor_min": 2000}), ALMA)
    world.send(BRUNO.identify(), BRUNO.buys("y", 3000, currency="JPY", code=code))
    referral = Referral.objects.get()
    assert (referral.state, referral.reason) == ("registered", "order_in_other_currency")
    assert not Reward.objects.exists()
    world.send(BRUNO.buys("e", 30))
    assert Referral.objects.get().state == "converted" or Referral.objects.get().reason != "order_in_other_currency"
    assert world.disagreements() == []


def test_without_a_minimum_any_currency_counts(world: World) -> None:
    code = friends_join(world, world.programme(qualify={"order_minor_min": 0}), ALMA)
    world.send(BRUNO.identify(), BRUNO.buys("y", 3000, currency="JPY", code=code))
    assert Referral.objects.get().state == "converted" and world.disagreements() == []


def test_a_refund_is_in_the_currency_of_its_order(world: World) -> None:
    world.send(ALMA.identify(), ALMA.buys("y", 9000, currency="JPY"))
    (refused,) = world.send(ALMA.returns("y", amount=50, currency="EUR"))
    assert refused.refused is not None and refused.refused.code == "other_currency"
    assert Order.objects.get().refunded_minor == 0
    world.send(ALMA.returns("y", amount=1000), ALMA.returns("y", amount=500, currency="jpy"))
    assert Order.objects.get().refunded_minor == 1500
    assert world.disagreements() == []


def test_a_refund_before_its_order_stays_what_it_was(world: World) -> None:
    world.send(ALMA.identify(), ALMA.returns("d", amount=5, currency="USD"), ALMA.buys("d", 40, currency="USD"))
    assert Order.objects.get().refunded_minor == 500 and world.disagreements() == []
