"""The marketer's template language: Liquid, closed to everything but the values it is given.

Profile (ECOSYSTEM 6): autoescape; limits on loops, output and depth; no `safe`, `include`, `render`, no clock; a `link`
filter, because escaping alone lets `javascript:` into an address.
"""

from functools import lru_cache
from typing import Any

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError
from liquid.undefined import FalsyStrictUndefined, Undefined

Problem = LiquidError

SOURCE_CHARACTERS_MAX = 40_000
_SCHEMES = ("https://", "http://", "mailto:", "tel:")
# `date` reads the clock and the others escape the escaping, or make text nobody can check.
_FILTERS_CLOSED = (
    "safe", "escapejs", "date", "base64_encode", "base64_decode", "base64_url_safe_encode", "base64_url_safe_decode",
    "newline_to_br", "url_decode", "map", "where", "find", "find_index", "has", "reject", "sum",
)  # fmt: skip
_TAGS_CLOSED = ("include", "render", "tablerow", "cycle", "increment", "decrement", "ifchanged", "liquid", "doc")


class _Limited(Environment):
    """Stops what would run or grow without end."""

    loop_iteration_limit = 1_000
    local_namespace_limit = 100_000
    # Counting every piece of output is slow; loops, source and namespace bound it, and compose.py looks at the length.
    output_stream_limit = None
    context_depth_limit = 12
    block_nesting_limit = 12


def link(value: Any) -> str:
    """An address that may stand in an href: http, https, mailto or tel; anything else becomes "#"."""
    text = "" if isinstance(value, Undefined) or value is None else str(value).strip()
    return text if text.lower().startswith(_SCHEMES) else "#"


def _environment(*, escape: bool, strict: bool) -> Environment:
    made = _Limited(autoescape=escape, undefined=FalsyStrictUndefined if strict else Undefined)
    for name in _FILTERS_CLOSED:
        made.filters.pop(name, None)
    for name in _TAGS_CLOSED:
        made.tags.pop(name, None)
    made.add_filter("link", link)
    return made


_HTML = _environment(escape=True, strict=False)
_TEXT = _environment(escape=False, strict=False)
_HTML_STRICT = _environment(escape=True, strict=True)
_TEXT_STRICT = _environment(escape=False, strict=True)


@lru_cache(maxsize=512)
def compiled(source: str, *, is_html: bool, is_strict: bool = False) -> BoundTemplate:
    """The template, ready to render. Raises Problem for what is not Liquid, or not in our profile."""
    if len(source) > SOURCE_CHARACTERS_MAX:
        raise LiquidError(f"longer than {SOURCE_CHARACTERS_MAX} characters", token=None)
    if is_strict:
        return (_HTML_STRICT if is_html else _TEXT_STRICT).from_string(source)
    return (_HTML if is_html else _TEXT).from_string(source)


def render(source: str, values: dict[str, Any], *, is_html: bool, is_strict: bool = False) -> str:
    """The text for these values. `is_strict` (previews, test sends) raises Problem where a value without default is missing."""
    if "{" not in source:
        return source
    return compiled(source, is_html=is_html, is_strict=is_strict).render(values)


def unknown_filters(source: str) -> set[str]:
    """Filters the template uses that our profile has not. Raises Problem."""
    return set(compiled(source, is_html=True).analyze().filters) - set(_HTML.filters)


def variables(source: str) -> set[str]:
    """Every variable the template asks for, by its path, e.g. {"business", "person.given_name"}. Raises Problem."""
    found = compiled(source, is_html=True).analyze().globals
    return {str(variable) for uses in found.values() for variable in uses}
