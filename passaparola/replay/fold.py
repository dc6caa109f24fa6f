"""The child process of a replay: an empty SQLite store in its folder, fed from the live one, then both compared.

`python -m passaparola.replay.fold` with PASSAPAROLA_DATA set to the folder; how to reach the live store comes in on
stdin as JSON and is only ever read. What came of it goes out on stdout as JSON, progress to stderr.
"""

import heapq
import json
import sys
import time
from itertools import groupby
from operator import itemgetter
from typing import Any, TextIO

DIFFERENCES_MAX = 20
_REFUSED_MAX = 20
_TOLD_SECONDS = 2.0
SOURCE, HERE = "live", "default"


def main() -> None:
    """Read where the live store is, rebuild, compare, tell."""
    import django

    django.setup()
    live = json.load(sys.stdin)
    _reach(live)
    _build()
    from passaparola.kernel import database

    with database.snapshot(SOURCE):
        told = {"events": 0, "wrong": [], **_fold(sys.stderr if live["progress"] else None)}
        told["tables"], told["differences"] = _compare()
    json.dump(told, sys.stdout)


def _reach(live: dict[str, Any]) -> None:
    """Open the live store under an alias of its own, for reading only."""
    from django.db import connections

    sqlite = live["ENGINE"].endswith("sqlite3")
    name = f"file:{live['NAME']}?mode=ro" if sqlite else live["NAME"]
    options = {"timeout": 20} if sqlite else {"options": "-c default_transaction_read_only=on"}
    connections.settings[SOURCE] = {**connections.settings[HERE], **live["settings"], "NAME": name, "OPTIONS": options}


def _build() -> None:
    """Empty tables, and no waiting for the disk: a replay that dies is begun again."""
    from django.core.management import call_command

    from passaparola.kernel import database

    for alias in (HERE, "inbox"):
        call_command("migrate", database=alias, verbosity=0, interactive=False, skip_checks=True)
    database.driver(HERE).execute("PRAGMA synchronous = OFF")


def _fold(out: TextIO | None) -> dict[str, Any]:
    """Walk the recorded events down the corridor again, batch by batch; what is not as it was then."""
    from passaparola import corridor
    from passaparola.events import log
    from passaparola.events.models import Event, WithdrawnEvent
    from passaparola.kernel import database
    from passaparola.replay.erased import Names

    names = Names(SOURCE)
    # What was withdrawn is in the log as it came: it is folded, and put aside again by the ring that put it aside.
    logs = [model.objects.using(SOURCE).order_by("id").values().iterator(chunk_size=2000) for model in (Event, WithdrawnEvent)]
    rows = heapq.merge(*logs, key=itemgetter("id"))
    wrong: list[Any] = []
    count, told_at = 0, time.monotonic()
    for number, some in groupby(rows, key=itemgetter("batch")):
        recorded = list(some)
        # What the corridor raised by itself it raises again; the tables compared say whether it was the same.
        came = [row for row in recorded if row["caused_by"] is None]
        with database.turn():
            outcomes = corridor.walk([log.from_row(_whole(names.give(dict(row)))) for row in came], number=number)
        for row, outcome in zip(came, outcomes, strict=True):
            if outcome.event_id != row["id"] and len(wrong) < _REFUSED_MAX:
                why = outcome.refused.code if outcome.refused else f"became event {outcome.event_id}"
                wrong.append(f"event {row['id']} ({row['name'] or row['type']}) was taken then, but now: {why}")
        count += len(recorded)
        if out and time.monotonic() - told_at > _TOLD_SECONDS:
            told_at = time.monotonic()
            print(f"{count} events", file=out, flush=True)
    return {"events": count, "wrong": wrong}


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "fingerprint": bytes(row["fingerprint"]), "body_hash": bytes(row["body_hash"])}


def _compare() -> tuple[list[Any], list[Any]]:
    """Each table's rows and digests, live and replayed; and the rows that differ."""
    from passaparola.replay import digests
    from passaparola.replay.tables import TABLES

    tables, found = [], []
    for table in TABLES:
        live, replayed = digests.digest(table, SOURCE), digests.digest(table, HERE)
        tables.append((table.name, live.rows, replayed.rows, str(live), str(replayed)))
        if live != replayed:
            some = digests.differences(table, live, replayed, SOURCE, HERE, DIFFERENCES_MAX)
            found += [(one.table, one.key, one.live, one.replayed) for one in some]
    return tables, found


if __name__ == "__main__":
    main()
