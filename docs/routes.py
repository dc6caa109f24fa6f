"""Every address there is, with what answers it: docs/reference/routes.md (written by docs/generate.py)."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

HEAD = """# Routes

Made from `passaparola/urls.py` by `python docs/generate.py`; a test fails when it is out of date.

Every address and what answers it. `{…}` stands for a part of the address; who may open a page of the console is said
beside its route in the code. What hangs on `/api/v1` is in [api](api.md).

"""
# What the edge answers before Django is asked (doors/edge/app.py).
EDGE = (
    ("/v1/identify, /v1/track, /v1/page, /v1/screen, /v1/group, /v1/alias, /v1/batch", "Takes events in, POST."),
    ("/v1/i, /v1/t, /v1/p, /v1/s, /v1/g, /v1/a, /v1/b, /v1/import, /beacon/v1/batch", "The same under browsers' and old names."),
    ("/v1/projects/{key}/settings, /sourceConfig/", "What Segment's and RudderStack's browser libraries ask before they send."),
    ("/r/{code}, /r/{code}/{channel}", "A referral link: records the click, then sends the visitor on."),
    ("/livez", "Says that the process answers."),
    ("/readyz", "Says whether it can do its work, and if not, what is missing."),
)


def page() -> str:
    """The whole page."""
    rows = "".join(f"| `{address}` | {what} |\n" for address, what in [*EDGE, *pages()])
    return f"{HEAD}| address | what answers |\n|---|---|\n{rows}"


def pages() -> list[tuple[str, str]]:
    """Django's addresses, without the API's, and the first sentence of the view that answers."""
    from passaparola import urls

    return sorted(row for row in _walk("", list(urls.urlpatterns)) if not row[0].startswith("/api/v1"))


def _walk(prefix: str, patterns: list[Any]) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        address = prefix + _readable(str(pattern.pattern))
        if hasattr(pattern, "url_patterns"):
            yield from _walk(address, pattern.url_patterns)
        else:
            yield f"/{address}", _sentence(pattern.callback)


def _readable(pattern: str) -> str:
    """Both of Django's ways of writing a pattern, as {parts}."""
    named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern)
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", named).strip("^$")


def _sentence(view: Any) -> str:
    """The first line of the view's docstring; that of a library's view says nothing here."""
    view = getattr(view, "view_class", view)
    if not getattr(view, "__module__", "").startswith("passaparola"):
        return ""
    return (inspect.getdoc(view) or "").split("\n")[0].replace("|", "\\|")
