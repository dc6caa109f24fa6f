"""kill -9 while the lake is written and compacted: afterwards it is exactly what the log says, and nothing lies about."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

STORY = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.people import ALMA, BRUNO
from tests.world import World
world = World()
for n in range(60):
    events = [(ALMA, BRUNO)[k % 2].buys(f"{n}-{k}", 5, products=[{"sku": "a", "total": 5}]) for k in range(20)]
    world.send(*events)
"""
AT_IT = """
import django; django.setup()
from passaparola.measure import lake
from passaparola.measure.lake import compacting, facts, writing
writing.LANDING_EVENTS_MAX, facts.EVENTS_AT_ONCE, compacting.BUCKET_ROWS = 90, 30, 500
print("begun", flush=True)
while True:
    lake.write(states=True)
    lake.compact(force=True)
    if lake.load().watermark == facts.highest():
        import shutil
        from passaparola.measure.lake import manifest
        (manifest.folder() / "manifest.json").unlink()
"""
VERDICT = """
import django; django.setup()
from passaparola.measure import lake
from passaparola.measure.lake import manifest
known = lake.write(states=True)
lake.compact(force=True)
found = lake.verify()
manifest.GRACE_SECONDS = -1
known = lake.write(states=True)
there = {path.name for path in manifest.folder().iterdir() if path.is_file()} - {"manifest.json", ".lock"}
assert there == manifest.named(known), there ^ manifest.named(known)
assert found.agree and not found.behind and found.facts == 2400, found
"""


def run(text: str, folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PASSAPAROLA_DATA": str(folder), "PASSAPAROLA_DATABASE_URL": "", "PYTHONPATH": os.getcwd()}
    return subprocess.Popen(
        [sys.executable, "-c", text], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(text: str, folder: Path) -> None:
    one = run(text, folder)
    _, told = one.communicate(timeout=120)
    assert one.returncode == 0, told


def test_killed_while_writing(tmp_path: Path) -> None:
    finished(STORY, tmp_path)
    rng = random.Random(5)
    for _ in range(4):
        one = run(AT_IT, tmp_path)
        assert one.stdout is not None and one.stdout.readline() == "begun\n"
        time.sleep(rng.uniform(0.05, 1.5))
        one.send_signal(signal.SIGKILL)
        one.communicate()
    finished(VERDICT, tmp_path)
