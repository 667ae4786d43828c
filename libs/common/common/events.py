"""Every fact that crosses a service border, in one file: a change of contract is one diff (ADR 0004).

A fact is past tense, carries the full state of its subject (`states`), and never a name, a phone number, an address or free text; readers
ignore unknown fields, only optional fields may be added, anything else is a new kind (a contract test holds the JSON schemas).
Not here: how facts travel (`envelope`, `outbox`, `messaging`) and who listens (`topology`, SUBSCRIPTIONS of each service).
"""

from datetime import date
from typing import Any, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

from common.money import ApprovalState, SettlementState
from common.states import CaseState, ClockView, Level, OrderState, Party, PersonState, Unfilled


class Fact(BaseModel):
    """Something that happened. `kind` is `<stream prefix>.<past event>`; `about` names the field that holds the subject's id."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    kind: ClassVar[str] = ""

    @classmethod
    def prefix(cls) -> str:
        """Return the stream prefix, e.g. `case`: consumers bind whole streams, never single kinds."""
        return cls.kind.split(".", 1)[0]


# --- intake -----------------------------------------------------------------------------------------------------------------


class CaseFact(Fact):
    """Base of all case facts."""

    case: CaseState


class CaseRegistered(CaseFact):
    """A request was recorded and has its number (INT-09)."""

    kind = "case.registered"


class CaseClassified(CaseFact):
    """Type and urgency are set; dispatch and sla act on this one (CLS-11)."""

    kind = "case.classified"
    previous: CaseState | None = None  #: before a reclassification (CLS-20)


class CaseResponded(CaseFact):
    """The response was started and the department contacted (CLK_RESPOND)."""

    kind = "case.responded"
    department: str | None = None
    by: str


class CaseWorkRequested(CaseFact):
    """A department or contractor is asked to work on a complaint."""

    kind = "case.work_requested"
    party: Party = Party.OWN
    department: str | None = None
    trade: str | None = None
    contractor: str | None = None


class CaseDepartmentNotified(CaseFact):
    """A department got its notice of the case (K5); each notice has a clock of its own."""

    kind = "case.department_notified"
    notice: str
    department: str
    by: str


class CaseDepartmentAnswered(CaseFact):
    """A department reported back to customer service (SLA-32)."""

    kind = "case.department_answered"
    notice: str
    department: str
    by: str


class CaseMeasuresDecided(CaseFact):
    """The corrective measures are decided (SLA-17)."""

    kind = "case.measures_decided"
    by: str


class CaseTestResultTold(CaseFact):
    """The owner was told the test result and the corrective plan (SLA-16)."""

    kind = "case.test_result_told"
    by: str


class CaseTripartiteHeld(CaseFact):
    """Both parties and the property company talked (SLA-20)."""

    kind = "case.tripartite_held"
    by: str


class CaseResultReported(CaseFact):
    """The site's office told the department above it how the case stands (SLA-33)."""

    kind = "case.result_reported"
    by: str


class CaseReplied(CaseFact):
    """The reporter got an answer. `answers` says whether it satisfies the reply clock (DEF-19)."""

    kind = "case.replied"
    form: str
    final: bool
    answers: bool
    next_at: AwareDatetime | None = None
    by: str


class CaseResultRecorded(CaseFact):
    """The handling of a complaint has a recorded result (K12)."""

    kind = "case.result_recorded"


class CaseResultTold(CaseFact):
    """The owner was told the result (K14)."""

    kind = "case.result_told"
    forms: tuple[str, ...]


class CaseProgressTold(CaseFact):
    """The owners were told how it goes (REP-31, SLA-21, SLA-22)."""

    kind = "case.progress_told"
    forms: tuple[str, ...]
    by: str


class CasePlanRecorded(CaseFact):
    """The work was planned; a plan of more than one day asks for an update every day (SLA-22)."""

    kind = "case.plan_recorded"
    days: int
    by: str


class CaseRestored(CaseFact):
    """Water, power or whatever had failed is there again (SLA-21)."""

    kind = "case.restored"
    by: str


class CaseOwnerTransferred(CaseFact):
    """First-contact ownership moved to another person (INT-14)."""

    kind = "case.owner_transferred"
    previous_owner: str | None = None


class CaseLinked(CaseFact):
    """A case was joined by hand to an incident that is still open (DEF-09); at classification `case.classified` says it."""

    kind = "case.linked"
    by: str


