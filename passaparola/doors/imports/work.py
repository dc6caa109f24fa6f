"""The importer's process: looks at files, checks and imports them one after another, then ends.

`python -m passaparola.doors.imports.work`, started by the supervisor while there is something to do.
"""

import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from passaparola.kernel.models import FileImport


def _look(row: "FileImport") -> None:
    from passaparola.doors.imports import wizard

    wizard.look(row)


def _check(row: "FileImport") -> None:
    from passaparola.doors.imports import wizard
    from passaparola.kernel.errors import Refusal

    try:
        wizard.check(row)
    except Refusal as refusal:
        row.state, row.failure = "ready", {"code": refusal.code, "sentence": refusal.message}
        row.save()


def _run(row: "FileImport") -> None:
    from passaparola.doors.imports import wizard

    wizard.run(row)


def _stop(row: "FileImport") -> None:
    """Nobody is at it any more: it stopped where it was."""
    row.state = "stopped"
    row.save()


def _undo(row: "FileImport") -> None:
    from passaparola.doors.imports import withdrawing
    from passaparola.kernel.errors import Refusal

    try:
        withdrawing.run(row, lambda _: None)
    except Refusal as refusal:
        row.state, row.failure = "failed", {"code": refusal.code, "sentence": refusal.message}
        row.save()


STEPS = {"looking": _look, "checking": _check, "running": _run, "stopping": _stop, "undoing": _undo}


def turn() -> bool:
    """One step of the oldest import that has something to do; False if there is none."""
    from passaparola.doors.imports import files, wizard
    from passaparola.kernel.models import FileImport

    # Files of the command line are not ours to go on with; taking back needs no file.
    waiting = FileImport.objects.filter(state__in=list(STEPS)).order_by("id")
    row = next((one for one in waiting if one.state == "undoing" or files.home(one).exists()), None)
    if row is None:
        return False
    if row.attempts >= wizard.ATTEMPTS_MAX:
        row.state, row.failure = "failed", {"code": "broken", "sentence": ""}
        row.save()
        return True
    # Counted before, so that what kills this process does not kill it for ever.
    FileImport.objects.filter(pk=row.pk).update(attempts=row.attempts + 1)
    STEPS[row.state](row)
    return True


def drain() -> int:
    """Until nothing is left; how many steps it took."""
    from passaparola.doors.imports import wizard

    steps = 0
    while turn():
        steps += 1
    wizard.rest()
    # What came in between the last look and the rest is not forgotten.
    while turn():
        steps += 1
    return steps


def main() -> None:
    """Work until there is nothing left, or until told to stop: what was begun goes on where it was."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")
    import django

    django.setup()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Whatever else runs on this machine comes first.
    os.nice(5)
    drain()


if __name__ == "__main__":
    main()
