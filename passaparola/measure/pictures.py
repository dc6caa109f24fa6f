"""What takes a look at everybody: counted for each page anew in a small house, kept as a picture in a large one.

A picture has a kind and arguments. Whoever shows one asks for it (`look`) and gets the one that is kept, with the moment as of
which it is. Where it is older than some minutes, or than what it depends on, a newer one is made in a process of its own
(passaparola/drawing.py, sent off by the worker), which reads one snapshot and holds up neither events nor pages. A picture is
numbers, codes and ids of people; nothing hangs on it but what is shown.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db.utils import OperationalError

from passaparola.events import intake
from passaparola.kernel import database, log
from passaparola.kernel.errors import Refusal
from passaparola.kernel.models import Picture
from passaparola.measure import duplicates, flow, memberships, metrics, profiles, pyramid, simulation


def _of_day(draw: Callable[..., Any]) -> Callable[..., Any]:
    """For a function of the business-local day."""
    return lambda now, *args: draw(intake.local(now, settings.BUSINESS_TIME_ZONE)[0], *args)


# What reads only what happened lately is counted live of so many times as many people.
LIGHT = 4
# Kind: what makes it, from the moment and the arguments, and how light it is. A generator makes a picture of several parts.
KINDS: dict[str, tuple[Callable[..., Any], int]] = {
    "stages": (_of_day(simulation.draw), 1),
    "flow": (_of_day(flow.draw), 1),
    "pyramid": (_of_day(pyramid.draw), 1),
    "moves": (_of_day(pyramid.draw_moves), 1),
    "standing": (_of_day(pyramid.draw_standing), 1),
    "profiles": (_of_day(profiles.draw), 1),
    "overview": (metrics.draw, LIGHT),
    "program": (metrics.draw_program, LIGHT),
    "programs": (metrics.draw_programs, LIGHT),
    "duplicates": (duplicates.draw, LIGHT),
    "segments": (memberships.draw, LIGHT),
    "segment": (memberships.draw_one, LIGHT),
    "segment map": (memberships.draw_map, LIGHT),
}
# A picture stands for so many times as long as it took, so that making them takes a twentieth of a core at most.
TIMES_AS_LONG = 20
# While somebody waits they ask again and again; whoever does not is no longer there.
ASK_SECONDS, WAITED_SECONDS_MAX = 5.0, 120.0
# What nobody looked at for so long is thrown away.
KEPT = timedelta(days=8)
_PARTS_AT_ONCE = 10
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.decode


class BeingCounted(Refusal):
    """This is being counted for the first time: everybody is looked at. Try again in {seconds} seconds."""

    code, status = "being_counted", 503


@dataclass(frozen=True, slots=True)
class Shown:
    """What a picture says (its first part; `part` has all of them) and as of when.

    `at` is None where it was counted just now. `renewing`: a newer one is asked for.
    """

    value: Any
    part: Callable[[int], Any]
    at: datetime | None = None
    renewing: bool = False


def look(kind: str, *args: int | str, now: datetime, changed_at: datetime | None = None) -> Shown:
    """The picture of this kind (a name of KINDS). What it depends on besides was changed at `changed_at`.

    Raises BeingCounted where there is none so far; it is asked for then.
    """
    draw_it, light = KINDS[kind]
    if is_small(light):
        with database.snapshot():
            parts = [_decode(part) for part in _parts(draw_it(now, *args))]
        return Shown(parts[0], parts.__getitem__)
    name = "/".join((kind, *map(str, args)))
    found = Picture.objects.filter(name=name).first()
    if found is None or found.at is None:
        _ask(name, found, now)
        raise BeingCounted(seconds=3)
    age_max = max(settings.PICTURE_SECONDS, found.seconds * TIMES_AS_LONG)
    is_old = now - found.at > timedelta(seconds=age_max) or (changed_at is not None and found.at <= changed_at)
    if is_old:
        _ask(name, found, now)
    return Shown(_decode(found.value), lambda part: _part(name, part), found.at, is_old)


def _part(name: str, part: int) -> Any:
    """One part; an empty one where a shorter picture has just taken the place of this one."""
    found = Picture.objects.filter(name=_part_name(name, part)).first()
    return _decode(found.value) if found else []


def is_small(light: int = 1) -> bool:
    """Whether so few people are known that it is counted as it is asked for. One step in an index."""
    people = int(database.rows("SELECT COALESCE(MAX(id), 0) FROM person")[0][0])
    return people <= settings.LIVE_PEOPLE_MAX * light


def _parts(made: Any) -> Iterator[bytes]:
    """What a kind's function said, part by part, as it is kept."""
    yield from map(_encode, made if isinstance(made, Iterator) else (made,))


