"""E-mail: SMTP over kept connections; a folder of .eml files (the local sink); and nothing at all (for measuring)."""

import os
import queue
import re
import smtplib
import socket
import ssl
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote

from passaparola.adapters import mime
from passaparola.adapters.mime import Sender
from passaparola.messages.channel import Letter, Outcome, Result, Unreachable

__all__ = ["Folder", "Null", "Sender", "Smtp"]

# A server may take its time to answer for a message it has got (RFC 5321 allows ten minutes; who waits blocks others).
_REPLY_SECONDS = 60.0
_STEP_SECONDS = 20.0
# After so many mails a connection is renewed: some servers close long ones without a word.
_MAILS_A_CONNECTION = 100
_LANES = 2
# Where a crash leaves no doubt, more may be under way together: a transaction costs the same for ten as for two hundred.
_TOGETHER_MAX = 200


class Null:
    """Takes everything and keeps nothing."""

    name, is_idempotent, together_max, lanes = "email", True, _TOGETHER_MAX, 1

    @classmethod
    def from_url(cls, url: SplitResult, sender: Sender) -> "Null":
        """null://"""
        return cls()

    def hand_over(self, letter: Letter) -> Result:
        """Always taken."""
        return Result(Outcome.SENT)

    def close(self) -> None:
        """There is nothing to give back."""


class Folder:
    """Writes each mail as a file named by its message id: the same message twice is one file."""

    name, is_idempotent, together_max, lanes = "email", True, _TOGETHER_MAX, 1

    def __init__(self, folder: Path, sender: Sender) -> None:
        self.folder, self.sender = folder, sender

    @classmethod
    def from_url(cls, url: SplitResult, sender: Sender) -> "Folder":
        """file:///absolute/folder"""
        return cls(Path(unquote(f"{url.netloc}{url.path}")), sender)

    def hand_over(self, letter: Letter) -> Result:
        """Write the file whole or not at all. Raises Unreachable when the folder cannot be written."""
        to = mime.wire_address(letter.to)
        if to is None:
            return Result(Outcome.FAILED, "address")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = self.folder / f"{letter.message_id:010d}.eml"
            fresh = place.with_suffix(f".{os.getpid()}.part")
            fresh.write_bytes(mime.build(letter, self.sender, to))
            fresh.replace(place)
        except OSError as problem:
            raise Unreachable(f"folder {problem.errno}") from problem
        return Result(Outcome.SENT, provider_id=place.name)

    def close(self) -> None:
        """There is nothing to give back."""


class Smtp:
    """Hands mails to an SMTP server, one recipient each, over connections that stay open.

    Not idempotent: once the text of a mail is under way and the connection breaks, nobody can know whether it was taken.
    """

    name, is_idempotent, together_max = "email", False, 10

    def __init__(
        self, host: str, port: int, sender: Sender, *, user: str = "", password: str = "", tls: str = "start", lanes: int = _LANES,
        step_seconds: float = _STEP_SECONDS, reply_seconds: float = _REPLY_SECONDS,
    ) -> None:  # fmt: skip
        self.host, self.port, self.sender = host, port, sender
        self.user, self.password, self.tls, self.lanes = user, password, tls, lanes
        self.step_seconds, self.reply_seconds = step_seconds, reply_seconds
        self._idle: queue.LifoQueue[_Link] = queue.LifoQueue()

    @classmethod
    def from_url(cls, url: SplitResult, sender: Sender) -> "Smtp":
        """smtp://user:password@host:587 (STARTTLS where offered) or smtps://…:465; ?lanes=4&tls=required|off."""
        more = {name: values[-1] for name, values in parse_qs(url.query).items()}
        implicit = url.scheme == "smtps"
        return cls(
            url.hostname or "localhost", url.port or (465 if implicit else 587 if url.username else 25), sender,
            user=unquote(url.username or ""), password=unquote(url.password or ""),
            tls="implicit" if implicit else more.get("tls", "required" if url.username else "start"),
            lanes=max(1, min(32, int(more.get("lanes", _LANES)))),
        )  # fmt: skip

    def hand_over(self, letter: Letter) -> Result:
        """One SMTP transaction; every answer of the server is a Result. Raises Unreachable if there is no server."""
        to = mime.wire_address(letter.to)
        if to is None:
            return Result(Outcome.FAILED, "address")
        content = as_smtp(mime.build(letter, self.sender, to))
        link = self._link()
        try:
            result = link.deliver(self.sender.address, to, content)
        except _NotBegun:
            # The kept connection had died unnoticed. A fresh one, once.
            link = self._connect()
            try:
                result = link.deliver(self.sender.address, to, content)
            except _NotBegun as problem:
                raise Unreachable(str(problem)) from problem
        if link.is_open and link.used < _MAILS_A_CONNECTION:
            self._idle.put(link)
        else:
            link.quit()
        return result

    def close(self) -> None:
        """Say goodbye on all connections."""
        while not self._idle.empty():
            self._idle.get_nowait().quit()

    def _link(self) -> "_Link":
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return self._connect()

    def _connect(self) -> "_Link":
        """A signed-in connection. Raises Unreachable."""
        try:
            return _Link(self)
        except (OSError, smtplib.SMTPException) as problem:
            raise Unreachable(_reason(problem)) from problem


