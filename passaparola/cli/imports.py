"""`passaparola import`: a shop's history in, from files."""

import argparse
from datetime import date, datetime
from pathlib import Path
from typing import Any

from passaparola.cli import DONE, LOOK, NOT_DONE, data_folder, fail, import_undo, open_stores
from passaparola.cli.speech import gettext as _


def summary() -> str:
    """For --help."""
    return _("bring in orders, people or events from CSV, Excel, Parquet or JSON lines")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("files", nargs="*", metavar="FILE", help=_("files to import; - reads standard input"))
    parser.add_argument("--mapping", metavar="MAP.json", help=_("which column means what (docs/howto/import.md)"))
    parser.add_argument(
        "--kind", choices=("orders", "people", "events"), help=_("what the rows are (default: recognised)")
    )
    parser.add_argument(
        "--source",
        metavar="NAME",
        help=_(
            "whose events these are; the same name as the shop's key, so that what both report counts once (default: shop)"
        ),
    )
    parser.add_argument(
        "--live-from",
        metavar="DATE",
        type=_day,
        help=_("from this day on (YYYY-MM-DD) rows are news: they may ask and pay; all before is history"),
    )
    parser.add_argument(
        "--rejected", metavar="FILE", help=_("where to write rows that were not taken, each with its reason")
    )
    parser.add_argument("--again", action="store_true", help=_("go through a file once more that was imported already"))
    parser.add_argument("--dry-run", action="store_true", help=_("read and check everything, import nothing"))
    parser.add_argument(
        "--undo",
        metavar="N",
        type=int,
        help=_("take a whole import back, by its number; with --dry-run only say what would go and what stays"),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(_("{text} is no day: write it like 2026-11-21").format(text=text)) from problem


def run(arguments: argparse.Namespace) -> int:
    """File after file; 1 if any row was not taken."""
    open_stores(make=True)
    if (arguments.undo is None) == (not arguments.files):
        return fail(_("Name files to import, or with --undo the number of an import to take back."), NOT_DONE)
    if arguments.undo is not None:
        return import_undo.run(arguments.undo, dry_run=arguments.dry_run)
    if arguments.rejected and len(arguments.files) > 1:
        return fail(_("--rejected goes with one file: with several, each gets its own in the data folder."), NOT_DONE)
    codes = [_one(name, arguments) for name in arguments.files]
    return max(codes, default=DONE)


def _one(name: str, arguments: argparse.Namespace) -> int:
    from passaparola.cli import terminal
    from passaparola.doors.imports import actions, files, record
    from passaparola.doors.imports.inbox import Front

    folder = data_folder() / "imports"
    path, spooled = _path(name, folder)
    try:
        job = _job(path, _("standard input") if spooled else path.name, arguments)
        front = Front()
        size = path.stat().st_size if path.exists() else 0
        with terminal.bar(_("looking through {file}").format(file=job.label), size):
            importer = actions.Importer(job, door=front, business=files.business(), folder=folder)
        _show_plan(importer, terminal)
        before = front.events(job.source)
        with terminal.bar(_("importing {file}").format(file=job.label), importer.survey.size_bytes) as advance:
            importer.advance = advance
            row = None if job.dry_run else record.begin(importer)
            try:
                summary = importer.run()
            except actions.Stopped:
                return fail(_("Stopped: this import is being taken back."), NOT_DONE)
        if not job.dry_run:
            front.settle(lambda left: terminal.note(_("{count} waiting in the corridor …").format(count=f"{left:,}")))
        if row is not None:
            record.end(row, summary, importer.progress_name)
        _show(summary, importer, front.events(job.source) - before, terminal)
        if row is not None and not summary.finished_before:
            terminal.note(_("This was import {number}; --undo {number} takes all of it back.").format(number=row.pk))
        return LOOK if summary.rejected else DONE
    finally:
        if spooled:
            path.unlink(missing_ok=True)


def _path(name: str, folder: Path) -> tuple[Path, bool]:
    from passaparola.doors.imports import source

    return (source.spool(folder), True) if name == "-" else (Path(name), False)


def _job(path: Path, label: str, arguments: argparse.Namespace) -> Any:
    from django.conf import settings

    from passaparola.doors.imports import actions, mapping, source
    from passaparola.doors.imports.prepare import zone

    if arguments.mapping:
        try:
            text = Path(arguments.mapping).read_bytes()
        except FileNotFoundError as problem:
            raise source.NoSuchFile(path=arguments.mapping) from problem
        found = mapping.read(text, path=arguments.mapping)
    else:
        found = mapping.Mapping()
    day = arguments.live_from
    there = zone(found.format.time_zone or settings.BUSINESS_TIME_ZONE)
    return actions.Job(
        path=path,
        label=label,
        mapping=found,
        source=arguments.source or found.source or "shop",
        kind=arguments.kind,
        live_from=actions.live_from(day, there) if day else None,
        rejected=Path(arguments.rejected) if arguments.rejected else None,
        again=arguments.again,
        dry_run=arguments.dry_run,
        # The second file is named as seen from the mapping file.
        lookup=Path(arguments.mapping).parent / found.lookup.file if found.lookup else None,
    )


_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "blank": "blanks"}


