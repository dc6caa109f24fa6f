"""`passaparola demo`: real customers, a programme, and simulated friends, in a folder of its own."""

import argparse
from pathlib import Path

from passaparola.cli.speech import gettext as _


def summary() -> str:
    """For --help."""
    return _("show it all on real purchases, with simulated friends; prints an address to open")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument(
        "--once", action="store_true", help=_("do it all, print the summary, and leave no process behind")
    )
    parser.add_argument(
        "--port", type=int, default=8600, metavar="N", help=_("port to listen on (default: %(default)s)")
    )


def run(arguments: argparse.Namespace) -> int:
    """Play the story, then stay up until Ctrl-C (or end, with --once)."""
    from passaparola.demo import play

    folder = arguments.data or arguments.data_here
    return play.run(once=arguments.once, port=arguments.port, data=Path(folder) if folder else None)
