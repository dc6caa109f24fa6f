"""`prove` names each kind of corruption: one is planted past the corridor and the triggers, and must be found.

The story is told once; each test works in a savepoint of its own on top of it.
"""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from passaparola.kernel import audit
from passaparola.ledger import proof
from passaparola.ledger.proof import leads, readings, statements
from passaparola.programs.models import Referral
from tests import guards
from tests.people import ALMA, BRUNO, CHIARA, DORA, Somebody
from tests.world import World, friends_join

EVA = Somebody("Eva Roca", "eva", "eva@example.test", "es")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[World]:
    """Bruno is paid for, Dora's reward is on hold, Chiara signed up; Alma was asked; a browser became Bruno."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        with transaction.atomic():
            yield _told()
            transaction.set_rollback(True)


def _told() -> World:
    world = World()
    program = world.programme(budget={"EUR": 20_000})
    world.send(ALMA.identify(consents={"email": {"referral": True}}), ALMA.buys("1000", 30.00))
    code = friends_join(world, program, ALMA)
    world.send({"type": "track", "event": "Visit Recorded", "anonymousId": "browser-7"})
    world.send(BRUNO.identify(), {**BRUNO.identify(), "anonymousId": "browser-7"})
    world.send(BRUNO.buys("1001", 45.00, code=code, products=[{"sku": "c1", "price": 45}]))
    world.days_pass(31)
    world.send(DORA.identify(), DORA.buys("1002", 60.00, code=code), DORA.returns("1002", total=10))
    world.act("Code Shared", code=code, channel="wa")
    world.act("Link Clicked", code=code, token="a-click-of-chiaras", channel="wa")
    world.act(
        "Friend Signed Up",
        click="a-click-of-chiaras",
        traits={"email": CHIARA.email},
        code=code,
        consents=[{"channel": "email", "purpose": "offers"}],
    )
    world.send(EVA.identify(), EVA.track("Lead Submitted"), EVA.track("Demo Requested"))
    _gather(world)
    audit.record("user:1", "programme.pause", "program:1", {}, world.now)
    message = world_message("ask")
    world.act("Message Handed Over", message=message, outcome="sent", detail="", provider_id="1")
    world.act("Message Delivered", message=message)
    return world


def _gather(world: World) -> None:
    """Eva and Bruno know each other and are in a club; Eva left another that was suggested."""
    eva, bruno = world.number(EVA), world.number(BRUNO)
    world.act("Relationship Recorded", person=eva, other=bruno, kind="friend")
    club = world.act("Group Created", names={"it": "Circolo"}, kind="club")["group_id"]
    for person in (eva, bruno):
        world.act("Group Joined", person=person, group=club)
    one = {"key": "trait:city:Roma", "kind": "place", "reason": {"city": "Roma"}, "members": [eva]}
    world.act("Groups Suggested", suggestions=[one])
    world.act("Group Suggestion Accepted", suggestion=1, names={"it": "Romani"})
    world.act("Group Left", person=eva, group=2)


def world_message(template: str) -> int:
    from passaparola.messages.models import Message

    return Message.objects.filter(template=template).earliest("id").id


def run(*sql: str) -> None:
    with guards.lifted(), connection.cursor() as cursor:
        for one in sql:
            cursor.execute(one)


def test_the_story_as_it_was_told_is_in_order(world: World) -> None:
    assert world.disagreements() == []
    assert sorted(Referral.objects.values_list("state", flat=True)) == ["converted", "registered", "rewarded"]


BRUNOS = "(SELECT person_id FROM identity WHERE value = 'bruno')"
DORAS = "(SELECT person_id FROM identity WHERE value = 'dora')"
ALMAS_OWN = (
    "(SELECT a.id FROM account a JOIN identity i ON i.person_id = a.owner_id WHERE i.value = 'alma' AND a.kind = 'own')"
)
ALMAS = "(SELECT person_id FROM identity WHERE value = 'alma')"
PAID = f"(SELECT id FROM reward WHERE person_id = {BRUNOS})"
HELD = f"(SELECT id FROM reward WHERE person_id = {DORAS})"
ASK = "(SELECT id FROM message WHERE template = 'ask')"


def copy(table: str, what: str, where: str) -> str:
    """A second row like one that is there, but for `what`."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} LIMIT 0")
        columns = [column[0] for column in cursor.description]
    changed = {**{c: c for c in columns}, "id": f"(SELECT MAX(id) + 1 FROM {table})"}
    changed |= dict(pair.split(" = ", 1) for pair in what.split("; ") if pair)
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(changed[c] for c in columns)} FROM {table} WHERE {where}"


