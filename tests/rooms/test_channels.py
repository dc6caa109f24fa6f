"""What every channel promises, and what SMTP servers do to ours."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from passaparola import adapters
from passaparola.adapters import email, mime
from passaparola.messages.channel import Channel, Letter, Outcome, Unreachable
from tests.mail import SmtpSink
from tests.running import free_port

SENDER = mime.Sender("Casa Lola <hola@example.test>", "secret")


def letter(id_: int = 1, to: str = "alma@example.test") -> Letter:
    return Letter(id_, to, "es", "Hola", "<p>Hola</p>", "Hola\n", datetime(2026, 11, 21, tzinfo=UTC), "https://x.test/u/1", False)


class Promises:
    """The tests that every channel inherits."""

    @pytest.fixture
    def channel(self) -> Channel:
        raise NotImplementedError

    def test_it_has_a_name_and_bounds(self, channel: Channel) -> None:
        assert channel.name == "email"
        assert 1 <= channel.together_max <= (500 if channel.is_idempotent else 10) and 1 <= channel.lanes <= 32

    def test_a_good_letter_is_sent(self, channel: Channel) -> None:
        assert channel.hand_over(letter()).outcome is Outcome.SENT

    def test_it_can_be_closed_and_used_again(self, channel: Channel) -> None:
        channel.hand_over(letter())
        channel.close()
        assert channel.hand_over(letter(2)).outcome is Outcome.SENT
        channel.close()
        channel.close()

    def test_the_result_names_nobody(self, channel: Channel) -> None:
        result = channel.hand_over(letter())
        assert "alma" not in result.detail + result.provider_id


class TestNull(Promises):
    @pytest.fixture
    def channel(self) -> Channel:
        return adapters.mail("null://", SENDER)


class TestFolder(Promises):
    @pytest.fixture
    def channel(self, tmp_path: Path) -> Channel:
        return adapters.mail(f"file://{tmp_path / 'mail'}", SENDER)

    def test_the_same_letter_twice_is_one_mail(self, channel: Channel, tmp_path: Path) -> None:
        channel.hand_over(letter())
        channel.hand_over(letter())
        assert [file.name for file in (tmp_path / "mail").iterdir()] == ["0000000001.eml"]

    def test_a_folder_that_cannot_be_written_is_unreachable(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(Unreachable):
            adapters.mail(f"file://{tmp_path / 'file' / 'mail'}", SENDER).hand_over(letter())


class TestSmtp(Promises):
    @pytest.fixture
    def channel(self, smtp_sink: SmtpSink) -> Iterator[Channel]:
        channel = adapters.mail(smtp_sink.url, SENDER)
        yield channel
        channel.close()

    def test_connections_are_kept(self, channel: Channel, smtp_sink: SmtpSink) -> None:
        for id_ in range(1, 8):
            channel.hand_over(letter(id_))
        assert isinstance(channel, email.Smtp)
        assert channel._idle.qsize() == 1 and channel._idle.queue[0].used == 7

    def test_a_connection_that_died_in_the_meantime_is_replaced(self, channel: Channel, smtp_sink: SmtpSink) -> None:
        channel.hand_over(letter(1))
        assert isinstance(channel, email.Smtp)
        channel._idle.queue[0].smtp.sock.shutdown(socket.SHUT_RDWR)
        assert channel.hand_over(letter(2)).outcome is Outcome.SENT
        assert len(smtp_sink.messages) == 2

    @pytest.mark.parametrize(
        ("reply", "outcome", "detail"),
        [
            ("550 5.1.1 alma@example.test unknown", Outcome.BOUNCED, "rcpt 550 5.1.1"),
            ("550 unknown", Outcome.BOUNCED, "rcpt 550"),
            ("550 5.7.1 your address is on a list", Outcome.FAILED, "rcpt 550 5.7.1"),
            ("552 5.2.2 mailbox full", Outcome.FAILED, "rcpt 552 5.2.2"),
            ("450 4.2.0 greylisted", Outcome.LATER, "rcpt 450 4.2.0"),
        ],
    )
    def test_refused_at_rcpt(self, reply: str, outcome: Outcome, detail: str, channel: Channel, smtp_sink: SmtpSink) -> None:
        smtp_sink.refused["alma@example.test"] = reply
        result = channel.hand_over(letter())
        assert (result.outcome, result.detail) == (outcome, detail)
        assert channel.hand_over(letter(2, "bruno@example.test")).outcome is Outcome.SENT, "the connection goes on"

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [("451 4.3.0 busy", Outcome.LATER), ("554 5.6.0 no", Outcome.FAILED), ("550 5.1.1 gone", Outcome.BOUNCED)],
    )
    def test_refused_after_the_text(self, reply: str, outcome: Outcome, channel: Channel, smtp_sink: SmtpSink) -> None:
        smtp_sink.replies.append(reply)
        assert channel.hand_over(letter()).outcome is outcome

    def test_what_is_no_address_fails_without_a_connection(self) -> None:
        channel = adapters.mail(f"smtp://127.0.0.1:{free_port()}", SENDER)
        assert channel.hand_over(letter(to="nobody")).outcome is Outcome.FAILED


# --- Servers that misbehave: each plays a script of (what to read, what to answer) --------------
class _Misbehaving(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 hello\r\n")
        for line in iter(self.rfile.readline, b""):
            word = line.split()[0].upper().decode() if line.split() else ""
            answer = self.server.script.get(word, b"250 ok\r\n")  # type: ignore[attr-defined]
            if answer is None:
                return
            if answer == "hang":
                self.server.release.wait(20)  # type: ignore[attr-defined]
                return
            self.wfile.write(answer)
            if word == "DATA" and answer.startswith(b"354"):
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    if self.server.script.get("TEXT") == "cut":  # type: ignore[attr-defined]
                        return
                end = self.server.script.get("END", b"250 ok\r\n")  # type: ignore[attr-defined]
                if end is None:
                    return
                if end == "hang":
                    self.server.release.wait(20)  # type: ignore[attr-defined]
                    return
                self.wfile.write(end)


@pytest.fixture(params=[b"250 ok\r\n", b"250-ok\r\n250 PIPELINING\r\n"], ids=["one by one", "in one go"])
def misbehaving(request: pytest.FixtureRequest) -> Iterator[Callable[..., email.Smtp]]:
    """A channel to a server that follows a script; None drops the connection, "hang" says nothing more."""
    servers: list[socketserver.ThreadingTCPServer] = []

    def make(**script: object) -> email.Smtp:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Misbehaving)
        server.daemon_threads = True
        server.script = {"DATA": b"354 go on\r\n", "EHLO": request.param, **script}  # type: ignore[attr-defined]
        server.release = threading.Event()  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return email.Smtp("127.0.0.1", server.server_address[1], SENDER, tls="off", step_seconds=0.5, reply_seconds=0.5)

    yield make
    for server in servers:
        server.release.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()


def test_a_server_that_says_goodbye_after_the_text_leaves_us_not_knowing(misbehaving: Callable[..., email.Smtp]) -> None:
    assert misbehaving(END=None).hand_over(letter()).outcome is Outcome.UNKNOWN


def test_a_server_that_hangs_after_the_text_leaves_us_not_knowing(misbehaving: Callable[..., email.Smtp]) -> None:
    assert misbehaving(END="hang").hand_over(letter()).outcome is Outcome.UNKNOWN


def test_a_server_that_cuts_the_text_leaves_us_not_knowing(misbehaving: Callable[..., email.Smtp]) -> None:
    assert misbehaving(TEXT="cut").hand_over(letter()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
@pytest.mark.parametrize("how", [None, "hang", b"421 4.3.2 going down\r\n"])
def test_trouble_before_the_text_is_tried_again_later(step: str, how: object, misbehaving: Callable[..., email.Smtp]) -> None:
    assert misbehaving(**{step: how}).hand_over(letter()).outcome is Outcome.LATER


def test_a_refused_recipient_leaves_the_connection_usable(misbehaving: Callable[..., email.Smtp]) -> None:
    """Also where the server has said by then that it waits for the text: it gets an empty one, to nobody."""
    channel = misbehaving(RCPT=b"550 5.1.1 nobody here\r\n")
    assert [channel.hand_over(letter(id_)).detail for id_ in (1, 2)] == ["rcpt 550 5.1.1"] * 2
    link = channel._idle.queue[0]
    assert link.used == 2 and link.is_open
    assert link.smtp.noop()[0] == 250


def test_every_letter_arrives_whole(misbehaving: Callable[..., email.Smtp]) -> None:
    channel = misbehaving()
    for id_ in range(1, 4):
        assert channel.hand_over(letter(id_)).outcome is Outcome.SENT
    assert channel._idle.queue[0].used == 3 and channel._idle.qsize() == 1


@pytest.mark.parametrize("how", [None, "hang", b"421 4.3.2 going down\r\n"])
def test_a_server_that_hears_of_no_mail_is_unreachable(how: object, misbehaving: Callable[..., email.Smtp]) -> None:
    with pytest.raises(Unreachable):
        misbehaving(MAIL=how).hand_over(letter())


def test_a_server_that_does_not_want_our_sender_is_our_matter(misbehaving: Callable[..., email.Smtp]) -> None:
    result = misbehaving(MAIL=b"553 5.7.1 sender not allowed\r\n").hand_over(letter())
    assert (result.outcome, result.detail) == (Outcome.LATER, "mail 553 5.7.1")


def test_a_password_is_never_sent_in_the_open(misbehaving: Callable[..., email.Smtp]) -> None:
    channel = misbehaving()
    channel.user, channel.password, channel.tls = "u", "p", "required"
    with pytest.raises(Unreachable, match="NotSupported"):
        channel.hand_over(letter())


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("smtp://mail.test", "mail.test", 25, "start"),
        ("smtp://u:p%40ss@mail.test", "mail.test", 587, "required"),
        ("smtps://u:p@mail.test", "mail.test", 465, "implicit"),
        ("smtp://mail.test:2525?tls=off&lanes=4", "mail.test", 2525, "off"),
    ],
)
def test_urls(url: str, host: str, port: int, tls: str) -> None:
    channel = adapters.mail(url, SENDER)
    assert isinstance(channel, email.Smtp)
    assert (channel.host, channel.port, channel.tls) == (host, port, tls)
    if "%40" in url:
        assert channel.password == "p@ss"


def test_an_unknown_scheme_is_refused_with_a_sentence() -> None:
    with pytest.raises(adapters.UnknownMail, match="smtp://, smtps://, file://, null://"):
        adapters.mail("pigeon://coop", SENDER)
