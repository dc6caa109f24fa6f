"""Schemathesis over the whole API: whatever is sent, no 5xx and no answer that the schema does not describe."""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from passaparola.doors.api.service import api
from tests.doors.api_calls import Api, forget_what_is_remembered, secret
from tests.doors.api_world import furnish

EXAMPLES_PER_ROUTE = 12
ROUTES = sum(len(methods) for methods in api.schema["paths"].values())
IDS = ("person", "program", "referral", "decision", "reward", "account", "message", "event", "group", "suggestion")

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


def _existing(case: Any) -> bool:
    """Every second number becomes one that exists, so that answers with content are checked as well. Whether one did."""
    odd = [n for n, value in (case.path_parameters or {}).items() if n in IDS and isinstance(value, int) and value % 2]
    for name in odd:
        case.path_parameters[name] = 1
    return bool(odd)


@pytest.fixture(scope="module")
def answered() -> Iterator[dict[int, int]]:
    """How often each status was answered; at the end of a whole run every kind must have been met."""
    counts: dict[int, int] = {}
    yield counts
    assert sum(counts.values()) < ROUTES * EXAMPLES_PER_ROUTE / 2 or (
        counts.get(200, 0) > ROUTES and counts.get(422, 0) > ROUTES and counts.get(404, 0)
    ), counts


@pytest.fixture
def key() -> Iterator[str]:
    """A key with every scope, in a house where something has happened."""
    forget_what_is_remembered()
    text = secret()
    furnish(Api(text))
    # As Django's own test client: a finished request must not close the connection with the test's transaction.
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield text
    for signal in signals:
        signal.connect(close_old_connections)


def _by_the_rules(problem: Any) -> bool:
    """A well-formed body may still be refused: a programme without a goal, a number no database keeps in free terms."""
    free = ("body.terms", "body.properties", "body.traits", "body.evidence")
    return problem["code"] != "invalid" or all(
        error["code"] == "value_error" and error["where"].startswith(free) for error in problem["errors"]
    )


@schema.parametrize()
@hypothesis.settings(
    max_examples=EXAMPLES_PER_ROUTE,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_no_answer_that_is_not_described(case: Any, key: str, answered: dict[int, int]) -> None:
    replaced = _existing(case)
    # Where it chose to leave the key out, it is left out.
    headers = {"Authorization": f"Bearer {key}"} if "Authorization" in (case.headers or {}) else {}
    response = case.call(headers=headers)
    answered[response.status_code] = answered.get(response.status_code, 0) + 1
    rules = response.status_code == 422 and _by_the_rules(response.json())
    case.validate_response(
        response,
        # A number meant to be wrong may have been replaced by a right one.
        excluded_checks=[*([positive_data_acceptance] if rules else []), *([negative_data_rejection] if replaced else [])],
        headers=headers,
        transport_kwargs={"headers": headers},
    )