def _part_name(name: str, part: int) -> str:
    return f"{name}#{part}" if part else name


def _ask(name: str, kept: Picture | None, now: datetime) -> None:
    """Note that somebody waits. Where the store is busy nothing is noted: they ask again."""
    if kept is not None and kept.asked_at is not None and now - kept.asked_at < timedelta(seconds=ASK_SECONDS):
        return
    try:
        with database.beside(wait_seconds=0.2):
            database.run(
                "INSERT INTO picture (name, value, seconds, asked_at) VALUES (?, '', 0, ?) "
                "ON CONFLICT (name) DO UPDATE SET asked_at = excluded.asked_at",
                [name, now],
            )
    except OperationalError as problem:
        log.get().info("picture.not_asked", error=type(problem).__name__)


# --- making them ----------------------------------------------------------------------------------


def is_asked(now: datetime) -> bool:
    """Whether somebody waits for one."""
    return next_asked(now) is not None


def draw_asked() -> int:
    """Make what is asked for, the latest asked first; throw away what nobody looks at any more. How many were made."""
    done = 0
    while name := next_asked(datetime.now(UTC)):
        draw(name)
        done += 1
    _tidy(datetime.now(UTC))
    return done


def next_asked(now: datetime) -> str | None:
    """The picture to make; who has not asked again for long waits no longer."""
    sql = "SELECT name FROM picture WHERE asked_at > ? ORDER BY asked_at DESC LIMIT 1"
    found = database.rows(sql, [now - timedelta(seconds=WAITED_SECONDS_MAX)])
    return str(found[0][0]) if found else None


def draw(name: str) -> None:
    """Make one from a snapshot of now, and keep it in place of the one before."""
    kind, *given = name.split("/")
    args = tuple(int(arg) if arg.isdecimal() else arg for arg in given)
    began = time.monotonic()
    with database.snapshot():
        at = datetime.now(UTC)
        parts = [part.decode() for part in _parts(KINDS[kind][0](at, *args))]
    seconds = time.monotonic() - began
    numbered = list(enumerate(parts))[1:]
    for some in database.chunks(numbered, _PARTS_AT_ONCE):
        with database.beside():
            for number, value in some:
                _keep(_part_name(name, number), value, at, seconds)
    with database.beside():
        _keep(name, parts[0], at, seconds)
        # Parts of one that was longer.
        database.run("DELETE FROM picture WHERE name LIKE ? AND at <> ?", [f"{name}#%", at])
    log.get().info("picture.drawn", kind=kind, parts=len(parts), seconds=round(seconds, 2))


def _keep(name: str, value: str, at: datetime, seconds: float) -> None:
    database.run(
        "INSERT INTO picture (name, value, at, seconds) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
        "value = excluded.value, at = excluded.at, seconds = excluded.seconds, asked_at = NULL",
        [name, value, at, seconds],
    )


def _tidy(now: datetime) -> None:
    with database.beside():
        gone = now - timedelta(seconds=WAITED_SECONDS_MAX)
        database.run("UPDATE picture SET asked_at = NULL WHERE asked_at <= ?", [gone])
        database.run("DELETE FROM picture WHERE asked_at IS NULL AND (at IS NULL OR at < ?)", [now - KEPT])
