"""What is read of one person to give reasons comes to the same answer as the statement about everybody."""

from datetime import UTC, datetime

from passaparola.segments import dossier, rules
from passaparola.segments.membership import answers, knowledge
from passaparola.segments.person import explain
from tests import portal_world as world

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
