"""The world of every test of the public pages: Alma with a code, on the eighteenth day."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from passaparola.doors.portal import limits
from passaparola.messages.models import Message
from passaparola.people.models import Person
from passaparola.programs.models import Code
from tests import portal_world as world
from tests import seed
from tests.portal_world import NOW


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    limits.sign_ups_by_visitor.forget()
    limits.sign_ups_by_address.forget()
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def client() -> Client:
    return Client(enforce_csrf_checks=False, headers={"Accept-Language": "en"})


@pytest.fixture
def alma() -> Person:
    return world.customer(1, "Alma", shows_name=True)


@pytest.fixture
def program() -> int:
    return world.program()


@pytest.fixture
def code(program: int, alma: Person) -> Code:
    return world.code(program, alma.id)


@pytest.fixture
def ask(alma: Person) -> Message:
    world.act("Consent Recorded", NOW, properties={
        "person": alma.id, "channel": "email", "purpose": "referral", "state": "given", "wording": "", "language": "en",
        "source": "test", "evidence": {},
    })  # fmt: skip
    return seed.row(Message, key="ask:1:1:1", person_id=alma.id, purpose="referral", template="ask", state="sent")  # type: ignore[no-any-return]
