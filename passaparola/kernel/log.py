"""What the processes say about themselves: one JSON object a line, dotted codes and ids, never names or addresses."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# Whatever is logged under these keys is personal or secret by nature: it is dropped, and that it was is said.
PERSONAL = frozenset(
    {
        "name", "given_name", "email", "address", "to", "phone", "user_id", "anonymous_id", "ip", "birth_on",
        "body", "text", "html", "subject", "traits", "properties", "password", "token", "secret", "cookie", "key",
    }
)  # fmt: skip


def configure(process: str) -> None:
    """Set up the log of this process ("edge", "worker", "dispatcher", "supervisor"); lines go to stderr."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            without_personal_data,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _without_sentences,
            structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def get() -> Any:
    """The logger: `log.get().info("messages.handed", sent=9, unknown=1)`."""
    return structlog.get_logger()


def without_personal_data(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: drops what must not be logged."""
    dropped = sorted(PERSONAL & line.keys())
    for key in dropped:
        del line[key]
    if dropped:
        line["dropped"] = dropped
    return line


def _without_sentences(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Exceptions are logged by type and place; their text may quote what a person sent."""
    problem = line.pop("exc_info", None)
    if problem is True:
        problem = sys.exc_info()[1]
    if isinstance(problem, BaseException):
        line["problem"] = type(problem).__name__
        line["where"] = where(problem)
    return line


def where(problem: BaseException) -> list[str]:
    """The last places in the code an exception passed, as file:line."""
    places = []
    trace = problem.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        places.append(f"{'/'.join(code.co_filename.split('/')[-3:])}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-6:]
