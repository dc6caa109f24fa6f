"""The database itself refuses: every trigger and every constraint of the house, asked in plain SQL."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from passaparola.events.models import Event, Order, OrderLine
from passaparola.kernel.models import AuditEntry
from passaparola.ledger.models import Account, Reward, Transfer
from passaparola.messages.models import Delivery, Message
from passaparola.people.models import Consent, Identity, Merge, Person
from passaparola.programs.models import Assignment, Budget, Decision, ProgramVersion, Referral, Share
from passaparola.segments.models import LeadChange, Pin, StageChange
from tests import guards, seed


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def refused(sql: str, because: str = "") -> None:
    with pytest.raises(IntegrityError, match=because):
        run(sql)


def account(kind: str, owner_id: int = 0, unit: str = "EUR") -> int:
    return seed.row(Account, kind=kind, owner_id=owner_id, unit=unit).id


@pytest.fixture
def hold() -> Transfer:
    """Alma's 500 cents on hold, from the programme to her pending account."""
    return seed.row(
        Transfer, key="hold:1", kind="hold", amount=500, unit="EUR", source_id=account("program", 1),
        target_id=account("pending", 1),
    )  # fmt: skip


FROZEN: list[tuple[type[Any], dict[str, Any], str]] = [
    (AuditEntry, {}, "act = 'x'"),
    (Consent, {"state": "given"}, "state = 'withdrawn'"),
    (Decision, {}, "outcome = 'x'"),
    (OrderLine, {}, "product = 'x'"),
    (Share, {}, "channel = 'x'"),
    (StageChange, {}, "after = 'x'"),
    (LeadChange, {}, "after = 'x'"),
    (Delivery, {}, "outcome = 'x'"),
    (ProgramVersion, {"number": 1, "terms": {}}, "published_at = published_at"),
    (Account, {"unit": "EUR"}, "owner_id = 2"),
]


@pytest.mark.parametrize(("model", "values", "change"), FROZEN, ids=lambda value: getattr(value, "__name__", ""))
def test_append_only(model: type[Any], values: dict[str, Any], change: str) -> None:
    seed.row(model, **values)
    table = model._meta.db_table
    refused(f"UPDATE {table} SET {change}", "append-only")
    refused(f"DELETE FROM {table}", "append-only")


KEPT: list[tuple[type[Any], dict[str, Any]]] = [
    (Event, {}),
    (Order, {"unit": "EUR"}),
    (Merge, {"kept_id": 1, "merged_id": 2}),
    (Referral, {"state": "registered", "advocate_id": 1, "friend_id": 2}),
    (Reward, {"state": "held", "unit": "EUR"}),
    (Message, {}),
]


@pytest.mark.parametrize(("model", "values"), KEPT, ids=lambda value: getattr(value, "__name__", ""))
def test_never_deleted(model: type[Any], values: dict[str, Any]) -> None:
    seed.row(model, **values)
    refused(f"DELETE FROM {model._meta.db_table}", "append-only")


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no TRUNCATE")
@pytest.mark.parametrize("model", [model for model, *_ in [*FROZEN, *KEPT]], ids=lambda model: model.__name__)
def test_never_emptied(model: type[Any]) -> None:
    refused(f"TRUNCATE {model._meta.db_table}", "append-only")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite knows INSERT OR REPLACE")
def test_replacing_is_deleting(hold: Transfer) -> None:
    refused("INSERT OR REPLACE INTO transfer SELECT * FROM transfer", "append-only")


def test_a_draft_may_change_a_version_may_not() -> None:
    seed.row(ProgramVersion, program_id=1, number=0, terms={})
    seed.row(ProgramVersion, program_id=1, number=1, terms={})
    run("UPDATE program_version SET event_id = 9 WHERE number = 0")
    refused("UPDATE program_version SET event_id = 9 WHERE number = 1", "append-only")


def test_erasure_blanks_personal_columns_and_nothing_else() -> None:
    personal = {
        "user_id": "u",
        "anonymous_id": "a",
        "group_id": "g",
        "previous_id": "p",
        "traits": "{}",
        "context": "{}",
    }
    seed.row(Event, **personal)
    for field in Event._meta.concrete_fields:
        if field.column in personal:
            refused(f"UPDATE event SET {field.column} = 'other'", "erasure")
            run(f"UPDATE event SET {field.column} = {field.column}")
        else:
            refused(f"UPDATE event SET {field.column} = {_other(field)}", "erasure")
    run(f"UPDATE event SET {', '.join(f'{column} = NULL' for column in personal)}")
    assert Event.objects.filter(**{f"{column}__isnull": True for column in personal}).count() == 1
    refused("UPDATE event SET user_id = 'again'", "erasure")


