"""The reference page says everything about every route, from our own host alone; reading costs the same at any size."""

import json
import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from docs import generate
from passaparola.doors.api import reference
from passaparola.doors.api.service import api
from passaparola.programs import terms
from tests.doors.api_calls import Api, forget_what_is_remembered, secret
from tests.doors.api_world import furnish


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    forget_what_is_remembered()
    yield


def test_every_route_scope_and_problem_is_on_the_page() -> None:
    answer = Client().get("/api/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    for path, methods in api.schema["paths"].items():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page and path in page
    for code in ("scope_missing", "key_wrong", "code_mistyped", "message_id_reused", "body_too_large"):
        assert f'id="problem-{code}"' in page
    # Nothing from elsewhere, nothing inline: the strict policy has nothing to forbid.
    assert "<script" not in page and " style=" not in page and " on" + "click=" not in page
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "script-src 'self'" in answer["Content-Security-Policy"]


def test_everything_a_caller_sends_is_explained() -> None:
    mute = [
        f"{route.id}: {value.name}"
        for chapter in reference.chapters(api.schema)
        for route in chapter.routes
        for value in (*route.parameters, *route.body)
        if not value.meaning and not (value in route.parameters and route.method == "GET")
    ]
    assert not mute


def test_problems_point_at_their_description() -> None:
    told = Api().get("/people").data
    assert f'id="{told["type"].split("#")[1]}"' in Client().get("/api/docs").content.decode()


LISTS = (
    "/people", "/programs", "/referrals", "/decisions", "/rewards", "/accounts", "/transfers", "/messages", "/events",
    "/events/parked", "/people/1/timeline", "/people/1/accounts", "/people/1/consents",
)  # fmt: skip


def test_queries_do_not_grow_with_rows() -> None:
    api_ = Api(secret())
    furnish(api_)

    def cost(path: str, limit: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            question = "" if path.endswith(("accounts", "consents")) and path != "/accounts" else f"?limit={limit}"
            assert api_.get(path + question).status_code == 200
        return len(seen)

    few = {path: cost(path, 1) for path in LISTS}
    many = {path: cost(path, 200) for path in LISTS}
    assert few == many and max(many.values()) <= 8, many


def test_the_programme_terms_page_is_true() -> None:
    text = (generate.ROOT / "docs" / "reference" / "programme-terms.md").read_text(encoding="utf-8")
    example = json.loads(re.search(r"```json\n(.*?)```", text, re.S).group(1))  # type: ignore[union-attr]
    assert set(example) == set(terms.default("EUR")) and terms.check(example) == []
    named = set(
        re.findall(r"`([a-z_.]+)`", "".join(line.split("|")[1] for line in text.splitlines() if line.startswith("|")))
    )
    assert {name.split(".")[0] for name in named} >= set(terms.default("EUR"))
