"""What sla does about a change of policy: looks at everything it concerns, in bounded batches, and keeps what it did to each (ADR 0021).

Each case is one transaction that writes its file, its clocks, their facts and the row of what happened: a crash repeats nothing, a second
worker neither, and a fact that arrives meanwhile conflicts and is heard before or after. Not here: deciding a change (`publishing`),
where each case goes (`target`).
"""

import asyncio
from datetime import datetime, timedelta
from functools import partial

import structlog
from common.errors import Transient
from common.loop import Loop
from common.runtime import Runtime
from common.timesource import machine_now

from sla.domain.changes import Phase, PolicyChange, Stage, Visited, advanced
from sla.domain.compare import shift
from sla.domain.follow import follow
from sla.handlers.target import target_of_case, target_of_week
from sla.store import Store

log = structlog.get_logger()
BATCH = 50  # in one turn: between turns everything else goes on, and progress can be seen
SIDE_BY_SIDE = 8  # transactions at once: the store commits them as a group
SETTLE = timedelta(seconds=10)  # longer than any transaction lives: a case that was being opened meanwhile is there by then


async def apply_changes(rt: Runtime[Store]) -> int:
    """Go on with one change, one batch; return how many things were looked at, at least 1 while a change runs.

    A change that is done looks once more some time later, for cases that were being opened while it went over the others.
    """
    changes = rt.store.changes
    change = await changes.claim(machine_now())
    if change is None:
        return 0
    if change.total is None:
        change = change.model_copy(update={"total": await changes.count_open(change.site)})
    ids, last = await _left(change, rt.store)
    todo = ids if change.stage is Stage.RUNNING else await changes.unvisited(change.id, ids)
    made = advanced(change, await _visit_all(rt, change, todo), last)
    await changes.advance(_ended(made, rt.now()))
    return max(1, len(ids))


def _ended(change: PolicyChange, now: datetime) -> PolicyChange:
    """Return the change done once it has looked at everything, and settled once it has looked again."""
    if change.looks_at:
        return change
    if change.stage is Stage.DONE:
        return change.model_copy(update={"wake_at": None})
    done = {"stage": Stage.DONE, "done_at": now, "wake_at": machine_now() + SETTLE}
    return change.model_copy(update={**done, "phase": 0, "cursor": ""})


async def _left(change: PolicyChange, store: Store) -> tuple[list[str], str | None]:
    """Return the next ids of the phase that the change is in, and where to go on after them, None at the end of the phase."""
    changes, site = store.changes, change.site
    match change.looks_at:
        case Phase.OPEN:
            ids = found = await changes.open_cases(site, after=change.cursor, limit=BATCH)
        case Phase.WEEKS:
            ids = found = await changes.open_weeks(site, after=change.cursor, limit=BATCH)
        case Phase.ENDED if change.since:
            found = await changes.ended_since(site, change.since, after=change.cursor, limit=BATCH)
            ids = await changes.closed_among(found)
        case _:
            ids = found = []
    return ids, found[-1] if len(found) >= BATCH else None


async def _visit_all(rt: Runtime[Store], change: PolicyChange, ids: list[str]) -> dict[str, Visited | None]:
    """Visit each id in a transaction of its own. One that cannot be changed holds up no other: it is named, and tried again at the second look."""
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(id_: str) -> Visited | None:
        try:
            async with gate:
                return await rt.transact(partial(visit, change, id_, rt.now()))
        except Transient:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one case, the next one goes on
            log.error("case_not_changed", change=change.id, id=id_, error=type(error).__name__)  # noqa: TRY400 - a traceback may quote the document
            return None

    return dict(zip(ids, await asyncio.gather(*map(one, ids)), strict=True))


async def visit(change: PolicyChange, id_: str, now: datetime, store: Store) -> Visited:
    """Look at one case or week, once: whoever comes again gets what was done then."""
    known = await store.changes.visited(change.id, id_)
    if known:
        return known
    find = target_of_week if change.looks_at is Phase.WEEKS else target_of_case
    target = await find(change, id_, store, now)
    moves = follow(target.existing, target.planned, target.moving, target.resolver)
    after = {**target.existing, **{move.clock.id: move.clock for move in moves}}
    shifts = [shift(target.before.get(id_), clock, now) for id_, clock in after.items()]
    visited = target.visited.model_copy(update={"clocks": tuple(one.model_dump(mode="json") for one in shifts if one)})
    await store.changes.note(visited)
    if not change.preview:
        await target.keep(store)
        for move in moves:
            await store.save(move)
    return visited


async def count_running(rt: Runtime[Store]) -> int:
    """Return how many changes are not done."""
    return await rt.store.changes.count_running()


LOOP = Loop("apply_changes", apply_changes, due=count_running)