class CaseSplit(CaseFact):
    """A case left its incident: it has work and work clocks of its own again (DEF-09)."""

    kind = "case.split"
    left: str  #: the first case of the incident
    by: str


class CaseWorkDone(CaseFact):
    """Every order of the case, or of the incident it belongs to, is done: somebody has to call back."""

    kind = "case.work_done"
    completed_at: AwareDatetime | None = None  #: when the work was completed; None: as the orders say


class CaseClosed(CaseFact):
    """The case ended; `outcome` is visited, waived, answered or explained."""

    kind = "case.closed"
    outcome: str


class CaseReopened(CaseFact):
    """A dissatisfied return visit opened the case again (R20, K17)."""

    kind = "case.reopened"
    rework_of: tuple[str, ...] = ()  #: work orders that have to be done again


class PromiseFact(Fact):
    """Base: a promise to the owner, a subject of its own (D4)."""

    promise: str
    case: CaseState
    due_at: AwareDatetime
    date_only: bool = False  #: only a day was promised: due at its 24:00 (DEF-06)
    made_at: AwareDatetime


class PromiseMade(PromiseFact):
    """A promise was recorded."""

    kind = "promise.made"


class PromiseKept(PromiseFact):
    """A promise was kept, or missed and then fulfilled late."""

    kind = "promise.kept"
    kept_at: AwareDatetime


class VisitFact(Fact):
    """Base: the return visit of a case (D5)."""

    visit: str
    case: CaseState


class VisitDue(VisitFact):
    """A return visit has to be made."""

    kind = "visit.due"
    role: str
    orders: tuple[str, ...] = ()


class VisitRecorded(VisitFact):
    """Somebody called back. An unanswered call is no visit."""

    kind = "visit.recorded"
    form: str
    satisfied: bool
    by: str
    seriously: bool = False  #: seriously dissatisfied: the next visit is joined by a role of the pack (ESC-12)


class VisitChecked(VisitFact):
    """The record of a visit was checked (RVT-12)."""

    kind = "visit.checked"
    by: str


class VisitSigned(VisitFact):
    """A checked visit was signed with an opinion by the head of the site (RVT-12)."""

    kind = "visit.signed"
    by: str


class VisitWaived(VisitFact):
    """No visit is possible: nobody left a name (RVT-17)."""

    kind = "visit.waived"


class UnitRegistered(Fact):
    """A unit came into the register of its site, or another building or floor was entered for it. Nobody's name, no contact."""

    kind = "unit.registered"
    site: str
    unit: str
    building: str | None = None
    floor: int | None = None


# --- dispatch ---------------------------------------------------------------------------------------------------------------


class WorkOrderFact(Fact):
    """Base of all work-order facts."""

    order: OrderState
    case: CaseState
    attachments: tuple[str, ...] = ()  #: numbers of the photos and the signature that the move refers to


class WorkOrderIssued(WorkOrderFact):
    """發單."""

    kind = "work_order.issued"


class WorkOrderAccepted(WorkOrderFact):
    """接單."""

    kind = "work_order.accepted"


class WorkOrderArrived(WorkOrderFact):
    """到場. A `reason` excuses a late arrival, it never erases it (SLA-38)."""

    kind = "work_order.arrived"
    excused: bool = False
    plan_told: bool = False  #: the owner was told the preliminary plan on arrival


class WorkOrderAssessed(WorkOrderFact):
    """現場確認."""

    kind = "work_order.assessed"
    outcome: str
    plan_told: bool = False


class WorkOrderContained(WorkOrderFact):
    """A major incident is stopped, the leaders are told, the evidence is kept (REP-14)."""

    kind = "work_order.contained"


class WorkOrderSurveyed(WorkOrderFact):
    """The joint survey's sheet 《現場勘察會簽表》 is signed (REP-08)."""

    kind = "work_order.surveyed"


class WorkOrderClassed(WorkOrderFact):
    """《工程派工單》: who bears the cost is set (DSP-10)."""

    kind = "work_order.classed"


class WorkOrderStarted(WorkOrderFact):
    """Work began, or goes on after it was left unfinished."""

    kind = "work_order.started"


class WorkOrderUnfinished(WorkOrderFact):
    """當班未完成: the shift ended before the work (REP-21)."""

    kind = "work_order.unfinished"


class WorkOrderChased(WorkOrderFact):
    """A contractor was urged to come or to go on (DSP-14, REP-28)."""

    kind = "work_order.chased"


