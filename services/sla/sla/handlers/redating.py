"""Dates clocks again after a year of their calendar was published (decisions.md 2). Not here: what their dates are (`domain.redating`, `plan`)."""

import asyncio
from datetime import datetime
from functools import partial

from common.documents import Doc, to_doc
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
from sla.store import LEASE, Store, Sweep, YearBook, dated

AT_ONCE = 20_000  # clocks in one turn: some seconds, well inside the lease
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


class _Turn:
    """One turn of a sweep: its transactions read one after the other, and compute and write side by side."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.done = 0
        self._more = True
        self._reading = asyncio.Lock()

    async def read(self, store: Store, begun: list[Sweep]) -> list[Doc]:
        """Return the next clocks. `begun`: empty, and given again where the transaction runs again, which starts at the same place then."""
        if begun:
            return await store.stale(begun[0], limit=TOGETHER)
        async with self._reading:
            begun.append(self.sweep)
            if self.over:
                return []
            docs = await store.stale(self.sweep, limit=TOGETHER)
            self.done, self._more = self.done + len(docs), len(docs) == TOGETHER
            self.sweep = self.sweep.after(docs, more=self._more, now=machine_now())
        return docs

    @property
    def over(self) -> bool:
        """Say whether there is nothing more to do now."""
        return not self._more or self.done >= AT_ONCE


async def _sweep(rt: Runtime[Store], book: YearBook) -> int:
    sweep = await rt.store.sweep(book.id)
    turn = _Turn(sweep if sweep.revision == book.revision else Sweep(id=book.id, revision=book.revision))

    async def work() -> None:
        while not turn.over:
            await rt.together(partial(_redate_some, turn, [], book, rt.now()))

    await asyncio.gather(*(work() for _ in range(SIDE_BY_SIDE)))
    await rt.store.keep_sweep(turn.sweep)
    return turn.done


async def _redate_some(turn: _Turn, begun: list[Sweep], book: YearBook, now: datetime, store: Store) -> None:
    """Date clocks again: those that can be dated alone in one write, the cases of the others one by one."""
    tables: Tables = {}
    left, moves, same = list[str](), list[Move](), list[str]()
    for place, doc in enumerate(await turn.read(store, begun)):
        fields = dated.changes(doc, found, now) if (found := await _new_dates(doc, tables, store)) else None
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
    moved = [dated.moved(doc, fields["due_at"]) for doc, fields in moves if doc["due_at"] != fields["due_at"]]
    for id_ in left:
        moved += await _date_case(id_, book.revision, now, store)
    await store.notes.moved(book.id, book.revision, moved)


async def _new_dates(doc: Doc, tables: Tables, store: Store) -> Dates | None:
    """Return the dates of a clock that can be dated alone; None for any other."""
    if not dated.can_be_dated(doc):
        return None
    key = (doc["site"], doc["policy"])
    if key not in tables:
        policy = await store.policy(*key)
        tables[key] = Table(policy, of_site(await store.days(policy.calendar.holidays), policy.calendar))
    return tables[key].dates(doc["rule_id"], doc["start_at"])


async def _date_case(id_: str, revision: int, now: datetime, store: Store) -> list[Doc]:
    """Date one clock again, and those of its case with it; return what moved, for whoever published the calendar."""
    clock = await store.clock(id_)
    if clock is None or clock.revision >= revision:
        return []
    before = await _with_it(clock, store)
    await _date_again(clock, now, store)
    after = await _with_it(clock, store)
    await store.mark_dated([clock.id], revision)
    moved = [(old, after[key].due_at) for key, old in before.items() if key in after and after[key].due_at != old.due_at]
    return [dated.moved(to_doc(old), due_to) for old, due_to in moved]


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
