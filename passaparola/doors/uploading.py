"""Large files on their way in: spooled to disk piece by piece, only for who may import, never held in memory or by a thread."""

import asyncio
import tempfile
from importlib import import_module
from typing import IO, Any

from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.wsgi import WSGIRequest

from passaparola.doors.console import roles
from passaparola.doors.edge.answer import Problem, Receive, Scope
from passaparola.doors.edge.body import BodyReader, too_large

PREFIX = "/console/imports"
# So many at a time: each is a file growing on disk.
UPLOADS_MAX = 4
_PIECE_BYTES = 1 << 20


class Uploads:
    """Takes bodies of forms with files: asks first whether the sender may, then writes to disk as they come."""

    def __init__(self) -> None:
        self._open = 0

    def is_one(self, scope: Scope) -> bool:
        """Whether a request carries a file for the import pages."""
        return (
            scope["method"] == "POST"
            and scope["path"].startswith(PREFIX)
            and any(name == b"content-type" and value.startswith(b"multipart/form-data") for name, value in scope["headers"])
        )

    async def take(self, environ: dict[str, Any], receive: Receive, reader: BodyReader, length: int) -> IO[bytes]:
        """The whole body as a file that is gone when closed. Raises Problem 403, 408, 413 or 503."""
        if length > settings.UPLOAD_BYTES_MAX:
            raise too_large(settings.UPLOAD_BYTES_MAX)
        if self._open >= UPLOADS_MAX:
            raise Problem(503, "busy", "Other files are being received; try again in a minute.", retry_seconds=60)
        self._open += 1
        try:
            if not await asyncio.to_thread(_may, environ):
                raise Problem(403, "forbidden", "Sign in with a role that may import.")
            file: IO[bytes] = await asyncio.to_thread(tempfile.TemporaryFile, dir=settings.DATA_DIR)
            try:
                await _spool(file, receive, reader)
            except BaseException:
                file.close()
                raise
            return file
        finally:
            self._open -= 1


async def _spool(file: IO[bytes], receive: Receive, reader: BodyReader) -> None:
    size, held = 0, 0
    pieces: list[bytes] = []
    more = True
    while more:
        chunk, more = await reader.piece(receive)
        size, held = size + len(chunk), held + len(chunk)
        if size > settings.UPLOAD_BYTES_MAX:
            raise too_large(settings.UPLOAD_BYTES_MAX)
        pieces.append(chunk)
        if held >= _PIECE_BYTES or not more:
            # Writing may wait for the disk; the loop, which redirects and takes events, must not.
            await asyncio.to_thread(file.write, b"".join(pieces))
            pieces, held = [], 0
    await asyncio.to_thread(file.seek, 0)


def _may(environ: dict[str, Any]) -> bool:
    """Whether the session's user may import, before a byte is kept. The page itself asks again, and for its token."""
    from django.db import close_old_connections

    try:
        request = WSGIRequest(environ)
        store = import_module(settings.SESSION_ENGINE)
        request.session = store.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        return roles.may(get_user(request), "imports.write")
    finally:
        close_old_connections()
