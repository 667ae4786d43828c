"""The running system as a world: time cannot be set, only waited for; what others do there goes on.

Used by the demo. Business time may be scaled; it is read from the authority document that the services follow.
"""

import asyncio
from contextlib import suppress
from datetime import datetime
from time import monotonic

from common.mongo import MongoDatabase
from common.settings import Settings
from common.timesource import AUTHORITY, authority_now, machine_now, scaled

from huiyin.doors import Doors
from huiyin.exits import Failed
from huiyin.world.world import Quiet, StillMoving, World

PATIENCE_S = 10.0
SHORTEST_WAIT_S = 0.01
LONGEST_WAIT_S = 0.25


class LiveTime:
    """The time authority of a running system."""

    def __init__(self, settings: Settings) -> None:
        """Connect lazily."""
        self._database = MongoDatabase(settings.mongo_url, f"{settings.namespace}_time", settings.driver)
        self.revision = 0

    async def was_set(self) -> bool:
        """Say whether this system's time was ever steered."""
        return await self._database.get("authority", AUTHORITY) is not None

    async def run_from(self, at: datetime, speed: float) -> None:
        """Let business time run from `at`, `speed` times as fast, until it reaches the present; from there it is system time."""
        document = await self._database.get("authority", AUTHORITY)
        self.revision = (document["revision"] if document else 0) + 1
        await self._database.put("authority", scaled(at, speed, self.revision))

    async def now(self) -> datetime:
        """Return business time."""
        document = await self._database.get("authority", AUTHORITY)
        return authority_now(document, machine_now()) if document else machine_now()

    async def set(self, at: datetime) -> int:
        """A running system's time is never set. Raises Failed."""
        raise Failed(f"the time of the running system cannot be set to {at.isoformat()}")

    async def close(self) -> None:
        """Let go of the connection."""
        await self._database.stop()


class LiveWorld(World):
    """The running system."""

    def __init__(self, doors: Doors, settings: Settings, time: LiveTime, now: datetime) -> None:
        """`time` is already running."""
        super().__init__(doors, settings, time, now, revision=time.revision, bound_s=PATIENCE_S)
        self._time = time

    async def advance_to(self, at: datetime, seen: Quiet | None = None) -> Quiet:
        """Wait until business time has come to `at`."""
        while (now := await self._time.now()) < at:  # noqa: ASYNC110 - the time of other processes
            await asyncio.sleep(min(max((at - now).total_seconds() / 10_000, SHORTEST_WAIT_S), LONGEST_WAIT_S))
        self.now = now
        return seen or {}

    async def settle(self) -> Quiet:
        """Wait until what was just done has arrived everywhere, with patience: others may be at work."""
        until = monotonic() + PATIENCE_S
        seen: Quiet = {}
        with suppress(StillMoving):
            seen = await super().settle()
        if not seen and monotonic() > until:
            seen = await self.quiet()
        self.now = await self._time.now()
        return seen
