"""The checks that are one SQL statement, and the references between rows, which no foreign key guards."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

from passaparola.kernel import database
from passaparola.ledger.proof.disagreement import Disagreement

_PACKAGE = Path(__file__).resolve().parents[2]

# (room, table the ids are of, name of the file in ROOM/proofs/). A file selects id, expected, found.
STATEMENTS = (
    ("events", "event", "withdrawn_is_out_of_force"),
    ("events", "event", "batches_follow_one_another"),
    ("events", "event", "event_has_its_occurrence"),
    ("events", "occurrence", "occurrence_counts_events"),
    ("people", "person", "root_is_a_root"),
    ("people", "relationship", "relationship_ends_after_it_began"),
    ("people", "group_member", "nobody_is_in_a_closed_group"),
    ("people", "group_member", "membership_has_its_events"),
    ("people", "group_suggestion", "accepted_suggestion_has_its_group"),
    ("segments", "person", "visits_are_in_the_log"),
    ("segments", "traits", "traits_count_orders"),
    ("segments", "traits", "traits_sum_orders"),
    ("segments", "traits", "traits_date_orders"),
    ("segments", "traits", "traits_count_visits"),
    ("segments", "traits", "stage_is_the_last_change"),
    ("segments", "stage_change", "stage_changes_are_a_chain"),
    ("segments", "traits", "stage_has_its_timer"),
    ("segments", "lead", "lead_is_the_last_change"),
    ("segments", "lead_change", "lead_changes_are_a_chain"),
    ("segments", "lead", "warm_lead_has_its_timer"),
    ("segments", "lead", "customer_is_no_lead"),
    ("programs", "referral", "version_exists"),
    ("programs", "referral", "one_active_referral"),
    ("programs", "referral", "nobody_refers_themselves"),
    ("programs", "referral", "converted_has_an_order"),
    ("programs", "referral", "refunded_is_reversed"),
    ("programs", "referral", "open_has_its_timer"),
    ("programs", "decision", "ask_follows_the_draw"),
    ("programs", "decision", "holdout_is_never_asked"),
    ("programs", "budget", "budget_is_its_rewards"),
    ("programs", "budget", "budget_is_kept"),
    ("programs", "reward", "reward_has_a_budget"),
    ("programs", "reward", "held_has_its_timer"),
    ("ledger", "transfer", "transfer_agrees_with_accounts"),
    ("ledger", "transfer", "transfer_agrees_with_reward"),
    ("ledger", "transfer", "transfer_between_the_right_accounts"),
    ("ledger", "transfer", "settlement_resolves_its_own_hold"),
    ("ledger", "transfer", "resolved_at_most_once"),
    ("ledger", "account", "books_sum_to_zero"),
    ("ledger", "account", "pending_is_what_is_held"),
    ("ledger", "account", "own_is_what_is_confirmed"),
    ("ledger", "account", "program_paid_its_rewards"),
    ("ledger", "reward", "reward_has_one_hold"),
    ("ledger", "reward", "reward_settled_at_most_once"),
    ("ledger", "reward", "reward_state_follows_transfers"),
    ("ledger", "reward", "reward_goes_to_its_party"),
    ("ledger", "reward", "one_reward_for_one_cause"),
    ("ledger", "reward", "no_self_referral_is_paid"),
    ("ledger", "referral", "referral_state_agrees_with_rewards"),
    ("messages", "message", "one_message_for_one_key"),
    ("messages", "message", "ask_has_its_decision"),
    ("messages", "decision", "decision_has_its_ask"),
    ("messages", "message", "reward_message_has_its_reward"),
    ("messages", "reward", "reward_has_its_message"),
)

# (table, column, table it points at). NULL points nowhere and is in order.
REFERENCES = (
    ("event", "person_id", "person"),
    ("occurrence", "person_id", "person"),
    ("purchase_order", "person_id", "person"),
    ("purchase_order", "event_id", "event"),
    ("order_line", "person_id", "person"),
    ("order_line", "event_id", "event"),
    ("order_line", "order_key", "purchase_order"),
    ("order_report", "order_key", "purchase_order"),
    ("order_report", "event_id", "event"),
    ("withdrawn_event", "withdrawn_by", "event"),
    ("person", "root_id", "person"),
    ("identity", "person_id", "person"),
    ("merge", "kept_id", "person"),
    ("merge", "merged_id", "person"),
    ("consent", "person_id", "person"),
    ("consent", "event_id", "event"),
    ("relationship", "person_id", "person"),
    ("relationship", "other_id", "person"),
    ("relationship", "event_id", "event"),
    ("people_group", "event_id", "event"),
    ("group_member", "group_id", "people_group"),
    ("group_member", "person_id", "person"),
    ("group_member", "event_id", "event"),
    ("group_member", "ended_by_id", "event"),
    ("group_suggestion", "group_id", "people_group"),
    ("group_suggestion", "event_id", "event"),
    ("visit", "person_id", "person"),
    ("own_trait", "event_id", "event"),
    ("traits", "person_id", "person"),
    ("stage_change", "person_id", "person"),
    ("stage_change", "event_id", "event"),
    ("lead", "person_id", "person"),
    ("lead_change", "person_id", "person"),
    ("lead_change", "event_id", "event"),
    ("program_version", "program_id", "program"),
    ("program_version", "event_id", "event"),
    ("assignment", "program_id", "program"),
    ("assignment", "person_id", "person"),
    ("assignment", "event_id", "event"),
    ("code", "program_id", "program"),
    ("code", "person_id", "person"),
    ("share", "code_id", "code"),
    ("click", "code_id", "code"),
    ("click", "person_id", "person"),
    ("click", "event_id", "event"),
    ("referral", "program_id", "program"),
    ("referral", "advocate_id", "person"),
    ("referral", "friend_id", "person"),
    ("referral", "code_id", "code"),
    ("referral", "order_id", "purchase_order"),
    ("referral", "event_id", "event"),
    ("decision", "person_id", "person"),
    ("decision", "program_id", "program"),
    ("decision", "event_id", "event"),
    ("budget", "program_id", "program"),
    ("reward", "program_id", "program"),
    ("reward", "person_id", "person"),
    ("reward", "referral_id", "referral"),
    ("transfer", "resolves_id", "transfer"),
    ("transfer", "event_id", "event"),
    ("message", "person_id", "person"),
    ("message", "program_id", "program"),
    ("message", "event_id", "event"),
    ("delivery", "message_id", "message"),
    ("delivery", "event_id", "event"),
)
# What was promised, sent or decided stays though the event it came from was withdrawn: it is in the log, put aside.
PAST = ("referral", "decision", "assignment", "message", "transfer", "delivery")


def all_of(alias: str) -> Iterator[tuple[str, Callable[[], Iterator[Disagreement]]]]:
    """Sentence and check, one by one."""
    for room, table, name in STATEMENTS:
        what, sql = read(room, name)
        yield what, partial(_look, sql, table, what, alias)
    for table, column, other in REFERENCES:
        what = f"Every {column} of {table} is a row of {other}."
        yield what, partial(_look, _reference(table, column, other), table, what, alias)


@cache
def read(room: str, name: str) -> tuple[str, str]:
    """The sentence and the statement of a file."""
    text = (_PACKAGE / room / "proofs" / f"{name}.sql").read_text()
    first, _, sql = text.partition("\n")
    return first.removeprefix("-- ").strip(), sql.replace("{currency}", database.currency())


def _reference(table: str, column: str, other: str) -> str:
    key = "person_id" if table in ("traits", "lead") else "id"
    if table in PAST and other == "event":
        other_rows = "(SELECT id FROM event UNION ALL SELECT id FROM withdrawn_event)"
    else:
        other_rows = other
    # A merge that was undone with the import that had made it may name whoever went with it.
    but = " AND t.event_id NOT IN (SELECT id FROM withdrawn_event)" if table == "merge" else ""
    return (
        f"SELECT t.{key}, t.{column} AS expected, 'no such {other}' AS found FROM {table} t "
        f"LEFT JOIN {other_rows} o ON o.id = t.{column} WHERE t.{column} IS NOT NULL AND o.id IS NULL{but}"
    )


def _look(sql: str, table: str, what: str, alias: str) -> Iterator[Disagreement]:
    for id_, expected, found in database.stream(sql, alias=alias):
        yield Disagreement(table, id_, what, expected, found)
