"""The API put together: the routes, its own parser, and its schema (OpenAPI 3.1)."""

from collections.abc import Callable
from functools import cached_property, wraps
from http import HTTPStatus
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path, re_path
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

import passaparola
from passaparola.doors.api import problems
from passaparola.doors.api.routes import (
    codes,
    events,
    figures,
    groups,
    installation,
    leads,
    ledger,
    messages,
    people,
    playbooks,
    profiles,
    programs,
    pyramid,
    referrals,
    segments,
    syncs,
)

ROUTERS = (
    people, programs, codes, referrals, leads, groups, segments, syncs, ledger, messages, events, figures, pyramid,
    profiles, playbooks, installation,
)  # fmt: skip
PREFIX = "/api/v1"

DESCRIPTION = """\
Every noun of the console, for programs. Send `Authorization: Bearer sk_…`; each route names the scope it asks for.
Money is a whole number of minor units and a unit; moments are UTC. Lists come in pages, newest first: ask again with
`after` = `next`. Whatever is not a success is `application/problem+json` with a stable `code` and a `message` in the
language of `Accept-Language` (es, it, en)."""


class StrictParser(Parser):
    """JSON as the standard has it: no NaN, no lone surrogates, no endless nesting."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body as Python values; ninja answers 400 to whatever is raised."""
        return msgspec.json.decode(request.body)


class Service(NinjaAPI):
    """ninja, with the permissions and problem answers said in the schema."""

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The whole schema, made once."""
        return _completed(super().get_openapi_schema(path_prefix=PREFIX.lstrip("/") + "/"), self)

    def get_openapi_schema(self, **_: Any) -> OpenAPISchema:
        """What /openapi.json answers."""
        return self.schema  # type: ignore[return-value]

    def get_openapi_operation_id(self, operation: Any) -> str:
        """The name of the function: get_person."""
        return str(operation.view_func.__name__)


def _completed(schema: Any, api: NinjaAPI) -> Any:
    """The schema with scopes, problem bodies by their own media type, and short names."""
    scopes = {
        operation.view_func.__name__: operation.auth_callbacks[0].scope  # type: ignore[attr-defined]
        for router in api._get_bound_routers()
        for view in router.path_operations.values()
        for operation in view.operations
    }
    for methods in schema["paths"].values():
        for operation in methods.values():
            scope = scopes[operation["operationId"]]
            operation["security"] = [{"SecretKey": [scope] if scope else []}]
            operation["x-scope"] = scope
            operation["summary"], _, rest = operation["description"].partition(". ")
            operation["summary"] = operation["summary"].rstrip(".")
            operation["parameters"] = [_present(one) for one in operation["parameters"]]
            operation["responses"] = {str(s): answer for s, answer in sorted(operation["responses"].items())}
            for status, answer in operation["responses"].items():
                answer["description"] = HTTPStatus(int(status)).phrase
                if int(status) >= 400:
                    answer["content"] = {problems.MEDIA_TYPE: answer["content"].pop("application/json")}
    schema["servers"] = [{"url": settings.BASE_URL}]
    schema["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    return schema


def _present(parameter: dict[str, Any]) -> dict[str, Any]:
    """A parameter that may be left out, but is never null: addresses and headers know no null."""
    kinds = [kind for kind in parameter["schema"].pop("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        parameter["schema"] |= kinds[0]
    elif kinds:
        parameter["schema"]["anyOf"] = kinds
    parameter["schema"].pop("title", None)
    return parameter


api = Service(
    title="Passaparola",
    version=passaparola.__version__,
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url=None,
    parser=StrictParser(),
)
problems.install(api)
for module in ROUTERS:
    api.add_router("", module.router)


def _guarded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Answers in our shape to what ninja answers in its own: a body too large, a method it does not take."""

    @wraps(view)
    def guarded(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > settings.API_BODY_BYTES_MAX:
            return problems.answer(problems.BodyTooLarge(kilobytes=settings.API_BODY_BYTES_MAX // 1024))
        answer = view(request, *arguments, **named)
        if answer.status_code == 405:
            allowed = answer["Allow"]
            answer = problems.answer(problems.MethodNotAllowed(method=str(request.method)[:10], allowed=allowed))
            answer["Allow"] = allowed
        elif request.method != "GET" or "Authorization" in request.headers:
            answer["Cache-Control"] = "no-store"
        return answer

    guarded.csrf_exempt = True  # type: ignore[attr-defined]
    return guarded


def _nowhere(request: HttpRequest) -> HttpResponse:
    return problems.answer(problems.NotFound())


_nowhere.csrf_exempt = True  # type: ignore[attr-defined]


def urls() -> list[URLPattern]:
    """Everything below /api/v1/, the unknown addresses included."""
    patterns, _, _ = api.urls
    kept = [path(str(p.pattern), _guarded(p.callback)) for p in patterns if p.name != "api-root"]  # type: ignore[arg-type,union-attr]
    return [*kept, re_path(r"^(?s:.*)$", _nowhere)]
