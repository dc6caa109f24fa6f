"""`passaparola bench`: the measures, from a checkout."""

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

from passaparola.cli import fail
from passaparola.cli.speech import gettext as _


def summary() -> str:
    """For --help."""
    return _("measure this machine: redirects, events, corridor, each beside its yardstick")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="NAME …", help=_("which measures (default: all)")
    )


def run(arguments: argparse.Namespace) -> int:
    """Hand over to bench/ of the checkout, which is not part of the installed package."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "bench" / "__main__.py").exists() and importlib.util.find_spec("bench") is None:
        return fail(
            _("The measures are part of the source, not of the installed package: run ./run bench in a checkout.")
        )
    return subprocess.run([sys.executable, "-m", "bench", *arguments.arguments], cwd=root, check=False).returncode
