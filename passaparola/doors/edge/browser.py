"""What browsers' SDKs ask besides sending events: permission from other origins, and the settings of their source."""

from functools import cache
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from passaparola.doors.edge.answer import Headers, Problem, Scope
from passaparola.doors.edge.ingest import key_text
from passaparola.doors.edge.lookup import Lookup
from passaparola.events.inbox import StoreAway

_ALLOWED = (
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type, content-encoding, x-retry-count, anonymousid, sentat"),
    (b"access-control-max-age", b"86400"),
)
_EVERYBODY: Headers = [(b"access-control-allow-origin", b"*")]
SETTINGS_PREFIX, SETTINGS_SUFFIX = "/v1/projects/", "/settings"
SOURCE_PATHS = frozenset(("/sourceConfig", "/sourceConfig/"))


def origin_headers(scope: Scope) -> Headers:
    """The header that lets a page of an allowed origin read our answer."""
    allowed = _origins()
    if "*" in allowed:
        return _EVERYBODY
    for name, value in scope["headers"]:
        if name == b"origin" and value.decode("latin-1") in allowed:
            return [(b"access-control-allow-origin", value), (b"vary", b"origin")]
    return [(b"vary", b"origin")]


@cache
def _origins() -> frozenset[str]:
    return frozenset(settings.CORS_ORIGINS)


def preflight_headers(scope: Scope) -> Headers:
    """The answer to a browser's question before it sends."""
    return [*origin_headers(scope), *_ALLOWED]


async def project_settings(scope: Scope, lookup: Lookup) -> dict[str, object]:
    """Segment's browser library: where events go. Raises Problem."""
    text = scope["path"].removeprefix(SETTINGS_PREFIX).removesuffix(SETTINGS_SUFFIX).strip("/")
    await _check(lookup, text)
    address = urlsplit(settings.BASE_URL)
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": text,
                "apiHost": f"{address.netloc}/v1",
                "protocol": address.scheme,
                "unbundledIntegrations": [],
                "addBundledMetadata": False,
                "type": "server",
            }
        },
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}, "identify": {"__default": {"enabled": True}}},
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }


async def source_config(scope: Scope, lookup: Lookup) -> dict[str, object]:
    """RudderStack's browser library: that its source is enabled and has no destinations in the browser. Raises Problem."""
    shown = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    text = key_text(scope, shown, None) or parse_qs(scope["query_string"].decode("latin-1")).get("writeKey", [""])[0]
    source = await _check(lookup, text)
    return {
        "source": {
            "id": source,
            "name": source,
            "writeKey": text,
            "enabled": True,
            "workspaceId": "passaparola",
            "connections": [],
            "destinations": [],
            "dataplanes": {},
            "config": {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}},
        },
        "updatedAt": "2026-01-01T00:00:00.000Z",
    }


async def _check(lookup: Lookup, text: str) -> str:
    """The source of a good key. Raises Problem."""
    try:
        key = await lookup.key(text) if text else None
    except StoreAway as problem:
        raise Problem(503, "store_away", "The key cannot be looked up now.", retry_seconds=2) from problem
    if key is None:
        raise Problem(401, "unknown_key", "The write key is unknown, expired or revoked.")
    return key.source
