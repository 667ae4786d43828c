"""Every fact that crosses a service border, in one file: a change of contract is one diff.

A fact is past tense, carries the full state of its subject, and never a name, a phone number, an address or free text; readers
ignore unknown fields, only optional fields may be added, anything else is a new subject (a contract test holds the JSON schemas).
Not here: how facts travel (`outbox`, `messaging`) and who listens (`SUBSCRIPTIONS` of each service).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Lane(StrEnum):
    """Emergencies travel in queues of their own (decisions.md 1)."""

    URGENT = "urgent"  #: P1 emergencies: never behind a batch of ordinary work
    NORMAL = "normal"  #: everything else


class CaseKind(StrEnum):
    """Kinds of request (INT-29)."""

    REPAIR = "repair"  #: 報修
    COMPLAINT = "complaint"  #: 投訴
    ENQUIRY = "enquiry"  #: 諮詢
    HELP_REQUEST = "help_request"  #: 求助
    SUGGESTION = "suggestion"  #: 建議


class Channel(StrEnum):
    """Doors a request comes through (INT-01, INT-02)."""

    PHONE = "phone"  #: 電話
    APP = "app"  #: APP, one-tap complaint included
    FRONT_DESK = "front_desk"  #: 前臺登記
    OFFICIAL_ACCOUNT = "official_account"  #: 公眾號投訴專區
    SUGGESTION_BOX = "suggestion_box"  #: 意見箱
    LETTER = "letter"  #: 來函
    VISIT = "visit"  #: 來訪
    PATROL = "patrol"  #: 巡檢中發現
    CALL_CENTRE = "call_centre"  #: external call centre's event


class Urgency(StrEnum):
    """Priority of a case (CLS-05, C-14)."""

    P1 = "P1"  #: 緊急 emergency
    P2 = "P2"  #: 重要 important
    P3 = "P3"  #: 一般 general


class CaseStatus(StrEnum):
    """States of a case that intake owns (decisions.md 5; D1, D2)."""

    REGISTERED = "registered"  #: recorded, not yet classified
    CLASSIFIED = "classified"  #: kind, category and urgency are known
    IN_WORK = "in_work"  #: a department or an order works on it
    RESOLVED = "resolved"  #: the result is recorded, not yet told
    RESULT_TOLD = "result_told"  #: the owner knows the result
    RETURN_VISIT_DUE = "return_visit_due"  #: work done, somebody has to call back
    CLOSED = "closed"  #: called back (or waived with a written outcome)


class OrderStatus(StrEnum):
    """States of a work order, one machine for every kind of case (D1)."""

    ISSUED = "issued"  #: 發單: waits for somebody's acceptance
    ACCEPTED = "accepted"  #: 接單: signed for
    ON_SITE = "on_site"  #: 到場
    IN_PROGRESS = "in_progress"  #: assessed, work goes on
    GUIDED = "guided"  #: 非維修: the owner was shown the right use
    COMPLETED = "completed"  #: work done
    SIGNED = "signed"  #: 客戶簽字確認合格
    RETURNED = "returned"  #: 返單
    INSPECTED = "inspected"  #: 查驗合格 (contractor's work)
    CANCELLED = "cancelled"  #: ended with a reason, never deleted


class ClockState(StrEnum):
    """Stages of a clock (SLA-37)."""

    RUNNING = "running"  #: waits for its stop event
    MET = "met"  #: stopped in time
    LATE = "late"  #: stopped after its due time
    EXCUSED = "excused"  #: late, with a recorded special reason; still counts as late (SLA-38)
    CANCELLED = "cancelled"  #: ended with a reason, neither met nor late
    UNDATED = "calendar_missing"  #: needs a calendar year that is not published; nothing fires (SLA-39)


class Level(StrEnum):
    """Rungs of the ladder (DEF-08)."""

    WARNING = "warning"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"


class Party(StrEnum):
    """Who carries out an order."""

    OWN = "own"  #: the company's own staff
    CONTRACTOR = "contractor"  #: an outside firm, sees only its own orders (DSP-13)


class State(BaseModel):
    """A snapshot inside a fact."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class CaseState(State):
    """A case as other services may know it: references only."""

    id: str
    site: str
    kind: CaseKind
    status: CaseStatus
    channel: Channel
    received_at: AwareDatetime
    registered_at: AwareDatetime
    policy: int  #: version of the site policy in force at receipt (DEF-18)
    urgency: Urgency | None = None
    category: str | None = None
    fault: str | None = None
    department: str | None = None
    trade: str | None = None
    unit: str | None = None
    asset: str | None = None
    area: str | None = None
    reporter: str | None = None  #: reference into intake's contact store
    locale: str = "zh-CN"
    anonymous: bool = False
    owner: str | None = None  #: first-contact owner (INT-14)
    appointment_at: AwareDatetime | None = None
    expected_at: AwareDatetime | None = None
    needs_repair: bool = False
    major: bool = False
    in_scope: bool | None = None
    repeat_of: str | None = None
    open_promises: int = 0


