"""What comes in must be exact, what goes out has one shape, and refusals speak the caller's language."""

import json
from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.doors.api_calls import Api, forget_what_is_remembered, secret


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    forget_what_is_remembered()
    yield


@pytest.fixture
def caller() -> Api:
    """A program with every scope."""
    return Api(secret())


@pytest.mark.parametrize(
    ("body", "where", "code"),
    [
        ({"keep": "1", "other": 2, "reason": "same"}, "body.keep", "int_type"),
        ({"keep": 1.5, "other": 2, "reason": "same"}, "body.keep", "int_type"),
        ({"keep": True, "other": 2, "reason": "same"}, "body.keep", "int_type"),
        ({"keep": 0, "other": 2, "reason": "same"}, "body.keep", "greater_than_equal"),
        ({"keep": 2**63, "other": 2, "reason": "same"}, "body.keep", "less_than_equal"),
        ({"other": 2, "reason": "same"}, "body.keep", "missing"),
        ({"keep": 1, "other": 2, "reason": "same", "raeson": "x"}, "body.raeson", "extra_forbidden"),
        ({"keep": 1, "other": 2, "reason": ""}, "body.reason", "string_too_short"),
        ({"keep": 1, "other": 2, "reason": "a\x00b"}, "body.reason", "value_error"),
        ([1], "body", "model_type"),
    ],
)
def test_strict_bodies(caller: Api, body: object, where: str, code: str) -> None:
    answer = caller.post("/people/merge", body)
    assert answer.status_code == 422
    assert (where, code) in [(e["where"], e["code"]) for e in answer.data["errors"]]
    assert answer.data["code"] == "invalid" and answer.data["message"] == answer.data["detail"]


def test_a_whole_number_may_be_written_with_a_point(caller: Api) -> None:
    """JSON has one kind of number, and the schema's "integer" takes 1.0; nobody has that number, and that is the answer."""
    answer = caller.post("/people/merge", {"keep": 999_998.0, "other": 999_999.0, "reason": "same"})
    assert answer.status_code == 404, answer.data


@pytest.mark.parametrize(
    "body", [b"{", b"", b"nonsense", b'{"keep": NaN}', b'{"keep": "\xff"}', b"[" * 5000, b'{"reason": "\\ud800"}']
)
def test_bodies_that_are_no_json(caller: Api, body: bytes) -> None:
    answer = caller.post("/people/merge", body)
    assert answer.status_code in (400, 422) and answer.data["code"] in ("unreadable", "invalid")


def test_a_body_too_large(caller: Api) -> None:
    answer = caller.post("/people/merge", b" " * (settings.API_BODY_BYTES_MAX + 1))
    assert answer.status_code == 413 and answer.data["code"] == "body_too_large"


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=1.0", "limit=x", "after=-1", "after=1e3", "limit=1_0"]
)
def test_strict_queries(caller: Api, query: str) -> None:
    assert caller.get(f"/people?{query}").status_code == 422


@pytest.mark.parametrize(
    "path", ["/people/0", "/people/abc", "/people/99999999999999999999", "/people/1.5", "/people/-1"]
)
def test_numbers_in_paths(caller: Api, path: str) -> None:
    assert caller.get(path).status_code == 422


@pytest.mark.parametrize("path", ["/persons", "/", "", "/codes/a%0Ab", "/people/1/", "//people", "/%00"])
def test_unknown_addresses(caller: Api, path: str) -> None:
    answer = caller.get(path) if path else caller.get("/")
    assert answer.status_code in (404, 422) and answer["Content-Type"] == "application/problem+json"


def test_unknown_methods(caller: Api) -> None:
    answer = caller.call("PATCH", "/people/1")
    assert answer.status_code == 405 and "GET" in answer["Allow"] and answer.data["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "There is no such thing here."), ("es-MX", "Aquí no existe eso."), ("it", "Qui non esiste.")],
)
def test_refusals_speak_the_callers_language(language: str, words: str) -> None:
    answer = Api(secret(), language).get("/people/424242")
    assert answer.status_code == 404 and answer.data["message"] == words


def test_a_problem_has_all_its_members() -> None:
    answer = Api().get("/people")
    assert set(answer.data) == {"type", "title", "status", "detail", "code", "message", "errors"}
    assert answer.data["status"] == 401 and answer["Cache-Control"] == "no-store"


def test_the_schema_is_openapi_3_1() -> None:
    answer = Api().get("/openapi.json")
    assert answer.status_code == 200 and answer.data["openapi"].startswith("3.1")
    # Nobody outside reads of our machine.
    assert "Traceback" not in json.dumps(answer.data)


@pytest.mark.parametrize(
    "moment",
    ["1646-05-16T17:37:55%2B17:06", "0001-01-01T00:00:00%2B23:00", "9999-12-31T23:59:59-23:00", "2026-11-01T00:00:00"],
)
def test_moments_of_any_zone_are_read(caller: Api, moment: str) -> None:
    """PostgreSQL knows no zone beyond sixteen hours, and no calendar goes below year 1."""
    assert caller.get(f"/referrals?changed_since={moment}").status_code == 200
