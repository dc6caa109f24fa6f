"""Every address there is, with what answers it: docs/reference/routes.md is this, written down.

`python -m tests.routes` renews the page.
"""

import inspect
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "routes.md"
HEAD = """# Routes

Every address and what answers it. `{…}` stands for a part of the address; who may open a page of the console is said
beside its route in the code. Written by `python -m tests.routes`; a test compares.

"""
# What the edge answers before Django is asked (doors/edge/app.py).
EDGE = (
    ("/v1/identify, /v1/track, /v1/page, /v1/screen, /v1/group, /v1/alias, /v1/batch", "Takes events in, POST."),
    ("/r/{code}, /r/{code}/{channel}", "A referral link: records the click, then sends the visitor on."),
    ("/livez", "Says that the process answers."),
    ("/readyz", "Says whether it can do its work, and if not, what is missing."),
)


def table() -> str:
    """The whole page."""
    rows = [*EDGE, *sorted(_walk("", _patterns()))]
    return HEAD + "| address | what answers |\n|---|---|\n" + "".join(f"| `{a}` | {what} |\n" for a, what in rows)


def addresses() -> list[str]:
    """Django's addresses as the page writes them."""
    return sorted(address for address, _ in _walk("", _patterns()))


def _patterns() -> list[Any]:
    from passaparola import urls

    return list(urls.urlpatterns)


def _walk(prefix: str, patterns: list[Any]) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        address = prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if hasattr(pattern, "url_patterns"):
            yield from _walk(address, pattern.url_patterns)
        else:
            yield f"/{address}", _sentence(pattern.callback)


def _sentence(view: Any) -> str:
    """The first line of the view's docstring; that of a library's view says nothing here."""
    view = getattr(view, "view_class", view)
    if not getattr(view, "__module__", "").startswith("passaparola"):
        return ""
    return (inspect.getdoc(view) or "").split("\n")[0].replace("|", "\\|")


if __name__ == "__main__":
    os.environ.setdefault("PASSAPAROLA_DATA", tempfile.mkdtemp())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")
    import django

    django.setup()
    PAGE.write_text(table())
