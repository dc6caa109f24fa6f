"""Looks for people who might make a group and brings what it found in as an act. `python -m passaparola.suggest`.

A process of its own, because a look at everybody may take minutes and must hold up neither events nor pages; started
from the console, by whoever has the command line, and by the worker: once a day at most, and only where something
happened since. Nobody is in a group by that.
"""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

NICE = 10
# Who looked, where nobody pressed a button.
CLOCK = "clock"
# These happen without anybody doing anything, or say nothing about who belongs together.
_NO_NEWS = ("Timer Rang", "Groups Suggested", "Segment Entered", "Segment Left", "Sync Done", "Message Handed Over")


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


def is_due(now: datetime) -> bool:
    """Whether the last look is SUGGEST_HOURS ago and something happened since; in a house where nobody is known, never."""
    from django.conf import settings

    from passaparola.events.models import Event

    if not settings.SUGGEST_HOURS:
        return False
    last = Event.objects.filter(name="Groups Suggested", type="act").order_by("-id").first()
    if last is not None and now - last.received_at < timedelta(hours=settings.SUGGEST_HOURS):
        return False
    news = Event.objects.filter(id__gt=last.id if last else 0).exclude(name__in=_NO_NEWS)
    return bool(news.order_by("id")[:1])


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
