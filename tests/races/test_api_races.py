"""Ten programs say the same at once to a running server: it happens once, and all hear the same answer."""

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.doors.api_world import TERMS
from tests.running import Server

AT_ONCE = 10
# The server has a store of its own.
pytestmark = pytest.mark.django_db(databases=[])


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    """A key that may do everything."""
    return server.command("keys", "create", "--source", "races").stdout.strip()


def _call(server: Server, key: str, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"{server.url}/api/v1{path}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def _at_once(server: Server, key: str, path: str, bodies: list[Any], **headers: str) -> list[tuple[int, Any]]:
    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(lambda body: _call(server, key, path, body, **headers), bodies))


def test_one_idempotency_key_is_one_act(server: Server, key: str) -> None:
    body = {"name": "Friends", "terms": TERMS}
    answers = _at_once(server, key, "/programs", [body] * AT_ONCE, **{"Idempotency-Key": "spring"})
    assert [status for status, _ in answers] == [200] * AT_ONCE, answers
    assert len({told["result"]["program_id"] for _, told in answers}) == 1
    assert [told["repeated"] for _, told in answers].count(False) == 1


def test_ten_sign_ups_of_one_user_are_one_person(server: Server, key: str) -> None:
    bodies = [{"type": "identify", "user_id": "bruno", "traits": {"email": "bruno@example.test"}}] * AT_ONCE
    answers = _at_once(server, key, "/events", bodies)
    assert [status for status, _ in answers] == [200] * AT_ONCE, answers
    assert len({told["person"] for _, told in answers}) == 1


def test_ten_requests_for_a_code_are_one_code(server: Server, key: str) -> None:
    person = _call(server, key, "/events", {"type": "identify", "user_id": "alma"})[1]["person"]
    program = _call(server, key, "/programs", {"name": "Codes", "terms": TERMS})[1]["result"]["program_id"]
    assert _call(server, key, f"/programs/{program}/publish", None)[0] == 200
    answers = _at_once(server, key, "/codes", [{"program": program, "person": person}] * AT_ONCE)
    assert [status for status, _ in answers] == [200] * AT_ONCE, answers
    assert len({told["code"] for _, told in answers}) == 1
