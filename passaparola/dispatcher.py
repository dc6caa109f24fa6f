"""Empties the outbox: the dispatcher's process, with the real channel and the real corridor. `python -m passaparola.dispatcher`."""

import gc
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from passaparola.messages.dispatcher import Dispatcher
    from passaparola.messages.values import House

# How often to look when there is nothing to do, and how long to wait when the store is away.
IDLE_SECONDS = 0.03
AWAY_SECONDS = 0.5
# How long a stopping dispatcher waits for a segment being handed on; after that the lease ends and it is done again.
JOIN_SECONDS = 2.0


def make() -> "Dispatcher":
    """The dispatcher of this installation: channel by PASSAPAROLA_MAIL_URL."""
    from django.conf import settings

    from passaparola import adapters, corridor
    from passaparola.adapters.mime import Sender
    from passaparola.messages.dispatcher import Dispatcher
    from passaparola.messages.journal import Journal

    channel = adapters.mail(settings.MAIL_URL, Sender(settings.MAIL_FROM, settings.SECRET_KEY))
    journal = Journal(settings.DATA_DIR / "run" / "handing")
    return Dispatcher(channel, corridor, house(), lambda: datetime.now(UTC), journal=journal)


def house() -> "House":
    """What messages say about this installation."""
    from django.conf import settings

    from passaparola.messages.values import House

    return House(
        business=settings.BUSINESS_NAME, base_url=settings.BASE_URL, currency=settings.CURRENCY,
        language=settings.LANGUAGE_CODE, time_zone=settings.BUSINESS_TIME_ZONE,
    )  # fmt: skip


def settle() -> None:
    """What was loaded stays: the collector need not look at it again and again while messages come and go."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def drain() -> dict[str, int]:
    """Hand over everything that is due, in this process, and return what became of it (for the demo and for tests)."""
    dispatcher = make()
    total: dict[str, int] = {}
    try:
        while tally := dispatcher.cycle():
            for outcome, count in tally.counts.items():
                total[outcome] = total.get(outcome, 0) + count
    finally:
        dispatcher.finish()
    return total


def run(dispatcher: "Dispatcher", stopping: threading.Event) -> None:
    """Cycle until told to stop; the store may go away and come back. Segments are handed on beside it, in a thread."""
    from passaparola.doors import erasing, syncs

    beside = threading.Thread(target=syncs.loop, args=(stopping, (erasing.once,)), name="syncs", daemon=True)
    beside.start()
    while not stopping.is_set():
        worked = _safely(dispatcher)
        stopping.wait(AWAY_SECONDS if worked is None else 0.0 if worked else IDLE_SECONDS)
    _finish(dispatcher)
    beside.join(JOIN_SECONDS)


def _finish(dispatcher: "Dispatcher") -> None:
    """Record what is known; if the store is away just now, the leases will end and say the same."""
    from passaparola.kernel import database, log

    try:
        dispatcher.finish()
    except Exception as problem:
        if not database.is_gone(problem):
            raise
        log.get().warning("dispatcher.left_unrecorded", problem=type(problem).__name__)


def _safely(dispatcher: "Dispatcher") -> bool | None:
    """One cycle: whether there was work; None when the store is away."""
    from django.db import connections

    from passaparola.kernel import database, log

    try:
        tally = dispatcher.cycle()
    except Exception as problem:
        if not database.is_gone(problem):
            raise
        log.get().warning("dispatcher.store_away", problem=type(problem).__name__)
        for connection in connections.all():
            connection.close()
        return None
    if tally:
        log.get().info("messages.cycle", **tally.counts)
    return bool(tally)


def main() -> int:
    """The process: until SIGTERM or SIGINT; 1 if another dispatcher has this SQLite folder."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")
    import django

    django.setup()
    from django.conf import settings

    from passaparola.kernel import database, log
    from passaparola.kernel.supervisor import CannotStart, alone
    from passaparola.messages import actions

    log.configure("dispatcher")
    settle()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if settings.DATABASE_URL:
        run(make(), stopping)
        return 0
    folder = settings.DATA_DIR / "run"
    folder.mkdir(exist_ok=True)
    try:
        with alone(folder / "dispatcher.lock"):
            with database.turn():
                actions.end_leases(now=datetime.now(UTC))
            run(make(), stopping)
    except CannotStart as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
