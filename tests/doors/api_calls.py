"""Calls of the API in tests: keys of every kind, and a client that speaks JSON."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from passaparola.doors.api.access import wrong_keys
from passaparola.kernel import keys

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)


def secret(*scopes: str, name: str = "tests", **more: Any) -> str:
    """The text of a new secret key; every scope if none is named."""
    return keys.make(name=name, source=name, now=NOW, public=False, scopes=scopes, **more)[1]


class Api:
    """A program that calls the API with one key."""

    def __init__(self, key: str | None = None, language: str = "en") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Accept-Language": language}
        if key:
            self.headers["Authorization"] = f"Bearer {key}"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer, with `.data` the decoded body."""
        raw = body if isinstance(body, (bytes, str)) or body is None else json.dumps(body)
        answer = self.client.generic(
            method, f"/api/v1{path}", raw or b"", content_type="application/json", headers={**self.headers, **headers}
        )
        answer.data = json.loads(answer.content) if answer.content else None
        return answer

    def get(self, path: str, **headers: str) -> Any:
        """GET."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """POST with a JSON body."""
        return self.call("POST", path, body, **headers)


def forget_what_is_remembered() -> None:
    """Keys and wrong tries live in the process; each test starts anew."""
    keys.forget()
    wrong_keys.forget()
