"""Which moments a fact is: one table for every clock there is. Pure.

A moment has a time (when it happened, not when it arrived), a subject (case, order or promise) and perhaps an excuse.
Not here: which clocks a moment starts or stops (the packs).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.clock_rules import Moment
from common.envelope import Event
from common.events import Fact
from common.events.dispatch import (
    WorkOrderAccepted,
    WorkOrderArrived,
    WorkOrderAssessed,
    WorkOrderCancelled,
    WorkOrderClassed,
    WorkOrderCompleted,
    WorkOrderInspected,
    WorkOrderIssued,
    WorkOrderReturned,
    WorkOrderSigned,
    WorkOrderSurveyed,
)
from common.events.intake import (
    CaseClassified,
    CaseClosed,
    CaseDepartmentAnswered,
    CaseDepartmentNotified,
    CaseMeasuresDecided,
    CasePlanRecorded,
    CaseProgressTold,
    CaseRegistered,
    CaseReopened,
    CaseReplied,
    CaseResponded,
    CaseRestored,
    CaseResultRecorded,
    CaseResultReported,
    CaseResultTold,
    CaseTestResultTold,
    CaseTripartiteHeld,
    CaseWorkDone,
    CaseWorkRequested,
    PromiseKept,
    PromiseMade,
    VisitRecorded,
)
from common.states import OrderStatus, Party, WorkClass
from pydantic import AwareDatetime, BaseModel, ConfigDict


class Happened(BaseModel):
    """A moment of a case: what, when, of which case, order or promise."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    moment: Moment
    at: AwareDatetime
    of: str
    excused: bool = False


@dataclass(frozen=True)
class Reading:
    """One row: a fact is this moment when `when` holds; `at` replaces the envelope's time where the fact knows better."""

    moment: Moment
    when: Callable[[Any], bool] = lambda _fact: True
    at: Callable[[Any], datetime | None] = lambda _fact: None


def _own(fact: Any) -> bool:
    return bool(fact.order.party is Party.OWN)


def _contractor(fact: Any) -> bool:
    return bool(fact.order.party is Party.CONTRACTOR)


def _plan_told(fact: Any) -> bool:
    return bool(fact.plan_told)


def _company_pays(fact: Any) -> bool:
    return fact.order.work_class in {WorkClass.A, WorkClass.B}


def _guided(fact: Any) -> bool:
    return OrderStatus.GUIDED in {fact.outcome, fact.order.status}


READINGS: dict[type[Fact], tuple[Reading, ...]] = {
    CaseRegistered: (Reading(Moment.RECEIVED, at=lambda fact: fact.case.received_at),),
    CaseClassified: (Reading(Moment.CLASSIFIED),),
    CaseResponded: (Reading(Moment.RESPONDED),),
    CaseWorkRequested: (Reading(Moment.WORK_REQUESTED),),
    CaseReplied: (Reading(Moment.REPLIED, when=lambda fact: fact.answers),),
    CaseResultRecorded: (Reading(Moment.RESULT_RECORDED),),
    CaseResultTold: (Reading(Moment.RESULT_TOLD),),
    CaseProgressTold: (Reading(Moment.PROGRESS_TOLD),),
    CasePlanRecorded: (Reading(Moment.PLAN_OF_DAYS, when=lambda fact: fact.days > 1),),
    CaseRestored: (Reading(Moment.RESTORED),),
    CaseDepartmentNotified: (Reading(Moment.DEPARTMENT_NOTIFIED),),
    CaseDepartmentAnswered: (Reading(Moment.DEPARTMENT_ANSWERED),),
    CaseMeasuresDecided: (Reading(Moment.MEASURES_DECIDED),),
    CaseTestResultTold: (Reading(Moment.TEST_RESULT_TOLD),),
    CaseTripartiteHeld: (Reading(Moment.TRIPARTITE_HELD),),
    CaseResultReported: (Reading(Moment.RESULT_REPORTED),),
    CaseWorkDone: (  # of a later case of an incident: it has no orders of its own that tell (DEF-09)
        Reading(Moment.WORK_COMPLETED, when=lambda fact: bool(fact.case.incident and fact.completed_at), at=lambda fact: fact.completed_at),
    ),
    CaseClosed: (
        Reading(Moment.CLOSED),
        Reading(Moment.VISITED, when=lambda fact: fact.outcome == "visited"),  # it may be heard before the visit's own stream tells
    ),
    CaseReopened: (Reading(Moment.REOPENED),),
    PromiseMade: (Reading(Moment.PROMISE_MADE, at=lambda fact: fact.made_at),),
    PromiseKept: (Reading(Moment.PROMISE_KEPT, at=lambda fact: fact.kept_at),),
    VisitRecorded: (Reading(Moment.VISITED),),
    WorkOrderIssued: (Reading(Moment.ORDER_ISSUED), Reading(Moment.CONTRACTOR_ISSUED, when=_contractor)),
    WorkOrderAccepted: (Reading(Moment.ACCEPTED),),
    WorkOrderArrived: (
        Reading(Moment.ON_SITE, when=_own),
        Reading(Moment.CONTRACTOR_ON_SITE, when=_contractor),
        Reading(Moment.PLAN_TOLD, when=_plan_told),
    ),
    WorkOrderAssessed: (
        Reading(Moment.ASSESSED),
        Reading(Moment.PLAN_TOLD, when=_plan_told),
        Reading(Moment.GUIDED, when=_guided),
    ),
    WorkOrderSurveyed: (Reading(Moment.SURVEYED),),
    WorkOrderClassed: (Reading(Moment.ORDER_ISSUED, when=_company_pays),),  # 《工程派工单》: the repair's time begins with it (DEF-07)
    WorkOrderCompleted: (Reading(Moment.COMPLETED),),
    WorkOrderSigned: (Reading(Moment.SIGNED),),
    WorkOrderReturned: (Reading(Moment.RETURNED),),
    WorkOrderInspected: (Reading(Moment.INSPECTED),),
    WorkOrderCancelled: (Reading(Moment.ORDER_CANCELLED),),
}


def subject_of(fact: Any) -> str:
    """Return the id of the order, promise, department's notice or case that a fact's moments belong to."""
    if hasattr(fact, "order"):
        return str(fact.order.id)
    if isinstance(fact, CaseDepartmentNotified | CaseDepartmentAnswered):
        return fact.notice
    return str(fact.promise) if hasattr(fact, "promise") else str(fact.case.id)


def read(event: Event[Any]) -> tuple[Happened, ...]:
    """Return the moments of one fact, perhaps none."""
    fact = event.fact
    return tuple(
        Happened(moment=row.moment, at=row.at(fact) or event.at, of=subject_of(fact), excused=bool(getattr(fact, "excused", False)))
        for row in READINGS.get(type(fact), ())
        if row.when(fact)
    )
