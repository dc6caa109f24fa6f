"""Log lines: JSON, dotted codes, ids, nothing personal."""

import json

import pytest

from passaparola.kernel import log


def test_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    log.Log("dispatcher").info("messages.cycle", sent=9)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["process"], line["level"], line["sent"]) == ("messages.cycle", "dispatcher", "info", 9)
    assert line["at"].endswith("Z")


def test_what_is_personal_is_dropped_and_that_it_was_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    log.Log().warning("x.y", email="alma@example.test", person=17)
    said = capsys.readouterr().err
    assert "alma" not in said and json.loads(said)["dropped"] == ["email"] and json.loads(said)["person"] == 17


def test_an_exception_is_a_type_and_a_place(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("alma@example.test is no number")
    except ValueError as problem:
        log.Log().error("x.broken", exc_info=problem)
    line = json.loads(capsys.readouterr().err)
    assert line["problem"] == "ValueError" and "test_log.py" in line["where"][-1] and "alma" not in str(line)
