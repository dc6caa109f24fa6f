"""Run all tests on SQLite, then those that touch a store on PostgreSQL; end with one line that counts both."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from tests import chromium, postgres

HERE = Path(__file__).parent
# What these prove does not depend on the store: they run once.
ONCE = ("unit", "browser")
CLOSING_LINE = re.compile(r"^=*\s?(?:\d+ [a-z]+(?:, )?)+ in [\d.]+s(?: \([\d:]+\))?\s?=*$")
NO_TESTS = 5
# Files that take as long as this are named at the end, for whoever wants the run to be shorter.
LONG_SECONDS = 20


def main(arguments: list[str]) -> int:
    """Both runs; 0 only if both passed. `arguments` go to pytest."""
    began = time.monotonic()
    _get_browser()
    counts: Counter[str] = Counter()
    lasted: dict[str, float] = {}
    paths = [] if _names_paths(arguments) else ["tests"]
    failures = [_run("SQLite", [*paths, *arguments], {"PASSAPAROLA_DATABASE_URL": ""}, counts, lasted)]
    failures.append(_on_postgres(arguments, counts, lasted))
    for name in sorted(lasted, key=lambda name: -lasted[name]):
        if lasted[name] >= LONG_SECONDS:
            print(f"{lasted[name]:5.0f} s {name}")
    what = ", ".join(f"{n} {word}" for word, n in sorted(counts.items(), key=_worst_first)) or "no tests"
    print("--- SQLite and PostgreSQL together ".ljust(100, "-"))
    print(f" {what} in {time.monotonic() - began:.2f}s ".center(100, "="), flush=True)
    return 1 if any(failures) or not counts["passed"] else 0


def _names_paths(arguments: list[str]) -> bool:
    return any(Path(a.split("::")[0]).exists() for a in arguments if not a.startswith("-"))


def _get_browser() -> None:
    """A Chromium if one can be had; without it the browser tests fail with the line that says what to do."""
    try:
        chromium.obtain()
    except chromium.NoChromium as problem:
        print(problem, file=sys.stderr)


def _on_postgres(arguments: list[str], counts: Counter[str], lasted: dict[str, float]) -> bool:
    """Whether the run on PostgreSQL failed. Where no server can be had it counts as skipped, or failed under CI."""
    paths = [] if _names_paths(arguments) else _folders_with_store()
    try:
        postgres.obtain()
        with postgres.cluster() as cluster:
            return _run("PostgreSQL", [*paths, *arguments], {"PASSAPAROLA_DATABASE_URL": cluster.url}, counts, lasted)
    except postgres.NoPostgres as problem:
        print(f"SKIPPED everything on PostgreSQL: {problem}", flush=True)
        counts["failed" if os.environ.get("CI") else "skipped"] += 1
        return bool(os.environ.get("CI"))


def _folders_with_store() -> list[str]:
    folders = sorted(path for path in HERE.iterdir() if path.is_dir() and path.name not in (*ONCE, "__pycache__"))
    return [f"tests/{path.name}" for path in folders if list(path.glob("test_*.py"))]


def _run(
    title: str, arguments: list[str], environment: dict[str, str], counts: Counter[str], lasted: dict[str, float]
) -> bool:
    """One pytest run on all cores; its closing line is counted instead of shown. Whether it failed."""
    print(f"--- {title} ".ljust(100, "-"), flush=True)
    report = Path(tempfile.mkdtemp(prefix="passaparola-report-")) / "report.xml"
    command = [sys.executable, "-m", "pytest", "--no-header", "-n", str(min(os.cpu_count() or 1, 4)), "--dist", "loadfile"]
    # The order is ours (conftest.py), not by the number of tests in a file: one long test is longer than many short ones.
    command += ["--no-loadscope-reorder"]
    # The stores are made for this run: taking them down table by table would be wasted.
    command += ["--reuse-db", "--inline-snapshot=disable", f"--junitxml={report}", *arguments]
    run = subprocess.Popen(
        command, cwd=HERE.parent, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert run.stdout is not None
    for line in run.stdout:
        if not CLOSING_LINE.match(line.strip()) and str(report.parent) not in line:
            print(line, end="", flush=True)
    failed = run.wait() not in (0, NO_TESTS)
    counts.update(_counted(report))
    lasted.update(_lasted(title, report))
    shutil.rmtree(report.parent)
    return failed


def _counted(report: Path) -> Counter[str]:
    """How many tests passed, failed, were skipped or met an error, out of pytest's own report."""
    found: Counter[str] = Counter()
    if report.exists():
        for suite in ElementTree.parse(report).iter("testsuite"):
            n = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
            passed = n["tests"] - n["failures"] - n["errors"] - n["skipped"]
            found.update(failed=n["failures"], errors=n["errors"], passed=passed, skipped=n["skipped"])
    return Counter({word: number for word, number in found.items() if number})


def _lasted(title: str, report: Path) -> dict[str, float]:
    """How many seconds each file took on this store."""
    found: dict[str, float] = {}
    if report.exists():
        for case in ElementTree.parse(report).iter("testcase"):
            file = re.sub(r"\.[A-Z]\w*$", "", case.get("classname", ""))
            name = f"{file} on {title}"
            found[name] = found.get(name, 0.0) + float(case.get("time", "0"))
    return found


def _worst_first(item: tuple[str, int]) -> tuple[int, str]:
    order = ("failed", "errors", "passed", "skipped", "deselected", "xfailed", "xpassed", "warnings")
    return (order.index(item[0]) if item[0] in order else len(order), item[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
