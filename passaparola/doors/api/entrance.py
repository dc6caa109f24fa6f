"""Where the API is entered: its routes are read when first called, so that pages start without them.

They cost 0.9 s of CPU and 23 MB, which a house that nobody calls by program need not pay.
"""

from functools import cache

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLResolver
from django.urls.resolvers import RegexPattern
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe


@cache
def _routes() -> URLResolver:
    from passaparola.doors.api import service

    return URLResolver(RegexPattern(r"^"), service.urls())


# Programs come with a key of their own and never with a browser's cookie, so there is nothing to forge.
@csrf_exempt
def enter(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """The API: docs/reference/api.md."""
    match = _routes().resolve(rest)
    request.resolver_match = match
    return match.func(request, *match.args, **match.kwargs)  # type: ignore[no-any-return]


@require_safe
def reference(request: HttpRequest) -> HttpResponseBase:
    """The API's reference as one page."""
    from passaparola.doors.api import reference

    return reference.page(request)
