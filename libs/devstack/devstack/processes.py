"""One child process: start, readiness, freeze, stop, kill.

A child is a group of its own, so that Ctrl-C in a terminal reaches only its parent, which stops the children in order. A parent that
dies without a word takes its children with it: the kernel kills them (`huiyin.children`). A child belongs to no event loop:
a test may start it in one and kill it from another. Not here: which processes there are (`servers`, `stack`), restarts (`supervisor`).
"""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from huiyin.children import dying_with

Probe = Callable[[], Awaitable[bool]]

POLL = 0.1  #: seconds between two questions to a starting process
NOISE = frozenset({"PYTHONDONTWRITEBYTECODE"})  #: set in some images; it makes every start compile everything again
TAIL = 12  #: lines of a log shown when a step fails


class StepFailed(Exception):
    """A step of the start did not succeed; the message is for a person and ends with the last lines of the log."""


class NotHere(StepFailed):
    """Something needed is not on this machine and cannot be fetched (exit code 3)."""


def tail(log: Path, lines: int = TAIL) -> str:
    """Last `lines` lines of `log`, indented; empty if there is none."""
    if not log.exists():
        return ""
    return "".join(f"\n    {line}" for line in log.read_text(errors="replace").splitlines()[-lines:])


async def always() -> bool:
    """Readiness of a process nobody has to wait for."""
    return True


@dataclass
class Child:
    """A process with a log file, a readiness probe and a time to stop in."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Probe = always
    grace: timedelta = timedelta(seconds=10)  #: between TERM and KILL
    limit: timedelta = timedelta(seconds=120)  #: until ready; a busy machine needs a multiple of the usual 10 s
    cwd: Path | None = None
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self.running else None

    @property
    def running(self) -> bool:
        """Whether the process lives, frozen or not."""
        return self._process is not None and self._process.poll() is None

    def spawn(self) -> None:
        """Start the process and return at once. Call it from the main thread: the kernel ends the child with the thread that made it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        inherited = {name: value for name, value in os.environ.items() if name not in NOISE}
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                dying_with(os.getpid(), self.command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**inherited, **self.env},
                cwd=self.cwd,
                start_new_session=True,
            )

    async def start(self) -> None:
        """Start the process and wait until it is ready. Raises `StepFailed` if it ends or stays silent; then nothing is left of it."""
        self.spawn()
        try:
            await self._until_ready(time.monotonic() + self.limit.total_seconds())
        except BaseException:
            await self.kill()
            raise

    async def _until_ready(self, deadline: float) -> None:
        while not await self._answers():
            if not self.running:
                code = self._process.returncode if self._process else None
                raise StepFailed(f"{self.name} ended with {code} before it was ready{tail(self.log)}")
            if time.monotonic() > deadline:
                raise StepFailed(f"{self.name} is not ready after {self.limit.seconds} s{tail(self.log)}")
            await asyncio.sleep(POLL)

    async def _answers(self) -> bool:
        with suppress(OSError, EOFError, TimeoutError):
            return self.running and await self.ready()
        return False

    async def exited(self) -> int:
        """Wait until the process ends and return its code (negative: the signal)."""
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            await _readable(os.pidfd_open(process.pid))
        return process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group; nothing happens when it is gone."""
        if self._process is not None and self.running:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def freeze(self) -> None:
        """SIGSTOP: connections stay open, nobody answers."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT after `freeze`."""
        self.signal(signal.SIGCONT)

    async def kill(self) -> None:
        """SIGKILL, as a power cut does it, and wait for the end."""
        self.signal(signal.SIGKILL)
        await self.exited()

    async def stop(self) -> None:
        """TERM, wait the grace, then KILL. A frozen process is thawed first, or it would not hear."""
        self.thaw()
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self.grace.total_seconds()):
                await self.exited()
        except TimeoutError:
            await self.kill()


async def _readable(descriptor: int) -> None:
    """Wait for a pidfd to become readable (the process ended), and close it."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


@asynccontextmanager
async def connection(host: str, port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A TCP connection that is closed at the end, whatever happened on it."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def together(*steps: Coroutine[Any, Any, object]) -> None:
    """Take steps side by side. The first failure cancels the others and is raised alone."""
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def run(name: str, command: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
    """Run a command to its end; cancelling kills it. Raises `StepFailed` with the last lines of its log."""
    child = Child(name, command, log, env or {}, cwd=cwd)
    child.spawn()
    try:
        code = await child.exited()
    except BaseException:
        await child.kill()
        raise
    if code:
        raise StepFailed(f"{name} failed with {code}: {' '.join(command)}{tail(log)}")
