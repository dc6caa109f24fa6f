"""The full corridor against the bare insert of the same event rows, in turns within one run.

The mix is a shop's: half page views, a quarter other tracked actions, 8 % identify calls with unchanged traits, 10 %
visits, 6 % orders, 1 % sign-ups. Everybody is known beforehand; five programmes and fifty segments are active; 1,000
events a turn.

Two beginnings, each a figure of its own. *A living shop* (corridor_sqlite, corridor_postgres): before anything is
measured everybody has a year behind them, visits and orders in the proportions of the mix, told through the ordinary
inbox in the order of time and weighed; who did much then does much now. So an order comes 28 days after the one
before it (median of repeat orders; the two real logs at hand have 2, groceries, and 34, an online record shop). *The first
day* (…_first_day): nobody has ever done anything and all do the same, so that ten nested "within n days" segments flip at
once with the first visit; no shop has such a day twice. How many enterings and leavings an event brought is beside either.

What is not in it: moments (there is no such room yet; twenty are asked for by the measures, and belong here when there
is), and the leavings by time alone of the days that pass while so many events happen: they ring later.
"""

import gc
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from bench.figures import Figure

PEOPLE, EVENTS, SLICES = 5_000, 20_000, 5
# How a run begins: with a year behind everybody, or with nothing.
LIVING, FIRST_DAY = "living", "first_day"
# Visits and orders of a year on average; how unlike people are in it (the shape of a gamma distribution).
VISITS_A_YEAR, ORDERS_A_YEAR, HISTORY_DAYS, ALIKE = 5, 3, 365, 0.6


def run(*, quick: bool = False) -> Iterator[Figure]:
    """corridor_sqlite, corridor_postgres (where a cluster can be had), each with its first day, and the growth.

    Unless quick: with a year behind everybody to 10⁵ people, on their first day to 10⁶ (where bringing in eight million
    events first would take an hour).
    """
    events = 5_000 if quick else EVENTS
    yield from _figures("corridor_sqlite", str, events)
    with Cluster() as new_url:
        if new_url:
            yield from _figures("corridor_postgres", new_url, events)
    for name, people, begins in () if quick else (("1e5", 100_000, LIVING), ("1e6", 1_000_000, FIRST_DAY)):
        small = _measure("", 10_000, EVENTS, begins)["per_second"]
        large = _measure("", people, EVENTS, begins)["per_second"]
        yield Figure("corridor", f"corridor_growth_{name}", large, "events/s", "at 10,000 people", small, True)


def _figures(name: str, new_url: Callable[[], str], events: int) -> Iterator[Figure]:
    """Each beginning on an empty store of its own."""
    for begins, called in ((LIVING, name), (FIRST_DAY, f"{name}_{FIRST_DAY}")):
        found = _measure(new_url(), PEOPLE, events, begins)
        beside = f"bare insert of the event rows ({found['moves']:.2f} enterings and leavings an event)"
        rate, bare, cpu = found["per_second"], found["bare"], found["cpu_us"]
        yield Figure("corridor", called, rate, "events/s", beside, bare, True, cpu)


def _measure(url: str, people: int, events: int, begins: str = LIVING) -> dict[str, float]:
    """In a process of its own: an empty store, `people` known, `events` walked."""
    with tempfile.TemporaryDirectory(prefix="passaparola-bench-") as folder:
        environment = {**os.environ, "PASSAPAROLA_DATA": folder, "PASSAPAROLA_DATABASE_URL": url,
                       "PASSAPAROLA_MAIL_URL": "null://", "DJANGO_SETTINGS_MODULE": "passaparola.settings"}  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "bench.corridor", str(people), str(events), begins],
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


class Cluster:
    """A PostgreSQL of our own for the run: makes URLs of empty databases; None (said aloud) where there is none to be had."""

    def __enter__(self) -> Callable[[], str] | None:
        from tests import postgres

        self._held = None
        try:
            self._held = postgres.cluster(durable=True)
            return self._held.__enter__().database
        except postgres.NoPostgres as problem:
            print(f"corridor_postgres is left out: {problem}", file=sys.stderr)
            return None

    def __exit__(self, *problem: object) -> None:
        if self._held is not None:
            self._held.__exit__(None, None, None)


# --- in the process of its own -------------------------------------------------------------------


