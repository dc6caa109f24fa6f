"""The yardstick of the edge: a bare answer on the same server. `python -m bench.bare PORT`."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")],
}
_BODY = {"type": "http.response.body", "body": b"hello"}


async def app(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Say hello, whatever was asked."""
    if scope["type"] == "http":
        await send(_START)
        await send(_BODY)
    else:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


if __name__ == "__main__":
    from passaparola.doors.serve import server

    server("bench.bare:app", "127.0.0.1", int(sys.argv[1])).serve()
