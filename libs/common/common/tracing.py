"""One W3C trace id from a POST to the notice it causes: carried in a context variable, in every envelope and in every outbox row."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

_PATTERN = re.compile(r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")
_current: ContextVar[str] = ContextVar("traceparent", default="")


def new() -> str:
    """Return a fresh traceparent."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def current() -> str:
    """Return the traceparent of what is being done, a fresh one where nothing began it."""
    return _current.get() or new()


def trace_id(traceparent: str) -> str:
    """Return the 32 hex digits people search for."""
    return traceparent.split("-")[1] if traceparent.count("-") == 3 else ""


@contextmanager
def within(traceparent: str) -> Iterator[str]:
    """Do something as part of a trace; a malformed traceparent begins a new one."""
    given = traceparent if _PATTERN.match(traceparent) else new()
    token = _current.set(given)
    try:
        with structlog.contextvars.bound_contextvars(trace_id=trace_id(given)):
            yield given
    finally:
        _current.reset(token)
