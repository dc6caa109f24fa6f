"""`passaparola replay`: an empty database rebuilt from the log, compared with the live one."""

import argparse
import sys
from pathlib import Path
from typing import Any

from passaparola.cli import DONE, LOOK, open_stores
from passaparola.cli.speech import gettext as _


def summary() -> str:
    """For --help."""
    return _("rebuild everything from the log in an empty folder and compare it with what is there")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--into", required=True, metavar="DIR", help=_("an empty or new folder"))


def run(arguments: argparse.Namespace) -> int:
    """0 only if both are the same."""
    open_stores()
    from passaparola.replay import replay

    found = replay(Path(arguments.into), progress=sys.stderr.isatty())
    return DONE if show(found) else LOOK


def show(found: Any, *, quiet: bool = False) -> bool:
    """Print what a replay came to; whether it agrees."""
    from passaparola.cli import terminal

    if not quiet:
        heads = (_("table"), _("rows"), _("replayed"), _("digest"), "")
        rows = [
            (
                one.name,
                f"{one.live_rows:,}",
                f"{one.replayed_rows:,}",
                one.live[:16],
                "=" if one.live == one.replayed else "≠",
            )
            for one in found.tables
        ]
        terminal.table(heads, rows, right=(1, 2))
    for sentence in (*found.wrong, *found.differences):
        terminal.say(f"✗ {sentence}", style="red")
    if found.agree:
        terminal.say(_("{count} events folded anew give the same.").format(count=f"{found.events:,}"), style="green")
    else:
        terminal.say(_("The log gives something else than what is there."), style="red")
    return bool(found.agree)