def _other(field: Any) -> str:
    """A value of the column's type that is not the one there."""
    kind = field.get_internal_type()
    if kind == "BinaryField":
        return "x'ff'" if connection.vendor == "sqlite" else "'\\xff'"
    if kind == "DateTimeField":
        return "'2001-01-01 00:00:00'"
    if kind == "BooleanField":
        return f"NOT {field.column}"
    return "'other'" if kind in ("CharField", "TextField") else "77"


TRANSFER = "INSERT INTO transfer (id, key, kind, source_id, target_id, amount, unit, resolves_id, at, event_id) VALUES "


def transfer(hold: Transfer, **values: Any) -> str:
    """A release of the hold in SQL, but for `values`."""
    plain = {
        "id": 2, "key": "'release:1'", "kind": "'release'", "source_id": hold.target_id, "target_id": hold.source_id,
        "amount": 500, "unit": "'EUR'", "resolves_id": hold.id, "at": "'2026-11-21'", "event_id": 1,
    }  # fmt: skip
    return TRANSFER + "(" + ", ".join(str(value) for value in (plain | values).values()) + ")"


def test_a_transfer_in_order_is_taken(hold: Transfer) -> None:
    run(transfer(hold))
    refused("UPDATE transfer SET amount = 1", "append-only")
    refused("DELETE FROM transfer WHERE id = 2", "append-only")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"amount": 0}, "transfer_positive"),
    "negative": ({"amount": -5}, "transfer_positive"),
    "to itself": ({"target_id": 2, "source_id": 2}, "transfer_two_accounts"),
    "same key": ({"key": "'hold:1'"}, "(?i)unique"),
    "other unit": ({"unit": "'PTS'"}, "account"),
    "no such source": ({"source_id": 99}, "source account"),
    "no such target": ({"target_id": 99}, "target account"),
    "resolves nothing there": ({"resolves_id": 99}, "resolves"),
    "larger than what it resolves": ({"amount": 501}, "resolves"),
    "reverses a hold": ({"kind": "'reverse'"}, "resolves"),
    "confirms out of nothing": ({"kind": "'confirm'", "resolves_id": "NULL"}, "resolves"),
}


