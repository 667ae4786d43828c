"""What sla does when time has come: raise due levels, date again after a calendar was published. Not here: which level is next (`domain.clock`)."""

import asyncio
from contextlib import suppress
from datetime import datetime
from functools import partial

import structlog
from common.errors import StoreAway, Transient
from common.loop import Loop
from common.runtime import Runtime

from sla.domain.clock import Clock, Said, climb, released
from sla.domain.follow import Change
from sla.handlers import batches, changing
from sla.handlers.following import follow_case, go_on, resolver_of
from sla.store import Store

log = structlog.get_logger()
CLAIM_AT_ONCE = 200  # bounded: a backlog is taken in pieces, between which everything else goes on (performance.md D)
SIDE_BY_SIDE = 16  # transactions at once: the store commits them as a group
REDATE_AT_ONCE = 50
PUBLISHED = "calendar_published"
FIRE_LAG = "fire_lag"  #: name of the histogram among the runtime's extra parts


async def fire_due(rt: Runtime[Store]) -> int:
    """Raise every level that is due; return how many clocks were taken. The claim only narrows: each is checked again (house style 11).

    One clock that cannot be fired never holds up the others. When the store goes away, what was not fired is given free at once.
    """
    now = rt.now()
    due = await rt.store.claim_due(now, limit=CLAIM_AT_ONCE)
    gate = asyncio.Semaphore(SIDE_BY_SIDE)
    outcomes = await asyncio.gather(*(_fire_safely(rt, clock, now, gate) for clock in due))
    left = [clock.id for clock, fired in zip(due, outcomes, strict=True) if not fired]
    if left:
        with suppress(Transient):
            await rt.store.release(left)
        raise StoreAway
    return len(due)


async def _fire_safely(rt: Runtime[Store], clock: Clock, now: datetime, gate: asyncio.Semaphore) -> bool:
    """Fire one clock; False if the store went away. A bug keeps its lease, so that it is tried again only after it."""
    try:
        async with gate:
            await rt.transact(partial(fire, clock.id, clock.fence, now))
    except Transient:
        return False
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one clock, the next one is due
        log.error("clock_not_fired", clock=clock.id, error=type(error).__name__)  # noqa: TRY400 - a traceback may quote the document
    else:
        _note_lag(rt, clock, now)
    return True


async def fire(id_: str, fence: int, now: datetime, store: Store) -> None:
    """Raise the due levels of one clock in the transaction that also moves its pointer; whoever lost the lease changes nothing."""
    clock = await store.clock(id_)
    if clock is None or clock.fence != fence:
        return
    file, facts = None, list[Said]()
    if clock.armed and clock.next_at and clock.next_at <= now:
        file = await store.file(clock.case) if clock.case else None
        policy = await store.policy(clock.site, clock.policy)
        resolver = await resolver_of(file, policy, store, now)
        clock, facts = climb(clock, now=now, resolve=resolver(clock))
    store.continue_trace(clock.trace)
    await store.save(Change(released(clock), tuple(facts)))
    await go_on(clock, file, store, now)


def _note_lag(rt: Runtime[Store], clock: Clock, now: datetime) -> None:
    lag = rt.parts.extra.get(FIRE_LAG)
    if lag is not None and clock.next_at:
        lag.observe((now - clock.next_at).total_seconds())


async def count_due(rt: Runtime[Store]) -> int:
    """Return how many clocks have a level due."""
    return await rt.store.count_due(rt.now())


async def next_at(rt: Runtime[Store]) -> datetime | None:
    """Return when the next level is due."""
    return await rt.store.next_at()


async def redate(rt: Runtime[Store]) -> int:
    """Date again what was dated before its calendar was last published (decisions.md 2); return how many clocks were looked at."""
    done = 0
    for book in await rt.store.year_books():
        for clock in await rt.store.stale(book, limit=REDATE_AT_ONCE):
            await rt.transact(partial(_redate, clock, book.revision, rt.now()))
            done += 1
    return done


async def _redate(clock: Clock, revision: int, now: datetime, store: Store) -> None:
    if clock.case:
        file = await batches.fall_in(await store.file(clock.case), store, now)
        await store.keep_file(file)
        await follow_case(file, store, now, why=PUBLISHED)
    else:
        _, site, week = clock.subject.split(":")
        await batches.follow_week(await store.week(site, week), store, now, why=PUBLISHED)
    await store.mark_dated(clock.id, revision)


async def count_stale(rt: Runtime[Store]) -> int:
    """Return how many clocks wait to be dated again."""
    return sum([await rt.store.count_stale(book) for book in await rt.store.year_books()])


LOOPS = (
    Loop("fire_due", fire_due, due=count_due, next_at=next_at),
    Loop("redate", redate, due=count_stale),
    changing.LOOP,
)