# Every column of an event.
_OF_EVENT = (
    "id, batch, source, message_id, fingerprint, body_hash, type, name, person_id, occurred_at, received_at, day, hour, history, "
    "caused_by, import_id, properties, result, user_id, anonymous_id, group_id, previous_id, traits, context"
)

# What is planted, by the file in ROOM/proofs/ (or the sentence of a reading) that must find it.
PLANTED: dict[str, list[str]] = {
    "withdrawn_is_out_of_force": [
        f"INSERT INTO withdrawn_event ({_OF_EVENT}, withdrawn_by) SELECT {_OF_EVENT}, id FROM event WHERE id = 1"
    ],
    "batches_follow_one_another": ["UPDATE event SET batch = 0 WHERE id = (SELECT MAX(id) FROM event)"],
    "event_has_its_occurrence": [f"DELETE FROM occurrence WHERE person_id = {BRUNOS}"],
    "occurrence_counts_events": [f"UPDATE occurrence SET n = n + 1 WHERE person_id = {BRUNOS}"],
    "root_is_a_root": [
        f"UPDATE person SET root_id = {DORAS} WHERE id = {BRUNOS}",
    ],
    "visits_are_in_the_log": [f"UPDATE visit SET day = day - 3 WHERE person_id = {DORAS}"],
    "traits_count_orders": [f"UPDATE traits SET orders = 7 WHERE person_id = {BRUNOS}"],
    "traits_sum_orders": [f"UPDATE traits SET spent_minor = spent_minor + 1 WHERE person_id = {BRUNOS}"],
    "traits_date_orders": [
        f"UPDATE traits SET last_order_at = '2001-01-01' WHERE person_id = {BRUNOS}"
    ],
    "traits_count_visits": [f"UPDATE traits SET visits_ever = 9 WHERE person_id = {BRUNOS}"],
    "stage_is_the_last_change": [f"UPDATE traits SET stage = 'many' WHERE person_id = {BRUNOS}"],
    "stage_changes_are_a_chain": [f"UPDATE stage_change SET before = 'many' WHERE person_id = {DORAS}"],
    "stage_has_its_timer": ["DELETE FROM timer WHERE kind = 'stage'"],
    "relationship_ends_after_it_began": ["UPDATE relationship SET until_at = '2001-01-01'"],
    "nobody_is_in_a_closed_group": ["UPDATE people_group SET closed_at = created_at"],
    "membership_has_its_events": ["UPDATE group_member SET ended_by_id = event_id"],
    "accepted_suggestion_has_its_group": ["UPDATE group_suggestion SET group_id = NULL"],
    "lead_is_the_last_change": ["UPDATE lead SET temperature = 'hot' WHERE source = 'form'"],
    "lead_changes_are_a_chain": ["UPDATE lead_change SET before = 'hot'"],
    "warm_lead_has_its_timer": ["DELETE FROM timer WHERE kind = 'lead'"],
    "customer_is_no_lead": [f"UPDATE lead SET person_id = {BRUNOS} WHERE source = 'form'"],
    "What a lead did adds up to what its events are worth.": [
        "UPDATE event SET properties = '{\"robot\": true}' WHERE name = 'Demo Requested'"
    ],
    "A lead is as warm as its fit, what it did and the time passed make it.": ["UPDATE lead SET sum_micro = 1"],
    "version_exists": [f"UPDATE referral SET version = 8 WHERE friend_id = {DORAS}"],
    "one_active_referral": ["a second friend found to be the first"],
    "nobody_refers_themselves": [f"UPDATE person SET root_id = {ALMAS} WHERE root_id = {DORAS}"],
    "converted_has_an_order": [f"UPDATE referral SET order_id = NULL WHERE friend_id = {DORAS}"],
    "refunded_is_reversed": [f"UPDATE purchase_order SET cancelled = (1 = 1) WHERE person_id = {DORAS}"],
    "open_has_its_timer": ["DELETE FROM timer WHERE kind = 'window'"],
    "ask_follows_the_draw": ["DELETE FROM assignment"],
    "holdout_is_never_asked": ["UPDATE assignment SET arm = 'holdout'"],
    "budget_is_its_rewards": ["UPDATE budget SET promised = promised + 100"],
    "reward_has_a_budget": ["DELETE FROM budget"],
    "held_has_its_timer": ["DELETE FROM timer WHERE kind = 'hold'"],
    "transfer_agrees_with_accounts": [f"UPDATE transfer SET unit = 'PTS' WHERE reward_id = {HELD}"],
    "transfer_agrees_with_reward": [f"UPDATE transfer SET amount = amount + 1 WHERE reward_id = {HELD}"],
    "transfer_between_the_right_accounts": [
        f"UPDATE transfer SET target_id = {ALMAS_OWN} WHERE reward_id = {HELD}"
    ],
    "settlement_resolves_its_own_hold": [f"UPDATE transfer SET resolves_id = NULL WHERE kind = 'confirm' AND reward_id = {PAID}"],
    "books_sum_to_zero": [f"UPDATE account SET unit = 'USD' WHERE kind = 'pending' AND owner_id = {DORAS}"],
    "pending_is_what_is_held": [f"UPDATE transfer SET amount = amount + 1 WHERE reward_id = {HELD}"],
    "own_is_what_is_confirmed": [f"UPDATE transfer SET amount = amount - 1 WHERE kind = 'confirm' AND reward_id = {PAID}"],
    "program_paid_its_rewards": [f"UPDATE reward SET amount = amount + 5 WHERE id = {HELD}"],
    "reward_has_one_hold": [f"DELETE FROM transfer WHERE reward_id = {HELD}"],
    "reward_settled_at_most_once": [f"UPDATE transfer SET kind = 'reverse' WHERE kind = 'confirm' AND reward_id = {PAID}"],
    "reward_state_follows_transfers": [f"UPDATE reward SET state = 'released' WHERE id = {HELD}"],
    "reward_goes_to_its_party": [f"UPDATE reward SET person_id = {BRUNOS} WHERE id = {HELD}"],
    "one_reward_for_one_cause": ["second reward of a referral"],
    "no_self_referral_is_paid": [f"UPDATE person SET root_id = {ALMAS} WHERE root_id = {DORAS}"],
    "referral_state_agrees_with_rewards": [f"UPDATE referral SET state = 'rewarded' WHERE friend_id = {DORAS}"],
    "ask_has_its_decision": ["DELETE FROM decision WHERE kind = 'ask'"],
    "decision_has_its_ask": [f"DELETE FROM message WHERE id = {ASK}"],
    "reward_message_has_its_reward": [
        "UPDATE message SET key = 'reward_held:77' WHERE key = 'reward_held:1'"
    ],
    "reward_has_its_message": ["DELETE FROM message WHERE template = 'reward_paid'"],
    "The worker has read no further in the inbox than the edge has written.": [
        "INSERT INTO cursor (name, position) VALUES ('inbox', 1000000000)"
    ],
    "Each entry of the audit trail follows from the one before it.": ["UPDATE audit_entry SET act = 'nothing'"],
    "An order is worth what its event said.": ["UPDATE purchase_order SET amount_minor = amount_minor + 1 WHERE order_id = '1001'"],
    "The lines of an order are those of its event.": ["UPDATE order_line SET quantity_milli = 1 WHERE line = 1"],
    "What was given back of an order is what its refunds said.": [
        "UPDATE purchase_order SET refunded_minor = 1 WHERE order_id = '1002'"
    ],
    "A person's root is where the merges in force lead.": ["DELETE FROM merge"],
    "A person's stage follows from the days on which they came.": [f"UPDATE traits SET stage = 'many' WHERE person_id = {DORAS}"],
    "A reward is what the terms of its version promise.": [f"UPDATE reward SET amount = 1 WHERE id = {PAID}"],
    "What a referral promised is what it was rewarded with.": ["UPDATE referral SET promised = '[]'"],
    "A referral whose order shrank below what qualifies is reversed.": [
        "UPDATE purchase_order SET refunded_minor = 5500 WHERE order_id = '1002'"
    ],
    "No advocate is rewarded more often in a year than the terms allow.": ["one reward a year"],
    "A message's key names its person, programme or cause.": [f"UPDATE message SET key = 'ask:1:999:1' WHERE id = {ASK}"],
    "The state of a message is what its deliveries made of it.": [f"UPDATE message SET state = 'bounced' WHERE id = {ASK}"],
}  # fmt: skip
# The database's own constraints, which no trigger stands for, keep these from being planted at all.
UNPLANTABLE = {"resolved_at_most_once", "one_message_for_one_key", "budget_is_kept"}


