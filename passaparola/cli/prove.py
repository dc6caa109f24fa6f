"""`passaparola prove`: do the books agree with the rows, and the rows with the log?"""

import argparse

from passaparola.cli import DONE, LOOK, open_stores
from passaparola.cli.speech import gettext as _


def summary() -> str:
    """For --help."""
    return _("recompute every balance and the whole derived state; print each disagreement")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""


def run(_arguments: argparse.Namespace) -> int:
    """0 only if nothing disagrees."""
    open_stores()
    from passaparola.ledger import proof

    return DONE if proof.main() == 0 else LOOK
