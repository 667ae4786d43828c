"""Who is told what: one table from facts to notices. Pure; `compose` reads it. Facts that tell nobody are in `silence`.

Each row says the template, to whom, whether it waits for the desk's hours (NTF-24) and what would make it untrue before it is sent.
Webhooks are no rows: endpoints choose their kinds themselves (`public`). The rows about money are in `money`.
"""

from collections.abc import Mapping
from typing import Any

from common.envelope import Event
from common.events import Fact
from common.events.dispatch import (
    WorkOrderAccepted,
    WorkOrderAssigned,
    WorkOrderCancelled,
    WorkOrderChased,
    WorkOrderCompleted,
    WorkOrderIssued,
    WorkOrderOffered,
    WorkOrderRechecked,
    WorkOrderSecondNamed,
    WorkOrderSignatureRefused,
    WorkOrderUnassigned,
)
from common.events.intake import (
    CaseClassified,
    CaseClosed,
    CaseDepartmentNotified,
    CaseRegistered,
    CaseReopened,
    CaseReplied,
    CaseResultTold,
    VisitDue,
    VisitRecorded,
    VisitWaived,
)
from common.events.sla import ClockCancelled, ClockMet, EscalationRaised, EscalationRepeated, EscalationReported
from common.states import Level, Urgency

from notify.domain.money import DUE, MONEY_OF_AN_ENDED_ORDER
from notify.domain.money import ENDINGS as MONEY_ENDINGS
from notify.domain.money import TABLE as MONEY
from notify.domain.notice import Hold
from notify.domain.row import Ending, Ground, Recipient, Recipients, Row, first_level, holders
from notify.domain.schedule import is_open, opening

MESSAGE = "message"  #: form of a reply that goes out through notify; every other form is only recorded


# --- to whom ----------------------------------------------------------------------------------------------------------------


def owner(event: Event[Any], _ground: Ground) -> Recipients:
    """Return who reported the case; nobody when no name was left."""
    case = event.fact.case
    return () if case.anonymous or case.reporter is None else (Recipient(f"owner:{case.reporter}"),)


def assignee(event: Event[WorkOrderIssued | WorkOrderAssigned | WorkOrderChased], _ground: Ground) -> Recipients:
    """Return who has to carry the order out: a member of staff or a contractor (one name space, `common.rota`)."""
    given = event.fact.order.assignee
    return (Recipient(f"person:{given}", "assignee"),) if given else ()


def offered(event: Event[WorkOrderOffered], _ground: Ground) -> Recipients:
    """Return everybody who may take the order."""
    return tuple(Recipient(f"person:{person}", "assignee") for person in event.fact.offered)


def second(event: Event[WorkOrderCompleted | WorkOrderSecondNamed], _ground: Ground) -> Recipients:
    """Return who has to look at the work too (DEF-09)."""
    named = event.fact.order.second_inspector
    return (Recipient(f"person:{named}", "second_inspector"),) if named else ()


def alarm(event: Event[WorkOrderIssued | WorkOrderUnassigned], ground: Ground) -> Recipients:
    """Return who has to find somebody: the roles of the first level."""
    return first_level(ground, event.fact.order.department)


def night(_event: Event[CaseClassified], ground: Ground) -> Recipients:
    """Return who takes emergencies outside the hours (INT-05, INT-06)."""
    role = ground.site.night_role
    return holders(ground, role) if role else ()


def escalated(event: Event[EscalationRaised | EscalationRepeated | EscalationReported], _ground: Ground) -> Recipients:
    """Return the persons of the fact, and each role that nobody fills so that the gap can be seen."""
    told = tuple(Recipient(f"person:{person}") for person in event.fact.persons)
    return told + tuple(Recipient(f"role:{role}", role) for role in event.fact.skipped)


def head_of_department(event: Event[CaseDepartmentNotified], ground: Ground) -> Recipients:
    """Return the manager of the department that got the notice (K5)."""
    return holders(ground, "department_manager", event.fact.department)


def caller(event: Event[VisitDue], ground: Ground) -> Recipients:
    """Return who makes return visits, by the rota of the moment when the desk opens: that is when they may call."""
    return holders(ground, event.fact.role, at=opening(ground.site.speaking, ground.now))


# --- when -------------------------------------------------------------------------------------------------------------------


def at_night(event: Event[CaseClassified], ground: Ground) -> bool:
    """Say whether an emergency became known outside the hours (not again when one is classified anew)."""
    before = event.fact.previous
    new = event.fact.case.urgency is Urgency.P1 and (before is None or before.urgency is not Urgency.P1)
    return new and not is_open(ground.site.day, ground.now)


def nobody(event: Event[WorkOrderIssued], _ground: Ground) -> bool:
    """Say whether no candidate was found."""
    return event.fact.order.alarm is not None


def failed(event: Event[WorkOrderIssued], _ground: Ground) -> bool:
    """Say whether the contractor has to come again: its work did not pass."""
    return event.fact.failed_inspection


def new(event: Event[WorkOrderIssued], ground: Ground) -> bool:
    """Say whether nobody had the order before."""
    return not failed(event, ground)


def recheck_due(event: Event[WorkOrderCompleted | WorkOrderSecondNamed], _ground: Ground) -> bool:
    """Say whether the work is done and waits for its second inspector."""
    return event.fact.order.recheck_due


