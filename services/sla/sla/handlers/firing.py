"""What sla does when time has come: raise due levels. Not here: which level is next (`domain.clock`)."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import count
from time import monotonic

import structlog
from common.errors import Stale, StoreAway, Transient
from common.loop import Loop
from common.runtime import Runtime

from sla.domain.clock import Said, climb, released
from sla.domain.follow import Change
from sla.handlers import auditing, changing, redating, watching
from sla.handlers.following import as_declared, go_on, resolver_of
from sla.store import Due, Store
from sla.store.audit import BEAT, FIRING

log = structlog.get_logger()
CLAIM_AT_ONCE = 500  # bounded: a backlog is taken in pieces, between which everything else goes on (performance.md D)
TOGETHER = 250  # clocks in one transaction: while one half waits for the database the other is decided
BREATH = 20  # clocks decided before others of this process get their turn: some ten milliseconds
BEATS_AT = "firing_beats_at"  #: when this process leaves its next mark, among the runtime's extra parts
FIRE_LAG = "fire_lag"  #: name of the histogram among the runtime's extra parts


async def fire_due(rt: Runtime[Store]) -> int:
    """Raise every level that is due, at most 500 clocks in two transactions; return how many were taken (ADR 0019).

    The claim only narrows: each clock is checked again (house style 11). What was not fired because the store went away is given free at once.
    """
    await _beat(rt)
    now = rt.now()
    due = await rt.store.claim_due(now, limit=CLAIM_AT_ONCE)
    parts = [due[start : start + TOGETHER] for start in range(0, len(due), TOGETHER)]
    left = await asyncio.gather(*(_fire_or_split(rt, part, now) for part in parts))
    if any(left):
        with suppress(Transient):
            await rt.store.release([clock.id for part in left for clock in part])
        raise StoreAway
    return len(due)


async def _beat(rt: Runtime[Store]) -> None:
    """Leave a mark that somebody fires, as often as the auditor expects one."""
    if monotonic() >= rt.parts.extra.get(BEATS_AT, 0.0):
        await rt.store.audit.lead(FIRING, BEAT)
        rt.parts.extra[BEATS_AT] = monotonic() + BEAT.total_seconds()


async def _fire_or_split(rt: Runtime[Store], claimed: Sequence[Due], now: datetime) -> list[Due]:
    """Fire clocks together, in halves when that fails, so that one that cannot be fired holds up no other; return what the store was away for.

    Whoever is alone with a bug keeps its lease, so that it is tried again only after it.
    """
    try:
        await rt.together(partial(_fire_all, claimed, now, count()))
    except (Transient, Stale):
        return list(claimed)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one clock, the next one is due
        if len(claimed) == 1:
            log.error("clock_not_fired", clock=claimed[0].id, error=type(error).__name__)  # noqa: TRY400 - a traceback may quote the document
            return []
        middle = len(claimed) // 2
        return [*await _fire_or_split(rt, claimed[:middle], now), *await _fire_or_split(rt, claimed[middle:], now)]
    _note_lag(rt, claimed)
    return []


async def _fire_all(claimed: Sequence[Due], now: datetime, tries: "count[int]", store: Store) -> None:
    """Fire clocks in one transaction; one that lost a race takes its clocks first, so that it does not lose twice."""
    if next(tries):
        await store.hold(claimed)
    await store.foresee(claimed)
    for place, clock in enumerate(claimed):
        await fire(clock.id, clock.fence, now, store)
        if place % BREATH == 0:
            await asyncio.sleep(0)


async def fire(id_: str, fence: int, now: datetime, store: Store) -> None:
    """Raise the due levels of one clock in the transaction that also moves its pointer; whoever lost the lease changes nothing."""
    clock = await store.clock(id_)
    if clock is None or clock.fence != fence:
        return
    file, facts = None, list[Said]()
    if clock.due(now) and clock.case:
        file = await store.file(clock.case)
        clock = await as_declared(clock, file, store, now)
    if clock.due(now):
        policy = await store.policy(clock.site, clock.policy)
        resolver = await resolver_of(file, policy, store, now)
        clock, facts = climb(clock, now=now, resolve=resolver(clock))
    store.continue_trace(clock.trace)
    await store.save(Change(released(clock), tuple(facts)))
    await go_on(clock, file, store, now)


def _note_lag(rt: Runtime[Store], fired: Sequence[Due]) -> None:
    """Note how late the levels of these clocks were in the store: business time at the commit."""
    lag, now = rt.parts.extra.get(FIRE_LAG), rt.now()
    if lag is not None:
        for clock in fired:
            lag.observe((now - clock.next_at).total_seconds())


async def count_due(rt: Runtime[Store]) -> int:
    """Return how many clocks have a level due."""
    return await rt.store.count_due(rt.now())


async def next_at(rt: Runtime[Store]) -> datetime | None:
    """Return when the next level is due after now: what is due now and was not taken is in somebody's hands."""
    return await rt.store.next_at(rt.now())


LOOPS = (
    Loop("fire_due", fire_due, due=count_due, next_at=next_at),
    redating.LOOP,
    changing.LOOP,
    watching.LOOP,
    auditing.LOOP,
)
