"""The front door of an import: the same inbox as every other event's, with the same patience when it is full."""

import fcntl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import router, transaction

from passaparola import worker
from passaparola.events.models import Event, Inbox
from passaparola.kernel import database

# So many rows of an import may wait; the shop's own events must not queue behind a whole history.
BACKLOG_ROWS_MAX = 20
_POLL_SECONDS = 0.05


class Front:
    """Puts bodies into the inbox and sees that they are walked: by the running worker, else by this process."""

    # What this process's last turn came to, where it is the one that walks them.
    _last = worker.Progress()

    def send(self, source: str, bodies: list[bytes]) -> None:
        """Accept the bodies durably, in this order; wait first while too many are waiting."""
        while self.backlog() > BACKLOG_ROWS_MAX:
            self.go_on()
        now = datetime.now(UTC)
        with transaction.atomic(using=router.db_for_write(Inbox)):
            Inbox.objects.bulk_create(
                [Inbox(received_at=now, kind="import", source=source, call="batch", body=body) for body in bodies]
            )

    def settle(self, tell: Callable[[int], None] = lambda _: None) -> None:
        """Until everything that was accepted has been walked down the corridor."""
        said = time.monotonic()
        while left := self.backlog():
            self.go_on()
            if time.monotonic() - said > 5:
                tell(left)
                said = time.monotonic()

    def backlog(self) -> int:
        """Inbox rows that nobody has walked yet."""
        if database.vendor() == "postgresql":
            return int(database.rows("SELECT COUNT(*) FROM inbox")[0][0])
        found = database.rows("SELECT position FROM cursor WHERE name = 'inbox'")
        position = found[0][0] if found else 0
        return int(database.rows("SELECT COUNT(*) FROM inbox WHERE id > ?", [position], alias="inbox")[0][0])

    def events(self, source: str) -> int:
        """How many events of a source the log holds."""
        return Event.objects.filter(source=source).count()

    def go_on(self) -> None:
        """Let the corridor turn: wait for the running worker, else turn it here."""
        if is_up(settings.DATA_DIR):
            time.sleep(_POLL_SECONDS)
        else:
            self._last = worker.turn_after(self._last)


def is_up(folder: Path) -> bool:
    """Whether `passaparola up` runs on this data folder: it holds a lock there for as long as it lives."""
    path = folder / "run" / "up.lock"
    if not path.exists():
        return False
    with path.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