def by_message(event: Event[CaseReplied], _ground: Ground) -> bool:
    """Say whether the reply goes out through notify."""
    return event.fact.form == MESSAGE


def warned(event: Event[EscalationRaised | EscalationRepeated], _ground: Ground) -> bool:
    """Say whether it is a warning: the time is not over yet."""
    return event.fact.level is Level.WARNING


def levelled(event: Event[EscalationRaised | EscalationRepeated], ground: Ground) -> bool:
    """Say whether it is a level."""
    return not warned(event, ground)


# --- what would make it untrue ------------------------------------------------------------------------------------------------


def of_case(fact: Any) -> str:
    """Return the key that the end of the case carries."""
    return f"case:{fact.case.id}"


def of_closing(fact: Any) -> str:
    """Return the key that the reopening of the case carries."""
    return f"closing:{fact.case.id}"


def of_order(fact: Any) -> str:
    """Return the key that the end of the order carries."""
    return f"order:{fact.order.id}"


def of_offer(fact: Any) -> str:
    """Return the key that whoever takes an offered order carries."""
    return f"offer:{fact.order.id}"


def of_recheck(fact: Any) -> str:
    """Return the key that whatever ends the wait for a second inspector carries."""
    return f"recheck:{fact.order.id}"


def of_clock(fact: Any) -> str:
    """Return the key that the end of the clock carries."""
    return f"clock:{fact.clock.id}"


def of_visit(fact: Any) -> str:
    """Return the key that the return visit carries."""
    return f"visit:{fact.visit}"


ENDINGS: Mapping[type[Fact], tuple[Ending, ...]] = {
    CaseClosed: (Ending(of_case, "case_closed"),),
    CaseReopened: (Ending(of_closing, "case_reopened"),),
    WorkOrderAccepted: (Ending(of_offer, "order_taken"),),
    WorkOrderAssigned: (Ending(of_offer, "order_taken"),),
    WorkOrderCompleted: (Ending(of_order, "order_completed"),),
    WorkOrderCancelled: (Ending(of_order, "order_cancelled"), *MONEY_OF_AN_ENDED_ORDER),
    ClockMet: (Ending(of_clock, "clock_stopped"),),
    ClockCancelled: (Ending(of_clock, "clock_cancelled"),),
    VisitRecorded: (Ending(of_visit, "visit_made"),),
    VisitWaived: (Ending(of_visit, "visit_waived"),),
    **MONEY_ENDINGS,
    WorkOrderRechecked: (Ending(of_recheck, "rechecked"),),
    WorkOrderSecondNamed: (Ending(of_recheck, "another_named"),),
    WorkOrderSignatureRefused: (*MONEY_ENDINGS[WorkOrderSignatureRefused], Ending(of_recheck, "not_signed")),
}  #: fact -> what it makes untrue

RECHECK = Row("recheck_due", second, when=recheck_due, ends=of_recheck)  #: DEF-09: the signature waits for it, so it is told at any hour

# --- the table --------------------------------------------------------------------------------------------------------------

TABLE: Mapping[type[Fact], tuple[Row, ...]] = {
    CaseRegistered: (Row("case_registered", owner, Hold.UNLESS_URGENT, ends=of_case),),  # NTF-23, INT-15
    CaseClassified: (Row("night_emergency", night, when=at_night, ends=of_case, roles=True),),  # INT-05, INT-06, ESC-14
    WorkOrderIssued: (
        Row("work_issued", assignee, when=new, ends=of_order),
        Row("inspection_failed", assignee, when=failed, ends=of_order),  # R18
        Row("nobody_eligible", alarm, when=nobody, ends=of_order, roles=True),
    ),
    WorkOrderOffered: (Row("work_offered", offered, ends=of_offer),),
    WorkOrderAssigned: (Row("work_passed_on", assignee, ends=of_order),),
    WorkOrderChased: (Row("work_chased", assignee, ends=of_order),),  # REP-28, DSP-14
    WorkOrderUnassigned: (Row("nobody_eligible", alarm, ends=of_order, roles=True),),
    EscalationRaised: (  # ESC-16; at any hour (NTF-24)
        Row("clock_warned", escalated, when=warned, ends=of_clock),
        Row("clock_level", escalated, when=levelled, ends=of_clock),
    ),
    EscalationRepeated: (
        Row("clock_warned", escalated, when=warned, ends=of_clock),
        Row("clock_level", escalated, when=levelled, ends=of_clock),
    ),
    EscalationReported: (Row("case_reported", escalated, ends=of_case),),  # ESC-06, ESC-10: at once, at any hour
    CaseDepartmentNotified: (Row("department_notified", head_of_department, ends=of_case, roles=True),),  # K5
    CaseReplied: (Row("case_replied", owner, Hold.UNLESS_URGENT, when=by_message, ends=of_case),),  # NTF-03, NTF-14
    WorkOrderCompleted: (Row("work_completed", owner, Hold.ALWAYS, ends=of_case), DUE, RECHECK),  # NTF-01
    WorkOrderSecondNamed: (RECHECK,),
    CaseResultTold: (Row("result_told", owner, Hold.ALWAYS, ends=of_case),),  # NTF-04
    VisitDue: (Row("visit_due", caller, Hold.ALWAYS, ends=of_visit, roles=True),),  # the call is not offered before the morning (NTF-24)
    CaseClosed: (Row("case_closed", owner, Hold.ALWAYS, ends=of_closing),),
    **MONEY,
}
