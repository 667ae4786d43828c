"""What console does on a fact: fold it into the case's row and write its entry. Not here: the folding (`domain.board`, `domain.timeline`)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common.envelope import Event
from common.events import FACTS
from common.events.dispatch import RotaPublished, WorkOrderCompleted, WorkOrderFact, WorkOrderIssued
from common.events.intake import CaseClassified, CaseFact, CaseReopened
from common.events.sla import ClockFact, EscalationAcknowledged, EscalationRaised, EscalationRepeated, EscalationReported, PolicyPublished
from common.inbox import Handler, Subscriptions
from common.policy import SitePolicy

from console.domain import board, timeline
from console.handlers.fixes import note_failed, note_fix, note_repeat, note_rework
from console.store import Crew, Site, Store


async def tell(event: Event[Any], store: Store, now: datetime) -> None:
    """Write the entry of a fact about a case."""
    made = timeline.entry(event, now)
    if made:
        await store.add_entry(made)


async def follow_case(event: Event[CaseFact], store: Store, now: datetime) -> None:  # noqa: ARG001 - every handler gets the time
    """Take over the case's new state."""
    await store.save_row(board.with_case(await store.find_row(event.fact.case.id), event.fact.case, event.at))


async def follow_order(event: Event[WorkOrderFact], store: Store, now: datetime) -> None:  # noqa: ARG001
    """Take over an order's new state."""
    await store.save_row(board.with_order(await store.row(event.fact.case.id), event.fact.order, getattr(event.fact, "offered", ())))


async def follow_clock(event: Event[ClockFact], store: Store, now: datetime) -> None:  # noqa: ARG001
    """Take over a clock's new state; clocks of a site's week are no case's."""
    if event.fact.clock.case:
        await store.save_row(board.with_clock(await store.row(event.fact.clock.case), event.fact.clock))


async def follow_level(event: Event[EscalationRaised | EscalationRepeated | EscalationAcknowledged], store: Store, now: datetime) -> None:  # noqa: ARG001
    """Mark a level as raised."""
    clock = event.fact.clock
    if clock.case:
        await store.save_row(board.with_level(await store.row(clock.case), clock, event.fact.level))


async def keep_policy(event: Event[PolicyPublished], store: Store, now: datetime) -> None:  # noqa: ARG001
    """Keep the site's name, zone and words for faults, of the newest version."""
    known = await store.site(event.fact.site)
    if known and known.version >= event.fact.version:
        return
    policy = SitePolicy.model_validate(event.fact.policy)
    faults = {code: {"zh": fault.title.zh, "en": fault.title.en} for code, fault in policy.faults.items()}
    name = {"zh": policy.name.zh, "en": policy.name.en}
    await store.keep_site(Site(id=policy.site, version=event.fact.version, name=name, zone=policy.calendar.timezone, faults=faults))


async def keep_rota(event: Event[RotaPublished], store: Store, now: datetime) -> None:  # noqa: ARG001
    """Keep who works at the site, and as what."""
    people = {person.id: person.roles for person in event.fact.people}
    await store.keep_crew(Crew(id=event.fact.site, version=event.fact.version, people=people))


BY_STREAM: Mapping[str, tuple[Handler, ...]] = {
    "case": (follow_case, tell),
    "work_order": (follow_order, tell),
    "clock": (follow_clock, tell),
    "escalation": (follow_level, tell),
    "promise": (tell,),
    "approval": (tell,),
    "settlement": (tell,),
    "visit": (tell,),
    "notice": (tell,),
    "policy": (keep_policy,),
    "rota": (keep_rota,),
}  #: stream prefix -> what is done, in this order

SUBSCRIPTIONS: Subscriptions = {
    **{fact: BY_STREAM[fact.prefix()] for fact in FACTS.values() if fact.prefix() in BY_STREAM},
    WorkOrderIssued: (*BY_STREAM["work_order"], note_failed),
    WorkOrderCompleted: (*BY_STREAM["work_order"], note_fix),
    CaseReopened: (*BY_STREAM["case"], note_rework),
    CaseClassified: (*BY_STREAM["case"], note_repeat),
    EscalationReported: (tell,),  # about a case, not about a level of a clock
}
