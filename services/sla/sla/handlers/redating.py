"""Dates clocks again after a year of their calendar was published (decisions.md 2). Not here: what their dates are (`domain.redating`, `plan`)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from common.documents import Doc
from common.loop import Loop
from common.runtime import Runtime
from common.timesource import machine_now

from sla.domain.clock import Clock
from sla.domain.ground import Dates
from sla.domain.holidays import of_site
from sla.domain.redating import PUBLISHED, Table
from sla.handlers import batches
from sla.handlers.changing import SETTLE
from sla.handlers.following import follow_case
from sla.store import LEASE, Store, Sweep, YearBook
from sla.store.dated import can_be_dated, dated

AT_ONCE = 20_000  # clocks in one turn, whose ids are read ahead: some seconds, well inside the lease
TOGETHER = 500  # in one transaction
SIDE_BY_SIDE = 4  # transactions at once: while one waits for the database another is computed
BREATH = 20  # clocks dated before others of this process get their turn
REDATE = "redate"
Tables = dict[tuple[str, int], Table]  #: by site and version, for one step
Move = tuple[Doc, Doc]  #: a clock as it was, and what changes


async def redate(rt: Runtime[Store]) -> int:
    """Date again what was dated before its calendar was last published; return how many clocks were looked at. One worker does it at a time."""
    done = 0
    for book in await rt.store.year_books():
        if _to_do(await rt.store.sweep(book.id), book) and await rt.store.audit.lead(REDATE, LEASE):
            done += await _sweep(rt, book)
            await rt.store.audit.rest(REDATE)
    return done


def _to_do(sweep: Sweep, book: YearBook) -> bool:
    """Say whether it is time to look: after a publication, until a pass finds nothing, and once more when no transaction of before can live."""
    if sweep.revision < book.revision:
        return True
    return not sweep.settled and (sweep.clean_at is None or machine_now() >= sweep.clean_at + SETTLE)


async def _sweep(rt: Runtime[Store], book: YearBook) -> int:
    sweep = await rt.store.sweep(book.id)
    sweep = sweep if sweep.revision == book.revision else Sweep(id=book.id, revision=book.revision)
    rows = await rt.store.stale(sweep, limit=AT_ONCE)
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def some(part: Sequence[str]) -> None:
        async with gate:
            await rt.together(partial(_redate_all, part, book, rt.now()))

    ids = [row["_id"] for row in rows]
    await asyncio.gather(*(some(ids[start : start + TOGETHER]) for start in range(0, len(ids), TOGETHER)))
    await rt.store.keep_sweep(sweep.after(rows, more=len(rows) == AT_ONCE, now=machine_now()))
    return len(ids)


async def _redate_all(ids: Sequence[str], book: YearBook, now: datetime, store: Store) -> None:
    """Date clocks again: those that can be dated alone in one write, the cases of the others one by one."""
    tables: Tables = {}
    left, moves, same = list[str](), list[Move](), list[str]()
    for place, doc in enumerate(await store.stale_docs(ids, book.revision)):
        fields = dated(doc, found, now) if (found := await _new_dates(doc, tables, store)) else None
        if fields is None:
            left.append(doc["_id"])
        elif fields:
            moves.append((doc, fields))
        else:
            same.append(doc["_id"])
        if place % BREATH == 0:
            await asyncio.sleep(0)
    await store.redated(moves, book.revision, now)
    await store.mark_dated(same, book.revision)
    for id_ in left:
        await _date_case(id_, book.revision, now, store)


async def _new_dates(doc: Doc, tables: Tables, store: Store) -> Dates | None:
    """Return the dates of a clock that can be dated alone; None for any other."""
    if not can_be_dated(doc):
        return None
    key = (doc["site"], doc["policy"])
    if key not in tables:
        policy = await store.policy(*key)
        tables[key] = Table(policy, of_site(await store.days(policy.calendar.holidays), policy.calendar))
    return tables[key].dates(doc["rule_id"], doc["start_at"])


async def _date_case(id_: str, revision: int, now: datetime, store: Store) -> None:
    """Date one clock again, and those of its case with it; what moved is kept for whoever published the calendar."""
    clock = await store.clock(id_)
    if clock is None or clock.revision >= revision:
        return
    before = await _with_it(clock, store)
    await _date_again(clock, now, store)
    after = await _with_it(clock, store)
    for key, old in before.items():
        if key in after and after[key].due_at != old.due_at:
            await store.notes.moved(old, after[key], revision)
    await store.mark_dated([clock.id], revision)


async def _with_it(clock: Clock, store: Store) -> dict[str, Clock]:
    """Return the clocks that are dated in one step: those of a case, or the one of a week."""
    return await store.clocks_of(clock.case) if clock.case else await store.clocks_on(clock.subject)


async def _date_again(clock: Clock, now: datetime, store: Store) -> None:
    if clock.case:
        file = await batches.fall_in(await store.file(clock.case), store, now)
        await store.keep_file(file)
        await follow_case(file, store, now, why=PUBLISHED)
    else:
        _, site, week = clock.subject.split(":")
        await batches.follow_week(await store.week(site, week), store, now, why=PUBLISHED)


async def count_stale(rt: Runtime[Store]) -> int:
    """Return how many clocks wait to be dated again."""
    return sum([await rt.store.count_stale(book) for book in await rt.store.year_books()])


LOOP = Loop(REDATE, redate, due=count_stale)