class _NotBegun(Exception):
    """The connection was of no use before the server had heard anything of this mail."""


# The steps before the text, and what the server says where it agrees.
_STEPS = (("mail", (250,)), ("rcpt", (250, 251, 252)), ("data", (354,)))


class _Link:
    """One connection to the server."""

    def __init__(self, channel: Smtp) -> None:
        self.reply_seconds, self.step_seconds = channel.reply_seconds, channel.step_seconds
        self.used, self.is_open = 0, True
        if channel.tls == "implicit":
            self.smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                channel.host, channel.port, timeout=channel.step_seconds, context=_trust()
            )
        else:
            self.smtp = smtplib.SMTP(channel.host, channel.port, timeout=channel.step_seconds)
        try:
            self._sign_in(channel)
        except BaseException:
            self.smtp.close()
            raise
        if isinstance(self.smtp.sock, socket.socket):
            self.smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.is_pipelining = self.smtp.has_extn("pipelining")

    def _sign_in(self, channel: Smtp) -> None:
        self.smtp.ehlo_or_helo_if_needed()
        if channel.tls in ("start", "required"):
            if self.smtp.has_extn("starttls"):
                self.smtp.starttls(context=_trust())
                self.smtp.ehlo()
            elif channel.tls == "required":
                raise smtplib.SMTPNotSupportedError("STARTTLS is not offered")
        if channel.user:
            self.smtp.login(channel.user, channel.password)

    def deliver(self, sender: str, to: str, content: bytes) -> Result:
        """MAIL, RCPT, DATA, text. Raises _NotBegun if the server would not even hear of a mail.

        Both addresses are as mime.wire_address gives them: nothing in them could end a command.
        """
        self.used += 1
        lines = (f"MAIL FROM:<{sender}>\r\n".encode(), f"RCPT TO:<{to}>\r\n".encode(), b"DATA\r\n")
        refusal = self._ask_together(lines) if self.is_pipelining else self._ask(lines)
        if refusal is None:
            return self._text(content)
        step, code, said = refusal
        if code == 421:
            self.drop()
            if step == "mail":
                raise _NotBegun(said.decode("ascii", "replace")[:40])
        self._start_over()
        return refused(step, code, said)

    def _ask(self, lines: Sequence[bytes]) -> tuple[str, int, bytes] | None:
        """One step after the other; the first refusal."""
        for (step, expected), line in zip(_STEPS, lines, strict=True):
            code, said = self._reply(line)
            if code not in expected:
                return step, code, said
        return None

    def _ask_together(self, lines: Sequence[bytes]) -> tuple[str, int, bytes] | None:
        """All steps in one go (RFC 2920), for servers that offer it: one journey instead of three."""
        replies = [self._reply(b"".join(lines))]
        while len(replies) < len(_STEPS) and replies[-1][0] != 421:
            replies.append(self._reply(b""))
        found = next(
            ((step, *reply) for (step, expected), reply in zip(_STEPS, replies, strict=False) if reply[0] not in expected), None
        )
        if found and len(replies) == len(_STEPS) and replies[-1][0] == 354:
            # It waits for a text although it took no recipient: an empty one to nobody ends that.
            self._reply(b".\r\n")
        return found

    def _reply(self, line: bytes) -> tuple[int, bytes]:
        """Send a line, if it is one, and read an answer; 421 when the connection breaks, as servers say when they close it."""
        try:
            if line:
                self._socket().sendall(line)
            return self.smtp.getreply()
        except (OSError, smtplib.SMTPException) as problem:
            return 421, type(problem).__name__.encode()

    def _socket(self) -> socket.socket:
        if self.smtp.sock is None:
            raise smtplib.SMTPServerDisconnected
        return self.smtp.sock  # type: ignore[no-any-return]

    def _text(self, content: bytes) -> Result:
        """From the first byte on, a break means that nobody knows."""
        try:
            connection = self._socket()
            connection.settimeout(self.reply_seconds)
            connection.sendall(content)
            code, said = self.smtp.getreply()
            connection.settimeout(self.step_seconds)
        except (OSError, smtplib.SMTPException) as problem:
            self.drop()
            return Result(Outcome.UNKNOWN, detail=_reason(problem))
        if code == 250:
            return Result(Outcome.SENT, provider_id=_queue_id(said))
        if code == 421:
            self.drop()
        return refused("text", code, said)

    def _start_over(self) -> None:
        """After a refusal, tell the server to forget this mail; if that fails the connection is of no more use."""
        if not self.is_open:
            return
        try:
            self.smtp.rset()
        except (OSError, smtplib.SMTPException):
            self.drop()

    def drop(self) -> None:
        self.is_open = False
        self.smtp.close()

    def quit(self) -> None:
        self.is_open = False
        try:
            self.smtp.quit()
        except (OSError, smtplib.SMTPException):
            self.smtp.close()