class WorkOrderExplained(WorkOrderFact):
    """The owner was told why the contractor lets them wait (REP-27)."""

    kind = "work_order.explained"


class WorkOrderSignatureRefused(WorkOrderFact):
    """The customer did not sign: the work goes on (R15)."""

    kind = "work_order.signature_refused"


class WorkOrderCompleted(WorkOrderFact):
    """The work is done."""

    kind = "work_order.completed"


class WorkOrderSigned(WorkOrderFact):
    """客戶簽字."""

    kind = "work_order.signed"


class WorkOrderReturned(WorkOrderFact):
    """返單."""

    kind = "work_order.returned"
    excused: bool = False


class WorkOrderInspected(WorkOrderFact):
    """Engineering passed a contractor's work."""

    kind = "work_order.inspected"


class WorkOrderCancelled(WorkOrderFact):
    """The order ended without work; the reason stays in dispatch."""

    kind = "work_order.cancelled"


class WorkOrderOffered(WorkOrderFact):
    """抢单: everybody who could do it may take it; the first who accepts has it."""

    kind = "work_order.offered"
    offered: tuple[str, ...]
    until: AwareDatetime  #: after this dispatch gives it to one of them


class WorkOrderAssigned(WorkOrderFact):
    """An order that is issued already got another holder; its clocks go on."""

    kind = "work_order.assigned"
    why: str  #: offer_over, no_answer, sent_back, somebody_came, transferred, assigned
    previous: str | None = None


class WorkOrderSentBack(WorkOrderFact):
    """退单: who had it gave it back with a reason, which stays in dispatch; its clocks go on."""

    kind = "work_order.sent_back"
    previous: str | None = None


class WorkOrderUnassigned(WorkOrderFact):
    """Nobody is left who could take it: the order carries the alarm."""

    kind = "work_order.unassigned"
    why: str
    previous: str | None = None


class WorkOrderMoney(WorkOrderFact):
    """Base: what the owner of an order agreed to pay, or paid, in the smallest unit of the currency."""

    amount: int
    currency: str
    collector: str = "worker"  #: finance for a large amount (DEF-11)


class WorkOrderFeeConfirmed(WorkOrderMoney):
    """The owner agreed to the fee: work may start (R7b)."""

    kind = "work_order.fee_confirmed"
    form: str


class WorkOrderPaid(WorkOrderMoney):
    """The owner paid, to the worker or to finance (R16)."""

    kind = "work_order.paid"


class WorkOrderCleared(WorkOrderMoney):
    """The money is at finance and the receipt at the desk (FEE-03)."""

    kind = "work_order.cleared"


class ApprovalFact(Fact):
    """Base: the approval of a repair that the company or a contractor bears (R12)."""

    approval: ApprovalState
    case: CaseState


class ApprovalAsked(ApprovalFact):
    """An estimate was put up for approval; a dearer one overtakes what was granted before (FEE-07)."""

    kind = "approval.asked"


class ApprovalGiven(ApprovalFact):
    """A role of the band said yes; `approval.status` says whether it was the last."""

    kind = "approval.given"


class ApprovalDeclined(ApprovalFact):
    """A role of the band said no; the reason stays in dispatch."""

    kind = "approval.declined"


class SettlementFact(Fact):
    """Base: the settlement of a repair that the company or a contractor bears (R21)."""

    settlement: SettlementState
    case: CaseState


class SettlementSubmitted(SettlementFact):
    """The repair team's final account is there (維修工程決算書)."""

    kind = "settlement.submitted"


class SettlementReviewed(SettlementFact):
    """The final account was reviewed (維修工程結算書); the contractor of a class A repair is asked to confirm (FEE-11)."""

    kind = "settlement.reviewed"


class SettlementConfirmed(SettlementFact):
    """The contractor confirmed what it bears."""

    kind = "settlement.confirmed"


class SettlementCertified(SettlementFact):
    """The settlement may be paid."""

    kind = "settlement.certified"


class SettlementPaid(SettlementFact):
    """Finance paid."""

    kind = "settlement.paid"


class SettlementDeducted(SettlementFact):
    """The amount was taken from the contractor's retention money (FEE-14)."""

    kind = "settlement.deducted"


class SlipsHandedOver(Fact):
    """Engineering gave the week's repaired slips to customer service (RVT-08)."""

    kind = "slips.handed_over"
    site: str
    week: str  #: ISO week, e.g. 2026-W12
    handed_over_at: AwareDatetime
    orders: tuple[str, ...] = ()


