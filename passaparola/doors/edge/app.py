"""The edge as one ASGI application: links, events, health; everything else is handed to Django.

Started by the server's lifespan: takes the lock, opens the inbox, drains what clicks were spooled.
"""

import asyncio
import contextlib
import gc
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings

from passaparola.doors.bridge import Bridge
from passaparola.doors.edge import browser, lock
from passaparola.doors.edge.answer import Headers, Problem, Receive, Scope, Send, send_bytes, send_json, send_problem
from passaparola.doors.edge.body import BodyReader
from passaparola.doors.edge.health import Health
from passaparola.doors.edge.ingest import PATHS, Ingest
from passaparola.doors.edge.lookup import Lookup
from passaparola.doors.edge.readers import open_reader
from passaparola.doors.edge.redirect import PREFIX, Redirect
from passaparola.events.inbox import GroupCommit, StoreAway, open_store
from passaparola.events.inbox.backlog import open_keeper
from passaparola.events.inbox.spool import Spool, make_entry
from passaparola.kernel import lifeline
from passaparola.kernel import log as logs

# What may wait for the disk at once before senders are asked to wait.
WAITING_BYTES_MAX = 128 * 1024 * 1024
THREADS = 4
_TICK_SECONDS = 0.5
_LOCK_WAIT_SECONDS = 5.0
_OURS = ("/v1/", "/beacon/", "/sourceConfig")
_SUCCESS = {"type": "http.response.body", "body": b'{"success": true}'}
_SUCCESS_HEADERS = ((b"content-type", b"application/json"), (b"content-length", b"17"))


