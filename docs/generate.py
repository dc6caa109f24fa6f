"""Writes the reference pages made from the code: api, events, routes.

python docs/generate.py            # writes docs/reference/{api,events,routes}.md
python docs/generate.py --check    # exit 1 if one of them is out of date
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")

import django  # noqa: E402

django.setup()

from docs import routes  # noqa: E402
from passaparola.doors.api import reference  # noqa: E402
from passaparola.doors.api.service import api  # noqa: E402
from passaparola.events import catalogue  # noqa: E402
from passaparola.events.claims import SERVER_ONLY  # noqa: E402
from passaparola.kernel import keys  # noqa: E402


def pages() -> dict[str, str]:
    """Every page made from the code, by its path below docs/."""
    return {
        "reference/api.md": api_page(api.schema),
        "reference/events.md": events_page(),
        "reference/routes.md": routes.page(),
    }


def stale() -> list[str]:
    """The pages whose file says something else than the code."""
    return [path for path, text in pages().items() if _kept(path) != text]


def _kept(path: str) -> str:
    file = ROOT / "docs" / path
    return file.read_text(encoding="utf-8") if file.exists() else ""


def api_page(schema: dict[str, Any]) -> str:
    """The API, from its schema."""
    lines = [_API.format(count=sum(len(chapter.routes) for chapter in reference.chapters(schema)))]
    lines += ["## Scopes\n", "| scope | lets a secret key |", "|---|---|"]
    lines += [f"| `{scope}` | {meaning} |" for scope, meaning in keys.SCOPES.items()]
    for chapter in reference.chapters(schema):
        lines += [f"\n## {chapter.name}"]
        for route in chapter.routes:
            lines += _section(route)
    return "\n".join(lines) + "\n"


def _section(route: reference.Route) -> Iterator[str]:
    scope = f"Scope `{route.scope}`." if route.scope else "Any secret key."
    yield f"\n### `{route.method} {route.path}`\n\n{route.summary}. {route.more + ' ' if route.more else ''}{scope}"
    for title, values in (("Parameters", route.parameters), ("Body", route.body)):
        if values:
            yield f"\n{title}:\n\n| name | type | needed | meaning |\n|---|---|---|---|"
            yield from (
                f"| {_indented(v)} | {v.kind} | {'yes' if v.required else 'no'} | {_cell(v.meaning)} |" for v in values
            )
    many = " (a list)" if route.listed else ""
    yield f"\nAnswers {route.status}{many}; else {', '.join(route.problems)}.\n\n| member | type | meaning |"
    yield "|---|---|---|"
    yield from (f"| {_indented(v)} | {v.kind} | {_cell(v.meaning)} |" for v in route.answer)


def _indented(value: reference.Value) -> str:
    return "· " * value.depth + f"`{value.name}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


_API = """# API

Made from the schema by `python docs/generate.py`; a test fails when it is out
of date. The same page stands in every installation at `/api/docs`, the schema (OpenAPI 3.1) at `/api/v1/openapi.json`.
{count} routes.

## How to call it

```sh
passaparola keys create --name "My shop" --scope read       # prints the key once
curl -H "Authorization: Bearer sk_…" -H "Accept-Language: it" http://127.0.0.1:8600/api/v1/people
```

- **Key.** `Authorization: Bearer sk_…`. Write keys (`pk_…`) cannot call the API. Each route names the scope it needs.
- **Money** is a whole number of minor units and a unit: `{{"amount": 4990, "unit": "EUR"}}` is €49.90.
  Points are `PTS`.
- **Moments** are ISO 8601 in UTC; send them with an offset.
- **Pages.** Lists come newest first, 50 at a time (`limit`, at most 200). Ask for `after` = `next` of the page before.
- **Types are strict.** `"1"` is not 1, and a member we do not know is refused, so that a typing error cannot
  pass unseen.
- **Writing twice.** Send `Idempotency-Key` with anything that changes something. The same key again does nothing twice
  and is answered as the first time, with `"repeated": true`. The same key with another body is refused (409).
- **Merged people.** A number of a person who was merged keeps working: it leads to the person of today.

## When something is wrong

Everything that is not a success is `application/problem+json` (RFC 9457) with two members more: `code` for programs,
`message` for people, in the language of `Accept-Language` (es, it, en).

```json
{{"type": "/api/docs#problem-scope_missing", "title": "This key may not do that: it lacks the scope ledger:read.",
 "status": 403, "detail": "This key may not do that: it lacks the scope ledger:read.",
 "code": "scope_missing", "message": "This key may not do that: it lacks the scope ledger:read.", "errors": []}}
```

| status | when |
|---|---|
| 400 | the body is not JSON |
| 401 | no key, or one that is unknown, revoked or past its last day |
| 403 | a write key, or a scope is missing |
| 404 | there is no such thing |
| 405 | the address does not take this method |
| 409 | an `Idempotency-Key` was used for something else, or the state of things does not allow it |
| 413 | the body is larger than 256 kB |
| 422 | something in the request is not as it should be: see `errors` |
| 429 | too many wrong keys from one address; wait `Retry-After` seconds. Right keys are never held back |
| 503 | the database cannot be reached at the moment; nothing was changed |
"""


def events_page() -> str:
    """docs/reference/events.md, from the catalogue."""
    lines = [_EVENTS.format(server_only=", ".join(sorted(SERVER_ONLY))), "| type | is |", "|---|---|"]
    lines += [f"| {name} | {kind.meaning} |" for name, kind in catalogue.TYPES.items()]
    for title, about, definitions in (
        ("What customers do", "Sent as `track` with this name.", catalogue.CUSTOMERS),
        ("Calls without a name", "For identify the properties are traits.", tuple(catalogue.CALLS.values())),
        (
            "Acts of our own doors",
            "Made by console, API, pages, sender and clock. No key from outside can send them.",
            catalogue.ACTS,
        ),
    ):
        lines += [f"\n## {title}\n\n{about}"]
        for definition in definitions:
            lines += [f"\n### {definition.name}\n\n{definition.meaning}"]
            if definition.properties:
                lines += ["\n| property | type | needed | meaning |", "|---|---|---|---|"]
                lines += [_property(one) for one in definition.properties]
    return "\n".join(lines) + "\n"


def _property(one: catalogue.Property) -> str:
    needed = "yes" if one.required else "no"
    if one.instead:
        needed = f"yes, or {' or '.join(f'`{name}`' for name in one.instead)}"
    return f"| `{one.name}` | {one.type} | {needed} | {_cell(one.meaning)} |"


_EVENTS = """# Events

Made from `passaparola/events/catalogue` by `python docs/generate.py`; a test fails when it is out of date.

These are the events with a meaning. An event with any other name is kept, counted and shown on the timeline, and a
programme may ask at its n-th time. How to send them: [send events](../howto/send-events.md).

A property of the wrong type does not lose the event: it is kept, and the answer of `POST /api/v1/events` lists it under
`doubts`. Only what cannot be understood at all (no id of a person, an order without number or amount) is put aside with
its reason: `GET /api/v1/events/parked`.

A public key (`pk_…`, in a web page) is not believed about {server_only}: they need a secret key, from your server.

## Types
"""


def main() -> int:
    """Write the pages, or check them; the exit code."""
    old = stale()
    if "--check" in sys.argv:
        print("\n".join(f"docs/{path} is out of date: run python docs/generate.py" for path in old) or "all current")
        return 1 if old else 0
    for path, text in pages().items():
        (ROOT / "docs" / path).write_text(text, encoding="utf-8")
        print(f"docs/{path}{' (changed)' if path in old else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
