"""What sla does when time has come: raise due levels, date again after a calendar was published. Not here: which level is next (`domain.clock`)."""

from datetime import datetime
from functools import partial

from common.loop import Loop
from common.runtime import Runtime

from sla.domain.clock import Clock, Said, climb, released
from sla.domain.follow import Change
from sla.handlers import batches
from sla.handlers.following import follow_case, resolver_of
from sla.store import Store

CLAIM_AT_ONCE = 200  # bounded: a backlog is taken in pieces, between which everything else goes on (performance.md D)
REDATE_AT_ONCE = 50
PUBLISHED = "calendar_published"
FIRE_LAG = "fire_lag"  #: name of the histogram among the runtime's extra parts


async def fire_due(rt: Runtime[Store]) -> int:
    """Raise every level that is due; return how many clocks were taken. The claim only narrows: each is checked again (house style 11)."""
    now = rt.now()
    due = await rt.store.claim_due(now, limit=CLAIM_AT_ONCE)
    for clock in due:
        await rt.transact(partial(_fire, clock.id, clock.fence, now))
        _note_lag(rt, clock, now)
    return len(due)


async def _fire(id_: str, fence: int, now: datetime, store: Store) -> None:
    """Raise the due levels of one clock in the transaction that also moves its pointer; whoever lost the lease changes nothing."""
    clock = await store.clock(id_)
    if clock is None or clock.fence != fence:
        return
    facts: list[Said] = []
    if clock.armed and clock.next_at and clock.next_at <= now:
        file = await store.file(clock.case) if clock.case else None
        policy = await store.policy(clock.site, clock.policy)
        resolver = await resolver_of(file, policy, store, now)
        clock, facts = climb(clock, now=now, resolve=resolver(clock))
    store.continue_trace(clock.trace)
    await store.save(Change(released(clock), tuple(facts)))


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
            await rt.transact(partial(_redate, clock, rt.now()))
            done += 1
    return done


async def _redate(clock: Clock, now: datetime, store: Store) -> None:
    if clock.case is None:
        _, site, week = clock.subject.split(":")
        await batches.follow_week(await store.week(site, week), store, now, why=PUBLISHED)
        return
    file = await batches.fall_in(await store.file(clock.case), store, now)
    await store.keep_file(file)
    await follow_case(file, store, now, why=PUBLISHED)


async def count_stale(rt: Runtime[Store]) -> int:
    """Return how many clocks wait to be dated again."""
    return sum([await rt.store.count_stale(book) for book in await rt.store.year_books()])


LOOPS = (
    Loop("fire_due", fire_due, due=count_due, next_at=next_at),
    Loop("redate", redate, due=count_stale),
)
