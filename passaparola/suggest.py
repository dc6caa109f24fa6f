"""Looks for people who might make a group and brings what it found in as an act. `python -m passaparola.suggest`.

A process of its own, because a look at everybody may take minutes and must hold up neither events nor pages; started
from the console, or by whoever has the command line.
"""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime

NICE = 10


def run(*, source: str = "console", actor: str = "") -> int:
    """Look, and submit what was found; how many suggestions are new."""
    from passaparola import corridor
    from passaparola.measure import suggesting

    found = suggesting.look()
    act = corridor.act(
        "Groups Suggested", source=source, now=datetime.now(UTC), properties={"suggestions": found.suggestions}, actor=actor
    )
    (outcome,) = corridor.submit([act])
    if outcome.refused:
        raise outcome.refused
    return int(outcome.result["suggested"])


def start(actor: str) -> None:
    """Look in a process of its own, politely; a second one while the first looks ends by itself."""
    process = subprocess.Popen(
        [sys.executable, "-m", "passaparola.suggest", actor], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    # So that it leaves no defunct process behind.
    threading.Thread(target=process.wait, daemon=True).start()


def main() -> int:
    """The process: 0 when it has looked, also when another does already."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")
    import django

    django.setup()
    from django.conf import settings

    from passaparola.kernel.supervisor import CannotStart, alone

    os.nice(NICE)
    folder = settings.DATA_DIR / "run"
    folder.mkdir(exist_ok=True)
    try:
        with alone(folder / "suggest.lock"):
            run(actor=sys.argv[1] if len(sys.argv) > 1 else "")
    except CannotStart:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
