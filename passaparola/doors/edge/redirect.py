"""GET /r/CODE[/CHANNEL]: the click is on disk before the visitor is sent on. Never 429, never 5xx."""

import html
import time
from collections.abc import Awaitable, Callable

from django.conf import settings
from django.utils.translation import gettext, override

from passaparola.doors import click
from passaparola.doors.edge.answer import NO_STORE, Headers, Scope, Send, send_bytes
from passaparola.doors.edge.destination import CHANNELS, compose
from passaparola.doors.edge.lookup import Lookup, Target
from passaparola.doors.edge.visitors import PREFETCH_HEADERS, Kind, is_prefetch, judge

PREFIX = "/r/"
_NOTHING = (b"content-length", b"0")
_LAST = {"type": "http.response.body", "body": b""}
# Takes a click's body; returns when it is safe.
Keep = Callable[[bytes], Awaitable[None]]


class Redirect:
    """Links. `keep` makes a click durable, or does the best there is; it never fails."""

    def __init__(self, lookup: Lookup, keep: Keep) -> None:
        self._lookup = lookup
        self._keep = keep
        self._second = 0
        self._second_text = ""

    async def answer(self, scope: Scope, send: Send) -> None:
        """Send a person on, counted; a robot on, not counted; a messenger to a page with a title."""
        code, _, channel = scope["path"][len(PREFIX) :].partition("/")
        target = await self._lookup.target(code)
        agent, unseen = b"", scope["method"] != "GET"
        for name, value in scope["headers"]:
            if name == b"user-agent":
                agent = value
            elif name in PREFETCH_HEADERS and is_prefetch(value):
                unseen = True
        visitor = judge(agent)
        if visitor.kind is Kind.PERSON and target.counts and not unseen:
            await self._send_on(scope, send, target, channel if channel in CHANNELS else "", visitor.family)
        elif visitor.kind is Kind.PREVIEW and target.is_known:
            await self._preview(scope, send, target)
        else:
            await send(_found(compose(target.destination, _query(scope)), []))
            await send(_LAST)

    async def _send_on(self, scope: Scope, send: Send, target: Target, channel: str, family: str) -> None:
        token = click.make_token()
        now = time.time()
        # Every part is of our own making and free of quotes, so that no encoder is needed.
        body = (
            f'{{"code":"{target.code}","token":"{token}","channel":"{channel}","ua_family":"{family}",'
            f'"bot":false,"at":"{self._at(now)}"}}'
        )
        await self._keep(body.encode())
        if scope["query_string"]:
            location = compose(target.destination, _query(scope), token)
        else:
            location = f"{target.before}{token}{target.after}"
        await send(_found(location, [(b"set-cookie", click.cookie(token, at=now).encode())]))
        await send(_LAST)

    async def _preview(self, scope: Scope, send: Send, target: Target) -> None:
        page = _page(await self._lookup.headline(target.code), compose(target.destination, _query(scope)))
        headers = [(b"content-type", b"text/html; charset=utf-8"), NO_STORE, (b"x-robots-tag", b"noindex")]
        headers.append((b"content-security-policy", b"default-src 'none'"))
        await send_bytes(send, 200, page.encode(), headers, head=scope["method"] == "HEAD")

    def _at(self, now: float) -> str:
        """The time in UTC with milliseconds; the seconds are written once a second."""
        second = int(now)
        if second != self._second:
            self._second, self._second_text = second, time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        return f"{self._second_text}{int((now - second) * 1000):03d}Z"


def _found(location: str, more: Headers) -> dict[str, object]:
    headers = [(b"location", location.encode()), NO_STORE, _NOTHING, *more]
    return {"type": "http.response.start", "status": 302, "headers": headers}


def _query(scope: Scope) -> str:
    raw: bytes = scope["query_string"]
    return raw.decode("utf-8", "replace")


def _page(headline: str, address: str) -> str:
    """The small page a messenger shows a picture of: the business and its promise, nobody's name."""
    with override(settings.LANGUAGE_CODE):
        title = html.escape(gettext("A recommendation for %(business)s") % {"business": settings.BUSINESS_NAME})
        onward = html.escape(gettext("Continue"))
    text = html.escape(headline)
    business, link = html.escape(settings.BUSINESS_NAME), html.escape(address)
    return (
        f'<!doctype html><html lang="{settings.LANGUAGE_CODE}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="og:type" content="website"><meta property="og:site_name" content="{business}">'
        f'<meta property="og:title" content="{title}"><meta property="og:description" content="{text}">'
        f'<meta name="description" content="{text}"><meta name="twitter:card" content="summary">'
        f'<meta http-equiv="refresh" content="0; url={link}"></head>'
        f'<body><p>{text}</p><p><a href="{link}">{onward}</a></p></body></html>'
    )
