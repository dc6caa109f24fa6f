"""A small world to tell stories in: its own clock, a shop that sends events, a programme, and time that passes."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from passaparola import corridor, worker
from passaparola.events import intake, log
from passaparola.ledger import proof
from passaparola.ledger.models import Transfer
from passaparola.programs import terms as rules
from passaparola.programs.models import Code
from tests.people import Somebody

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TERMS: dict[str, Any] = {
    "goal": {"kind": "acquisition", "metric": "new_customers", "baseline": 0, "target": 100, "deadline": "2027-12-31"},
    "audience": {"stages": ["few", "some", "many"], "tenure_days_min": 0},
    "holdout_percent": 0,
    "advocate": {"amount": 500, "unit": "EUR"},
    "friend": {"amount": 1000, "unit": "EUR"},
    "hold_days": 30,
    "caps": {"advocate_rewards_per_year": 100},
    "budget": {"EUR": None},
}


class World:
    """Everything goes in by the front doors' own way: events through intake, acts through the corridor."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now
        self.inbox = 0
        self._together, self._waiting = 1, list[dict[str, Any]]()

    def send(self, *events: dict[str, Any], source: str = "shop") -> list[corridor.Outcome]:
        """A batch of events in the specification's shape, as the edge would take it and the worker walk it."""
        if self._together > 1:
            self._waiting += events
            if len(self._waiting) < self._together:
                return []
            events, self._waiting = tuple(self._waiting), []
        return corridor.submit(self.read(events, source=source))

    @contextmanager
    def gathering(self, together: int) -> Iterator[None]:
        """What is sent meanwhile goes in so many at a time; nobody sees the outcomes."""
        self._together = together
        yield
        self._together, events = 1, self._waiting
        self._waiting = []
        self.send(*events)

    def read(self, events: Iterable[dict[str, Any]], *, source: str = "shop") -> list[intake.Happening]:
        """The events as they would enter the corridor now."""
        self.inbox += 1
        body = json.dumps({"batch": list(events)}).encode()
        good, bad = intake.read(
            kind="v1", call="batch", source=source, body=body, received_at=self.now, inbox_id=self.inbox,
            limits=log.limits(),
        )  # fmt: skip
        assert not bad, bad
        return good

    def act(self, name: str, /, *, message_id: str | None = None, **values: Any) -> dict[str, Any]:
        """One of our own acts; `traits`, `person_id`, … by their names, all else are its properties."""
        own = {key: values.pop(key) for key in ("traits", "user_id", "anonymous_id", "person_id") if key in values}
        act = corridor.act(name, source="console", now=self.now, properties=values, message_id=message_id, **own)
        (outcome,) = corridor.submit([act], now=self.now)
        if outcome.refused:
            raise outcome.refused
        return outcome.result

    def programme(self, **terms: Any) -> int:
        """A programme, launched, with TERMS but for `terms`; its number."""
        whole = rules.complete({**TERMS, **terms}, "EUR")
        number: int = self.act("Program Created", name="Friends", terms=whole)["program_id"]
        self.act("Program Published", program=number)
        worker.drain(self.now)
        return number

    def code_of(self, person: Somebody, program: int) -> str:
        """The code of somebody known, issued if need be."""
        return str(self.act("Code Issued", program=program, person_id=self.number(person))["code"])

    def number(self, person: Somebody) -> int:
        """Whose number somebody has."""
        from passaparola.people.models import Identity, Person

        held = Identity.objects.get(kind="user_id", value=person.user_id).person_id
        return Person.objects.get(id=held).root_id

    def days_pass(self, days: float) -> None:
        """Time passes and the timers that fall due ring, each at its own moment or shortly after."""
        until = self.now + timedelta(days=days)
        while self.now < until:
            self.now = min(until, self.now + timedelta(days=1))
            worker.drain(self.now)

    def disagreements(self) -> list[str]:
        """What `prove` says now."""
        return [str(one) for one in proof.prove(now=self.now)]


def friends_join(world: World, program: int, advocate: Somebody) -> str:
    """The advocate is known and has a code; the code."""
    world.send(advocate.identify())
    code = world.code_of(advocate, program)
    assert Code.objects.get(value=code).program_id == program
    return code


def balances() -> dict[tuple[str, int, str], int]:
    """What stands in each account, added up from the transfers; empty accounts left out."""
    from passaparola.ledger.models import Account

    accounts = {row.id: (row.kind, row.owner_id, row.unit) for row in Account.objects.all()}
    found: dict[tuple[str, int, str], int] = {}
    for row in Transfer.objects.all():
        for account, amount in ((row.target_id, row.amount), (row.source_id, -row.amount)):
            key = accounts[account]
            found[key] = found.get(key, 0) + amount
    return {key: amount for key, amount in found.items() if amount}