def _child(people: int, events: int, begins: str) -> dict[str, float]:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    if "inbox" in settings.DATABASES:
        call_command("migrate", database="inbox", verbosity=0)
    from passaparola import worker

    rng, busy = random.Random(7), _rates(people) if begins == LIVING else None
    _programmes()
    _segments()
    gc.disable()
    _come_in(_known(n) for n in range(people))
    if busy is not None:
        _come_in(_year(random.Random(11), busy))
    gc.collect()
    gc.freeze()
    moved = _moves()
    rates, bare, cpu = [], [], []
    for number in range(SLICES + 1):
        users = rng.choices(range(people), busy, k=events // SLICES)
        slice_ = [_event(rng, user, number * events + n) for n, user in enumerate(users)]
        for first in range(0, len(slice_), 100):
            _put(slice_[first : first + 100])
        started, started_cpu = time.perf_counter(), time.process_time()
        worker.drain()
        took, took_cpu = time.perf_counter() - started, time.process_time() - started_cpu
        rows_per_second = _bare(len(slice_))
        gc.collect()
        if number:  # The first slice warms up.
            rates.append(len(slice_) / took)
            cpu.append(took_cpu / len(slice_) * 1e6)
            bare.append(rows_per_second)
    moves = (_moves() - moved) / ((SLICES + 1) * (events // SLICES))
    return {"per_second": statistics.median(rates), "bare": statistics.median(bare), "cpu_us": statistics.median(cpu),
            "moves": moves}  # fmt: skip


def _come_in(items: Iterator[dict[str, Any]]) -> None:
    """Events through the ordinary inbox, until everything that follows from them has happened."""
    from passaparola import worker

    while some := list(islice(items, 20_000)):
        for first in range(0, len(some), 500):
            _put(some[first : first + 500])
        worker.drain()
        gc.collect()


def _moves() -> int:
    """How often anybody came into a segment or went out of one."""
    from passaparola.kernel import database

    sql = "SELECT COUNT(*) FROM event WHERE type = 'act' AND name IN ('Segment Entered', 'Segment Left')"
    return int(database.rows(sql)[0][0])


def _put(items: list[dict[str, Any]]) -> None:
    from passaparola.events.models import Inbox

    body = json.dumps({"batch": items}).encode()
    Inbox.objects.create(received_at=datetime.now(UTC), kind="v1", source="shop", call="batch", body=body)


def _programmes() -> None:
    from passaparola import corridor, worker
    from passaparola.programs import terms

    now = datetime.now(UTC)
    for number in range(5):
        made = terms.default("EUR")
        made["goal"].update(target=10, deadline="2030-01-01")
        (outcome,) = corridor.submit(
            [
                corridor.act(
                    "Program Created", source="console", now=now, properties={"name": f"P{number}", "terms": made}
                )
            ]
        )
        corridor.submit(
            [
                corridor.act(
                    "Program Published", source="console", now=now, properties={"program": outcome.result["program_id"]}
                )
            ]
        )
    worker.drain()


def _segments() -> None:
    """Fifty rules as marketers write them: what people are, what they did lately, what they did not, and each other."""
    from passaparola import corridor, worker

    now = datetime.now(UTC)
    acts = []
    for number in range(10):
        days = {"kind": "within", "n": 7 * (number + 1), "unit": "days"}
        coffee = {"rules": [{"field": "category", "operator": "=", "value": "coffee"}]}
        for rule in (
            {"type": "event", "event": "Order Completed", "window": days, "operator": ">=", "value": 1 + number % 3},
            {"type": "event", "event": "Visit Recorded", "window": days, "operator": "=", "value": 0},
            {"type": "event", "event": "Product Bought", "where": coffee, "window": days, "measure": "orders"},
            {"type": "trait", "trait": "purchases", "operator": ">=", "value": number + 1},
            {"type": "stage", "value": ["some", "many"]},
        ):
            both = {"rules": [rule, {"type": "trait", "trait": "language", "operator": "=", "value": "es"}]}
            properties = {"names": {"en": f"S{len(acts)}"}, "rule": both if number % 2 else {"rules": [rule]}}
            acts.append(corridor.act("Segment Created", source="console", now=now, properties=properties))
    for outcome in corridor.submit(acts):
        assert outcome.refused is None, outcome.refused.message
    worker.drain()


def _known(number: int) -> dict[str, Any]:
    traits = {"email": f"u{number}@example.test", "name": f"Person {number}", "language": "es"}
    return {"type": "identify", "userId": f"u{number}", "messageId": f"known-{number}", "traits": traits}


def _rates(people: int) -> list[float]:
    """How much each does beside the others, one on average: most little, few much."""
    rng = random.Random(13)
    return [rng.gammavariate(ALIKE, 1 / ALIKE) for _ in range(people)]


def _year(rng: random.Random, rates: list[float]) -> Iterator[dict[str, Any]]:
    """What everybody did in the year before, in the order of time."""
    told: list[tuple[float, int, Any]] = []
    for kind, mean in ((_visit, VISITS_A_YEAR), (_order, ORDERS_A_YEAR)):
        users = rng.choices(range(len(rates)), rates, k=mean * len(rates))
        told += [(rng.random() * HISTORY_DAYS * 86_400, user, kind) for user in users]
    told.sort(key=lambda one: (-one[0], one[1]))
    now = datetime.now(UTC)
    for number, (ago, user, kind) in enumerate(told):
        at = {"timestamp": (now - timedelta(seconds=ago)).isoformat(timespec="milliseconds")}
        yield {**_base(rng, user), **at, **kind(rng, f"before-{number}")}


def _base(rng: random.Random, user: int) -> dict[str, Any]:
    return {
        "userId": f"u{user}", "anonymousId": f"a{user}", "messageId": f"{rng.getrandbits(122):032x}",
        "context": {"library": {"name": "analytics-python", "version": "2.3.0"}, "ip": "203.0.113.7"},
    }  # fmt: skip


def _visit(_rng: random.Random, _order_id: str) -> dict[str, Any]:
    return {"type": "track", "event": "Visit Recorded", "properties": {"store": "s1"}}


def _order(rng: random.Random, order_id: str) -> dict[str, Any]:
    properties = {"order_id": order_id, "total": rng.randrange(100, 20_000) / 100, "currency": "EUR",
                  "products": [{"product_id": "p1", "category": "coffee", "price": 4.9, "quantity": 2}]}  # fmt: skip
    return {"type": "track", "event": "Order Completed", "properties": properties}


def _event(rng: random.Random, user: int, number: int) -> dict[str, Any]:
    """One event of the mix."""
    base = _base(rng, user)
    dice = rng.random()
    if dice < 0.50:
        properties = {"path": "/coffee", "title": "Coffee", "url": "https://shop.example/coffee", "referrer": ""}
        return {**base, "type": "page", "name": "Product", "properties": properties}
    if dice < 0.75:
        name = rng.choice(("Product Viewed", "Product Added", "Products Searched"))
        return {
            **base,
            "type": "track",
            "event": name,
            "properties": {"product_id": f"p{rng.randrange(500)}", "price": 4.9},
        }
    if dice < 0.83:
        return {**base, **{k: v for k, v in _known(user).items() if k != "messageId"}}
    if dice < 0.93:
        return {**base, **_visit(rng, "")}
    if dice < 0.99:
        return {**base, **_order(rng, f"o{number}")}
    return {**base, "type": "track", "event": "Signed Up", "properties": {"method": "web"}}


def _bare(count: int) -> float:
    """Rows a second of inserting the event rows alone, with their indexes, 1,000 a transaction, into a twin table."""
    from passaparola.events.models import Event
    from passaparola.kernel import database

    rows = database.select(Event, f"id > 0 ORDER BY id DESC LIMIT {count}")
    if database.vendor() == "sqlite":
        return _bare_sqlite(rows, database.columns(Event))
    return _bare_postgres(rows, database.columns(Event))


def _bare_sqlite(rows: list[dict[str, Any]], names: tuple[str, ...]) -> float:
    import sqlite3
    from datetime import datetime
    from pathlib import Path

    from django.conf import settings

    path = Path(settings.DATA_DIR) / "bare.sqlite3"
    for old in path.parent.glob("bare.sqlite3*"):
        old.unlink()
    source = sqlite3.connect(settings.DATABASES["default"]["NAME"])
    shape = source.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'event' AND type IN ('table', 'index') AND sql IS NOT NULL"
    )
    store = sqlite3.connect(path, isolation_level=None)
    store.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + ";".join(row[0] for row in shape))
    values = [tuple(str(row[n])[:26] if isinstance(row[n], datetime) else row[n] for n in names) for row in rows]
    sql = f"INSERT INTO event ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    started = time.perf_counter()
    for first in range(0, len(values), 1000):
        store.execute("BEGIN IMMEDIATE")
        store.executemany(sql, values[first : first + 1000])
        store.execute("COMMIT")
    return len(values) / (time.perf_counter() - started)


def _bare_postgres(rows: list[dict[str, Any]], names: tuple[str, ...]) -> float:
    from passaparola.kernel import database

    connection = database.driver()
    connection.execute("DROP TABLE IF EXISTS bare_event")
    connection.execute("CREATE TABLE bare_event (LIKE event INCLUDING ALL)")
    sql = f"INSERT INTO bare_event ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"
    values = [tuple(row[n] for n in names) for row in rows]
    started = time.perf_counter()
    for first in range(0, len(values), 1000):
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(sql, values[first : first + 1000])
    return len(values) / (time.perf_counter() - started)


def main(people: int, events: int, *begins: str) -> None:
    """Both beginnings, each in a store of its own; with one named, that one, here."""
    if begins:
        print(json.dumps(_child(people, events, begins[0])))
        return
    for one in (LIVING, FIRST_DAY):
        print(one, json.dumps(_measure(os.environ.get("PASSAPAROLA_DATABASE_URL", ""), people, events, one)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
