"""`passaparola prove`: do the books agree with the rows?"""

import argparse
from datetime import UTC, datetime

from passaparola.cli import DONE, LOOK, open_stores
from passaparola.cli.speech import gettext as _


def summary() -> str:
    """For --help."""
    return _("recompute every balance and the whole derived state; print each disagreement")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--quiet", action="store_true", help=_("say only what disagrees"))


def run(arguments: argparse.Namespace) -> int:
    """0 only if nothing disagrees."""
    open_stores()
    from passaparola.cli import terminal
    from passaparola.ledger import proof

    def tell(sentence: str) -> None:
        terminal.say(f"· {sentence}")

    found = proof.prove(now=datetime.now(UTC), progress=None if arguments.quiet else tell)
    for one in found:
        terminal.say(f"✗ {one}", style="red")
    if found:
        terminal.say(_("{count} disagreements.").format(count=f"{len(found):,}"), style="red")
        return LOOK
    terminal.say(_("Nothing disagrees."), style="green")
    return DONE
