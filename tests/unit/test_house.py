"""The house keeps its own rules: style, types, who may import whom, how long anything may be."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "passaparola"
TOOLS = Path(sys.executable).parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
CONTRACTS = {contract["id"]: contract for contract in SETTINGS["importlinter"]["contracts"]}
# What a pure module may use of Django: the catalogues of sentences, nothing else.
DJANGO_FOR_ALL = ("django.utils.translation", "django.utils")
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70


def run(*command: str, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(TOOLS / command[0]), *command[1:]], cwd=cwd, capture_output=True, text=True)


def own_files() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]


def test_style() -> None:
    done = run("ruff", "check", "--output-format", "concise", ".")
    assert done.returncode == 0, done.stdout


def test_types() -> None:
    # Without a cache: an old one does not notice that a module was added.
    done = run("mypy", "--no-error-summary", "--cache-dir", os.devnull)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_keep_the_contracts() -> None:
    done = run("lint-imports", "--no-cache")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("contract", "file", "line"),
    [
        ("rooms", "programs/models.py", "from passaparola.ledger import models as ledger"),
        ("rooms", "events/models.py", "from passaparola.people import models as people"),
        ("rooms", "kernel/money.py", "from passaparola.events import models as events"),
        ("rooms", "ledger/models.py", "from passaparola.doors import context"),
        ("pure", "kernel/money.py", "import random"),
        ("pure", "programs/wording/amounts.py", "from passaparola.people.models import Person"),
    ],
)
def test_a_broken_contract_is_noticed(tmp_path: Path, contract: str, file: str, line: str) -> None:
    """A copy of the package with one forbidden import: the contract must name it."""
    shutil.copytree(PACKAGE, tmp_path / "passaparola", ignore=shutil.ignore_patterns("__pycache__", "locale", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    broken = tmp_path / "passaparola" / file
    broken.write_text(f"{broken.read_text()}\n{line}\n")
    done = run("lint-imports", "--no-cache", "--contract", contract, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{CONTRACTS[contract]['name']} BROKEN" in done.stdout


def test_pure_modules_use_only_the_words_of_django() -> None:
    """import-linter sees Django as one; that the catalogues of sentences are all a pure module uses is seen here."""
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in own_files()
        if any(_is_in(path, module) for module in CONTRACTS["pure"]["source_modules"])
        for name in _imported(path)
        if name.split(".")[0] == "django" and name not in DJANGO_FOR_ALL
    ]
    assert not found


def test_pure_modules_are_typed_strictly() -> None:
    strict = {name.removesuffix(".*") for override in SETTINGS["mypy"]["overrides"] for name in override["module"]}
    assert set(CONTRACTS["pure"]["source_modules"]) <= strict


def test_no_file_is_too_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in own_files()}
    assert not {name: n for name, n in lengths.items() if n > FILE_LINES_MAX}


def test_no_function_is_too_long() -> None:
    found = {}
    for path in own_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    found[f"{path.relative_to(ROOT)}:{node.name}"] = lines
    assert not found


def test_the_lock_names_no_address() -> None:
    """Hashes pin what is installed; where from is the machine's own business."""
    for name in ("requirements.lock", "requirements-test.lock", "requirements-spark.lock"):
        lines = (ROOT / name).read_text().splitlines()
        assert not [line for line in lines if "://" in line or line.startswith(("-", "#")) or "/" in line.split(";")[0]]
        pins = [line for line in lines if line and not line.startswith(" ")]
        assert pins and all("==" in line and line.endswith("\\") for line in pins)


def _is_in(path: Path, module: str) -> bool:
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    return dotted == module or dotted.startswith(f"{module}.")


def _imported(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return names
