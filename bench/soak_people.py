"""`./run soak --people N`: the random life of the tests with N people, in simulated time.

Everybody comes in, then chapters of scenes (orders, refunds, late events, imports, merges, other rules, pins, days that
pass). After each chapter every rule is asked again about everybody, by one statement a rule and slice of people over the
rows of the log: nobody may be in a segment, or out of it, who should not be. Memory, what waits and how many were weighed
are printed, so that what grows is seen. What it writes lies in the folder that TMPDIR names, and is taken away at the end.
"""

import os
import resource
import shutil
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

CHAPTERS, SCENES_IN_BATCHES = 3, 20_000
_TOGETHER = 500


def main(people: int, seed: int, *, chapters: int = CHAPTERS, scenes: int = SCENES_IN_BATCHES) -> int:
    """0 only if no membership differs. `scenes`: how many a chapter has, and a hundredth of them one by one."""
    folder = Path(tempfile.mkdtemp(prefix="passaparola-soak-"))
    os.environ.update(PASSAPAROLA_DATA=str(folder), PASSAPAROLA_DATABASE_URL="", PASSAPAROLA_MAIL_URL="null://",
                      DJANGO_SETTINGS_MODULE="passaparola.settings")  # fmt: skip
    import django

    django.setup()
    from passaparola import prepare

    prepare.stores()
    try:
        return _live(people, seed, chapters, scenes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _live(people: int, seed: int, chapters: int, scenes: int) -> int:
    from passaparola import worker
    from passaparola.segments.models import Membership
    from tests.lives import ACTS, EVENTS, SCENES_OF_ALL, Life, disagreements

    began = time.monotonic()
    life = Life(seed, people)
    print(f"{people:,} people, {len(life.segments)} segments, seed {seed}", flush=True)
    for first in range(0, people, _TOGETHER):
        _come_in(life, range(first, min(first + _TOGETHER, people)))
        worker.drain(life.world.now)
        if (first + _TOGETHER) % max(people // 10, _TOGETHER) == 0:
            _say(f"{first + _TOGETHER:,} are in", began)
    wrong = 0
    for chapter in range(1, chapters + 1):
        with life.world.gathering(_TOGETHER):
            for _ in range(scenes):
                life.scene(EVENTS)
        for _ in range(scenes // 100):
            life.scene(ACTS)
        _say(f"chapter {chapter}: scenes lived", began)
        for scene in SCENES_OF_ALL:
            life.scene((scene,))
        _settle(life)
        _say(f"chapter {chapter}: everybody looked at again after other rules", began)
        life.world.days_pass(life.dice.choice((1, 4, 15)))
        _say(f"chapter {chapter}: {life.world.now:%Y-%m-%d}", began)
        _settle(life)
        found = disagreements(life.world.now)
        wrong += len(found)
        _say(f"chapter {chapter}: {len(found)} memberships differ from asking again", began)
        print("\n".join(found[:20]), flush=True)
    inside = Membership.objects.filter(until_at=None).count()
    _say(f"{inside:,} memberships now; {wrong} ever differed", began)
    return 1 if wrong or not inside else 0


def _settle(life: Any) -> None:
    """Seconds pass until nobody looks at everybody any more, slice by slice: until then nothing would be compared."""
    from passaparola import worker
    from passaparola.kernel import database

    while database.rows("SELECT 1 FROM timer WHERE kind IN ('gather', 'restage', 'relead', 'withdraw') LIMIT 1"):
        life.world.now += timedelta(seconds=1)
        worker.drain(life.world.now)


def _come_in(life: Any, numbers: range) -> None:
    """Who they are, and for most of them a first order somewhere in the last year."""
    batch = []
    for n in numbers:
        one = life.somebody(n)
        batch.append(one.identify(birthday=f"{1940 + n % 70}-05-1{n % 10}"))
        if life.dice.random() < 0.6:
            life.count += 1
            at = (life.world.now - timedelta(days=life.dice.randrange(365))).isoformat()
            order = f"O-{life.count}"
            if life.dice.random() < 0.01:
                life.orders.append((one, order))
            lines = [{"product_id": "x1", "category": life.dice.choice(("coffee", "tea")), "price": 10, "quantity": 2}]
            batch.append(one.buys(order, 20, timestamp=at, products=lines))
    life.world.send(*batch)


def _say(what: str, began: float) -> None:
    from passaparola.kernel import database

    waiting = database.rows("SELECT count(*) FROM timer")[0][0]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    cpu = time.process_time()
    print(f"{time.monotonic() - began:7.0f} s, CPU {cpu:7.0f} s, {memory:5d} MB, {waiting:9,d} timers: {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2026))
