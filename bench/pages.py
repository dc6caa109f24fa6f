"""The console's pages on a store of many people, and a hundred different searches, beside a page that shows nothing."""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bench.figures import Figure

PEOPLE, PEOPLE_QUICK, PEOPLE_FULL = 100_000, 10_000, 1_000_000
SEARCHES, REPEATS = 100, 5
# Pages that look at nobody in particular; each is asked for as often as REPEATS says.
PAGES = (
    "", "people", "people?stage=some", "people?stage=many", "people?step=shared", "programs", "programs/1", "segments",
    "segments/1", "segments/4", "segments/new", "stages", "stages/flow", "messages", "events", "events/parked", "groups",
    "leads", "profiles", "pyramid", "pyramid/moves", "pyramid/level/top", "pyramid/level/potential",
    "segments/strategies", "imports", "people/duplicates", "install", "team",
)  # fmt: skip
EMPTY = "password"
NOBODY = (
    "c-77", "c-1234", "zzzz", "qwertyuiop", "wxyz kqwz", "0000000", "%", "xq", "mraia garcai", "unknown@nobody.test",
    "gonzalez de la vega y rodriguez", "asdf ghjk",
)  # fmt: skip


def run(*, quick: bool = False, full: bool = False) -> Iterator[Figure]:
    """page_p95_ms over all pages, and of the searches alone; on SQLite, and on PostgreSQL where it can be had."""
    from bench.corridor import Cluster

    people = PEOPLE_QUICK if quick else PEOPLE_FULL if full else PEOPLE
    yield from _figures("", "", people)
    with Cluster() as new_url:
        if new_url:
            yield from _figures("_postgres", new_url(), people)


def _figures(where: str, url: str, people: int) -> Iterator[Figure]:
    found = _measure(url, people)
    for name, cpu in (("page_p95_ms", "page_cpu_ms"), ("search_p95_ms", "search_cpu_ms")):
        yield Figure(
            "pages", name + where, found[name], "ms", "an empty page", found["empty_ms"], False, found[cpu] * 1000
        )


def _measure(url: str, people: int) -> dict[str, Any]:
    """In a process of its own, on a store made for it."""
    with tempfile.TemporaryDirectory(
        prefix="passaparola-bench-", dir=os.environ.get("PASSAPAROLA_BENCH_DIR")
    ) as folder:
        environment = {**os.environ, "PASSAPAROLA_DATA": folder, "PASSAPAROLA_DATABASE_URL": url,
                       "PASSAPAROLA_MAIL_URL": "null://", "DJANGO_SETTINGS_MODULE": "passaparola.settings"}  # fmt: skip
        command = [sys.executable, "-m", "bench.pages", "make", str(people)]
        for what in ("make", "ask"):
            command[3] = what
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
            if done.returncode:
                raise RuntimeError(f"bench.pages {what} ended with {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


# --- in a process of its own ---------------------------------------------------------------------


def searches(people: int) -> list[str]:
    """A hundred different ones: common names, rare ones, with slips of the finger, numbers, addresses, and nobody's."""
    from bench.pages_store import called
    from passaparola.people.models import Person

    rng = random.Random(3)
    drawn = called(rng)
    some = list(Person.objects.filter(id__in=rng.sample(range(1, people), 40)).exclude(name="").order_by("id"))
    common = [" ".join(pair) if n % 2 else pair[n // 2 % 2] for n, pair in zip(range(30), drawn, strict=False)]
    asked = common + ["maria garcia", "maria", "garcia", "jose", "gmail.com", "example.test", "m", "ma", "ros", "x"]
    for person in some:
        asked += [
            person.name,
            _slipped(rng, person.name),
            person.search.split()[-1],
            _slipped(rng, _slipped(rng, person.name)),
        ]
    rng.shuffle(asked)
    asked = asked[: SEARCHES - len(NOBODY)]
    return [*asked, *NOBODY]


def _slipped(rng: random.Random, text: str) -> str:
    """One slip: a letter too few, too many, another, or two swapped."""
    at = rng.randrange(len(text) - 1)
    return text[:at] + rng.choice(("", text[at] * 2, "e", text[at + 1] + text[at])) + text[at + 1 :]


def ask(people: int) -> dict[str, Any]:
    """How long each page takes, as an owner sees it; the slowest are told on stderr."""
    from urllib.parse import quote

    from django.contrib.auth.models import User
    from django.test import Client

    from passaparola.doors.console import roles

    user = User.objects.create_user("bench", password="not needed here")
    roles.give(user, "owner")
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    rng = random.Random(4)
    persons = [f"people/{rng.randrange(1, people)}" for _ in range(20)]
    drawn = _pictures(client)
    found = {page: [_one(client, page) for _ in range(REPEATS + 1)][1:] for page in (*PAGES, *persons)}
    found |= {f"people?before={people // 2}": [_one(client, f"people?before={people // 2}") for _ in range(REPEATS)]}
    said = {f"people?q={quote(text)}": [_one(client, f"people?q={quote(text)}")] for text in searches(people)}
    empty = [_one(client, EMPTY)[0] for _ in range(REPEATS + 1)][1:]
    for what, times in sorted((found | said).items(), key=lambda item: -statistics.median(t[0] for t in item[1]))[:12]:
        wall, cpu = (statistics.median(t[n] for t in times) for n in (0, 1))
        print(f"{wall:9.1f} ms {cpu:9.1f} ms CPU  {what or 'overview'}", file=sys.stderr)
    for name, cpu in drawn:
        print(f"{cpu:9.1f} s CPU for the picture {name}", file=sys.stderr)
    pages, looked = [t for times in found.values() for t in times], [t for times in said.values() for t in times]
    return {
        "page_p95_ms": _p95(t[0] for t in pages + looked), "page_cpu_ms": _p95(t[1] for t in pages + looked),
        "search_p95_ms": _p95(t[0] for t in looked), "search_cpu_ms": _p95(t[1] for t in looked),
        "empty_ms": statistics.median(empty),
    }  # fmt: skip


def _pictures(client: Any) -> list[tuple[str, float]]:
    """Each page asked for once, and what it waits for made: the pictures with their seconds of CPU."""
    from passaparola.measure import pictures

    made = []
    for page in PAGES:
        client.get(f"/console/{page}")
        while name := pictures.next_asked(datetime.now(UTC)):
            cpu = time.process_time()
            pictures.draw(name)
            made.append((name, time.process_time() - cpu))
            client.get(f"/console/{page}")
    return made


def _one(client: Any, page: str) -> tuple[float, float]:
    """Milliseconds by the clock and of CPU for one page that must be there."""
    started, cpu = time.perf_counter(), time.process_time()
    answer = client.get(f"/console/{page}")
    took = (time.perf_counter() - started) * 1000, (time.process_time() - cpu) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"/console/{page} answered {answer.status_code}")
    if b'hx-trigger="every 3s"' in answer.content and page != "install":
        raise RuntimeError(f"/console/{page} is still being counted")
    return took


def _p95(times: Any) -> float:
    return statistics.quantiles(times, n=20)[-1]


def main(what: str, people: int) -> None:
    """One half of the bench: the store, or the pages."""
    import django

    django.setup()
    from bench import pages_store

    if what == "make":
        pages_store.make(people)
    else:
        print(json.dumps(ask(people)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
