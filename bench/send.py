"""Handing messages over: to a channel that takes everything, beside a bare loop over the same rows; to a mail server, beside
bare smtplib with the same mails. Slices of both alternate within one run.

Everything is done as in service: claim, facts, consent, text in the person's language, mail, outcome as an event.
"""

import json
import os
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.figures import Figure

NULL_MESSAGES, SMTP_MESSAGES, SLICES = 4_000, 300, 5


def run(*, quick: bool = False) -> Iterator[Figure]:
    """null_channel and smtp_sink, messages a second, on SQLite."""
    with tempfile.TemporaryDirectory(prefix="passaparola-bench-") as folder:
        environment = {
            **os.environ, "PASSAPAROLA_DATA": folder, "PASSAPAROLA_DATABASE_URL": "", "PASSAPAROLA_MAIL_URL": "null://",
            "DJANGO_SETTINGS_MODULE": "passaparola.settings",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "bench.send", "quick" if quick else "full"],
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        found = json.loads(done.stdout.splitlines()[-1])
    for name, yardstick in (
        ("null_channel", "bare loop over the same rows"),
        ("smtp_sink", "bare smtplib, one connection"),
    ):
        yield Figure(
            "send", name, found[name], "messages/s", yardstick, found[f"{name}_bare"], True, found[f"{name}_cpu"]
        )  # fmt: skip


# --- in the process of its own -------------------------------------------------------------------
def _child(quick: bool) -> dict[str, float]:
    import django

    django.setup()
    from passaparola import dispatcher, prepare

    prepare.stores()
    dispatcher.settle()
    slices = 2 if quick else SLICES
    nulls, smtps = (1_000, 100) if quick else (NULL_MESSAGES, SMTP_MESSAGES)
    _people(max(nulls, smtps))
    found: dict[str, list[float]] = {}
    sink = subprocess.Popen([sys.executable, "-m", "bench.send", "sink"], stdout=subprocess.PIPE, text=True)
    assert sink.stdout is not None
    port = int(sink.stdout.readline())
    try:
        for turn in range(slices + 1):
            one = {**_null(nulls), **_smtp(smtps, port)}
            if turn:  # The first slice warms up.
                for name, value in one.items():
                    found.setdefault(name, []).append(value)
    finally:
        sink.terminate()
        sink.wait()
    return {name: statistics.median(values) for name, values in found.items()}


def _null(count: int) -> dict[str, float]:
    from passaparola.adapters import email

    ids = _plan(count)
    rate, cpu = _drain(email.Null(), count)
    _plan_again(ids)
    return {"null_channel": rate, "null_channel_cpu": cpu, "null_channel_bare": _bare_loop(count)}


def _smtp(count: int, port: int) -> dict[str, float]:
    from passaparola.adapters import email, mime

    sender = mime.Sender("Casa Lola <hola@example.test>", "secret")
    _plan(count)
    rate, cpu = _drain(email.Smtp("127.0.0.1", port, sender, tls="off"), count)
    return {"smtp_sink": rate, "smtp_sink_cpu": cpu, "smtp_sink_bare": _bare_smtp(count, port)}


def _drain(channel: Any, count: int) -> tuple[float, float]:
    """Messages a second, and CPU microseconds of this process a message."""
    from django.conf import settings

    from passaparola import corridor, dispatcher
    from passaparola.messages.dispatcher import Dispatcher
    from passaparola.messages.journal import Journal

    journal = Journal(settings.DATA_DIR / "run" / "handing")
    one = Dispatcher(channel, corridor, dispatcher.house(), lambda: datetime.now(UTC), journal=journal)
    sent, began, cpu = 0, time.perf_counter(), time.process_time()
    while tally := one.cycle():
        sent += tally.counts.get("sent", 0)
    took, used = time.perf_counter() - began, time.process_time() - cpu
    one.finish()
    assert sent == count, (sent, count)
    return count / took, used / count * 1e6


def _bare_loop(count: int) -> float:
    """Take the same rows in fifties, mark them, and mark them done: the outbox and nothing else."""
    from passaparola.kernel import database
    from passaparola.messages import actions

    began, done = time.perf_counter(), 0
    while done < count:
        now = datetime.now(UTC)
        with database.turn():
            claims = actions.claim(limit=50, now=now)
            rows = actions.read(claims)
            database.run(
                f"UPDATE message SET state = 'sent' WHERE {database.any_of('id')}", [[row["id"] for row in rows]]
            )
        done += len(rows)
    return count / (time.perf_counter() - began)


def _bare_smtp(count: int, port: int) -> float:
    """The same mails, made beforehand, over one kept connection."""
    from passaparola import dispatcher
    from passaparola.adapters import mime
    from passaparola.messages import preview
    from passaparola.messages.channel import Letter

    house = dispatcher.house()
    made = preview.example("ask", "es", house)
    sender = mime.Sender("Casa Lola <hola@example.test>", "secret")
    now = datetime.now(UTC)
    text = (made.subject, made.html, made.text)
    letters = [Letter(n, "alma@example.test", "es", *text, now, "https://x.test/u/1", False) for n in range(count)]
    mails = [mime.build(letter, sender, letter.to) for letter in letters]
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for mail in mails:
            server.sendmail("hola@example.test", ["alma@example.test"], mail)
        return count / (time.perf_counter() - began)


def _people(count: int) -> None:
    from passaparola.people.models import Consent, Identity, Person
    from tests import messages as some

    now = some.NOW
    some.program()
    languages = ("es", "it", "en")
    ids = range(1, count + 1)
    Person.objects.bulk_create(
        Person(id=n, root_id=n, uid=f"u{n:025d}", created_at=now, given_name="Alma", language=languages[n % 3])
        for n in ids
    )
    Identity.objects.bulk_create(
        Identity(id=n, kind="email", value=f"a{n}@example.test", person_id=n, created_at=now) for n in ids
    )
    Consent.objects.bulk_create(
        Consent(id=n, person_id=n, channel="email", purpose="referral", state="given", source="b", event_id=1, at=now) for n in ids
    )  # fmt: skip


def _plan(count: int) -> range:
    """So many asks, due now."""
    from passaparola.kernel import database
    from passaparola.messages.models import Message

    first, now = database.highest(Message) + 1, datetime.now(UTC)
    ids = range(first, first + count)
    Message.objects.bulk_create(
        Message(
            id=id_, key=f"ask:{id_}", person_id=n + 1, purpose="referral", template="ask", program_id=1,
            context={"code": f"ALMA-{n}", "version": 1}, planned_at=now, due_at=now, deadline_at=now + timedelta(days=1),
            changed_at=now, event_id=1,
        )
        for n, id_ in enumerate(ids)
    )  # fmt: skip
    return ids


def _plan_again(ids: range) -> None:
    from passaparola.messages.models import Message

    Message.objects.filter(id__in=ids).update(state="planned", due_at=datetime.now(UTC))


def _sink() -> None:
    """A mail server that takes everything, in a process of its own; says its port."""
    import asyncio

    from aiosmtpd.smtp import SMTP

    class Takes:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  (the name the library calls)
            return "250 OK"

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(Takes()), "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    if sys.argv[1] == "sink":
        _sink()
    else:
        print(json.dumps(_child(sys.argv[1] == "quick")))
