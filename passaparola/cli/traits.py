"""`passaparola traits`: what is known about everybody, and about one person."""

import argparse
from datetime import UTC, datetime
from typing import Any

from passaparola.cli import DONE, NOT_DONE, fail, open_stores
from passaparola.cli.speech import gettext as _


def summary() -> str:
    """For --help."""
    return _("list the traits known about everybody, or show those of one person")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    verbs = parser.add_subparsers(dest="verb", metavar=_("VERB"), required=True)
    listing = verbs.add_parser("list", help=_("every trait: name, kind, window and what it says"))
    listing.add_argument("--data", dest="data_here", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    show = verbs.add_parser("show", help=_("the traits of one person"))
    show.add_argument("--data", dest="data_here", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    show.add_argument("person", type=int, help=_("the person's number"))


def run(arguments: argparse.Namespace) -> int:
    """One of the verbs."""
    open_stores()
    return {"list": _list, "show": _show}[arguments.verb](arguments)


def _list(arguments: argparse.Namespace) -> int:
    from passaparola.cli import terminal
    from passaparola.segments import traits

    rows: list[tuple[Any, ...]] = [(t.name, t.type, t.window, _(t.sentence)) for t in traits.TRAITS]
    for own in traits.in_force().values():
        what = f"{own.aggregate}({own.event}{'.' + own.key if own.key else ''})"
        rows.append((own.name, own.kind, f"{own.window_days} d" if own.window_days else "ever", what))
    terminal.table((_("trait"), _("kind"), _("window"), _("what it says")), rows)
    return DONE


def _show(arguments: argparse.Namespace) -> int:
    from django.conf import settings

    from passaparola.cli import terminal
    from passaparola.events import intake
    from passaparola.segments import traits

    today, _hour = intake.local(datetime.now(UTC), settings.BUSINESS_TIME_ZONE)
    found = traits.values(arguments.person, today=today)
    if not found:
        return fail(
            _("There is no person {number}, or they are somebody else now.").format(number=arguments.person), NOT_DONE
        )
    rows = [(name, "–" if value is None else value) for name, value in found.items()]
    terminal.table((_("trait"), _("value")), rows)
    return DONE