class OrderState(State):
    """A work order as other services may know it."""

    id: str
    site: str
    case: str
    case_kind: CaseKind
    number: int
    status: OrderStatus
    party: Party
    department: str | None = None
    trade: str | None = None
    urgency: Urgency
    assignee: str | None = None  #: person, or contractor when party is contractor
    acceptor: str | None = None  #: who signed for it (DSP-01)
    issued_at: AwareDatetime
    appointment_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
    rework_of: str | None = None
    alarm: str | None = None  #: "nobody_eligible" when no candidate could be found


class ClockLevel(State):
    """One rung: when it is due, when it was raised, to whom."""

    level: Level
    at: AwareDatetime
    roles: tuple[str, ...] = ()
    raised_at: AwareDatetime | None = None
    persons: tuple[str, ...] = ()


class ClockView(State):
    """A clock as other services may know it."""

    id: str
    site: str
    code: str
    subject: str  #: case:…, order:…, promise:… or site_week:…
    case: str | None = None
    order: str | None = None
    state: ClockState
    strength: str
    start_at: AwareDatetime
    due_at: AwareDatetime | None = None
    stopped_at: AwareDatetime | None = None
    levels: tuple[ClockLevel, ...] = ()
    urgency: Urgency | None = None
    rule: str  #: requirement id of the rule (DEF-17)


class PersonState(State):
    """One member of staff without name or contact."""

    id: str
    roles: tuple[str, ...] = ()
    department: str | None = None
    trades: tuple[str, ...] = ()
    locale: str = "zh-CN"


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


class CaseOwnerTransferred(CaseFact):
    """First-contact ownership moved to another person (INT-14)."""

    kind = "case.owner_transferred"
    previous_owner: str | None = None


class CaseWorkDone(CaseFact):
    """Every order of the case is done: somebody has to call back."""

    kind = "case.work_done"


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


class VisitWaived(VisitFact):
    """No visit is possible: nobody left a name (RVT-17)."""

    kind = "visit.waived"


# --- dispatch ---------------------------------------------------------------------------------------------------------------


class WorkOrderFact(Fact):
    """Base of all work-order facts."""

    order: OrderState
    case: CaseState


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

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True)
class Event(Generic[F]):
    """A fact with its envelope, as a handler gets it."""

    id: str  #: <source>:<prefix>:<subject>:<seq>, unique for ever
    source: str  #: the service that says it
    subject: str  #: id of the thing it is about
    seq: int  #: position in its stream, from 1, without gaps
    site: str
    lane: Lane
    at: datetime  #: business time it happened
    trace: str  #: W3C traceparent, from POST to notice
    fact: F

    @property
    def stream(self) -> str:
        """Return `<source>:<prefix>:<subject>`: the unit of order."""
        return self.id.rsplit(":", 1)[0]


class Envelope(BaseModel):
    """CloudEvents 1.0 in JSON; extension attributes are lower-case letters as the standard asks."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    specversion: str = "1.0"
    id: str = Field(min_length=1, max_length=200)
    source: str = Field(pattern=r"^/huiyin/[a-z]{2,20}$")
    type: str = Field(pattern=r"^huiyin\.[a-z_]+\.[a-z_]+\.v1$")
    subject: str = Field(min_length=1, max_length=120)
    time: AwareDatetime
    datacontenttype: str = "application/json"
    site: str = Field(pattern=r"^[A-Z0-9]{2,8}$")
    lane: Lane
    seq: int = Field(ge=1)
    traceparent: str = ""
    data: dict[str, Any]

    @property
    def kind(self) -> str:
        """Return the kind of the fact, e.g. `case.classified`."""
        return self.type.removeprefix("huiyin.").removesuffix(".v1")

    @property
    def stream(self) -> str:
        """Return `<source>:<prefix>:<subject>`."""
        return f"{self.source.rsplit('/', 1)[1]}:{self.kind.split('.', 1)[0]}:{self.subject}"

    def event(self) -> Event[Fact] | None:
        """Return the typed event, or None for a kind this version does not know. Raises ValidationError on a broken payload."""
        known = FACTS.get(self.kind)
        if known is None:
            return None
        fact = known.model_validate(self.data)
        source = self.source.rsplit("/", 1)[1]
        return Event(self.id, source, self.subject, self.seq, self.site, self.lane, self.time, self.traceparent, fact)
