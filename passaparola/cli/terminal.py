"""What a command shows: a moving bar on a terminal, plain lines anywhere else."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

_PLAIN_EVERY_SECONDS = 5.0
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str = "", style: str | None = None) -> None:
    """A line on stdout, taken literally: what stands in square brackets is no markup."""
    if out.is_terminal:
        out.print(text, style=style, markup=False)
    else:
        # Literally: rich would turn tabs into blanks.
        print(text)


def note(text: str, style: str | None = None) -> None:
    """A line on stderr: what a command tells beside its result."""
    err.print(text, style=style, markup=False)


def title(text: str) -> None:
    """A heading."""
    say()
    say(text, style="bold")


def table(heads: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> None:
    """Rows under heads; the columns in `right` hold numbers. Without a terminal: cells parted by tabs."""
    if not out.is_terminal:
        for row in (heads, *rows):
            say("\t".join(str(cell) for cell in row))
        return
    made = Table(box=None, pad_edge=False, header_style="dim")
    for at, head in enumerate(heads):
        made.add_column(head, justify="right" if at in right else "left")
    for row in rows:
        made.add_row(*(_literal(cell) for cell in row))
    out.print(made)


def _literal(cell: object) -> str:
    return str(cell).replace("[", r"\[")


@contextmanager
def bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar over `total` bytes; gives the function that moves it on."""
    if err.is_terminal:
        shape = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*shape, console=err, transient=True) as progress:
            task = progress.add_task(label, total=total or None)
            yield lambda step: progress.advance(task, step)
        return
    done, said = 0, time.monotonic()

    def advance(step: int) -> None:
        nonlocal done, said
        done += step
        if time.monotonic() - said >= _PLAIN_EVERY_SECONDS and total:
            said = time.monotonic()
            print(f"{label}: {min(100, 100 * done // total)} %", file=sys.stderr, flush=True)

    yield advance
