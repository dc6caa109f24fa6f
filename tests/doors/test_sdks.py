"""Official SDKs, unchanged, against a running edge: what they believe delivered is in the inbox, once, and nothing else."""

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import rudderstack.analytics.client as rudder
import segment.analytics.client as segment

from tests.edge import Edge

COUNT = 250
NODE = Path(__file__).parent / "node"


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("sdk", ["segment", "rudder"])
def test_python(new_edge, sdk: str, gzip: bool) -> None:  # type: ignore[no-untyped-def]
    edge: Edge = new_edge()
    client = {"segment": segment, "rudder": rudder}[sdk].Client(edge.key, host=edge.base, gzip=gzip, max_retries=3)
    problems: list[object] = []
    client.on_error = lambda problem, batch: problems.append(problem)
    sent = []
    for number in range(COUNT):
        properties = {"number": number, "total": 49.9, "note": "añadió ✓"}
        _, message = client.track(user_id=f"user-{number % 7}", event="Visit Recorded", properties=properties)
        sent.append(message["messageId"])
    for _, message in (
        client.identify("user-1", {"email": "alma@example.test"}),
        client.alias("anonymous-1", "user-1"),
        client.group("user-1", "group-1"),
        client.page("user-1", "home"),
        client.screen("user-1", "home"),
    ):
        sent.append(message["messageId"])
    client.flush()
    client.join()
    assert not problems
    assert Counter(edge.message_ids()) == Counter(sent)


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The node SDKs, installed from the committed lock into a temporary folder."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("no node here: the node SDKs are not tried")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", ".npmrc", "send.mjs"):
        shutil.copy(NODE / name, folder)
    # Not `npm ci`: without addresses in the lock it misjudges optional packages of other platforms (npm 11).
    command = ["npm", "install", "--omit=optional", "--ignore-scripts", "--no-save"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode:
        pytest.skip(f"the node SDKs cannot be installed: {done.stderr[-300:]}")
    return folder


@pytest.mark.parametrize("sdk", ["segment", "rudder"])
def test_node(new_edge, node_modules: Path, sdk: str) -> None:  # type: ignore[no-untyped-def]
    edge: Edge = new_edge()
    command = ["node", "send.mjs", sdk, edge.base, edge.key, str(COUNT)]
    done = subprocess.run(command, cwd=node_modules, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    sent = json.loads(done.stdout.splitlines()[-1])
    assert len(sent) == COUNT + 1
    assert Counter(edge.message_ids()) == Counter(sent)


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((NODE / "package-lock.json").read_text())
    assert not any("resolved" in package for package in lock["packages"].values())
    assert all("integrity" in package for name, package in lock["packages"].items() if name)