class Edge:
    """The entrance. Build it once a process; it lives in the loop that starts it."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._reader = BodyReader()
        bridge.attach(self._reader)
        self._lookup = Lookup(open_reader())
        self._store = open_store()
        self._inbox = GroupCommit(self._store.commit, name="inbox")
        self._keeper = open_keeper()
        self._ingest = Ingest(self._lookup, self._reader, self._inbox.put, self._is_over)
        self._redirect = Redirect(self._lookup, self._put_click, self._spare_click)
        self._health = Health(self._inbox, self._keeper)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            path = scope["path"]
            if path.startswith(PREFIX):
                if scope["method"] in ("GET", "HEAD"):
                    await self._redirect.answer(scope, send)
                else:
                    await send_problem(send, Problem(405, "method", "Links take GET.", headers=[(b"allow", b"GET, HEAD")]))
            elif path.startswith(_OURS):
                await self._events(scope, receive, send, path)
            elif path in ("/livez", "/readyz"):
                await self._say_health(scope, send, path)
            else:
                await self._bridge(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _events(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        origin = browser.origin_headers(scope)
        call = PATHS.get(path) or PATHS.get(path.rstrip("/"))
        try:
            if call is not None and scope["method"] == "POST":
                await self._ingest.take(scope, receive, call)
                await send({"type": "http.response.start", "status": 200, "headers": [*_SUCCESS_HEADERS, *origin]})
                await send(_SUCCESS)
            elif scope["method"] == "OPTIONS":
                await send_bytes(send, 200, b"", browser.preflight_headers(scope))
            else:
                await self._ask(scope, send, path, call, origin)
        except Problem as problem:
            await send_problem(send, problem, origin)

    async def _ask(self, scope: Scope, send: Send, path: str, call: str | None, origin: Headers) -> None:
        """The questions browsers' libraries ask before they send. Raises Problem."""
        if call is not None:
            raise Problem(405, "method", "Events are sent by POST.", headers=[(b"allow", b"POST, OPTIONS")])
        whose = path.rstrip("/")
        if whose.startswith(browser.SETTINGS_PREFIX) and whose.endswith(browser.SETTINGS_SUFFIX):
            answer = await browser.project_settings({**scope, "path": whose}, self._lookup)
        elif path in browser.SOURCE_PATHS:
            answer = await browser.source_config(scope, self._lookup)
        else:
            raise Problem(404, "unknown_path", "There is nothing at this address.")
        if scope["method"] not in ("GET", "HEAD"):
            raise Problem(405, "method", "This address takes GET.", headers=[(b"allow", b"GET, HEAD, OPTIONS")])
        await send_json(send, 200, answer, origin, head=scope["method"] == "HEAD")

    async def _say_health(self, scope: Scope, send: Send, path: str) -> None:
        status: int
        answer: dict[str, Any]
        if path == "/livez":
            status, answer = 200, {"status": "alive"}
        else:
            status, answer = await asyncio.get_running_loop().run_in_executor(self._bridge.pool, self._health.ready)
        await send_json(send, status, answer, head=scope["method"] == "HEAD")

    def _is_over(self) -> bool:
        return self._keeper.is_over or self._inbox.waiting_bytes > WAITING_BYTES_MAX

    def _put_click(self, body: bytes) -> "asyncio.Future[None]":
        """Into the inbox. Clicks pass the backlog's limit."""
        return self._inbox.put(make_entry(body))

    async def _spare_click(self, body: bytes) -> None:
        """Into the spool; else into memory."""
        try:
            await self._spooler.put(make_entry(body))
        except StoreAway:
            self._spool.remember(body)

    # --- Life ---------------------------------------------------------------------------------

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start and stop with the server."""
        await receive()
        try:
            self._start()
        except Exception as problem:  # told to the server, which ends: nothing is swallowed
            logs.get().error("edge.start_failed", reason=str(problem))
            await send({"type": "lifespan.startup.failed", "message": str(problem)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._stop()
        await send({"type": "lifespan.shutdown.complete"})

    def _start(self) -> None:
        if parent := int(os.environ.get(lock.PARENT_VARIABLE, "0")):
            # What was acknowledged is on disk, so that an orphan may end at once.
            lifeline.hold(parent, signal.SIGKILL)
        logs.configure("edge")
        loop = asyncio.get_running_loop()
        slots = lock.SLOTS_MAX if settings.DATABASE_URL else 1
        self._lock = lock.take(settings.DATA_DIR, slots=slots, wait_seconds=_LOCK_WAIT_SECONDS)
        self._spool = Spool(self._lock.spool_path)
        self._spooler = GroupCommit(self._spool.keep, name="spool")
        self._keeper.start()
        self._inbox.start(loop)
        self._spooler.start(loop)
        self._reader.start(loop)
        self._ticker = loop.create_task(self._tick())
        # Everything loaded so far stays for good: the collector need not walk through it again and again.
        gc.collect()
        gc.freeze()
        logs.get().info("edge.started", slot=self._lock.slot, store="postgresql" if settings.DATABASE_URL else "sqlite")

    async def _stop(self) -> None:
        self._ticker.cancel()
        self._reader.stop()
        await self._inbox.stop()
        await self._spooler.stop()
        self._keeper.stop()
        self._store.close()
        await self._lookup.reader.close()
        self._bridge.close()
        self._lock.release()
        logs.get().info("edge.stopped")

    async def _tick(self) -> None:
        """Twice a second: look whether a store that was away is back, and bring spooled clicks home."""
        while True:
            if self._inbox.is_away:
                # With nothing coming in, nobody else would find out that the store is back.
                self._inbox.probe()
            elif not self._spool.is_empty:
                with contextlib.suppress(OSError):  # the disk, again: the next turn will do
                    await self._drain()
            await asyncio.sleep(_TICK_SECONDS)

    async def _drain(self) -> None:
        count = 0
        try:
            for step in self._spool.take():
                await asyncio.gather(*(self._inbox.put(make_entry(body)) for body in step))
                count += len(step)
        except (StoreAway, OSError):
            return
        self._spool.drained()
        logs.get().info("edge.clicks_drained", count=count)


def make_edge(wsgi: Any) -> Edge:
    """The edge in front of a WSGI application."""
    return Edge(Bridge(wsgi, ThreadPoolExecutor(THREADS, thread_name_prefix="django"), settings.FORM_BYTES_MAX))
