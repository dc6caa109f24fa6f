"""Every route × every kind of key: without the scope written beside it nothing is read and nothing done."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from passaparola.doors.api import access
from passaparola.doors.api.service import api
from passaparola.kernel import keys
from tests.doors.api_calls import LONG_AGO, Api, forget_what_is_remembered, secret

OPERATIONS = [
    (method.upper(), path.removeprefix("/api/v1"), operation["x-scope"])
    for path, methods in api.schema["paths"].items()
    for method, operation in methods.items()
]


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    forget_what_is_remembered()
    yield
    forget_what_is_remembered()


def _filled(path: str) -> str:
    """The path with numbers that no row has, and a code nobody has."""
    for name in ("person", "program", "referral", "decision", "reward", "account", "message", "event"):
        path = path.replace(f"{{{name}}}", "999999")
    return path.replace("{code}", "NOBODY00")


def test_all_routes_are_here() -> None:
    assert len(OPERATIONS) >= 40
    # Every scope a key can carry opens something, and every route but the key's own asks for one.
    assert {scope for _, _, scope in OPERATIONS} == set(keys.SCOPES) | {""}
    assert [path for _, path, scope in OPERATIONS if not scope] == ["/key"]


def _refused(answer: Any, status: int, code: str) -> bool:
    return answer.status_code == status and answer.data["code"] == code and answer["Content-Type"] == MEDIA_TYPE


MEDIA_TYPE = "application/problem+json"


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS, ids=lambda part: str(part))
def test_route_by_key(method: str, path: str, scope: str) -> None:
    path = _filled(path)
    assert _refused(Api().call(method, path), 401, "key_missing")
    assert _refused(Api("sk_" + "x" * 32).call(method, path), 401, "key_wrong")
    public = keys.make(name="web", source="web", now=LONG_AGO, public=True)[1]
    assert _refused(Api(public).call(method, path), 403, "key_public")
    others = [one for one in keys.SCOPES if one != scope]
    if scope:
        assert _refused(Api(secret(*others)).call(method, path), 403, "scope_missing")
    right = Api(secret(scope) if scope else secret("events:read"))
    answer = right.call(method, path)
    # Past the door: the answer is about the thing, not about the key.
    assert answer.status_code in (200, 400, 404, 422), answer.data
    old = secret(*filter(None, [scope]), name="old", expires_at=timezone.now() - timedelta(seconds=1))
    assert _refused(Api(old).call(method, path), 401, "key_wrong")


def test_a_revoked_key_opens_nothing() -> None:
    key, text = keys.make(name="gone", source="gone", now=LONG_AGO, public=False)
    assert Api(text).get("/key").status_code == 200
    keys.revoke(key_id=key.id, now=timezone.now())
    keys.forget()
    assert _refused(Api(text).get("/key"), 401, "key_wrong")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic c2tfOg==", "bearer  ", "Token sk_x", "Bearer \x00", "Bearer " + "x" * 5000],
)
def test_odd_headers(header: str) -> None:
    answer = Api().get("/key", Authorization=header)
    assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("Bearer")


def test_wrong_keys_are_slowed_and_right_ones_are_not() -> None:
    good = secret("people:read")
    for _ in range(access.WRONG_KEYS_PER_MINUTE_MAX):
        assert Api("sk_wrong").get("/key").status_code == 401
    answer = Api("sk_wrong").get("/key")
    assert answer.status_code == 429 and int(answer["Retry-After"]) > 0
    assert Api(good).get("/key").status_code == 200


def test_the_key_tells_about_itself() -> None:
    told = Api(secret("people:read", "ledger:read", name="books")).get("/key").data
    assert told["name"] == "books" and told["scopes"] == ["ledger:read", "people:read"]