@pytest.mark.parametrize(("values", "because"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_transfer_is_refused(hold: Transfer, values: dict[str, Any], because: str) -> None:
    refused(transfer(hold, **values), because)


def test_one_of_the_accounts_of_another_unit(hold: Transfer) -> None:
    points = account("program", 1, unit="PTS")
    refused(transfer(hold, source_id=points), "source account")
    refused(transfer(hold, target_id=points), "target account")


def test_what_resolves_is_of_the_same_unit(hold: Transfer) -> None:
    points = {"source_id": account("pending", 1, "PTS"), "target_id": account("program", 1, "PTS")}
    refused(transfer(hold, unit="'PTS'", **points), "resolves")


def test_resolved_once(hold: Transfer) -> None:
    run(transfer(hold))
    refused(transfer(hold, id=3, key="'release:2'"), "(?i)unique")
    refused(transfer(hold, id=3, key="'confirm:2'", kind="'confirm'"), "(?i)unique")


ONCE: dict[str, Callable[[], Any]] = {
    "event of one message id": lambda: seed.row(Event, fingerprint=b"1" * 16),
    "order of one shop, id and line": lambda: seed.row(Order, source="shop", order_id="1001", line="", unit="EUR"),
    "active referral of a friend": lambda: seed.row(
        Referral, program_id=1, friend_id=2, advocate_id=1, state="registered"
    ),
    "reward of a rule and cause": lambda: seed.row(
        Reward, program_id=1, rule="advocate", person_id=1, cause="order:shop:1001", state="held", unit="EUR"
    ),
    "message of a cause": lambda: seed.row(Message, key="ask:1:1:1"),
    "owner of a name": lambda: seed.row(Identity, kind="email", value="alma@example.test"),
    "draw in a programme": lambda: seed.row(Assignment, program_id=1, person_id=1, arm="asked"),
    "account of an owner": lambda: seed.row(Account, kind="own", owner_id=1, unit="EUR"),
    "version of a number": lambda: seed.row(ProgramVersion, program_id=1, number=1, terms={}),
    "budget of a unit": lambda: seed.row(Budget, program_id=1, unit="EUR"),
}


@pytest.mark.parametrize("make", ONCE.values(), ids=ONCE.keys())
def test_only_one(make: Callable[[], Any]) -> None:
    make()
    with pytest.raises(IntegrityError, match="(?i)unique"), transaction.atomic():
        make()


def test_a_finished_referral_makes_room_for_another() -> None:
    seed.row(Referral, program_id=1, friend_id=2, advocate_id=1, state="refused")
    seed.row(Referral, program_id=1, friend_id=2, advocate_id=3, state="registered")


CHECKS: dict[str, Callable[[], Any]] = {
    "budget overrun": lambda: seed.row(Budget, unit="EUR", limit_amount=100, promised=101),
    "budget below zero": lambda: seed.row(Budget, unit="EUR", promised=-1),
    "referring oneself": lambda: seed.row(Referral, advocate_id=2, friend_id=2, state="registered"),
    "reward of nothing": lambda: seed.row(Reward, amount=0, unit="EUR", state="held"),
    "unknown state of a reward": lambda: seed.row(Reward, unit="EUR", state="paid"),
    "unknown arm": lambda: seed.row(Assignment, arm="perhaps"),
    "unknown state of a message": lambda: seed.row(Message, state="lost"),
    "unknown state of a consent": lambda: seed.row(Consent, state="maybe"),
    "merging with oneself": lambda: seed.row(Merge, kept_id=1, merged_id=1),
}


@pytest.mark.parametrize("make", CHECKS.values(), ids=CHECKS.keys())
def test_checked(make: Callable[[], Any]) -> None:
    with pytest.raises(IntegrityError, match="(?i)check"), transaction.atomic():
        make()


def test_a_budget_is_kept_by_its_row() -> None:
    seed.row(Budget, program_id=1, unit="EUR", limit_amount=100, promised=90)
    refused("UPDATE budget SET promised = promised + 11", "budget_kept")
    run("UPDATE budget SET promised = promised + 10")


def test_guards_are_back_after_they_were_lifted(hold: Transfer) -> None:
    with guards.lifted():
        run("UPDATE transfer SET amount = 1")
    refused("UPDATE transfer SET amount = 2", "append-only")
    with pytest.raises(ZeroDivisionError), guards.lifted():
        raise ZeroDivisionError
    refused("DELETE FROM transfer", "append-only")


@pytest.mark.django_db(databases="__all__", transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_tables_are_emptied_between_tests_past_the_guards(turn: int) -> None:
    seed.row(StageChange, id=1)
    refused("DELETE FROM stage_change", "append-only")


def test_only_erasure_touches_what_was_said_about_somebody() -> None:
    person = seed.row(Person, uid="u1", root_id=1).id
    message = seed.row(Message, key="k", person_id=person, state="failed").id
    seed.row(Event, person_id=person, properties='{"gift":"for Alma"}', fingerprint=b"1" * 16)
    seed.row(Consent, person_id=person, state="given", evidence={"form": "a"})
    seed.row(Decision, person_id=person, kind="merge", reasons=[{"code": "same_person"}])
    seed.row(Delivery, message_id=message, detail="550 alma@example.test")
    seed.row(Pin, person_id=person, state="out", reason="Alma said so")
    changes = (
        ("event", "properties = '{}'"), ("consent", "evidence = '{}'"), ("decision", "reasons = '[]'"),
        ("delivery", "detail = ''"), ("pin", "reason = ''"),
    )  # fmt: skip
    for table, change in changes:
        refused(f"UPDATE {table} SET {change}", "append-only")
    Person.objects.update(forgotten_at=datetime.now(UTC))
    for table, change in changes:
        run(f"UPDATE {table} SET {change}")
    for table, change in (("event", "name = 'x'"), ("consent", "purpose = 'x'"), ("pin", "state = 'in'")):
        refused(f"UPDATE {table} SET {change}", "append-only")