@cache
def _trust() -> ssl.SSLContext:
    """Whom we believe; reading all certificates takes a tenth of a second, so it is done once."""
    return ssl.create_default_context()


# --- What the server's answers mean -----------------------------------------------------------
_ENHANCED = re.compile(rb"^\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_QUEUED = re.compile(rb"(?:queued as|ok id=|id=)\s*([A-Za-z0-9._-]{4,64})", re.IGNORECASE)
# Enhanced codes (RFC 3463) that speak of the address itself: no such mailbox, domain, or it moved or is closed.
_DEAD_ADDRESS = {(1, 0), (1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)}


def refused(step: str, code: int, said: bytes) -> Result:
    """The result of a refusal at a step: mail, rcpt, data or text. Only codes are kept: replies quote addresses."""
    match = _ENHANCED.match(said)
    enhanced = (int(match[2]), int(match[3])) if match else None
    detail = f"{step} {code}" + (f" {match[1].decode()}.{enhanced[0]}.{enhanced[1]}" if match and enhanced else "")
    if code < 500:
        return Result(Outcome.LATER, detail)
    if step == "mail":
        # It is us whom the server does not want: a setting to mend, not this recipient's matter. Until the deadline.
        return Result(Outcome.LATER, detail)
    if enhanced in _DEAD_ADDRESS or (enhanced is None and step == "rcpt" and code in (550, 551, 553)):
        return Result(Outcome.BOUNCED, detail)
    return Result(Outcome.FAILED, detail)


def _queue_id(said: bytes) -> str:
    match = _QUEUED.search(said)
    return match[1].decode("ascii", "replace") if match else ""


def _reason(problem: BaseException) -> str:
    if isinstance(problem, smtplib.SMTPResponseException):
        return f"{type(problem).__name__} {problem.smtp_code}"
    return type(problem).__name__


def as_smtp(mail: bytes) -> bytes:
    """The mail as it goes over the wire: leading dots doubled, ended by a dot."""
    return mail.replace(b"\r\n.", b"\r\n..") + b".\r\n"
