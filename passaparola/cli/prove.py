"""`passaparola prove`: do the books agree with the rows, and everything derived with the log?"""

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from passaparola.cli import DONE, LOOK, open_stores
from passaparola.cli.replay import show
from passaparola.cli.speech import gettext as _


def summary() -> str:
    """For --help."""
    return _("recompute every balance and the whole derived state; print each disagreement")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--quiet", action="store_true", help=_("say only what disagrees"))
    parser.add_argument(
        "--rows", action="store_true", help=_("check the rows only, without folding the whole log again")
    )


def run(arguments: argparse.Namespace) -> int:
    """0 only if nothing disagrees."""
    open_stores()
    agree = _rows(arguments.quiet)
    if not arguments.rows:
        agree = _log(arguments.quiet) and agree
    return DONE if agree else LOOK


def _rows(quiet: bool) -> bool:
    """Every balance, state and count against the rows it follows from."""
    from passaparola.cli import terminal
    from passaparola.ledger import proof

    found = proof.prove(
        now=datetime.now(UTC), progress=None if quiet else lambda sentence: terminal.say(f"· {sentence}")
    )
    for one in found:
        terminal.say(f"✗ {one}", style="red")
    if found:
        terminal.say(_("{count} disagreements among the rows.").format(count=f"{len(found):,}"), style="red")
    else:
        terminal.say(_("The rows agree with each other."), style="green")
    return not found


def _log(quiet: bool) -> bool:
    """Everything derived, folded anew from the log in a temporary folder."""
    from passaparola.replay import replay

    with tempfile.TemporaryDirectory(prefix="passaparola-prove-") as folder:
        return show(replay(Path(folder) / "store", progress=False), quiet=quiet)
