"""The only place that reads a clock. Business time is an input to everything else (decisions.md 2).

`SystemTime` is the machine's; `SharedTime` follows an authority document that all processes of a world share (scaled or stepped);
`FakeTime` is moved by a test. Machine time for leases is the database's `$$NOW`, for pauses `monotonic()`; a service's wall clock is kept in
step with the database's.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Protocol

from common.errors import Text, TimeAway
from common.tasks import end

AUTHORITY = "authority"
STALE_AFTER_S = 5.0  # a process that has not seen the authority for this long stops handling
READ_EVERY_S = 0.03
STEP_EVERY_S = 5.0
FAST_S = 0.05  # longest wait in a time that runs faster than the machine's


class _Step:
    """How far the database's clock is ahead of this process's `monotonic()`, seconds; None: nobody asked it, the machine's clock is taken.

    So a wrong, jumping or badly set clock of one machine moves no deadline: all processes count by the clock that leases are measured with.
    """

    ahead: float | None = None

    def heard(self, there: datetime, asked: float, answered: float) -> None:
        """Learn from one answer: the truth lies between the two; what is kept is never ahead of it, and moves only if it must."""
        lowest, highest = there.timestamp() - answered, there.timestamp() - asked
        if self.ahead is None or not lowest <= self.ahead <= highest:
            self.ahead = lowest


_step = _Step()


def machine_now() -> datetime:
    """Return the machine's wall clock, aware UTC, whole milliseconds (what BSON keeps); in a service, the database's (ADR 0019)."""
    now = datetime.now(UTC) if _step.ahead is None else datetime.fromtimestamp(_step.ahead + monotonic(), UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


Clock = Callable[[], Awaitable[datetime]]


class InStep:
    """Keeps `machine_now` of this process in step with a clock that all processes share."""

    def __init__(self, clock: Clock | None) -> None:
        """`clock` reads it; any exception counts as away. None: the machine's own clock is good enough (tests, memory)."""
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read once, then go on reading."""
        if self._clock:
            await self._look(self._clock)
            self._task = asyncio.create_task(self._follow(self._clock), name="step")

    async def stop(self) -> None:
        """Go back to the machine's own clock."""
        if self._task:
            await end(self._task)
            _step.ahead = None

    @property
    def away(self) -> bool:
        """Say whether the shared clock was never read."""
        return self._clock is not None and _step.ahead is None

    async def _follow(self, clock: Clock) -> None:
        while True:
            await asyncio.sleep(STEP_EVERY_S if _step.ahead is not None else READ_EVERY_S)
            await self._look(clock)

    async def _look(self, clock: Clock) -> None:
        asked = monotonic()
        with suppress(Exception):
            there = await clock()
            _step.heard(there, asked, monotonic())


class Time(Protocol):
    """The source of business time."""

    revision: int  #: counts the steps seen; a step is complete when every service reports it

    def now(self) -> datetime:
        """Return business time, aware UTC, whole milliseconds. Raises TimeAway."""
        ...

    async def start(self) -> None:
        """Begin to follow the authority."""
        ...

    async def stop(self) -> None:
        """Stop following it."""
        ...

    async def wait(self, seconds: float) -> None:
        """Return after `seconds` of machine time, or at once when business time was moved."""
        ...


class SystemTime:
    """Business time is the machine's: the database's where its clock is given."""

    revision = 0

    def __init__(self, clock: Clock | None = None) -> None:
        """`clock` reads the clock that all processes share."""
        self._step = InStep(clock)

    def now(self) -> datetime:
        """Return the wall clock. Raises TimeAway before it was read for the first time."""
        if self._step.away:
            raise TimeAway(Text("时间源不可用", "the database's clock was not read yet"))
        return machine_now()

    async def start(self) -> None:
        """Get in step."""
        await self._step.start()

    async def stop(self) -> None:
        """Leave the step."""
        await self._step.stop()

    async def wait(self, seconds: float) -> None:
        """Sleep."""
        await asyncio.sleep(seconds)


