"""`passaparola replay`: an empty database rebuilt from the log, compared with the live one."""

import argparse

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
    from passaparola import replay

    return DONE if replay.main(arguments.into) == 0 else LOOK
