"""`passaparola backup`: a copy of a running installation, fit to be started from."""

import argparse
from pathlib import Path

from passaparola.cli import DONE, NOT_DONE, data_folder, fail, open_stores
from passaparola.cli.speech import gettext as _


def summary() -> str:
    """For --help."""
    return _("copy a running installation to a folder from which it can be started again")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--into", required=True, metavar="DIR", help=_("an empty or new folder"))


def run(arguments: argparse.Namespace) -> int:
    """Both files as of one moment, and the secret; on PostgreSQL the server's own tools do it better."""
    open_stores()
    from django.conf import settings

    from passaparola.cli import terminal
    from passaparola.kernel import backup

    if settings.DATABASE_URL:
        return fail(_("This installation is on PostgreSQL: use pg_dump, and keep the secret beside it."), NOT_DONE)
    for path in backup.copy(folder=data_folder(), into=Path(arguments.into)):
        terminal.say(f"{path}  {path.stat().st_size:,}")
    return DONE