def plant(name: str) -> None:
    """The few that are more than a statement."""
    if name == "one_active_referral":
        run(f"UPDATE person SET root_id = {DORAS} WHERE root_id = {BRUNOS}")
    elif name == "one_reward_for_one_cause":
        run(copy("reward", "cause = 'order:shop:other:'", f"id = {HELD}"))
    elif name.startswith("No advocate"):
        run(_lower_cap())
    else:
        run(*PLANTED[name])


def look(what: str, world: World) -> Iterator[proof.Disagreement]:
    """What the check of that sentence finds."""
    now = world.now
    checks = {
        **dict(statements.all_of("default")),
        **dict(readings.all_of(now, "default")),
        **dict(leads.all_of(now, "default")),
    }
    return checks[what]()


def _lower_cap() -> str:
    if connection.vendor == "sqlite":
        return "UPDATE program_version SET terms = json_set(terms, '$.caps.advocate_rewards_per_year', 1)"
    return "UPDATE program_version SET terms = jsonb_set(terms, '{caps,advocate_rewards_per_year}', '1')"


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_corruption_is_named(world: World, name: str) -> None:
    if "inbox" in name and connection.vendor != "sqlite":
        pytest.skip("on PostgreSQL there is no cursor: what was taken is deleted")
    plant(name)
    sentences = {file: statements.read(room, file)[0] for room, _, file in statements.STATEMENTS}
    assert list(look(sentences.get(name, name), world))


def test_every_check_has_its_plant() -> None:
    names = {file for _, _, file in statements.STATEMENTS} - UNPLANTABLE
    names |= {what for what, _ in (*readings.all_of(World().now, "default"), *leads.all_of(World().now, "default"))}
    assert set(PLANTED) == names


@pytest.mark.parametrize(("table", "column", "other"), statements.REFERENCES)
def test_a_reference_to_nothing_is_named(world: World, table: str, column: str, other: str) -> None:
    run(
        f"UPDATE {table} SET {column} = 987654 WHERE {column} = (SELECT MIN({column}) FROM {table} WHERE {column} IS NOT NULL)"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table} WHERE {column} = 987654")
        if not cursor.fetchone()[0]:
            pytest.skip(f"the story has no {table} with {column}")
    found = list(look(f"Every {column} of {table} is a row of {other}.", world))
    assert found[0].table == table and found[0].found == f"no such {other}"


def test_a_sentence_says_where_what_and_how_much(world: World) -> None:
    run("UPDATE budget SET promised = promised + 100")
    (sentence,) = world.disagreements()
    assert sentence == (
        "budget 1: What a budget has promised is the sum of the programme's held and confirmed rewards of that unit. "
        "Expected 3000, found 3100."
    )
