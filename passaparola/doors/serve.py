"""Starts the server: granian with the edge in it. Run by the supervisor as a process of its own."""

import argparse
import os
import sys
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")

from django.conf import settings
from granian import Granian
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from passaparola.doors.edge import lock
from passaparola.kernel.errors import Refusal

# More than the connections expected, since requests wait for the disk together; bounds memory, too.
BACKPRESSURE = 4096
HEADER_MILLISECONDS_MAX = 10_000
HEADER_BYTES_MAX = 64 * 1024
# Less than the supervisor waits, so that it finds nothing to kill.
KILL_SECONDS = 8
_LOCK_WAIT_SECONDS = 5.0


class OneEdgeOnly(Refusal):
    """On SQLite exactly one edge process may run, not {workers}; PASSAPAROLA_DATABASE_URL moves to PostgreSQL."""

    code = "one_edge_only"
    status = 422


def serve(host: str, port: int, workers: int = 1) -> None:
    """Serve until SIGTERM or SIGINT; what was accepted is answered first. Raises EdgeRuns or OneEdgeOnly."""
    if not settings.DATABASE_URL:
        if workers != 1:
            raise OneEdgeOnly(workers=workers)
        lock.take(settings.DATA_DIR, slots=1, wait_seconds=_LOCK_WAIT_SECONDS).release()
    os.environ[lock.PARENT_VARIABLE] = str(os.getpid())
    server("passaparola.asgi:app", host, port, workers).serve()


def server(target: str, host: str, port: int, workers: int = 1) -> Any:
    """granian as we run it, for any ASGI application (bench/ measures a bare one on the same)."""
    return Granian(
        target,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.auto,
        runtime_threads=1,
        backpressure=BACKPRESSURE,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS_MAX, max_buffer_size=HEADER_BYTES_MAX),
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_SECONDS,
    )


def main() -> int:
    """The process: `python -m passaparola.doors.serve --host HOST --port PORT [--workers N]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8600)
    parser.add_argument("--workers", type=int, default=1, help="more than one only on PostgreSQL")
    given = parser.parse_args()
    try:
        serve(given.host, given.port, given.workers)
    except Refusal as refusal:
        print(refusal.english, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
