"""A mail server that keeps what it gets, and can be told to refuse."""

import email.policy
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


@dataclass(slots=True)
class SmtpSink:
    """Collects messages. `replies` are given out one per message before accepting, e.g. "451 try again later"."""

    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    # Refuses at RCPT, per address: {"nobody@example.test": "550 5.1.1 no such mailbox"}.
    refused: dict[str, str] = field(default_factory=dict)
    url: str = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        """Answer for one recipient."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep the message, unless a scripted reply comes first."""
        if self.replies:
            reply = self.replies.pop(0)
            if not reply.startswith("2"):
                return reply
        self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"


def start(port: int) -> tuple[SmtpSink, Controller]:
    """A sink listening on that port; stop it with `controller.stop()`."""
    sink = SmtpSink(url=f"smtp://127.0.0.1:{port}")
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    return sink, controller
