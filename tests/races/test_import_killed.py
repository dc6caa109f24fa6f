"""An import, and its taking back, killed again and again beside a running server: every row is in the books once, or not."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.running import COMMAND, Server

ROWS = 4000
MAPPING = {
    "kind": "orders",
    "format": {"delimiter": "blank", "header": False, "dates": "%Y%m%d"},
    "columns": {"user_id": 1, "occurred_at": 2, "amount": 3},
}


def test_kill_and_again(new_server: Callable[..., Server]) -> None:
    server = new_server()
    file, plan = server.data / "log.txt", server.data / "map.json"
    file.write_text("".join(f"{n % 300:05} 2026{n % 9 + 1:02}{n % 28 + 1:02} {n % 50}.25\n" for n in range(ROWS)))
    plan.write_text(json.dumps(MAPPING))
    words = ("import", str(file), "--mapping", str(plan))
    killed = 0
    for seconds in (1.0, 1.3, 1.6, 1.9, 2.2, 2.5):
        process = subprocess.Popen(
            [*COMMAND, *words], env=server.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(seconds)
        killed += process.poll() is None
        process.kill()
        process.wait()
    assert killed, "nothing was ever interrupted: the file is too small for this machine"
    server.command(*words)
    server.command(*words, "--again")
    orders = _orders(server)
    assert len(orders) == len({one["order_id"] for one in orders}) == ROWS
    assert round(sum(one["total"] for one in orders), 2) == sum(n % 50 + 0.25 for n in range(ROWS))
    assert server.command("prove", "--rows", "--quiet").returncode == 0


def test_taken_back_while_everything_dies(new_server: Callable[..., Server]) -> None:
    server = new_server()
    plan = server.data / "map.json"
    plan.write_text(json.dumps(MAPPING))
    for name, first, rows in (("stays", 0, 400), ("goes", 200, ROWS)):
        lines = (f"{n % 500:05} 2026{n % 9 + 1:02}{n % 28 + 1:02} {n % 50}.25\n" for n in range(first, first + rows))
        (server.data / f"{name}.txt").write_text("".join(lines))
        server.command("import", str(server.data / f"{name}.txt"), "--mapping", str(plan))
    before = len(_orders(server))
    killed, code, said = 0, -1, server.data / "undo.log"
    for seconds in (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 30, 60):
        with said.open("wb") as log:
            process = subprocess.Popen(
                [*COMMAND, "import", "--undo", "2"], env=server.environment, stdout=subprocess.DEVNULL, stderr=log
            )
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(seconds)
            break
        killed += 1
        _kill(server.data / "run" / "worker.pid")
        process.kill()
        process.wait()
    assert killed, "nothing was ever interrupted: the file is too small for this machine"
    # Killed between its last act and its end, it has done everything: the next one says so.
    assert code == 0 or "taken back already" in said.read_text(), "taking back did not come to its end"
    left = _orders(server)
    # Two hundred rows stand in both files: known once, and they stay.
    assert before == 200 + ROWS and len(left) == 400
    assert round(sum(one["total"] for one in left), 2) == sum(n % 50 + 0.25 for n in range(400))
    assert server.command("prove", "--rows", "--quiet").returncode == 0
    again = server.command("import", "--undo", "2", check=False)
    assert again.returncode != 0 and "taken back" in again.stderr + again.stdout
    server.command("import", str(server.data / "goes.txt"), "--mapping", str(plan))
    assert len(_orders(server)) == before
    assert server.command("prove", "--rows", "--quiet").returncode == 0


def _orders(server: Server) -> list[dict[str, object]]:
    """Properties of every order in the log."""
    lines = server.command("export", "events").stdout.splitlines()
    return [json.loads(line)["properties"] for line in lines if '"Order Completed"' in line]


def _kill(pid_file: Path) -> None:
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
        os.kill(int(pid_file.read_text()), signal.SIGKILL)
