"""Counts what arrived where and reads the verdicts, from the system's own records through its doors."""

import asyncio
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from common.states import ClockLevel, ClockState, Level

from huiyin.doors import Doors
from huiyin.replay.cast import ZONE
from huiyin.replay.rows import Request
from huiyin.story.observation import ClockSeen
from huiyin.world.world import SERVICES

AT_ONCE = 16
CLOCK = "CLK_PROMISE"
PAGE = 500
HEAD = ("request_id", "case_number", "due_at", "closed_at", "verdict")
VERDICTS = {ClockState.MET: "ontime", ClockState.LATE: "overdue", ClockState.EXCUSED: "overdue"}


@dataclass(frozen=True)
class Found:
    """What the services know of one request."""

    request: Request
    number: str
    orders: int
    clock: ClockSeen | None


@dataclass(frozen=True)
class Tally:
    """The counts that have to agree."""

    rows: int
    accepted: int
    stored: int
    dispatched: int
    targets: int  #: requests with a target time: each needs a clock
    clocked: int
    completed: int
    parked: int

    @property
    def agrees(self) -> bool:
        """Whether nothing was lost or doubled on the way."""
        return self.rows == self.accepted == self.stored == self.dispatched and self.targets == self.clocked and self.parked == 0


async def find(doors: Doors, requests: Sequence[Request], cases: Mapping[str, str]) -> list[Found]:
    """Ask dispatch and sla for the case of every request."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(request: Request) -> Found:
        async with gate:
            return await _found(doors, request, cases[request.id])

    return list(await asyncio.gather(*(one(request) for request in requests if request.id in cases)))


async def _found(doors: Doors, request: Request, number: str) -> Found:
    orders = await doors.surely("dispatch", "GET", "/v1/work-orders", case=number)
    clocks = await doors.surely("sla", "GET", "/v1/clocks", case=number)
    mine = [ClockSeen.model_validate(row) for row in clocks if row["code"] == CLOCK]
    return Found(request, number, len(orders["orders"]), mine[0] if len(mine) == 1 else None)


async def stored(doors: Doors, site: str) -> set[str]:
    """Return the numbers of all cases that intake has of a site, page by page."""
    numbers: set[str] = set()
    before: str | None = None
    while True:
        page = await doors.surely("intake", "GET", "/v1/cases", site=site, before=before, limit=PAGE)
        numbers |= {str(case["number"]) for case in page["cases"]}
        before = page["next"]
        if before is None:
            return numbers


async def tally(doors: Doors, requests: Sequence[Request], found: Sequence[Found], sites: Sequence[str]) -> Tally:
    """Return the counts."""
    parked = [await doors.surely(service, "GET", "/v1/parked") for service in SERVICES]
    cases = [await stored(doors, site) for site in sites]
    return Tally(
        rows=len(requests),
        accepted=len({one.number for one in found}),
        stored=len(set().union(*cases)),
        dispatched=sum(one.orders == 1 for one in found),
        targets=sum(request.target is not None for request in requests),
        clocked=sum(one.clock is not None for one in found),
        completed=sum(one.clock is not None and one.clock.stopped_at is not None for one in found),
        parked=sum(map(len, parked)),
    )


def verdict(clock: ClockSeen | None) -> str:
    """Return `ontime`, `overdue`, `open` (not ended, not due) or nothing for a request without a clock, from sla's own record."""
    return verdict_of(clock.state, clock.levels) if clock else ""


def verdict_of(state: ClockState, levels: Sequence[ClockLevel]) -> str:
    """Return the verdict on one clock: of its state once it ended, else whether its deadline was raised."""
    if state in VERDICTS:
        return VERDICTS[state]
    return "overdue" if any(rung.level is Level.L1 and rung.raised_at for rung in levels) else "open"


def write_verdicts(file: Path, found: Sequence[Found]) -> None:
    """Write one line per request, in the order of the file."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEAD)
        zone = ZoneInfo(ZONE)
        for one in found:
            due, stopped = (one.clock.due_at, one.clock.stopped_at) if one.clock else (None, None)
            writer.writerow([one.request.id, one.number, local(due, zone), local(stopped, zone), verdict(one.clock)])


def local(at: datetime | None, zone: ZoneInfo) -> str:
    """Return a time as people of the place write it, with its offset; nothing for none."""
    return at.astimezone(UTC).astimezone(zone).isoformat() if at else ""
