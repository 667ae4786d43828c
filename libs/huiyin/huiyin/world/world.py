"""A world: doors, a time that is steered, and the question whether anything still moves.

A step = set the authority, then ask every service until nothing moves (decisions.md 2). Going to a time passes through every instant at
which a service has work, so that each level is raised at its exact minute. Not here: how services are started (`memory`, `stack`).
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Protocol

from common.settings import Settings
from common.topology import LISTENS, SAYS
from notify.memory import Provider

from huiyin.doors import Doors
from huiyin.exits import Failed

SERVICES = tuple(LISTENS)
BOUND_S = 60.0
FIRST_PAUSE_S = 0.001
LONGEST_PAUSE_S = 0.05

Quiet = dict[str, dict[str, Any]]


class StillMoving(Failed):
    """Something did not come to rest, or was parked."""


class Steer(Protocol):
    """What moves the time of a world."""

    async def set(self, at: datetime) -> int:
        """Go to `at` and return the revision that every service has to report."""
        ...


class World:
    """The five services, their time and their doors."""

    calms = 2  #: how often in a row nothing may move until the world is at rest

    def __init__(self, doors: Doors, settings: Settings, steer: Steer, start: datetime, *, revision: int = 0, bound_s: float = BOUND_S) -> None:
        """`revision`: what every service sees at the start; `bound_s`: longest machine time that a step may take."""
        self.doors, self.settings, self.now = doors, settings, start
        self.provider: Provider | None = None  #: what left the system, and a script of what goes wrong outside
        self._steer, self._bound_s, self._revision = steer, bound_s, revision

    async def set_time(self, at: datetime) -> None:
        """Go to `at` at once. Raises Failed for a time before now."""
        if at < self.now:
            raise Failed(f"time cannot go back from {self.now.isoformat()} to {at.isoformat()}")
        self._revision = await self._steer.set(at)
        self.now = at

    async def quiet(self) -> Quiet:
        """Return what every service says still moves there."""
        token = self.doors.system
        answers = await asyncio.gather(*(self.doors.surely(service, "GET", "/v1/quiet", bearer=token) for service in SERVICES))
        return dict(zip(SERVICES, answers, strict=True))

    async def settle(self) -> Quiet:
        """Return when nothing moves any more. Raises StillMoving naming what does, or what was parked."""
        until, pause, calm = monotonic() + self._bound_s, FIRST_PAUSE_S, 0
        while True:
            seen = await self.quiet()
            if any(one["parked"] for one in seen.values()):
                raise StillMoving(await self._parked(seen))
            moving = list(self._moving(seen))
            calm = 0 if moving else calm + 1
            if calm == self.calms:
                return seen
            if monotonic() > until:
                raise StillMoving(f"still moving after {self._bound_s:.0f} s: " + "; ".join(moving))
            await asyncio.sleep(0 if calm else pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _moving(self, seen: Quiet) -> Iterator[str]:
        for service, one in seen.items():
            if one["revision"] != self._revision:
                yield f"{service} is at time revision {one['revision']} of {self._revision}"
            for what in ("unsent", "waiting", "handling"):
                if one[what]:
                    yield f"{service} {what} {one[what]}"
            yield from (f"{service} {loop} has {due} due" for loop, due in one["due"].items() if due)
            for prefix in LISTENS[service]:
                said, heard = seen[SAYS[prefix]]["said"].get(prefix, 0), one["heard"].get(prefix, 0)
                if said != heard:
                    yield f"{service} heard {heard} of {said} {prefix} facts"

    async def _parked(self, seen: Quiet) -> str:
        rows = []
        for service, one in seen.items():
            if one["parked"]:
                listed = await self.doors.surely(service, "GET", "/v1/parked", limit=5)
                rows += [f"{service} parked {row['id']} ({row['kind']}): {row['reason']} {row['detail']}".rstrip() for row in listed]
        return "; ".join(rows)

    async def advance_to(self, at: datetime, seen: Quiet | None = None) -> Quiet:
        """Go to `at` through every instant at which a service has work before it, settled at each. `seen`: a calm nothing disturbed since."""
        seen = seen or await self.settle()
        while (due := self._next(seen)) is not None and due < at:
            await self.set_time(due)
            seen = await self.settle()
        if at == self.now:
            return seen
        await self.set_time(at)
        return await self.settle()

    def _next(self, seen: Quiet) -> datetime | None:
        """Return the earliest instant after now at which a service will have work."""
        told = [datetime.fromisoformat(one["next_at"]).astimezone(UTC) for one in seen.values() if one["next_at"]]
        return min((at for at in told if at > self.now), default=None)
