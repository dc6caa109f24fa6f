"""`passaparola doctor`: is this installation well, and if not, what to do."""

import argparse
import os
import platform
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from passaparola.cli import DONE, LOOK, data_folder
from passaparola.cli.speech import gettext as _
from passaparola.cli.speech import language

OK, WARN, FAIL = "ok", "warn", "fail"
_DISK_BYTES_WARN, _DISK_BYTES_FAIL = 2 << 30, 200 << 20
_TIMER_LATE_WARN = timedelta(minutes=2)


@dataclass(frozen=True)
class Finding:
    """One line: how it stands, with what, and what to do where it is not well."""

    state: str
    what: str
    found: str
    advice: str = ""


def summary() -> str:
    """For --help."""
    return _("check this installation and say what to do where something is wrong")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument(
        "--port",
        type=int,
        default=0,
        metavar="N",
        help=_("where the server should answer (default: from PASSAPAROLA_BASE_URL)"),
    )


def run(arguments: argparse.Namespace) -> int:
    """Every check, one line each; 1 if any failed."""
    from passaparola.cli import terminal

    styles = {OK: "green", WARN: "yellow", FAIL: "red"}
    findings = list(examine(arguments.port))
    for finding in findings:
        terminal.say(f"{finding.state:<4}  {finding.what}: {finding.found}", style=styles[finding.state])
        if finding.advice:
            terminal.say(f"      → {finding.advice}")
    return LOOK if any(finding.state == FAIL for finding in findings) else DONE


def examine(port: int = 0) -> Iterator[Finding]:
    """All findings, in order; what depends on a store that does not answer is left out."""
    yield _python()
    yield _sqlite()
    folder = data_folder()
    yield from _folder(folder)
    if not folder.is_dir() and not os.environ.get("PASSAPAROLA_DATABASE_URL"):
        return
    import django

    django.setup()
    from django.utils import translation

    translation.activate(language())
    answers = True
    for finding in _stores():
        answers = answers and finding.state != FAIL
        yield finding
    yield _mail()
    yield _edge(port)
    if answers:
        for check in (_clock, _backlog, _timers, _parked, _outbox):
            yield from _careful(check)


def _careful(check: Callable[[], Finding]) -> Iterator[Finding]:
    from django.db import Error

    try:
        yield check()
    except Error as problem:
        yield Finding(FAIL, _("store"), str(problem).splitlines()[0], _("see the checks above"))


def _python() -> Finding:
    good = sys.version_info >= (3, 11)
    return Finding(
        OK if good else FAIL, "Python", platform.python_version(), "" if good else _("install Python 3.11 or newer")
    )


def _sqlite() -> Finding:
    good = sqlite3.sqlite_version_info >= (3, 35)
    return Finding(
        OK if good else FAIL,
        "SQLite",
        sqlite3.sqlite_version,
        "" if good else _("SQLite 3.35 or newer is needed: use a newer Python"),
    )