class _Moved:
    """Wakes those who wait when time is moved."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        event = self._event
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return

    def tell(self) -> None:
        old, self._event = self._event, asyncio.Event()
        old.set()


class FakeTime:
    """A time that only a test moves."""

    def __init__(self, start: datetime) -> None:
        """Start at an aware instant."""
        self._now = start.astimezone(UTC)
        self.revision = 0
        self._moved = _Moved()

    def now(self) -> datetime:
        """Return where the test left it."""
        return self._now

    def set(self, at: datetime) -> None:
        """Go to `at`; time never runs backwards."""
        if at < self._now:
            msg = f"time cannot go back from {self._now.isoformat()} to {at.isoformat()}"
            raise ValueError(msg)
        self._now = at.astimezone(UTC)
        self.revision += 1
        self._moved.tell()

    def advance(self, by: timedelta) -> None:
        """Go forward by `by`."""
        self.set(self._now + by)

    async def start(self) -> None:
        """Nothing to follow."""

    async def stop(self) -> None:
        """Nothing to stop."""

    async def wait(self, seconds: float) -> None:
        """Wait for the next move, or `seconds`."""
        await self._moved.wait(seconds)


Read = Callable[[], Awaitable[dict[str, Any] | None]]


class SharedTime:
    """Follows `{mode, at, since, speed, revision}`: stepped = `at`; scaled = min(at + (machine − since) × speed, machine).

    The scaled formula lets a story begin in the past, run fast, arrive at the present and go on in system time (issue: demo).
    """

    def __init__(self, read: Read, clock: Clock | None = None) -> None:
        """`read` fetches the authority document; any exception counts as away. `clock`: see SystemTime."""
        self._read, self._step = read, InStep(clock)
        self._document: dict[str, Any] | None = None
        self._seen = float("-inf")
        self.revision = 0
        self._moved = _Moved()
        self._task: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        """Return the authority's time. Raises TimeAway when it was not seen for five seconds."""
        document = self._document
        if document is None or self._step.away or monotonic() - self._seen > STALE_AFTER_S:
            raise TimeAway(Text("时间源不可用", "the time authority cannot be reached"))
        return authority_now(document, machine_now())

    async def start(self) -> None:
        """Read once, then follow."""
        await self._step.start()
        await self._look()
        self._task = asyncio.create_task(self._follow(), name="time")

    async def stop(self) -> None:
        """Stop following."""
        if self._task:
            await end(self._task)
        await self._step.stop()

    async def wait(self, seconds: float) -> None:
        """Wait for the next move, or `seconds`; short while business time runs faster than the machine's."""
        await self._moved.wait(min(seconds, FAST_S) if self._document and runs_fast(self._document, machine_now()) else seconds)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(READ_EVERY_S)
            await self._look()

    async def _look(self) -> None:
        try:
            document = await self._read()
        except Exception:  # noqa: BLE001 - whatever the cause, the authority is away until it is read again
            return
        if document is None:
            document = {"mode": "scaled", "at": machine_now(), "since": machine_now(), "speed": 1.0, "revision": 0}
        self._document, self._seen = document, monotonic()
        if document["revision"] != self.revision:
            self.revision = document["revision"]
            self._moved.tell()


def authority_now(document: dict[str, Any], machine: datetime) -> datetime:
    """Return the business time that an authority document means at `machine` time."""
    if document["mode"] == "stepped":
        at: datetime = document["at"]
        return at
    elapsed: timedelta = (machine - document["since"]) * float(document["speed"])
    reached: datetime = document["at"] + elapsed
    return min(reached, machine)


def runs_fast(document: dict[str, Any], machine: datetime) -> bool:
    """Say whether the authority's time is behind the machine's and catching up: a wait measured in machine time would be too long."""
    return bool(document["mode"] == "scaled" and document["speed"] > 1 and authority_now(document, machine) < machine)


def stepped(at: datetime, revision: int) -> dict[str, Any]:
    """Return an authority document that stands still at `at`."""
    return {"_id": AUTHORITY, "mode": "stepped", "at": at, "since": machine_now(), "speed": 0.0, "revision": revision}


def scaled(at: datetime, speed: float, revision: int) -> dict[str, Any]:
    """Return an authority document that runs `speed` times as fast from `at` until it reaches the present."""
    return {"_id": AUTHORITY, "mode": "scaled", "at": at, "since": machine_now(), "speed": speed, "revision": revision}
