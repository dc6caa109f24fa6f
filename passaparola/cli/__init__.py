"""The command line: everything an operator does, one file a command.

Nothing heavy is imported before a command is chosen, so that `up`, which stays for months, stays small.
Exit codes: 0 done · 1 done, but look (rows rejected, books disagree, a check failed) · 2 not done: what was asked
cannot be done as asked · 3 a store does not answer · 130 stopped with Ctrl-C.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from passaparola.cli.speech import gettext as _
from passaparola.cli.speech import language

# In the order of `passaparola --help`. Each module has `add(parser)` and `run(arguments) -> exit code`.
COMMANDS = (
    ("up", "up"),
    ("demo", "demo"),
    ("import", "imports"),
    ("explain", "explain"),
    ("prove", "prove"),
    ("replay", "replay"),
    ("export", "export"),
    ("traits", "traits"),
    ("lake", "lake"),
    ("segments", "segments"),
    ("backup", "backup"),
    ("keys", "keys"),
    ("bench", "bench"),
    ("doctor", "doctor"),
)
DONE, LOOK, NOT_DONE, NO_STORE, STOPPED = 0, 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """The `passaparola` command: parse, run, and turn whatever goes wrong into a sentence and an exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if not chosen.command:
        parser.print_help()
        return NOT_DONE
    folder = chosen.data or chosen.data_here
    if folder:
        os.environ["PASSAPAROLA_DATA"] = folder
    _read_settings_file(data_folder())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")
    try:
        code = _module(dict(COMMANDS)[chosen.command]).run(chosen)
        sys.stdout.flush()
        return int(code)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # Whoever read our output has had enough (`… | head`); say nothing more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as problem:
        return _explain(problem)


def _read_settings_file(folder: Path) -> None:
    """Settings kept beside the data, NAME=VALUE a line: what the environment says itself wins."""
    path = folder / "passaparola.env"
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, mark, value = line.strip().partition("=")
        if mark and name.startswith("PASSAPAROLA_") and name != "PASSAPAROLA_DATA":
            os.environ.setdefault(name.strip(), value.strip().strip("\"'"))


def _explain(problem: Exception) -> int:
    """What went wrong as a sentence. What we did not foresee is a mistake of ours and keeps its traceback."""
    from passaparola.kernel.supervisor import CannotStart

    kind = type(problem)
    if isinstance(problem, CannotStart):
        return fail(str(problem))
    if hasattr(problem, "english") and hasattr(problem, "code"):
        return fail(_refusal(problem), NO_STORE if getattr(problem, "status", 0) == 503 else NOT_DONE)
    if kind.__name__ in ("OperationalError", "InterfaceError"):
        return fail(_("The store does not answer: {problem}").format(problem=_first_line(problem)), NO_STORE)
    if isinstance(problem, PermissionError):
        return fail(
            _("No permission for {path}: give this user the right to it, or choose another folder with --data.").format(
                path=problem.filename
            )
        )
    if isinstance(problem, OSError) and problem.errno == 28:
        return fail(_("The disk is full: make room and run the command again; what was done before is kept."), NO_STORE)
    raise problem


def _refusal(problem: Exception) -> str:
    from django.conf import settings

    return str(problem.message if settings.configured else problem.english)  # type: ignore[attr-defined]


def fail(sentence: str, code: int = NOT_DONE) -> int:
    """Say on stderr why it was not done."""
    print(f"passaparola: {sentence}", file=sys.stderr)
    return code


def _first_line(problem: Exception) -> str:
    return (str(problem).strip() or type(problem).__name__).splitlines()[0]


def _module(name: str):  # type: ignore[no-untyped-def]
    return importlib.import_module(f"passaparola.cli.{name}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="passaparola",
        description=_("Word of mouth, run well. Everything an operator does."),
    )
    parser.add_argument("--version", action="version", version=f"passaparola {_version()}")
    parser.add_argument("--data", metavar="DIR", help=_("data folder (default: PASSAPAROLA_DATA, else ./data)"))
    commands = parser.add_subparsers(dest="command", metavar=_("COMMAND"))
    for name, module in COMMANDS:
        loaded = _module(module)
        one = commands.add_parser(name, help=loaded.summary(), description=loaded.summary())
        one.add_argument(
            "--data", dest="data_here", metavar="DIR", help=_("data folder (default: PASSAPAROLA_DATA, else ./data)")
        )
        loaded.add(one)
    return parser


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("passaparola")
    except PackageNotFoundError:
        return "0.1.0"


def data_folder() -> Path:
    """The data folder, asked before settings are imported (importing them makes it)."""
    return Path(os.environ.get("PASSAPAROLA_DATA", "data")).resolve()


def open_stores(*, make: bool = False) -> None:
    """Set Django up on the data folder. Where there is no installation yet: make one, or say that there is none."""
    folder = data_folder()
    if not make and not os.environ.get("PASSAPAROLA_DATABASE_URL") and not (folder / "main.sqlite3").exists():
        print(
            "passaparola: "
            + _(
                "There is no installation in {folder}: name its folder with --data, or begin with “passaparola up”."
            ).format(folder=folder),
            file=sys.stderr,
        )
        raise SystemExit(NOT_DONE)
    import django

    django.setup()
    from django.utils import translation

    from passaparola import prepare

    translation.activate(language())
    prepare.stores()