class RotaPublished(Fact):
    """The whole people and rota state of a site; `common.rota` answers questions about it."""

    kind = "rota.published"
    site: str
    version: int
    people: tuple[PersonState, ...]
    rota: dict[str, Any]  #: common.rota.Rota, dumped
    contractors: tuple[dict[str, Any], ...] = ()


# --- sla --------------------------------------------------------------------------------------------------------------------


class ClockFact(Fact):
    """Base of all clock facts."""

    clock: ClockView


class ClockOpened(ClockFact):
    """A clock started (DEF-24)."""

    kind = "clock.opened"


class ClockRedated(ClockFact):
    """A clock's times changed: recalculated, extended, or its calendar year was published."""

    kind = "clock.redated"
    why: str


class ClockWarned(ClockFact):
    """The warning was raised."""

    kind = "clock.warned"


class ClockBreached(ClockFact):
    """The due time passed unmet."""

    kind = "clock.breached"


class ClockMet(ClockFact):
    """The stop event happened; `clock.state` says met, late or excused."""

    kind = "clock.met"


class ClockCancelled(ClockFact):
    """The clock ended without a verdict."""

    kind = "clock.cancelled"


class EscalationRaised(Fact):
    """A rung of the ladder was reached: these people have to know."""

    kind = "escalation.raised"
    clock: ClockView
    level: Level
    roles: tuple[str, ...]
    persons: tuple[str, ...]
    skipped: tuple[str, ...] = ()  #: roles that nobody fills at this moment
    reached: str | None = None  #: the level (or `night`) whose persons stand in because nobody fills this one
    unfilled: tuple[Unfilled, ...] = ()  #: all that was looked for in vain, with the reason
    nobody: bool = False  #: nobody at all could be told: an alarm


class EscalationRepeated(Fact):
    """A level is raised again, to the next persons: it was acknowledged and nothing followed, or it had reached nobody."""

    kind = "escalation.repeated"
    clock: ClockView
    level: Level
    number: int  #: 1 = the first time again
    persons: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    reached: str | None = None
    unfilled: tuple[Unfilled, ...] = ()
    nobody: bool = False


class EscalationAcknowledged(Fact):
    """Somebody who was called took a level up; the clock runs on."""

    kind = "escalation.acknowledged"
    clock: ClockView
    level: Level
    by: str


class EscalationReported(Fact):
    """A case was reported at once to these roles, whatever its clocks say (ESC-06, ESC-10)."""

    kind = "escalation.reported"
    case: CaseState
    rule: str  #: name of the rule in the policy
    number: int = 1  #: how often that rule reported this case
    roles: tuple[str, ...]
    persons: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    unfilled: tuple[Unfilled, ...] = ()
    nobody: bool = False


class PolicyPublished(Fact):
    """The resolved policy of a site: zone, hours, clocks, visits … (common.policy.SitePolicy, dumped)."""

    kind = "policy.published"
    site: str
    version: int
    policy: dict[str, Any]


class CalendarPublished(Fact):
    """The days of one year of one calendar that differ from the working week."""

    kind = "calendar.published"
    calendar: str
    year: int
    off: tuple[date, ...] = ()
    worked: tuple[date, ...] = ()


# --- notify, console --------------------------------------------------------------------------------------------------------


class NoticeFact(Fact):
    """Base: one notice to one recipient over one channel."""

    notice: str
    case: str | None = None
    template: str
    channel: str
    recipient: str  #: reference: owner:<ref>, person:<id> or endpoint:<id>


class NoticeSent(NoticeFact):
    """The provider took it."""

    kind = "notice.sent"
    sent_at: AwareDatetime


class NoticeFailed(NoticeFact):
    """The provider refused it for good, or every try failed."""

    kind = "notice.failed"
    reason: str


class NoticeWithheld(NoticeFact):
    """It was no longer true, or nobody could be reached, when it should have been sent."""

    kind = "notice.withheld"
    reason: str


def _kinds(base: type[Fact]) -> dict[str, type[Fact]]:
    found: dict[str, type[Fact]] = {}
    for child in base.__subclasses__():
        if child.kind:
            found[child.kind] = child
        found |= _kinds(child)
    return found


FACTS: dict[str, type[Fact]] = _kinds(Fact)  #: kind -> class
