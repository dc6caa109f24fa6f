"""What an idle installation takes: memory of all its processes, seconds to the first page."""

import os
import statistics
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure


def run(*, quick: bool = False) -> Iterator[Figure]:
    """idle_rss_mb (proportional share of all processes, 5 s after start) and start_s (empty folder to first page)."""
    from tests.running import Server

    starts: list[float] = []
    memory: list[float] = []
    for _ in range(1 if quick else 5):
        server = Server()
        began = time.perf_counter()
        server.start()
        with urllib.request.urlopen(f"{server.url}/console/sign-in", timeout=30) as page:
            page.read()
        starts.append(time.perf_counter() - began)
        time.sleep(1 if quick else 5)
        memory.append(_megabytes(server.process.pid))
        server.__exit__()
    yield Figure("footprint", "idle_rss_mb", statistics.median(memory), "MB", "floor", 350, False)
    yield Figure("footprint", "start_s", statistics.median(starts), "s", "floor", 5, False)


def _megabytes(root: int) -> float:
    """Proportional set size of a process and all its descendants: shared pages are counted once."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    waiting, total = [root], 0
    while waiting:
        number = waiting.pop()
        waiting += parents.get(number, [])
        rollup = Path(f"/proc/{number}/smaps_rollup")
        if os.access(rollup, os.R_OK):
            total += next(int(line.split()[1]) for line in rollup.read_text().splitlines() if line.startswith("Pss:"))
    return total / 1024
