"""GET /r/CODE[/CHANNEL]: the click is on disk before the visitor is sent on. Never 429, never 5xx."""

import html
import time
from asyncio import Future
from collections.abc import Awaitable, Callable

from django.conf import settings
from django.utils.translation import gettext, override

from passaparola.doors import click
from passaparola.doors.edge.answer import NO_STORE, Scope, Send, send_bytes
from passaparola.doors.edge.destination import CHANNELS, compose
from passaparola.doors.edge.lookup import Lookup, Target
from passaparola.events.inbox import StoreAway
from passaparola.kernel.visitors import PREFETCH_HEADERS, Kind, is_prefetch, judge

PREFIX = "/r/"
_NOTHING = (b"content-length", b"0")
_LAST = {"type": "http.response.body", "body": b""}
# Takes a click's body and says when it is on disk, or that the store is away.
Put = Callable[[bytes], "Future[None]"]
# Where a click goes when the store is away; never fails.
Spare = Callable[[bytes], Awaitable[None]]


class Redirect:
    """Links. `put` makes a click durable; when that fails `spare` does the best there is.

    The usual way (a person, a code known a moment ago) is one coroutine without detours: it is the hottest there is.
    """

    def __init__(self, lookup: Lookup, put: Put, spare: Spare) -> None:
        self._lookup = lookup
        self._put = put
        self._spare = spare
        self._second = 0
        self._second_text = ""

    async def answer(self, scope: Scope, send: Send) -> None:
        """Send a person on, counted; a robot on, not counted; a messenger to a page with a title."""
        code, _, channel = scope["path"][len(PREFIX) :].partition("/")
        target = self._lookup.recent_target(code) or await self._lookup.target(code)
        agent, unseen = b"", scope["method"] != "GET"
        for name, value in scope["headers"]:
            if name == b"user-agent":
                agent = value
            elif name in PREFETCH_HEADERS and is_prefetch(value):
                unseen = True
        visitor = judge(agent)
        if visitor.kind is Kind.PERSON and target.counts and not unseen:
            token = click.make_token()
            now = time.time()
            body = self._body(target, token, channel if channel in CHANNELS else "", visitor.family, now)
            try:
                await self._put(body)
            except StoreAway:
                await self._spare(body)
            if scope["query_string"]:
                location = compose(target.destination, _query(scope), token)
            else:
                location = f"{target.before}{token}{target.after}"
            cookie = (b"set-cookie", click.cookie(token, at=now).encode())
            headers = [(b"location", location.encode()), NO_STORE, _NOTHING, cookie]
            await send({"type": "http.response.start", "status": 302, "headers": headers})
            await send(_LAST)
        elif visitor.kind is Kind.PREVIEW and target.is_known:
            await self._preview(scope, send, target)
        else:
            location = compose(target.destination, _query(scope))
            headers = [(b"location", location.encode()), NO_STORE, _NOTHING]
            await send({"type": "http.response.start", "status": 302, "headers": headers})
            await send(_LAST)

    def _body(self, target: Target, token: str, channel: str, family: str, now: float) -> bytes:
        """The click as the inbox keeps it. Every part is of our own making and free of quotes: no encoder is needed."""
        return (
            f'{{"code":"{target.code}","token":"{token}","channel":"{channel}","ua_family":"{family}",'
            f'"bot":false,"at":"{self._at(now)}"}}'
        ).encode()

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
