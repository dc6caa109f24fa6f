"""What the processes say about themselves: one JSON object a line on stderr, dotted codes and ids, never names or addresses.

Forty lines of our own: the usual library costs 20 MB and half a second in each of four processes.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

# Whatever is logged under these keys is personal or secret by nature: it is dropped, and that it was is said.
PERSONAL = frozenset(
    {
        "name", "given_name", "email", "address", "to", "phone", "user_id", "anonymous_id", "ip", "birth_on",
        "body", "text", "html", "subject", "traits", "properties", "password", "token", "secret", "cookie", "key",
    }
)  # fmt: skip
_PLACES_MAX = 6


class Log:
    """Says one line at a time: `log.get().info("messages.handed", sent=9, unknown=1)`."""

    def __init__(self, process: str = "") -> None:
        self.process = process

    def info(self, event: str, **more: Any) -> None:
        """Something worth knowing later."""
        self._say("info", event, more)

    def warning(self, event: str, **more: Any) -> None:
        """Something that mends itself, or that somebody should look at some day."""
        self._say("warning", event, more)

    def error(self, event: str, **more: Any) -> None:
        """Something that should not be; `exc_info` may be the exception."""
        self._say("error", event, more)

    def _say(self, level: str, event: str, more: dict[str, Any]) -> None:
        line = {"at": _now(), "level": level, "process": self.process, "event": event, **_fit(more)}
        print(json.dumps(line, ensure_ascii=False, default=str), file=sys.stderr, flush=True)


_LOG = Log()


def configure(process: str) -> None:
    """Say which process this is: edge, worker, dispatcher. Libraries' own warnings go to stderr as they are."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    _LOG.process = process


def get() -> Log:
    """The logger of this process."""
    return _LOG


def _fit(more: dict[str, Any]) -> dict[str, Any]:
    """Without personal data; exceptions by type and place, since their text may quote what a person sent."""
    line = {key: value for key, value in more.items() if key not in PERSONAL}
    dropped = sorted(PERSONAL & more.keys())
    if dropped:
        line["dropped"] = dropped
    problem = line.pop("exc_info", None)
    problem = sys.exc_info()[1] if problem is True else problem
    if isinstance(problem, BaseException):
        line["problem"], line["where"] = type(problem).__name__, where(problem)
    return line


def where(problem: BaseException) -> list[str]:
    """The last places in the code an exception passed, as file:line."""
    places, trace = [], problem.__traceback__
    while trace:
        name = trace.tb_frame.f_code.co_filename
        places.append(f"{'/'.join(name.split('/')[-3:])}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-_PLACES_MAX:]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
