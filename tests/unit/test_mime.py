"""The mail as it goes over the wire: compared byte for byte with files that people have read (tests/golden/)."""

import email
import email.policy
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from passaparola.adapters import email as mail
from passaparola.adapters import mime
from passaparola.messages import preview
from passaparola.messages.channel import Letter
from passaparola.messages.values import House

GOLDEN = Path(__file__).parent.parent / "golden"
HOUSE = House("Bottega Łódź & Söhne", "https://bottega.example", "EUR", "it", "Europe/Rome")
SENDER = mime.Sender("Bottega Łódź & Söhne <ciao@bottega.example>", "a-secret")


def letter(key: str = "ask", language: str = "es", **more: object) -> Letter:
    made = preview.example(key, language, HOUSE)
    values: dict[str, object] = {
        "message_id": 41, "to": "alma@example.test", "language": language, "subject": made.subject, "html": made.html,
        "text": made.text, "made_at": datetime(2026, 11, 21, 10, tzinfo=UTC),
        "unsubscribe_url": "https://bottega.example/u/AAFBCDEFGHIJKLMNOPQR", "is_service": key != "ask", **more,
    }  # fmt: skip
    return Letter(**values)  # type: ignore[arg-type]


def parsed(one: Letter) -> email.message.EmailMessage:
    return email.message_from_bytes(mime.build(one, SENDER).as_bytes(), policy=email.policy.default)  # type: ignore[return-value]


@pytest.mark.parametrize("language", ["es", "it", "en"])
@pytest.mark.parametrize("key", ["ask", "opt_in", "reward_held"])
def test_golden(key: str, language: str) -> None:
    """PASSAPAROLA_GOLDEN=write writes them anew; read the difference before you commit it."""
    wire = mime.build(letter(key, language), SENDER).as_bytes()
    path = GOLDEN / f"{key}.{language}.eml"
    if os.environ.get("PASSAPAROLA_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(wire)
    assert wire == path.read_bytes()


def test_headers_that_mailbox_providers_want() -> None:
    raw = mime.build(letter(), SENDER).as_bytes().decode("ascii")
    head = raw.split("\r\n\r\n", 1)[0]
    assert "\r\nList-Unsubscribe: <https://bottega.example/u/AAFBCDEFGHIJKLMNOPQR>\r\n" in head
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head
    assert "\r\nMessage-ID: <41." in head and "Auto-Submitted" not in head
    assert "Auto-Submitted: auto-generated" in mime.build(letter("reward_held"), SENDER).as_string()


def test_the_unsubscribe_address_is_never_folded_or_encoded_however_long() -> None:
    address = f"https://{'a' * 60}.{'b' * 60}.example/u/{'x' * 200}"
    raw = mime.build(letter(unsubscribe_url=address), SENDER).as_bytes()
    assert f"List-Unsubscribe: <{address}>\r\n".encode() in raw


def test_a_real_unsubscribe_address_is_shorter_than_sixty() -> None:
    from passaparola.messages import values

    assert len(values.unsubscribe_link("https://amici.bottega-anna.it", 2**27)) < 60


def test_it_reads_back_as_it_was_written() -> None:
    back = parsed(letter(language="it"))
    assert back["From"] == '"Bottega Łódź & Söhne" <ciao@bottega.example>' or "Łódź" in str(back["From"])
    assert back["Subject"] == letter(language="it").subject
    assert back["Content-Language"] == "it"
    assert back.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in back.iter_parts()]
    assert kinds == ["text/plain", "text/html"], "the richest comes last"
    assert back.get_body(("plain",)).get_content().replace("\r\n", "\n") == letter(language="it").text  # type: ignore[union-attr]


def test_lines_stay_within_what_smtp_allows() -> None:
    for line in mime.build(letter(subject="¿" * 300), SENDER).as_bytes().split(b"\r\n"):
        assert len(line) <= 998
        assert not re.search(rb"[\x80-\xff]", line)


def test_the_same_letter_is_the_same_bytes_and_the_same_message_id() -> None:
    assert mime.build(letter(), SENDER).as_bytes() == mime.build(letter(), SENDER).as_bytes()
    assert mime.message_id(letter(), SENDER) != mime.message_id(letter(message_id=42), SENDER)
    assert mime.message_id(letter(), SENDER) != mime.message_id(letter(), mime.Sender(SENDER.mailbox, "other"))


def test_dots_are_doubled_on_the_wire() -> None:
    assert b"\r\n..hidden" in mail._as_smtp(mime.build(letter(text="a\n.hidden\n"), SENDER))
    assert mail._as_smtp(mime.build(letter(), SENDER)).endswith(b"\r\n.\r\n")


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("alma@example.test", "alma@example.test"),
        ("alma@españa.example", "alma@xn--espaa-rta.example"),
        ("álma@example.test", None),
        ("alma", None),
        ("a b@example.test", None),
        ("alma@example.test>\r\nRCPT TO:<x@y.test", None),
        ("alma@", None),
    ],
)
def test_addresses_on_the_wire(address: str, wire: str | None) -> None:
    assert mail.wire_address(address) == wire
