"""What console does on a fact that says whether a repair held. Not here: the rate (`domain.fixes`)."""

from datetime import datetime

from common.envelope import Event
from common.events.dispatch import WorkOrderCompleted, WorkOrderIssued
from common.events.intake import CaseClassified, CaseReopened

from console.domain.fixes import fix
from console.store import Store


async def note_fix(event: Event[WorkOrderCompleted], store: Store, now: datetime) -> None:  # noqa: ARG001 - every handler gets the time
    """Keep a completed repair."""
    made = fix(event.fact.order, event.at)
    if made:
        await store.keep_fix(made)


async def note_failed(event: Event[WorkOrderIssued], store: Store, now: datetime) -> None:  # noqa: ARG001
    """Keep which work of a contractor did not pass its inspection."""
    if event.fact.failed_inspection:
        await store.keep_return(event.fact.order.site, order=event.fact.order.id)


async def note_rework(event: Event[CaseReopened], store: Store, now: datetime) -> None:  # noqa: ARG001
    """Keep which orders have to be done again; they may be heard of later."""
    for order in event.fact.rework_of:
        await store.keep_return(event.fact.case.site, order=order)


async def note_repeat(event: Event[CaseClassified], store: Store, now: datetime) -> None:  # noqa: ARG001
    """Keep which case's problem came again; a case that is classified anew may be the repeat of another, or of none."""
    await store.keep_return(event.fact.case.site, case=event.fact.case.repeat_of, told_by=event.fact.case.id)
