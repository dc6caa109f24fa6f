"""An import that is killed again and again, beside a running server: every row is in the books once."""

import json
import subprocess
import time
from collections.abc import Callable

from tests.running import COMMAND, Server

ROWS = 4000


def test_kill_and_again(new_server: Callable[..., Server]) -> None:
    server = new_server()
    file, plan = server.data / "log.txt", server.data / "map.json"
    file.write_text("".join(f"{n % 300:05} 2026{n % 9 + 1:02}{n % 28 + 1:02} {n % 50}.25\n" for n in range(ROWS)))
    plan.write_text(
        json.dumps(
            {
                "kind": "orders",
                "format": {"delimiter": "blank", "header": False, "dates": "%Y%m%d"},
                "columns": {"user_id": 1, "occurred_at": 2, "amount": 3},
            }
        )
    )
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
    orders = [
        json.loads(line)["properties"]
        for line in server.command("export", "events").stdout.splitlines()
        if '"Order Completed"' in line
    ]
    assert len(orders) == len({one["order_id"] for one in orders}) == ROWS
    assert round(sum(one["total"] for one in orders), 2) == sum(n % 50 + 0.25 for n in range(ROWS))
    assert server.command("prove", "--rows", "--quiet").returncode == 0
