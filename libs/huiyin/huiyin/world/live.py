"""The running system as a world: its business time is scaled, and is moved forward only; what others do there goes on.

Used by the demo: while somebody acts time runs calmly, between two acts it jumps to the next instant, at last it runs to the present and
is system time from there on (`common.timesource`).
"""

from contextlib import suppress
from datetime import datetime, timedelta

from common.mongo import MongoDatabase
from common.settings import Settings
from common.timesource import AUTHORITY, authority_now, machine_now, scaled

from huiyin.doors import Doors
from huiyin.world.world import Quiet, StillMoving, World

PATIENCE_S = 10.0
CALM = 30.0  # business seconds per machine second while somebody acts


class LiveTime:
    """The time authority of a running system."""

    def __init__(self, settings: Settings) -> None:
        """Connect lazily."""
        self.revision = 0  #: of the last move made here
        self._database = MongoDatabase(settings.mongo_url, f"{settings.namespace}_time", settings.driver)

    async def was_moved(self) -> bool:
        """Say whether this system's time was ever moved."""
        return await self._database.get("authority", AUTHORITY) is not None

    async def now(self) -> datetime:
        """Return business time."""
        document = await self._database.get("authority", AUTHORITY)
        return authority_now(document, machine_now()) if document else machine_now()

    async def set(self, at: datetime) -> int:
        """Go to `at`, run calmly from there, and return the revision that every service has to report."""
        return await self._run(at, CALM)

    async def arrive(self, within: timedelta) -> None:
        """Run so fast that business time is the present after `within` of machine time."""
        now = await self.now()
        await self._run(now, max((machine_now() - now) / within, 1.0))

    async def _run(self, at: datetime, speed: float) -> int:
        document = await self._database.get("authority", AUTHORITY)
        self.revision = (document["revision"] if document else 0) + 1
        await self._database.put("authority", scaled(at, speed, self.revision))
        return self.revision

    async def close(self) -> None:
        """Let go of the connection."""
        await self._database.stop()


class LiveWorld(World):
    """The running system."""

    calms = 1  # nothing is concluded from it but that the next act can begin

    def __init__(self, doors: Doors, settings: Settings, time: LiveTime, now: datetime) -> None:
        """`now`: business time at this moment."""
        super().__init__(doors, settings, time, now, revision=time.revision, bound_s=PATIENCE_S)
        self._time = time

    async def advance_to(self, at: datetime, seen: Quiet | None = None) -> Quiet:
        """Go to `at`, unless business time has already passed it."""
        return await super().advance_to(at, seen) if at > self.now else seen or {}

    async def settle(self) -> Quiet:
        """Wait until what was just done has arrived everywhere; with bounded patience, since others may be at work."""
        seen: Quiet = {}
        with suppress(StillMoving):
            seen = await super().settle()
        self.now = await self._time.now()
        return seen
