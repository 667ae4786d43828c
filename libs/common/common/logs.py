"""Logs: one JSON object a line, static event names, ids as fields; fields outside the allow-list never leave the process (house rule: private)."""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset({
    "event", "level", "timestamp", "service", "logger", "site", "case", "order", "clock", "notice", "stream", "fact", "kind", "id", "code",
    "move", "error", "where", "route", "method", "status", "took_ms", "trace_id", "loop", "pause_s", "failures", "attempt", "count", "fate",
    "reason", "guard", "lane", "queue", "late_s", "namespace", "driver", "revision", "version", "source", "port", "endpoint", "channel",
    "signal", "age_s", "repaired", "counts", "silent_s", "change",
})  # fmt: skip
CALLS = 4  #: enough to find the line and who asked for it
SERVERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")  #: print for themselves, tracebacks with all they hold
_DIGITS = re.compile(r"(?<!\d)(\+?\d{3})\d{4,}(\d{4})(?!\d)")


def _only_allowed(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key in ALLOWED}


def _masked(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask anything that looks like a phone number: the second net, the first is never to log it."""
    texts = {key: value for key, value in event.items() if isinstance(value, str) and key not in {"id", "trace_id"}}
    return {**event, **{key: _DIGITS.sub(r"\1****\2", value) for key, value in texts.items()}}


class _Foreign(logging.Handler):
    """Library logs: name, level and place only. Their messages may carry bodies (reliability.md F17)."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger().log(record.levelno, "library_log", logger=record.name, where=f"{record.module}:{record.lineno}", error=error)


def place_of(error: BaseException) -> str:
    """Return where an error was raised, innermost call first: modules and lines, nothing of what was worked on."""
    calls = [f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in traceback.walk_tb(error.__traceback__)]
    return " < ".join(reversed(calls[-CALLS:]))


def configure(service: str, level: str = "info") -> None:
    """Send every log line of this process through the allow-list, as JSON on stdout (plain text on a terminal)."""
    number = logging.getLevelNamesMapping()[level.upper()]
    renderer: Any = structlog.dev.ConsoleRenderer() if sys.stdout.isatty() else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            _masked,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service)
    root = logging.getLogger()
    root.handlers = [_Foreign(max(number, logging.WARNING))]
    root.setLevel(max(number, logging.WARNING))
    for name in SERVERS:
        server = logging.getLogger(name)
        server.handlers, server.propagate = [], True
