"""`passaparola up`: the whole installation, until it is told to end."""

import argparse
import os

from passaparola.cli import data_folder
from passaparola.cli.speech import gettext as _


def summary() -> str:
    """For --help."""
    return _("start everything: edge, worker, dispatcher")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    port = int(os.environ.get("PASSAPAROLA_PORT", "8600"))
    parser.add_argument(
        "--port", type=int, default=port, metavar="N", help=_("port to listen on (default: %(default)s)")
    )
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="H", help=_("address to listen on (default: %(default)s)")
    )
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help=_("corridor workers; more than one needs PostgreSQL")
    )
    parser.add_argument(
        "--dispatchers", type=int, default=1, metavar="N", help=_("senders of messages; more than one needs PostgreSQL")
    )


def run(arguments: argparse.Namespace) -> int:
    """Stay until told to end."""
    from passaparola.kernel import supervisor

    return supervisor.up(
        data_folder(), arguments.port, arguments.host, workers=arguments.workers, dispatchers=arguments.dispatchers
    )
