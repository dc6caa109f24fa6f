"""Hands segments on: the jobs of kind "sync", each run to its end, tried again, and told as an act.

A run is repeatable: a file is written whole or not at all under the same name, a webhook's pages carry the same
idempotency keys, so that a crash in between hands on the same things again and the other side can tell.
"""

import csv
import hmac
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings

from passaparola import corridor
from passaparola.adapters import webhook
from passaparola.doors import exports
from passaparola.kernel import database, log, outbox
from passaparola.kernel.errors import Refusal
from passaparola.people.models import Identity, Person
from passaparola.segments.membership.syncing import JOB
from passaparola.segments.models import Membership, Segment, Sync

PAGE_PEOPLE = 500
TRIES_MAX = 12
IDLE_SECONDS, AWAY_SECONDS, LEASE_SECONDS = 1.0, 2.0, 900.0
Line = dict[str, Any]


def secret(sync_id: int) -> bytes:
    """What a sync's webhook is signed with: shown to whoever may change segments, stored nowhere."""
    return hmac.digest(settings.SECRET_KEY.encode(), b"segment sync %d" % sync_id, "sha256").hex().encode()


def folder() -> Path:
    """Where files of segments lie."""
    return settings.DATA_DIR / "segments"  # type: ignore[no-any-return]


def loop(stopping: threading.Event, steps: Sequence[Callable[[datetime], bool]] = ()) -> None:
    """Run what is due, and what other steps find due, until told to stop; a thread of the dispatcher's process."""
    from django.db import connections

    while not stopping.is_set():
        try:
            busy = [step(datetime.now(UTC)) for step in (once, *steps)]
            stopping.wait(0.0 if any(busy) else IDLE_SECONDS)
        except Exception as problem:
            if not database.is_gone(problem):
                log.get().error("sync.broken", problem=type(problem).__name__)
            for connection in connections.all():
                connection.close()
            stopping.wait(AWAY_SECONDS)
    connections.close_all()


def once(now: datetime) -> bool:
    """Take one job and run it. Whether there was one."""
    if not outbox.is_any_due(outbox.JOBS, (JOB,), now=now):
        return False
    taken = outbox.claim_jobs((JOB,), limit=1, lease_seconds=LEASE_SECONDS, now=now)
    for claim, job in taken:
        _run(claim, job["payload"], now)  # type: ignore[arg-type]
    return bool(taken)


def _run(claim: outbox.Claim, payload: dict[str, int], now: datetime) -> None:
    sync = Sync.objects.filter(pk=payload["sync"], stopped_at=None).first()
    if sync is None:
        outbox.finish_job(claim, now=now)
        return
    problem, lines = "", 0
    try:
        lines = (_to_file if sync.kind == "file" else _to_webhook)(sync, payload["until"], now)
    except _NotTaken as refused:
        problem = str(refused)
    except (OSError, Refusal) as trouble:
        problem = trouble.code if isinstance(trouble, Refusal) else type(trouble).__name__
    if problem and claim.attempts < TRIES_MAX:
        outbox.try_job_again(claim, due_at=now + outbox.back_off(claim.attempts), failure=problem)
        return
    said = {"sync": sync.pk, "until": payload["until"], "lines": lines, "failure": problem}
    act = corridor.act(
        "Sync Done", source="dispatcher", properties=said, message_id=f"sync:{sync.pk}:{payload['until']}", now=now
    )
    corridor.submit([act], now=now)
    outbox.finish_job(claim, now=now)


class _NotTaken(Exception):
    """The other side did not take a page."""


def _to_file(sync: Sync, until: int, now: datetime) -> int:
    """A CSV named after the segment and the run, complete when it has its name."""
    folder().mkdir(parents=True, exist_ok=True)
    key = Segment.objects.values_list("key", flat=True).get(pk=sync.segment_id)
    path = folder() / f"{key}-{until}.csv"
    part = path.with_suffix(".part")
    count = 0
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(["move", "person", "user_ids", "from_at", "until_at"])
        for line in lines(sync, until):
            count += 1
            # A sender may call somebody what a spreadsheet takes for a formula.
            names = exports.safe_cell(" ".join(line["user_ids"]))
            writer.writerow([line["move"], line["person"], names, line["from_at"], line["until_at"]])
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return count


def _to_webhook(sync: Sync, until: int, now: datetime) -> int:
    """Pages of people as signed JSON; the last says that it is the last."""
    address = webhook.resolve(sync.target, allowed_hosts=settings.WEBHOOK_HOSTS)
    key = Segment.objects.values_list("key", flat=True).get(pk=sync.segment_id)
    found, count, page = lines(sync, until), 0, 0
    some = list(islice(found, PAGE_PEOPLE))
    while True:
        following = list(islice(found, PAGE_PEOPLE))
        page += 1
        count += len(some)
        body = json.dumps(
            {
                "sync": sync.pk, "segment": key, "content": sync.content, "run": until, "page": page,
                "last": not following, "people": some,
            }
        ).encode()  # fmt: skip
        headers = {
            webhook.SIGNATURE_HEADER: webhook.sign(secret(sync.pk), int(now.timestamp()), body),
            "Idempotency-Key": f"sync-{sync.pk}-{until}-{page}",
        }
        answered = webhook.post(address, body, headers)
        if not answered.good:
            raise _NotTaken(answered.problem)
        if not following:
            return count
        some = following


def lines(sync: Sync, until: int) -> Iterator[Line]:
    """What a run hands on, as of its ring: everybody who was in then, or each move since the run before."""
    after = 0
    while rows := _rows(sync, until, after):
        after = rows[-1].pk
        uids, names = _names([row.person_id for row in rows])
        for row in rows:
            for move in _moves(sync, row, until):
                yield {
                    "move": move, "person": uids.get(row.person_id, ""), "user_ids": names.get(row.person_id, []),
                    "from_at": row.from_at.isoformat(),
                    "until_at": row.until_at.isoformat() if move == "left" and row.until_at else "",
                }  # fmt: skip


def _rows(sync: Sync, until: int, after: int) -> list[Membership]:
    from django.db.models import Q

    found = Membership.objects.filter(segment_id=sync.segment_id, pk__gt=after, event_id__lte=until)
    if sync.content == "everybody":
        found = found.filter(Q(end_event_id=None) | Q(end_event_id__gt=until))
    else:
        found = found.filter(Q(event_id__gt=sync.position) | Q(end_event_id__gt=sync.position, end_event_id__lte=until))
    return list(found.order_by("pk")[:PAGE_PEOPLE])


def _moves(sync: Sync, row: Membership, until: int) -> list[str]:
    if sync.content == "everybody":
        return ["in"]
    entered = ["entered"] if row.event_id > sync.position else []
    left = ["left"] if row.end_event_id is not None and sync.position < row.end_event_id <= until else []
    return entered + left


def _names(ids: list[int]) -> tuple[dict[int, str], dict[int, list[str]]]:
    """Public ids and the business's own ids of these people: never an address, which the receiver has or should not."""
    roots = dict(Person.objects.filter(pk__in=ids).values_list("pk", "root_id"))
    uids = dict(Person.objects.filter(pk__in=set(roots.values())).values_list("pk", "uid"))
    selves = dict(Person.objects.filter(root_id__in=set(roots.values())).values_list("pk", "root_id"))
    names: dict[int, list[str]] = {}
    for one in Identity.objects.filter(person_id__in=selves, kind="user_id").order_by("id"):
        names.setdefault(selves[one.person_id], []).append(one.value)
    return {i: uids[root] for i, root in roots.items()}, {i: names.get(root, []) for i, root in roots.items()}