def _folder(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        advice = _("name the right folder with --data, or begin with “passaparola up”")
        yield Finding(FAIL, _("data folder"), _("{folder} is not there").format(folder=folder), advice)
        return
    good = os.access(folder, os.W_OK)
    yield Finding(
        OK if good else FAIL,
        _("data folder"),
        str(folder),
        "" if good else _("give this user the right to write there"),
    )
    free = shutil.disk_usage(folder).free
    state = FAIL if free < _DISK_BYTES_FAIL else WARN if free < _DISK_BYTES_WARN else OK
    yield Finding(
        state,
        _("disk"),
        _("{size} GB free").format(size=f"{free / 1e9:.1f}"),
        "" if state == OK else _("make room: without it no event can be accepted"),
    )
    if os.environ.get("PASSAPAROLA_SECRET"):
        yield Finding(OK, _("secret"), _("from PASSAPAROLA_SECRET"))
    elif (folder / "secret").exists():
        mode = stat.S_IMODE((folder / "secret").stat().st_mode)
        advice = "" if mode & 0o077 == 0 else _("others can read it: chmod 600 {path}").format(path=folder / "secret")
        yield Finding(FAIL if advice else OK, _("secret"), f"{mode:o}", advice)


def _stores() -> Iterator[Finding]:
    from django.db import DEFAULT_DB_ALIAS, Error, connections
    from django.db.migrations.executor import MigrationExecutor

    for alias in connections:
        connection = connections[alias]
        name = _("store") if alias == DEFAULT_DB_ALIAS else _("inbox")
        try:
            executor = MigrationExecutor(connection)
            behind = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        except Error as problem:
            advice = _("look at PASSAPAROLA_DATABASE_URL and whether the server runs")
            yield Finding(FAIL, name, str(problem).strip().splitlines()[0], advice)
            continue
        found = f"{connection.vendor}, " + (
            _("{count} steps behind").format(count=behind) if behind else _("up to date")
        )
        yield Finding(FAIL if behind else OK, name, found, _("“passaparola up” brings it up to date") if behind else "")


def _mail() -> Finding:
    from django.conf import settings

    parts = urlsplit(settings.MAIL_URL)
    if parts.scheme in ("smtp", "smtps", "smtp+tls"):
        return Finding(OK, _("mail"), f"{parts.scheme}://{parts.hostname}:{parts.port or ''}")
    if parts.scheme in ("file", "null"):
        shown = _("into a folder") if parts.scheme == "file" else _("nowhere")
        return Finding(
            WARN,
            _("mail"),
            shown,
            _("messages reach nobody: set PASSAPAROLA_MAIL_URL to smtp://user:password@host:port"),
        )
    return Finding(
        FAIL,
        _("mail"),
        parts.scheme or "?",
        _("PASSAPAROLA_MAIL_URL must begin with smtp://, smtps://, file:// or null://"),
    )


def _edge(port: int) -> Finding:
    from django.conf import settings

    from passaparola.kernel import supervisor

    parts = urlsplit(settings.BASE_URL)
    host = "127.0.0.1" if port else parts.hostname or "127.0.0.1"
    where = port or parts.port or (443 if parts.scheme == "https" else 80)
    if parts.scheme == "https" and not port:
        return Finding(
            OK,
            _("server"),
            _("{url}: not asked over TLS; give --port to ask it directly").format(url=settings.BASE_URL),
        )
    good = supervisor.answers(host, where)
    found = f"{host}:{where}"
    return Finding(
        OK if good else WARN,
        _("server"),
        found,
        "" if good else _("nothing answers there: start it with “passaparola up”, or give its --port"),
    )


def _clock() -> Finding:
    """Ours against the newest event's: a clock that went back would put news into the past."""
    from django.db.models import Max

    from passaparola.events.models import Event

    newest = Event.objects.aggregate(at=Max("received_at"))["at"]
    now = datetime.now(UTC)
    if newest and newest > now + timedelta(seconds=5):
        ahead = int((newest - now).total_seconds())
        return Finding(
            FAIL,
            _("clock"),
            _("the log is {seconds} s ahead of this machine").format(seconds=ahead),
            _("set the clock (NTP)"),
        )
    return Finding(OK, _("clock"), now.isoformat(timespec="seconds").replace("+00:00", "Z"))


def _backlog() -> Finding:
    from django.conf import settings

    from passaparola.doors.imports.inbox import Front

    waiting = Front().backlog()
    state = OK if waiting < 1000 else WARN if waiting < settings.INBOX_BACKLOG_ROWS_MAX else FAIL
    advice = "" if state == OK else _("the worker is behind: is it running? look at its log")
    return Finding(state, _("waiting in the inbox"), f"{waiting:,}", advice)


def _timers() -> Finding:
    from passaparola.kernel.models import Timer

    now = datetime.now(UTC)
    oldest = Timer.objects.filter(due_at__lt=now).order_by("due_at").first()
    late = now - oldest.due_at if oldest else timedelta(0)
    if late > _TIMER_LATE_WARN and oldest:
        found = _("oldest due {minutes} min ago ({kind})").format(
            minutes=int(late.total_seconds() // 60), kind=oldest.kind
        )
        return Finding(WARN, _("timers"), found, _("nobody rings them: start the worker with “passaparola up”"))
    return Finding(OK, _("timers"), _("none overdue"))


def _parked() -> Finding:
    from passaparola.events.models import Parked

    count = Parked.objects.filter(resolved_at=None).count()
    return Finding(
        WARN if count else OK,
        _("events put aside"),
        f"{count:,}",
        _("see why in the console under Events") if count else "",
    )


def _outbox() -> Finding:
    from passaparola.messages.models import Message

    unknown = Message.objects.filter(state="unknown").count()
    failed = Message.objects.filter(state="failed", changed_at__gt=datetime.now(UTC) - timedelta(days=1)).count()
    found = _("{unknown} of unknown fate, {failed} failed in the last day").format(unknown=unknown, failed=failed)
    return Finding(
        WARN if unknown or failed else OK,
        _("outbox"),
        found,
        _("decide in the console under Outbox whether to send again") if unknown else "",
    )
