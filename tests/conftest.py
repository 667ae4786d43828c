"""Fixtures that every test may use: real servers. In CI a test that is skipped has failed, unless the machine cannot have what it needs."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

pytest_plugins = ["tests.support.servers"]

EXCUSED = ("shared", "docker")  #: words of reasons that hold in CI too: data outside the repository, a container engine


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests and fixtures run on asyncio, all in one event loop."""
    return "asyncio"


def pytest_configure() -> None:
    """Hear Ctrl-C, and let what tests start hear it: a shell starts background jobs, and some CI runs, with SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Refuse skips in CI."""
    report = yield
    return _refused(report) if not hasattr(report, "wasxfail") else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """Refuse skipped modules in CI."""
    return _refused((yield))


def _refused(report: Any) -> Any:
    """The report; a skip becomes a failure in CI."""
    if report.skipped and os.environ.get("CI"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(word in reason.lower() for word in EXCUSED):
            report.outcome = "failed"
            report.longrepr = f"skipped in CI: {reason}"
    return report
