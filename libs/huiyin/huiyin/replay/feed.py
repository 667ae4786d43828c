"""Sends happenings through the doors: an opening is a POST with its own `received_at`, a completion is accept, arrive, assess, complete.

Several at once, but the moves of one order one after the other. Not here: time (the world), counting (`tally`).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from huiyin.doors import Doors
from huiyin.exits import Failed
from huiyin.replay.cast import WORKER_ROLE, worker
from huiyin.replay.rows import Happening, Request
from huiyin.sites import Site

AT_ONCE = 16
FAULT = "other"
SUBJECT_LENGTH = 200
COMPLETION: tuple[tuple[str, dict[str, Any]], ...] = (
    ("accept", {}),
    ("arrive", {}),
    ("assess", {"outcome": "normal"}),
    ("complete", {"record": "closed in the source file"}),
)  #: the moves that complete an order


class Feeder:
    """Knows which case each request became."""

    def __init__(self, doors: Doors, sites: dict[str, Site], done: Callable[[], None]) -> None:
        """`done` is called after each happening."""
        self._doors, self._sites, self._done = doors, sites, done
        self._key = ""
        self._gate = asyncio.Semaphore(AT_ONCE)
        self.cases: dict[str, str] = {}  #: request id -> case number

    async def start(self) -> None:
        """Get the API key of this replay's call centre."""
        sites = [site.id for site in self._sites.values()]
        self._key = (await self._doors.surely("intake", "POST", "/v1/keys", body={"name": "replay", "sites": sites}))["key"]

    async def openings(self, chunk: Sequence[Happening]) -> None:
        """Post every opening of the chunk."""
        await self._all([self._open(one.request) for one in chunk if one.opens])

    async def completions(self, chunk: Sequence[Happening]) -> None:
        """Complete the order of every completion of the chunk."""
        await self._all([self._complete(one.request) for one in chunk if not one.opens])

    async def _all(self, work: Sequence[Any]) -> None:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(self._one(one))

    async def _one(self, work: Any) -> None:
        async with self._gate:
            await work
        self._done()

    async def _open(self, request: Request) -> None:
        made = await self._doors.surely("intake", "POST", "/v1/cases", bearer=self._key, body=self._body(request), key=request.id)
        self.cases[request.id] = str(made.get("number") or made["id"])

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "site": self._sites[request.site].id,
            "kind": "repair",
            "channel": request.channel,
            "fault": FAULT,
            "subject": (request.descriptor or request.category or FAULT)[:SUBJECT_LENGTH],
            "external_id": request.id,
            "received_at": request.created.isoformat(),
        }
        if request.unit:
            body["unit"] = request.unit
        if request.target:
            body["expected_at"] = request.target.isoformat()
        return body

    async def _complete(self, request: Request) -> None:
        site, at = self._sites[request.site].id, request.closed
        if at is None:
            return
        bearer = self._doors.staff(worker(site), (WORKER_ROLE,), (site,))
        for move, more in COMPLETION:
            path = f"/v1/work-orders/{self.cases[request.id]}-1/{move}"
            await self._doors.surely("dispatch", "POST", path, bearer=bearer, body={"at": at.isoformat(), **more})


def first_failure(group: BaseExceptionGroup[Any]) -> Failed:
    """Return the first failure of a group as one sentence."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return Failed(str(found))
