"""The command line as an operator meets it: a process of its own, its words, its exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import COMMAND, ROOT, free_port

ORDERS = "order_id,user_id,email,date,total\n" + "".join(
    f"{n},00{n % 5},p{n % 5}@example.test,2026-0{n % 9 + 1}-11,{n}.50\n" for n in range(40)
)


class Shell:
    """Runs `passaparola …` on a folder of its own and this run's kind of store."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("PASSAPAROLA_", "LC_", "LANG"))
            },
            "PYTHONPATH": str(ROOT),
            "PASSAPAROLA_DATA": str(folder / "data"),
            "PASSAPAROLA_DATABASE_URL": database_url,
        }

    def __call__(self, *words: str, code: int = 0, stdin: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [*COMMAND, *words], env={**self.environment, **more}, cwd=self.folder, capture_output=True, text=True,
            input=stdin, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done


@pytest.fixture
def shell(tmp_path: Path, store: str, request: pytest.FixtureRequest) -> Shell:
    return Shell(tmp_path, request.getfixturevalue("postgres_url") if store == "postgresql" else "")


def test_a_file_comes_in_once_is_explained_and_goes_out_again(shell: Shell) -> None:
    (shell.folder / "orders.csv").write_text(ORDERS)
    first = shell("import", "orders.csv")
    assert "40 orders, 800.00 EUR in all" in first.stdout
    assert "45 of them new" in first.stdout
    assert "imported before" in shell("import", "orders.csv").stdout
    assert "0 of them new" in shell("import", "orders.csv", "--again").stdout

    page = shell("explain", "P3@example.test").stdout
    assert "user_id\t003" in page and "Order Completed" in page
    assert "p3@example.test" in shell("explain", "003").stdout

    rows = [json.loads(line) for line in shell("export", "events").stdout.splitlines()]
    # The clock's own events come and go with the time.
    rows = [row for row in rows if row["type"] != "act"]
    assert len(rows) == 45
    assert {"message_id", "type", "event", "user_id", "timestamp", "received_at", "properties", "context"} <= set(
        rows[0]
    )
    assert "5 people written" in shell("export", "people", "--out", "people.csv").stderr
    shell("export", "events", "--format", "parquet", "--out", "events.parquet")
    assert (shell.folder / "events.parquet").read_bytes()[:4] == b"PAR1"


def test_an_export_is_an_import(shell: Shell, tmp_path: Path) -> None:
    (shell.folder / "orders.csv").write_text(ORDERS)
    shell("import", "orders.csv")
    shell("export", "events", "--out", "all.jsonl")
    # Our own acts (here the clock's, where it rang in between) come from our pages alone and are no import's.
    kept = [row for row in (shell.folder / "all.jsonl").read_text().splitlines(True) if '"type":"act"' not in row]
    (shell.folder / "all.jsonl").write_text("".join(kept))
    shell("import", "all.jsonl")
    rows = [row for row in shell("export", "events").stdout.splitlines() if '"type":"act"' not in row]
    assert len(rows) == 45, "the same message ids from the same source are the same events"


def test_rows_not_taken_are_kept_and_said(shell: Shell) -> None:
    done = shell("import", "-", "--rejected", "bad.csv", code=1, stdin=ORDERS + "41,1,x@example.test,2026-01-01,free\n")
    assert "1 × the amount is not a number" in done.stdout
    assert "amount_not_a_number" in (shell.folder / "bad.csv").read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("explain", "nobody"), "There is no installation in"),
        (("export", "events"), "There is no installation in"),
        (("prove",), "There is no installation in"),
        (("import", "missing.csv"), "There is no file missing.csv"),
        (("import", "book.xlsx"), "book.xlsx is no workbook that can be read"),
        (("import", "twice.csv"), "total appears twice in the first line (places 2, 4)"),
        (("import", "twice.csv", "--mapping", "map.json"), "The mapping file map.json cannot be used"),
        (("import", "unclear.csv"), "day or month first"),
        (("up", "--workers", "2"), "SQLite takes one worker"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(shell: Shell, words: tuple[str, ...], sentence: str) -> None:
    if shell.environment["PASSAPAROLA_DATABASE_URL"] and sentence.startswith(("There is no installation", "SQLite")):
        pytest.skip("about the data folder of SQLite")
    (shell.folder / "book.xlsx").write_bytes(b"PK\x03\x04")
    (shell.folder / "twice.csv").write_text("user_id,total,date,total\n1,2,2026-01-01,3\n")
    (shell.folder / "map.json").write_text('{"colums": {}}')
    (shell.folder / "unclear.csv").write_text("user_id,total,date\n1,2.00,01/02/2026\n")
    done = shell(*words, code=2)
    assert sentence in done.stderr


def test_it_speaks_the_operator_s_language(shell: Shell) -> None:
    (shell.folder / "orders.csv").write_text(ORDERS)
    assert "pedidos" in shell("import", "orders.csv", LANG="es_ES.UTF-8").stdout
    assert "ordini" in shell("import", "orders.csv", "--again", PASSAPAROLA_LANGUAGE="it").stdout
    assert "ordini, persone o eventi" in shell("--help", LANG="it_IT.UTF-8").stdout


def test_keys_are_made_listed_and_revoked(shell: Shell) -> None:
    text = shell("keys", "create", "--name", "Till", "--source", "till").stdout.strip()
    assert text.startswith("sk_")
    assert shell("keys", "create", "--public").stdout.startswith("pk_")
    assert "leave out either" in shell("keys", "create", "--public", "--scope", "read", code=2).stderr
    assert shell("keys", "create", "--scope", "people:read").stdout.startswith("sk_")
    assert "no scope called" in shell("keys", "create", "--scope", "fly", code=2).stderr
    assert "Till" in shell("keys", "list").stdout
    shell("keys", "revoke", "1")
    assert "revoked" in shell("keys", "list").stdout
    assert text[8:] not in shell("keys", "list").stdout


def test_doctor_says_what_to_do(shell: Shell) -> None:
    if not shell.environment["PASSAPAROLA_DATABASE_URL"]:
        assert "is not there" in shell("doctor", code=1).stdout
    shell("keys", "create")
    # A port of its own: on the usual one somebody's own installation may answer.
    said = shell("doctor", "--port", str(free_port())).stdout
    assert "ok    store" in said
    assert "nothing answers there" in said
    secret = shell.folder / "data" / "secret"
    secret.chmod(0o644)
    assert "chmod 600" in shell("doctor", code=1).stdout


def test_settings_may_lie_beside_the_data(shell: Shell) -> None:
    (shell.folder / "data").mkdir()
    (shell.folder / "data" / "passaparola.env").write_text("# of this shop\nPASSAPAROLA_CURRENCY=JPY\n")
    (shell.folder / "orders.csv").write_text("order_id,user_id,date,total\n1,a,2026-01-01,1200\n")
    said = shell("import", "orders.csv").stdout
    assert "1,200 JPY" in said and "not counted" not in said
    (shell.folder / "dollars.csv").write_text("order_id,user_id,date,total,currency\n2,a,2026-01-01,12,USD\n")
    said = shell("import", "dollars.csv").stdout
    assert "Amounts in USD are kept but not counted: this installation counts in JPY" in said
    assert "1,200.00 USD" in shell("import", "orders.csv", "--source", "b", PASSAPAROLA_CURRENCY="USD").stdout


def test_whoever_reads_only_the_head_gets_no_complaint(shell: Shell) -> None:
    (shell.folder / "orders.csv").write_text(ORDERS)
    shell("import", "orders.csv")
    line = f"{sys.executable} -c '{COMMAND[2]}' export events | head -1"
    done = subprocess.run(line, shell=True, env=shell.environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("{")
    assert done.stderr == ""
