"""`passaparola lake`: facts and states as Parquet, written, tidied and checked against the log."""

import argparse

from passaparola.cli import DONE, LOOK, open_stores
from passaparola.cli.speech import gettext as _


def summary() -> str:
    """For --help."""
    return _("write, compact and verify the lake: facts and states as Parquet")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    verbs = parser.add_subparsers(dest="verb", metavar=_("VERB"), required=True)
    for name, what in (
        ("write", _("bring it up to the newest event, with new snapshots of the states")),
        ("compact", _("merge files by month and make the copy by person anew")),
        ("verify", _("compare every fact with the log, both ways")),
    ):
        one = verbs.add_parser(name, help=what)
        one.add_argument("--data", dest="data_here", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """One of the verbs."""
    open_stores()
    return {"write": _write, "compact": _compact, "verify": _verify}[arguments.verb]()


def _write() -> int:
    from passaparola.measure import lake

    _say(lake.write(states=True, wait=True))
    return DONE


def _compact() -> int:
    from passaparola.measure import lake

    lake.write(states=True, wait=True)
    _say(lake.compact(force=True, wait=True))
    return DONE


def _say(known) -> None:  # type: ignore[no-untyped-def]
    from passaparola.cli import terminal

    terminal.say(
        _("{facts} facts up to event {event}, in {time} files by time and {people} by person.").format(
            facts=f"{known.rows:,}", event=known.watermark, time=len(known.time), people=len(known.people)
        )
    )


def _verify() -> int:
    from passaparola.cli import terminal
    from passaparola.measure import lake

    found = lake.verify()
    terminal.say(
        _("{facts} facts up to event {event}; {behind} newer events are not in the lake yet.").format(
            facts=f"{found.facts:,}", event=found.watermark, behind=found.behind
        )
    )
    if found.agree:
        terminal.say(_("The lake is exactly what the log says."))
        return DONE
    terminal.say(
        _("{missing} facts are missing, {extra} are not in the log, {person} differ by person: remove the folder {folder}, "
          "and “passaparola lake write” makes it anew.").format(
            missing=found.missing, extra=found.extra, person=found.by_person_wrong, folder=_folder()
        )
    )  # fmt: skip
    return LOOK


def _folder() -> str:
    from passaparola.measure.lake import manifest

    return str(manifest.folder())
