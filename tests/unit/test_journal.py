"""The journal of letters: what a page says when its writer is gone, whatever state it is in."""

import json
from pathlib import Path

import pytest

from passaparola.kernel.outbox import Claim
from passaparola.messages import journal
from passaparola.messages.journal import Journal

GROUP = [Claim(1, 1), Claim(2, 1), Claim(3, 2)]
SENT = {"message": 1, "outcome": "sent", "attempt": 1}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """One letter ended, one begun, one not; and then its writer was killed."""
    writer = Journal(tmp_path)
    writer.open(GROUP)
    writer.committed()
    writer.begin(GROUP[0])
    writer.end(SENT)
    writer.begin(GROUP[1])
    writer.abandon()
    (found,) = tmp_path.iterdir()
    return found


def test_a_page_tells_the_ended_the_doubtful_and_the_untouched(page: Path) -> None:
    left = journal.read(page)
    assert (left.ended, left.doubtful, left.untouched) == ([SENT], [GROUP[1]], [GROUP[2]])


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_line_that_was_being_written_counts_as_not_written(page: Path, cut: int) -> None:
    """Cut anywhere in the last line (a letter begun): the letter was not handed over yet."""
    content = page.read_bytes()
    last = len(content.splitlines(keepends=True)[-1])
    page.write_bytes(content[: -min(cut, last)])
    assert journal.read(page).untouched == GROUP[1:]


def test_half_a_line_about_an_end_leaves_doubt(page: Path) -> None:
    lines = page.read_bytes().splitlines(keepends=True)
    page.write_bytes(b"".join(lines[:2]) + lines[2][:-5])
    assert journal.read(page).doubtful == [GROUP[0]]


def test_after_a_power_cut_only_what_is_written_is_believed(page: Path) -> None:
    head, *lines = page.read_text().splitlines()
    page.write_text("\n".join([json.dumps({**json.loads(head), "boot": "another"}), *lines, ""]))
    left = journal.read(page)
    assert (left.ended, left.doubtful, left.untouched) == ([SENT], [GROUP[1]], [])


@pytest.mark.parametrize("content", [b"", b"\0" * 200, b'{"boot"', b"\n\n"])
def test_an_empty_or_broken_page_says_nothing(page: Path, content: bytes) -> None:
    page.write_bytes(content)
    left = journal.read(page)
    assert (left.ended, left.doubtful, left.untouched) == ([], [], [])


def test_a_living_writers_page_is_left_alone(tmp_path: Path) -> None:
    writer, reader = Journal(tmp_path), Journal(tmp_path)
    writer.open(GROUP)
    with reader.left() as left:
        assert left == []
    writer.failed()
    with reader.left() as left:
        assert [one.untouched for one in left] == [GROUP]
    assert list(tmp_path.iterdir()) == []


def test_a_page_stays_if_what_it_says_could_not_be_recorded(page: Path) -> None:
    with pytest.raises(RuntimeError), Journal(page.parent).left():
        raise RuntimeError("the store is away")
    assert page.exists()


def test_the_page_of_a_group_goes_when_the_next_is_committed(tmp_path: Path) -> None:
    writer = Journal(tmp_path)
    for _ in range(3):
        writer.open(GROUP)
        writer.committed()
        assert len(list(tmp_path.iterdir())) == 1
    writer.committed()
    assert list(tmp_path.iterdir()) == []
