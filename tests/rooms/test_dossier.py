"""What is read of one person to give reasons comes to the same answer as the statement about everybody."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from passaparola.segments import dossier, rules
from passaparola.segments.membership import answers, knowledge
from passaparola.segments.person import explain
from tests import portal_world as world
from tests.people import ALMA
from tests.world import World

ZONE = "Europe/Madrid"
RULES = (
    {"type": "pyramid", "value": ["active"]}, {"type": "stage", "value": ["few"]}, {"type": "referral", "what": "invited"},
    {"type": "referral", "what": "was_invited"}, {"type": "referral", "what": "generation"},
    {"type": "event", "event": "Order Completed"},
    {"type": "event", "event": "Order Completed", "measure": "sum", "of": "amount_minor", "operator": ">", "value": 2000},
    {"type": "event", "event": "Friend Signed Up"}, {"type": "trait", "trait": "purchases", "operator": ">=", "value": 1},
    {"type": "consent", "channel": "email", "purpose": "referral", "state": "none"}, {"type": "bucket", "until": 50},
)  # fmt: skip


def test_the_reasons_agree_with_the_statement() -> None:
    world.main()
    now = datetime.now(UTC)
    clock, people = answers.clock_at(now, ZONE), list(range(1, 7))
    for leaf in RULES:
        tree = rules.read({"rules": [leaf]})
        said = answers.of({1: tree}, people, now, ZONE)[1]
        for person, (inside, _next) in said.items():
            found = explain(tree, dossier.read(person, tree, clock.today), clock, knowledge.traits())
            assert (found.answer is True) == inside, (leaf, person)


@pytest.mark.parametrize("leaf", [RULES[5], {"type": "event", "event": "Product Bought", "measure": "sum", "of": "quantity"}])
def test_as_many_queries_for_three_orders_as_for_three_hundred(leaf: dict[str, object]) -> None:
    story, tree = World(), rules.read({"rules": [leaf]})
    story.send(ALMA.identify())
    counts, facts = [], []
    for orders in (range(3), range(3, 300)):
        story.send(*(ALMA.buys(f"o{n}", n + 1, products=[{"product_id": "tea", "price": 1}]) for n in orders))
        with CaptureQueriesContext(connection) as caught:
            found = dossier.read(story.number(ALMA), tree, 0)
        counts.append(len(caught))
        facts.append([fact for fact in found.facts if fact.name != "Segment Entered"])
    assert counts[0] == counts[1] and [len(some) for some in facts] == [3, 300]
    if leaf is RULES[5]:
        assert {fact.amount_minor for fact in facts[1]} == {(n + 1) * 100 for n in range(300)}
    assert len({fact.order_key for fact in facts[1]}) == 300
