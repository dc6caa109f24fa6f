"""The mail as it goes over the wire: compared byte for byte with files that people have read (tests/golden/)."""

import email
import email.policy
import os
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def build(one: Letter, sender: mime.Sender = SENDER) -> bytes:
    return mime.build(one, sender, mime.wire_address(one.to) or "")


def parsed(one: Letter) -> email.message.EmailMessage:
    return email.message_from_bytes(build(one), policy=email.policy.default)  # type: ignore[return-value]


@pytest.mark.parametrize("language", ["es", "it", "en"])
@pytest.mark.parametrize("key", ["ask", "opt_in", "reward_held"])
def test_golden(key: str, language: str) -> None:
    """PASSAPAROLA_GOLDEN=write writes them anew; read the difference before you commit it."""
    wire = build(letter(key, language))
    path = GOLDEN / f"{key}.{language}.eml"
    if os.environ.get("PASSAPAROLA_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(wire)
    assert wire == path.read_bytes()


def test_headers_that_mailbox_providers_want() -> None:
    raw = build(letter()).decode("ascii")
    head = raw.split("\r\n\r\n", 1)[0]
    assert "\r\nList-Unsubscribe: <https://bottega.example/u/AAFBCDEFGHIJKLMNOPQR>\r\n" in head
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head
    assert "\r\nMessage-ID: <41." in head and "Auto-Submitted" not in head
    assert "Auto-Submitted: auto-generated" in build(letter("reward_held")).decode()


def test_the_unsubscribe_address_is_never_folded_or_encoded_however_long() -> None:
    address = f"https://{'a' * 60}.{'b' * 60}.example/u/{'x' * 200}"
    raw = build(letter(unsubscribe_url=address))
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
    for line in build(letter(subject="¿" * 300)).split(b"\r\n"):
        assert len(line) <= 998
        assert not re.search(rb"[\x80-\xff]", line)


@given(st.text(max_size=120))
def test_any_subject_reads_back_and_stays_within_its_lines(subject: str) -> None:
    subject = " ".join(subject.encode("utf-8", "replace").decode().split())
    raw = build(letter_of(subject))
    head = raw.split(b"\r\n\r\n", 1)[0].decode("ascii")
    back = str(make_header(decode_header(re.sub(r"\r\n ", " ", re.search(r"(?ms)^Subject: (.*?)\r\nDate:", head)[1]))))  # type: ignore[index]
    assert back == subject
    assert all(len(line) <= 76 for line in head.split("\r\n") if line.startswith((" ", "Subject")))


@given(st.text(max_size=300))
def test_any_text_reads_back(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    back = email.message_from_bytes(build(letter_of("x", text)), policy=email.policy.default)
    wanted = re.sub(r"\r\n|\r|\n", "\n", text if text.endswith("\n") else f"{text}\n")
    assert back.get_body(("plain",)).get_payload(decode=True).decode().replace("\r\n", "\n") == wanted  # type: ignore[union-attr]


def letter_of(subject: str, text: str = "Hola\n") -> Letter:
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    return Letter(1, "alma@example.test", "es", subject, "<p>Hola</p>", text, moment, "https://x.test/u/1", False)


def test_the_same_letter_is_the_same_bytes_and_the_same_message_id() -> None:
    assert build(letter()) == build(letter())
    assert mime.message_id(letter(), SENDER) != mime.message_id(letter(message_id=42), SENDER)
    assert mime.message_id(letter(), SENDER) != mime.message_id(letter(), mime.Sender(SENDER.mailbox, "other"))


def test_dots_are_doubled_on_the_wire() -> None:
    assert b"\r\n..hidden" in mail.as_smtp(build(letter(text="a\n.hidden\n")))
    assert mail.as_smtp(build(letter())).endswith(b"\r\n.\r\n")


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
    assert mime.wire_address(address) == wire
