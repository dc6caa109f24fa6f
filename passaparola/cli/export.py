"""`passaparola export`: everything out again."""

import argparse
import sys
from pathlib import Path

from passaparola.cli import DONE, NOT_DONE, fail, open_stores
from passaparola.cli.speech import gettext as _

WHAT = (
    "events", "people", "referrals", "transfers", "messages", "memberships", "leads", "groups", "group-members",
    "relationships", "playbooks",
)  # fmt: skip
FORMATS = ("jsonl", "csv", "parquet")


def summary() -> str:
    """For --help."""
    return _("write events, people, referrals, leads, groups or anything else to a file")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("what", choices=WHAT, help=_("what to export"))
    parser.add_argument("--format", choices=FORMATS, help=_("default: by the name of the file, else jsonl"))
    parser.add_argument("--out", metavar="FILE", help=_("where to (default: standard output)"))


def run(arguments: argparse.Namespace) -> int:
    """Write it, and say on stderr how much it was."""
    open_stores()
    from passaparola.cli import terminal
    from passaparola.doors import exports

    form = arguments.format or _by_name(arguments.out)
    if not arguments.out or arguments.out == "-":
        if form == "parquet":
            raise exports.ParquetNeedsFile
        exports.write(arguments.what, form, sys.stdout)
        return DONE
    path = Path(arguments.out)
    if not path.parent.is_dir():
        return fail(_("There is no folder {path}.").format(path=path.parent), NOT_DONE)
    count = exports.write_file(arguments.what, form, path)
    terminal.note(_("{count} {what} written to {path}.").format(count=f"{count:,}", what=arguments.what, path=path))
    return DONE


def _by_name(name: str | None) -> str:
    suffix = Path(name or "").suffix.removeprefix(".").lower()
    return suffix if suffix in FORMATS else "jsonl"
