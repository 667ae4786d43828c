"""The doors through which people decide about a clock: extend, pause, resume, excuse. Not here: rules, queries."""

from typing import Annotated

from common.doors import Door, permit
from common.problems import RESPONSES
from fastapi import APIRouter, Path

from sla.api.clocks import WRITES, ClockOut
from sla.domain.clock import Clock
from sla.handlers import rulings
from sla.store import Store

router = APIRouter(tags=["rulings"], responses={code: RESPONSES[code] for code in (401, 403, 404, 422, 429, 503)})
ClockId = Annotated[str, Path(max_length=160)]


async def _seen(id_: str, door: Door[Store]) -> None:
    """A clock of a site out of scope is not there."""
    clock = await door.store.clock(id_)
    if clock:
        door.see(clock.site)


@router.post("/v1/clocks/{id}/extend", responses=WRITES)
async def extend(id: ClockId, body: rulings.Extend, door: Annotated[Door[Store], permit("clock.extend", idempotent="optional")]) -> ClockOut:
    """延期 · Put the close of business of another day in place of the deadline, with the customer's consent before it. Guards: R22."""
    await _seen(id, door)
    return ClockOut.of(Clock.model_validate(await door.command(rulings.extend, body, id)))


@router.post("/v1/clocks/{id}/pause", responses=WRITES)
async def pause(id: ClockId, body: rulings.Pause, door: Annotated[Door[Store], permit("clock.pause", idempotent="optional")]) -> ClockOut:
    """暂停 · Let a clock stand still for a reason of the site's policy; it goes on by itself. Guards: SLA-37."""
    await _seen(id, door)
    return ClockOut.of(Clock.model_validate(await door.command(rulings.pause, body, id)))


@router.post("/v1/clocks/{id}/resume", responses=WRITES)
async def resume(id: ClockId, body: rulings.Resume, door: Annotated[Door[Store], permit("clock.pause", idempotent="optional")]) -> ClockOut:
    """恢复计时 · End a pause now. Guards: SLA-37."""
    await _seen(id, door)
    return ClockOut.of(Clock.model_validate(await door.command(rulings.resume, body, id)))


@router.post("/v1/clocks/{id}/excuse", responses=WRITES)
async def excuse(id: ClockId, body: rulings.Excuse, door: Annotated[Door[Store], permit("clock.excuse", idempotent="optional")]) -> ClockOut:
    """登记特殊原因 · Record the special reason of being late; late it stays. Guards: SLA-38."""
    await _seen(id, door)
    return ClockOut.of(Clock.model_validate(await door.command(rulings.excuse, body, id)))
