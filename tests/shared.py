"""Real data that lies beside the project; tests that need it skip visibly where it is not."""

import os
from pathlib import Path

import pytest


def shared(folder: str) -> Path:
    """A folder of the real data. Skips the test, with the reason, where it is absent."""
    root = Path(os.environ.get("PASSAPAROLA_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (root / folder).is_dir():
        pytest.skip(f"the real data {folder} do not lie beside the project")
    return root / folder
