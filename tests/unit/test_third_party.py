"""What we took from others is what they published, and its licence stands beside it."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTED = dict(re.findall(r"^\| `([^`]+)` .*`([0-9a-f]{64})` \|$", (ROOT / "THIRD_PARTY.md").read_text(), re.M))


def test_every_sum_agrees_and_every_licence_is_there() -> None:
    assert len(LISTED) >= 5
    for name, digest in LISTED.items():
        file = ROOT / name
        assert hashlib.sha256(file.read_bytes()).hexdigest() == digest, name
        assert (file.parent / "LICENSE").stat().st_size > 300, name


def test_nothing_vendored_is_unlisted() -> None:
    kept = (ROOT / "passaparola/static/vendor").rglob("*")
    found = {str(file.relative_to(ROOT)) for file in kept if file.is_file() and file.name != "LICENSE"}
    assert found <= set(LISTED)
