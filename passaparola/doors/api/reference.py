"""The API read aloud from its schema: the page /api/docs and the tables of docs/reference/api.md.

python -m passaparola.doors.api.reference > docs/reference/api.md
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from passaparola.doors.api.service import api
from passaparola.kernel import keys
from passaparola.kernel.errors import Refusal


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter, or one member of a body: `depth` says how far it is nested."""

    name: str
    kind: str
    meaning: str
    required: bool
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """One route as people read it."""

    id: str
    method: str
    path: str
    summary: str
    more: str
    scope: str
    parameters: tuple[Value, ...]
    body: tuple[Value, ...]
    status: str
    answer: tuple[Value, ...]
    listed: bool
    problems: tuple[str, ...]

    @property
    def short(self) -> str:
        """The path below /api/v1."""
        return self.path.removeprefix("/api/v1")


@dataclass(frozen=True, slots=True)
class Chapter:
    """The routes of one noun."""

    name: str
    routes: tuple[Route, ...]


def chapters(schema: dict[str, Any]) -> list[Chapter]:
    """All routes of an OpenAPI schema, by noun, in the order of the routes."""
    found: dict[str, list[Route]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation["tags"][0], []).append(_route(schema, path, method, operation))
    return [Chapter(name, tuple(routes)) for name, routes in found.items()]


def _route(schema: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Route:
    good = next(status for status in operation["responses"] if status < "400")
    answer = operation["responses"][good]["content"]["application/json"]["schema"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    _, _, more = operation["description"].partition(". ")
    return Route(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        more=more,
        scope=operation["x-scope"],
        parameters=tuple(
            Value(one["name"], _kind(schema, one["schema"]), one.get("description", ""), one["required"])
            for one in operation["parameters"]
        ),
        body=tuple(_values(schema, body)) if body else (),
        status=good,
        answer=tuple(_values(schema, answer)),
        listed=answer.get("type") == "array",
        problems=tuple(status for status in operation["responses"] if status >= "400"),
    )


def _resolved(schema: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    """A shape behind its references; of alternatives the one that is not null."""
    if "$ref" in shape:
        return _resolved(schema, schema["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]])
    for several in ("anyOf", "allOf"):
        kinds = [kind for kind in shape.get(several, []) if kind != {"type": "null"}]
        if len(kinds) == 1:
            return _resolved(schema, kinds[0])
    return shape


def _values(schema: dict[str, Any], shape: dict[str, Any], depth: int = 0) -> Iterator[Value]:
    """The members of a body, nested ones after their parent; three levels, no deeper."""
    shape = _resolved(schema, shape)
    if shape.get("type") == "array":
        shape = _resolved(schema, shape["items"])
    for name, member in shape.get("properties", {}).items():
        kind = _kind(schema, member)
        yield Value(name, kind, member.get("description", ""), name in shape.get("required", []), depth)
        if depth < 2:
            yield from _values(schema, member, depth + 1)


def _kind(schema: dict[str, Any], member: dict[str, Any]) -> str:
    """The type of a value in a few words."""
    shape = _resolved(schema, member)
    null = " or null" if {"type": "null"} in member.get("anyOf", []) else ""
    if "enum" in shape or "const" in shape:
        return ", ".join(str(one) for one in shape.get("enum", [shape.get("const")])) + null
    kind = shape.get("type", "any")
    if kind == "array":
        return f"list of {_kind(schema, shape['items'])}{null}"
    words = {"integer": "whole number", "string": "text", "number": "number", "boolean": "true or false"}
    formats = {"date-time": "moment", "date": "day"}
    said = formats.get(shape.get("format", ""), words.get(kind, kind))
    if "minimum" in shape and shape.get("maximum", 0) < 10**9:
        said += f", {shape['minimum']} to {shape['maximum']}"
    return said + null


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its code, status and sentence."""

    code: str
    status: int
    sentence: str


# Whose refusals a caller of the API can meet.
_REFUSING = ("corridor", "events", "people", "segments", "programs", "ledger", "messages", "doors.api")


def problem_kinds() -> list[Kind]:
    """Every named refusal of rooms and API, by its code; where several share one, the first."""
    found: dict[str, Kind] = {}
    waiting = list(Refusal.__subclasses__())
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        home = one.__module__.removeprefix("passaparola.")
        if home.startswith(_REFUSING) and not one.__name__.startswith("_"):
            found.setdefault(one.code, Kind(one.code, one.status, one._first_line()))
    return sorted(found.values(), key=lambda kind: kind.code)


def page(request: HttpRequest) -> HttpResponse:
    """The reference as one HTML page: works without script, under the strict policy, from our own host."""
    return render(
        request,
        "api/docs.html",
        {
            "chapters": chapters(api.schema),
            "scopes": keys.SCOPES,
            "problems": problem_kinds(),
            "description": api.description,
            "version": api.version,
        },
    )
