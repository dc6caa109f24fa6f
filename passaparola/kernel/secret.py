"""The installation's secret: from the environment, else made once and kept in the data folder."""

import os
import secrets
from pathlib import Path


def installation_secret(folder: Path) -> str:
    """The secret from which every token is signed.

    `PASSAPAROLA_SECRET` wins; otherwise `folder/secret` is read, or made with mode 600 at the first start.
    Two processes that start together agree: the file is created exclusively and the loser reads it.
    """
    given = os.environ.get("PASSAPAROLA_SECRET", "")
    if given:
        return given
    path = folder / "secret"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(descriptor, "w") as file:
        value = secrets.token_urlsafe(48)
        file.write(value)
    return value


def _read(path: Path) -> str:
    """The kept secret; another process may be writing it this very moment."""
    import time

    for _ in range(100):
        value = path.read_text().strip()
        if value:
            return value
        time.sleep(0.01)
    raise RuntimeError(f"{path} is empty: delete it, or set PASSAPAROLA_SECRET")
