"""People and planned messages, as rows, for tests of the outbox."""

from datetime import UTC, datetime, timedelta
from typing import Any

from passaparola.messages.models import Message
from passaparola.people.models import Consent, Identity, Person
from passaparola.programs.models import Code, Program, ProgramVersion

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
TERMS: dict[str, Any] = {
    "goal": {"kind": "acquisition", "metric": "new_customers", "baseline": 0, "target": 100, "deadline": "2027-03-31"},
    "country": "ES", "audience": {"stages": ["many"], "tenure_days_min": 0}, "moment": {"kind": "stage"}, "holdout_percent": 10,
    "ask": {"channel": "email", "between_days_min": 30, "per_year_max": 4, "delay_hours": 0},
    "advocate": {"amount": 500, "unit": "PTS"}, "friend": {"amount": 1000, "unit": "EUR"},
    "qualify": {"order_minor_min": 2000, "window_days": 90, "new_customer_days": None}, "hold_days": 30,
    "caps": {"advocate_rewards_per_year": 10}, "budget": {"EUR": 100000, "PTS": None}, "destination": "", "texts": {},
}  # fmt: skip


def person(id_: int, *, root: int = 0, name: str = "Alma", language: str = "es", consent: str = "given", **more: Any) -> Person:
    """A person with an address and, unless `consent` is "", a word about referral mails."""
    made = Person.objects.create(
        id=id_, root_id=root or id_, uid=f"uid{id_:023d}", created_at=NOW, given_name=name, language=language, **more
    )
    address(id_, f"{name.lower()}{id_}@example.test")
    if consent:
        say(id_, consent)
    return made


def address(person_id: int, value: str, *, at: datetime = NOW, verified: bool = False, id_: int = 0) -> Identity:
    """An e-mail address of that person."""
    return Identity.objects.create(
        id=id_ or Identity.objects.count() + 1, kind="email", value=value, person_id=person_id, created_at=at,
        verified_at=at if verified else None,
    )  # fmt: skip


def say(person_id: int, state: str, purpose: str = "referral") -> Consent:
    """A consent, refusal or withdrawal, newer than all before."""
    return Consent.objects.create(
        id=Consent.objects.count() + 1, person_id=person_id, channel="email", purpose=purpose, state=state, source="test",
        event_id=1, at=NOW,
    )  # fmt: skip


def program(id_: int = 1, *, state: str = "active", terms: dict[str, Any] | None = None) -> Program:
    """A running programme with one published version."""
    made = Program.objects.create(
        id=id_, uid=f"p{id_:025d}", name="Amigos", state=state, seed="s", version=1, created_at=NOW, launched_at=NOW
    )
    ProgramVersion.objects.create(id=id_, program_id=id_, number=1, terms=terms or TERMS, published_at=NOW, event_id=1)
    return made


def code(program_id: int, person_id: int, value: str = "") -> Code:
    """That person's code."""
    return Code.objects.create(
        id=Code.objects.count() + 1, value=value or f"ALMA-{person_id}", program_id=program_id, version=1, person_id=person_id,
        created_at=NOW,
    )  # fmt: skip


def message(id_: int, person_id: int, template: str = "ask", *, at: datetime = NOW, **more: Any) -> Message:
    """A planned message, due now."""
    values: dict[str, Any] = {
        "key": f"{template}:{id_}", "purpose": "referral" if template == "ask" else "service", "program_id": 1,
        "context": {"code": f"ALMA-{person_id}", "version": 1}, "event_id": 1,
        "planned_at": at, "due_at": at, "deadline_at": at + timedelta(days=7), "changed_at": at,
    }  # fmt: skip
    return Message.objects.create(id=id_, person_id=person_id, template=template, **{**values, **more})


def reward_context(rule: str = "advocate", amount: int = 500, unit: str = "PTS") -> dict[str, Any]:
    """What the corridor notes for a message about a reward."""
    due = "2026-12-21T10:00:00+00:00"
    return {"reward": 1, "rule": rule, "amount": amount, "unit": unit, "due_at": due, "reason": "waiting_return_window"}
