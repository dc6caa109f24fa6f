"""Replay: rebuild an empty store from the log alone and compare what it comes to with the live one.

The system is a fold over its log; this is the proof. The live store is only read, in one snapshot, by a child process
whose own store is SQLite in a folder, whichever database the live one is on.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

from passaparola.kernel.errors import Refusal
from passaparola.replay.digests import Difference


class FolderInUse(Refusal):
    """A replay builds in an empty or new folder, and {folder} holds something."""

    code, status = "folder_in_use", 409


class ReplayFailed(Refusal):
    """The replay did not come to its end: {problem}"""

    code, status = "replay_failed", 500


@dataclass(frozen=True, slots=True)
class Compared:
    """One table in both stores: how many rows, and the digests."""

    name: str
    live_rows: int
    replayed_rows: int
    live: str
    replayed: str


@dataclass(frozen=True, slots=True)
class Digests:
    """What a replay came to. `wrong`: sentences about events that are not taken as they were."""

    events: int
    wrong: tuple[str, ...]
    tables: tuple[Compared, ...]
    differences: tuple[Difference, ...]

    @property
    def agree(self) -> bool:
        """Whether the log alone gives what is there."""
        return not self.wrong and all(table.live == table.replayed for table in self.tables)


def replay(into: Path, *, progress: bool = False) -> Digests:
    """Fold the live log into a new store in the folder `into` and compare. Raises FolderInUse, ReplayFailed."""
    into = Path(into).resolve()
    into.mkdir(parents=True, exist_ok=True)
    if any(into.iterdir()):
        raise FolderInUse(folder=into)
    done = subprocess.run(
        [sys.executable, "-m", "passaparola.replay.fold"],
        input=json.dumps(_live(progress)),
        stdout=subprocess.PIPE,
        stderr=None if progress else subprocess.PIPE,
        text=True,
        env=_environment(into),
        check=False,
    )
    if done.returncode:
        lines = (done.stderr or "").strip().splitlines()
        raise ReplayFailed(problem=lines[-1] if lines else f"exit code {done.returncode}")
    told = json.loads(done.stdout)
    return Digests(
        told["events"],
        tuple(told["wrong"]),
        tuple(Compared(*row) for row in told["tables"]),
        tuple(Difference(*row) for row in told["differences"]),
    )


def _live(progress: bool) -> dict[str, Any]:
    """How the child reaches the live store."""
    live = connections["default"].settings_dict
    reach = {key: live[key] for key in ("ENGINE", "USER", "PASSWORD", "HOST", "PORT")}
    return {"ENGINE": live["ENGINE"], "NAME": str(live["NAME"]), "settings": reach, "progress": progress}


def _environment(into: Path) -> dict[str, str]:
    """The child is the same installation, on a store of its own."""
    path = os.pathsep.join(filter(None, (str(settings.PACKAGE.parent), os.environ.get("PYTHONPATH", ""))))
    return {
        **os.environ,
        "PYTHONPATH": path,
        "PASSAPAROLA_DATA": str(into),
        "PASSAPAROLA_DATABASE_URL": "",
        "PASSAPAROLA_SECRET": settings.SECRET_KEY,
        "DJANGO_SETTINGS_MODULE": "passaparola.settings",
    }
