"""A small world for the public pages: a running programme, Alma with a code, friends at every step, made by real events."""

import itertools
import json
import os
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import django
from django.apps import apps
from django.conf import settings

if not apps.ready:
    # As a program of its own: `python -m tests.portal_world`.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")
    django.setup()

from passaparola import corridor, worker
from passaparola.events import intake
from passaparola.kernel import signing
from passaparola.messages.models import Message
from passaparola.people.models import Consent, Identity, Person
from passaparola.programs import terms
from passaparola.programs.models import Code
from tests import seed

# A business day in the story, and the day on which the tests of the pages play.
START = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
NOW = START + timedelta(days=18)
_inbox_ids = itertools.count(1)


def act(name: str, at: datetime, **parts: Any) -> Any:
    """One act through the corridor; it must be taken."""
    (outcome,) = corridor.submit([corridor.act(name, source="test", now=at, **parts)], now=at)
    assert outcome.refused is None, outcome.refused
    return outcome


def customer(number: int, given_name: str, *, language: str = "", shows_name: bool = False) -> Person:
    """Somebody whom the shop knows, with a verified address."""
    person = seed.row(
        Person, id=number, root_id=number, uid=f"{given_name.lower()}{number}", given_name=given_name, name=f"{given_name} Test",
        language=language, shows_name=shows_name, created_at=START - timedelta(days=400),
    )  # fmt: skip
    seed.row(
        Identity, kind="email", value=f"{given_name.lower()}@example.test", person_id=number, likeness="",
        verified_at=START - timedelta(days=400), created_at=START - timedelta(days=400),
    )  # fmt: skip
    return person  # type: ignore[no-any-return]


def program(at: datetime = START, **changes: Any) -> int:
    """A running programme with the default terms, changed as given; its id."""
    goal = {
        "kind": "acquisition",
        "metric": "new_customers",
        "baseline": 0,
        "target": 100,
        "deadline": date(2027, 3, 31).isoformat(),
    }
    made = act(
        "Program Created",
        at,
        properties={"name": "Bring a friend", "terms": {**terms.default("EUR"), "goal": goal, **changes}},
    )
    number = int(made.result["program_id"])
    act("Program Published", at, properties={"program": number})
    return number


def code(program_id: int, person_id: int, at: datetime = START) -> Code:
    """Somebody's code in a programme."""
    made = act("Code Issued", at, properties={"program": program_id, "person": person_id})
    return Code.objects.get(value=made.result["code"])


def signs_up(value: str, address: str, at: datetime, *, name: str = "", language: str = "en") -> int:
    """A friend signs up on the landing page; the friend's id."""
    traits = {"email": address, "language": language, **({"name": name} if name else {})}
    act("Friend Signed Up", at, traits=traits, properties={"code": value, "click": None, "consents": []})
    return int(Identity.objects.get(kind="email", value=address).person_id)


def confirms(person_id: int, at: datetime) -> None:
    """A friend presses the button behind the mail."""
    act("Opt-in Confirmed", at, properties={"person": person_id, "channel": "email", "purposes": [], "wording": ""})


def buys(person_email: str, user_id: str, order_id: str, total: float, at: datetime) -> None:
    """An order by somebody, as the shop's own SDK reports it: identify, then the order."""
    calls: list[dict[str, Any]] = [
        {"type": "identify", "userId": user_id, "traits": {"email": person_email}, "messageId": f"i-{order_id}"},
        {
            "type": "track", "userId": user_id, "event": "Order Completed", "messageId": f"o-{order_id}",
            "properties": {"order_id": order_id, "total": total, "currency": "EUR"},
        },
    ]  # fmt: skip
    events_in(calls, at)


def events_in(calls: list[dict[str, Any]], at: datetime) -> None:
    """Segment calls through intake and corridor, as if received at that moment."""
    limits = intake.Limits(settings.BUSINESS_TIME_ZONE, settings.FUTURE_SECONDS_MAX, settings.EARLIEST_YEAR)
    body = json.dumps({"batch": calls}).encode()
    good, bad = intake.read(
        kind="v1", call="batch", source="shop", body=body, received_at=at, inbox_id=next(_inbox_ids), limits=limits
    )
    assert not bad, bad
    for outcome in corridor.submit(good, now=at):
        assert outcome.refused is None, outcome.refused


def rings(at: datetime) -> None:
    """Let the clock be `at`: every timer due by then rings."""
    worker.drain(at)


def token(purpose: str, *ids: int, expires_at: datetime | None = None) -> str:
    return signing.sign(purpose, ids, expires_at=expires_at)


def text(answer: object) -> str:
    """What people read on a page, tags gone."""
    body = unescape(answer.content.decode())  # type: ignore[attr-defined]
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("\xa0", " ").split())


def consents(person_id: int) -> dict[str, str]:
    return dict(Consent.objects.filter(person_id=person_id).order_by("id").values_list("purpose", "state"))


def main() -> None:
    """Make the world in the installation that the environment names; print its addresses as JSON."""
    alma, gina = customer(1, "Alma", shows_name=True), customer(2, "Gina")
    mine = code(program(), alma.id)
    day = timedelta(days=1)
    steps = ((1, "bruno", 49.9), (2, "chiara", 12), (3, "dario", 80), (4, "elena", None))
    for number, name, total in steps:
        at = START + number * day
        friend = signs_up(mine.value, f"{name}@example.test", at, name=name.title())
        if total is not None:
            confirms(friend, at)
            buys(f"{name}@example.test", name, f"order-{number}", total, at + day / 2)
    refund = {
        "type": "track",
        "userId": "dario",
        "event": "Order Refunded",
        "messageId": "refund",
        "properties": {"order_id": "order-3"},
    }
    events_in([refund], START + 6 * day)
    act("Name Shown", START + 7 * day, properties={"person": friend, "shows": True})
    print(json.dumps({"code": mine.value, "paths": _paths(mine.value, alma.id, gina.id, friend)}))


def _paths(code_value: str, alma: int, gina: int, friend: int) -> dict[str, str]:
    """Every public page by a name."""
    notice = Message.objects.filter(person_id=alma).order_by("id").values_list("id", flat=True).first() or 0
    swapped = code_value[:-1] + ("A" if code_value[-1] != "A" else "B")
    return {
        "advocate": f"/a/{signing.sign('advocate', [alma])}",
        "empty": f"/a/{signing.sign('advocate', [gina])}",
        "landing": f"/f/{code_value}",
        "thanks": f"/f/{code_value}/thanks",
        "mistyped": f"/f/{swapped}",
        "by_hand": "/f",
        "confirm": f"/c/{signing.sign('opt-in', [friend, 1])}",
        "unsubscribe": f"/u/{signing.sign('unsubscribe', [notice])}",
        "preferences": f"/p/{signing.sign('preferences', [alma])}",
        "privacy": "/privacy",
        "broken": "/a/broken",
    }


if __name__ == "__main__":
    main()
