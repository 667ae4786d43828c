"""A loop of a service: does what is due, waits for time or work, and never dies silently."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from common.errors import Transient

if TYPE_CHECKING:
    from common.runtime import Runtime

log = structlog.get_logger()


@dataclass(frozen=True)
class Loop:
    """`run` does what is due and says how much it did; `due` counts what is due now; `next_at` says when there will be work (business time).

    `every` is the longest pause in machine time. A step of business time and every commit of this process end a pause at once, also when they
    came during the turn before it; a loop that can say `next_at` sleeps until then and is looked after again at `every` (ADR 0019).
    """

    name: str
    run: "Callable[[Runtime[Any]], Awaitable[int]]"
    due: "Callable[[Runtime[Any]], Awaitable[int]] | None" = None
    next_at: "Callable[[Runtime[Any]], Awaitable[datetime | None]] | None" = None
    every: timedelta = timedelta(seconds=1)


async def my_turn(runtime: "Runtime[Any]", job: str, pause: timedelta) -> bool:
    """Say whether to do a job that one process of this service does once in `pause` (the database's time): the lease is the pause itself."""
    if await runtime.documents.get("jobs", job) is None:
        await runtime.documents.put("jobs", {"_id": job, "fence": 0})
    return bool(await runtime.documents.claim("jobs", {"_id": job}, sort=(), limit=1, lease=pause))


async def keep(loop: Loop, runtime: "Runtime[Any]") -> None:
    """Run `loop` until cancelled; a failure is logged and counted and the loop goes on."""
    failures = 0
    while True:
        done, mark, pause = 0, runtime.mark(), loop.every.total_seconds()
        try:
            done = await loop.run(runtime)
            pause = 0.0 if done else await runtime.idle(loop)
            failures = 0
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            failures += 1
        except Transient as error:
            failures += 1
            log.warning("loop_waits", loop=loop.name, error=error.slug, failures=failures)
        except Exception as error:  # noqa: BLE001 - a bug in one turn must not stop the clocks of every other case
            failures += 1
            log.error("loop_failed", loop=loop.name, error=type(error).__name__, failures=failures)  # noqa: TRY400 - a traceback may hold content
        runtime.metrics.turned(runtime.name, loop.name)
        if not done:
            await runtime.pause(pause, mark, failures)
