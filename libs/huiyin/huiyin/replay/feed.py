"""Sends a step through the doors: an opening is a POST with its own `received_at`, a completion is accept, arrive, assess, complete.

Several at once, but the moves of one order one after the other. A door that has not yet seen the step's time, or the order, is asked again:
so steps need not wait until everything has come to rest. Not here: which step (`steps`), time (the world), counting (`tally`).
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any

from huiyin.doors import AWAY, Doors
from huiyin.exits import Failed
from huiyin.replay.cast import WORKER_ROLE, worker
from huiyin.replay.rows import Request
from huiyin.replay.steps import Step
from huiyin.sites import Site

AT_ONCE = 16
PATIENCE_S = 120.0
PAUSE_S = 0.02
FAULT = "other"
SUBJECT_LENGTH = 200
NOT_YET = ("time-in-future", "unknown-site")  # this door has not yet seen the step's time, or the site
COMPLETION: tuple[tuple[str, dict[str, Any]], ...] = (
    ("accept", {}),
    ("arrive", {}),
    ("assess", {"outcome": "normal"}),
    ("complete", {"record": "closed in the source file"}),
)  #: the moves that complete an order


class Feeder:
    """Knows which case each request became. Openings are waited for; completions follow in the background, at most a chunk behind."""

    def __init__(self, doors: Doors, sites: dict[str, Site], group: asyncio.TaskGroup, done: Callable[[], None]) -> None:
        """`group` holds the background work: its first failure ends everything. `done` is called after each opening and completion."""
        self._doors, self._sites, self._group, self._done = doors, sites, group, done
        self._key = ""
        self._gates = {True: asyncio.Semaphore(AT_ONCE), False: asyncio.Semaphore(AT_ONCE)}
        self._behind: set[asyncio.Task[None]] = set()
        self.cases: dict[str, str] = {}  #: request id -> case number

    async def start(self) -> None:
        """Get the API key of this replay's call centre."""
        sites = [site.id for site in self._sites.values()]
        self._key = (await self._doors.surely("intake", "POST", "/v1/keys", body={"name": "replay", "sites": sites}))["key"]

    async def send(self, step: Step) -> None:
        """Enter the openings of a step, and begin with its completions: they were completed when their time says, however late it is entered."""
        openings = [self._group.create_task(self._one(one, opens=True)) for one in step.openings]
        for one in step.completions:
            task = self._group.create_task(self._one(one, opens=False))
            self._behind.add(task)
            task.add_done_callback(self._behind.discard)
        await asyncio.gather(*openings)

    async def rest(self) -> None:
        """Wait until every completion that was begun is entered."""
        await asyncio.gather(*self._behind)

    async def _one(self, request: Request, *, opens: bool) -> None:
        async with self._gates[opens]:
            await (self._open(request) if opens else self._complete(request))
        self._done()

    async def _open(self, request: Request) -> None:
        made = await self._ask("intake", "/v1/cases", self._key, self._body(request), request.id)
        self.cases[request.id] = str(made["number"])

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
            await self._ask("dispatch", path, bearer, {"at": at.isoformat(), **more}, f"{request.id}-{move}")

    async def _ask(self, service: str, path: str, bearer: str, body: dict[str, Any], key: str) -> Any:
        """Knock until the door has seen what it needs. The same key makes a repeated knock harmless. Raises Failed."""
        until, pause = monotonic() + PATIENCE_S, PAUSE_S
        while True:
            answer = await self._doors.call(service, "POST", path, bearer=bearer, body=body, key=key)
            if not answer.refused:
                return answer.body
            missing = answer.type == "not-found" and service == "dispatch"
            if not (missing or answer.type in NOT_YET or answer.status in AWAY) or monotonic() > until:
                raise Failed(f"{service} POST {path}: {answer.problem()}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)


def first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first failure of a group."""
    found: BaseException = failed
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
