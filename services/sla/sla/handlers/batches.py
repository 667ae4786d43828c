"""The weekly batches of slips as stored: orders fall in, a handover closes them. Not here: which week it is (`domain.batches`)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from common.clock_rules import ClockRule
from common.events.dispatch import SlipsHandedOver

from sla.domain.applies import About
from sla.domain.batches import Week, ends, falls_into, nearby
from sla.domain.calendar import CalendarMissing
from sla.domain.case_file import CaseFile, in_batch
from sla.domain.moments import Happened
from sla.domain.plan import Planned, plan_week, slips
from sla.handlers.following import Ground, bring, follow_case, ground_of, nobody, resolver_of
from sla.store import BatchWeek, Store

NEAR = timedelta(days=1)
Slip = tuple[Happened, ClockRule, About]


async def fall_in(file: CaseFile, store: Store, now: datetime) -> CaseFile:
    """Let completed orders fall into their week's batch and open its clock with the first of them."""
    ground = await ground_of(file, store)
    for slip in slips(file, ground.policy):
        if slip[0].of not in file.batches and (week := await _week_for(slip, ground, store)):
            file = in_batch(file, slip[0].of, week.name)
            await _note(slip, week, ground, store, now)
    return file


async def _week_for(slip: Slip, ground: Ground, store: Store) -> Week | None:
    """Return the batch of a slip; None while its calendar year is not published: publishing it asks again."""
    moment, rule, about = slip
    known = await store.weeks(about.case.site, nearby(moment.at, ground.policy))
    handed = {week.week: week.handed_over_at for week in known if week.handed_over_at}
    try:
        return falls_into(moment.at, rule.batch, ground.policy, ground.days, handed) if rule.batch else None
    except CalendarMissing:
        return None


async def _note(slip: Slip, found: Week, ground: Ground, store: Store, now: datetime) -> None:
    """Open the clock of a week with its first slip; near the handover touch the week, so that both at once conflict and one decides again."""
    moment, rule, about = slip
    week = await store.week(about.case.site, found.name)
    if week.order is None:
        planned = plan_week(rule, about, moment, found.name, ground.days, week.handed_over_at)
        await bring({}, [planned], ground.moving(now, "slip"), store, nobody)
        opener = {"case": about.case.id, "order": moment.of, "due_at": found.due_at}
        await store.keep_week(week.model_copy(update=opener))
    elif moment.at >= found.due_at - NEAR:
        await store.keep_week(week.model_copy(update={"touched": week.touched + 1}))


async def ended(fact: SlipsHandedOver, store: Store) -> list[BatchWeek]:
    """Return the weeks that a handover ends. Raises Missing for an order not yet known."""
    due = await store.weeks_waiting(fact.site, fact.handed_over_at)
    over = ends(fact.week, [week.week for week in due], await _weeks_of(fact.orders, store), await _weeks_of(fact.waiting, store))
    return [await store.week(fact.site, name) for name in over]


async def _weeks_of(orders: Sequence[str], store: Store) -> set[str | None]:
    return {(await store.file_of_order(order)).batches.get(order) for order in orders}


async def close(week: BatchWeek, at: datetime, store: Store, now: datetime) -> None:
    """Note the first handover of a week and stop its clock."""
    if week.handed_over_at is None:
        week = week.model_copy(update={"handed_over_at": at})
        await store.keep_week(week)
        await follow_week(week, store, now, why=SlipsHandedOver.kind)


async def follow_week(week: BatchWeek, store: Store, now: datetime, *, why: str) -> None:
    """Make the batch clock of a week what it has to be; a week without slips has none."""
    if week.case is None:
        return
    file = await store.file(week.case)
    ground = await ground_of(file, store)
    planned = week_plan(week, file, ground)
    existing = await store.clocks_on(week.subject)
    await bring(existing, planned, ground.moving(now, why), store, await resolver_of(None, ground.policy, store, now))
    await redue(week, planned, store)


def week_plan(week: BatchWeek, file: CaseFile, ground: Ground) -> list[Planned]:
    """Return the batch clock of a week as the case that opened it has it, nothing where its policy knows no batch."""
    found = [slip for slip in slips(file, ground.policy) if slip[0].of == week.order]
    return [plan_week(rule, about, moment, week.week, ground.days, week.handed_over_at) for moment, rule, about in found]


async def redue(week: BatchWeek, planned: Sequence[Planned], store: Store) -> None:
    """Keep when a week's batch is due, where that has changed."""
    due_at = planned[0].dates.due_at if planned else week.due_at
    if due_at != week.due_at:
        await store.keep_week(week.model_copy(update={"due_at": due_at}))


async def move_later_slips(week: str, fact: SlipsHandedOver, store: Store, now: datetime) -> None:
    """Move slips completed after a handover, and not in it, into the next batch: their facts came first."""
    for file in await store.files_in_week(fact.site, week):
        ground = await ground_of(file, store)
        after = [one.of for one, _, _ in slips(file, ground.policy) if one.at > fact.handed_over_at and one.of not in fact.orders]
        moved = file
        for order in after:
            moved = in_batch(moved, order, None) if moved.batches.get(order) == week else moved
        if moved is not file:
            moved = await fall_in(moved, store, now)
            await store.keep_file(moved)
            await follow_case(moved, store, now, why=fact.kind)