def _show_plan(importer: Any, terminal: Any) -> None:
    """What was recognised, so that a wrong guess is seen at once."""
    plan = importer.plan
    if plan.is_json:
        terminal.note(
            _("{file}: JSON lines, {encoding}, {lines} lines").format(
                file=importer.job.label, encoding=plan.encoding, lines=f"{importer.survey.lines:,}"
            )
        )
        return
    reading = plan.reading
    terminal.note(
        _(
            "{file}: {kind}, parted by {delimiter}, {encoding}, decimal {decimal}, dates {dates} in {zone}, {lines} lines"
        ).format(
            file=importer.job.label,
            kind=plan.kind,
            delimiter=_DELIMITERS.get(plan.delimiter, plan.delimiter),
            encoding=plan.encoding,
            decimal=reading.decimal,
            dates=reading.dates,
            zone=plan.zone.key,
            lines=f"{importer.survey.lines:,}",
        )
    )
    pairs = ", ".join(f"{field} = {reading.layout.names[place]}" for field, place in reading.layout.places.items())
    terminal.note(_("columns: {pairs}").format(pairs=pairs))
    if reading.layout.unused:
        terminal.note(_("not used: {names}").format(names=", ".join(reading.layout.unused)))


def _show(summary: Any, importer: Any, fresh: int, terminal: Any) -> None:
    from django.conf import settings

    from passaparola.doors.imports import reasons
    from passaparola.kernel import money

    if summary.finished_before:
        terminal.say(_("This file was imported before; nothing was changed. (--again goes through it once more.)"))
    if summary.resumed_line:
        terminal.say(_("Went on after line {line}, where it had stopped.").format(line=f"{summary.resumed_line:,}"))
    words = (
        _("{rows} rows read, {events} events")
        if not importer.job.dry_run
        else _("{rows} rows read, {events} events would go in")
    )
    terminal.say(words.format(rows=f"{summary.rows:,}", events=f"{summary.events:,}"))
    for unit, total in sorted(summary.total_minor.items()):
        amount = f"{total / 10 ** money.digits(unit):,.{money.digits(unit)}f}"
        terminal.say(
            _("{orders} orders, {amount} {unit} in all").format(orders=f"{summary.orders:,}", amount=amount, unit=unit)
        )
    for unit, total in sorted(summary.refunded_minor.items()):
        amount = f"{total / 10 ** money.digits(unit):,.{money.digits(unit)}f}"
        words = _("{refunds} refunds, {amount} {unit} given back") if unit else _("{refunds} refunds of whole orders")
        terminal.say(words.format(refunds=f"{summary.refunds:,}", amount=amount, unit=unit))
    if foreign := {*summary.total_minor, *summary.refunded_minor} - {"", settings.CURRENCY}:
        words = _("Amounts in {units} are kept but not counted: this installation counts in {currency} (PASSAPAROLA_CURRENCY).")
        terminal.say(words.format(units=", ".join(sorted(foreign)), currency=settings.CURRENCY), style="yellow")
    terminal.say(_("{people} people").format(people=f"{summary.people:,}"))
    if summary.skipped:
        terminal.say(_("{count} rows left out as the mapping says").format(count=f"{summary.skipped:,}"))
    if summary.first_at:
        terminal.say(
            _("from {first} to {last}").format(
                first=_local(summary.first_at, importer), last=_local(summary.last_at, importer)
            )
        )
    if not importer.job.dry_run:
        terminal.say(_("{fresh} of them new to the log").format(fresh=f"{fresh:,}"))
    if summary.rejected:
        terminal.say(
            _("{count} rows were not taken:").format(count=f"{sum(summary.rejected.values()):,}"), style="yellow"
        )
        for code, count in summary.rejected.most_common():
            terminal.say(f"  {count:,} × {reasons.sentence(code)}")
        terminal.say(_("They are in {path}, each with its reason.").format(path=importer.rejects.path))


def _local(moment: str, importer: Any) -> str:
    """The day as the file's own time zone has it."""
    return datetime.fromisoformat(moment).astimezone(importer.plan.zone).date().isoformat()
