"""States and snapshots inside facts: what one service may know of another's cases, orders and clocks. References only, no rule, no person.

Each member says in a sentence what it means; the Chinese word is the source's.
"""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict


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
    CONTAINED = "contained"  #: 重大事件: no work before it is stopped, the leaders are told and the evidence is kept (R7a)
    FEE_PENDING = "fee_pending"  #: 有償維修: no work before the owner has confirmed the fee (R7b)
    FEE_REFUSED = "fee_refused"  #: the owner did not want it at that price: nothing is repaired, nothing is charged
    WARRANTY = "warranty"  #: 保修: the front desk was told, the contractor's order 《維保工單》 is still to be opened (R7e)
    SURVEYED = "surveyed"  #: 現場勘察: the joint sheet is signed, who pays is still to be said (R10)
    APPROVAL_PENDING = "approval_pending"  #: 審批: the class is set, no work before the band has approved (R12)
    IN_PROGRESS = "in_progress"  #: assessed, work goes on
    UNFINISHED = "unfinished"  #: 當班未完成: the next shift goes on with it (R13)
    GUIDED = "guided"  #: 非維修: the owner was shown the right use
    COMPLETED = "completed"  #: work done
    SIGNED = "signed"  #: 客戶簽字確認合格
    RETURNED = "returned"  #: 返單
    INSPECTED = "inspected"  #: 查驗合格 (contractor's work)
    CANCELLED = "cancelled"  #: ended with a reason, never deleted


class Awaited(StrEnum):
    """What an order waits for that somebody else than who has it does."""

    ACCEPTANCE = "acceptance"  #: 驗收: finished work that other parties accept beside the customer (REP-30)
    INSPECTION = "inspection"  #: 查驗: a contractor's returned work (R18)
    CLASS = "class"  #: 定類: who bears surveyed work (R11)


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


class WhyNobody(StrEnum):
    """Why a role that was looked for is filled by nobody."""

    NOT_HELD = "not_held"  #: nobody at the site has this role
    NOT_IN_DEPARTMENT = "not_in_department"  #: nobody in that department has it
    OFF_DUTY = "off_duty"  #: who has it works in shifts and is at home
    NOT_ASSIGNED = "not_assigned"  #: nobody works on the case or owns it
    NO_ROTA = "no_rota"  #: the site has published no people


class Party(StrEnum):
    """Who carries out an order."""

    OWN = "own"  #: the company's own staff
    CONTRACTOR = "contractor"  #: an outside firm, sees only its own orders (DSP-13)


class Complexity(StrEnum):
    """How many trades an order needs, as the survey found (CLS-07)."""

    SINGLE_TRADE = "single_trade"  #: 單工種
    MULTI_TRADE = "multi_trade"  #: 多工種
    ESPECIALLY_COMPLEX = "especially_complex"  #: 特別複雜: may be extended with the customer's prior consent


class WorkClass(StrEnum):
    """Who bears the cost of work that was surveyed (CLS-18, C-13)."""

    A = "A"  #: 保修任務: within the warranty, the contractor's retention money pays
    B = "B"  #: out of the warranty, the company bears it
    OWNER = "owner"  #: neither: the owner pays, as for every chargeable repair


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
    departments: tuple[str, ...] = ()  #: every department that is concerned, where it is more than one
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
    warranty: bool = False  #: known at the desk to be within the warranty: the contractor may be called at once (R7e)
    major: bool = False
    in_scope: bool | None = None
    repeat_of: str | None = None  #: the latest earlier report of the same problem (CLS-15, DEF-09)
    repeat_count: int = 1  #: the how manieth report of that problem this is
    first_receiver: str | None = None  #: who received the earliest report of that problem (ACC-01)
    root_cause_required: bool = False  #: the same outage again: no completion without the cause (CLS-16, REP-26)
    frequent: bool = False  #: as many faults at one place in a month as the pack marks (CLS-17)
    prefers: str | None = None  #: who repaired the same problem last: the work is brought back to them
    second_inspector: bool = False  #: somebody else than who does the work looks at it too
    incident: str | None = None  #: the first case of the incident that this one was joined to (DEF-09)
    open_promises: int = 0
    brought_up_in: str | None = None  #: the case in whose return visit this matter came up (RVT-13)


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
    complexity: Complexity | None = None  #: None while nobody surveyed it
    outcome: str | None = None  #: of the assessment (R6)
    work_class: WorkClass | None = None  #: None while nobody set it (R11)
    instead_of: str | None = None  #: the order that this one takes the place of (R7e, R9)
    replaced_by: str | None = None  #: the order that takes its place
    no_show: bool = False  #: the contractor did not come (DSP-15)
    alarm: str | None = None  #: "nobody_eligible" when no candidate could be found
    chargeable: bool = False  #: the owner pays for it, or has still to agree
    cleared: bool = False  #: money at finance and receipt at the desk (FEE-03)
    awaits_finance: bool = False  #: finance collects a large amount now (FEE-02, R16)
    second_inspector: str | None = None  #: who looks at the work too, where the same problem came again (DEF-09)
    recheck_due: bool = False  #: the work is done and waits for them
    awaits: str | None = None  #: as `Awaited`; a word that a reader does not know yet is nothing to it

    @property
    def outstanding(self) -> bool:
        """Say whether the case may not be archived because of its money (R16, D6-6)."""
        return self.chargeable and not self.cleared


class Unfilled(State):
    """A role that was looked for in vain when a level was raised."""

    level: str  #: the step on which it was looked for: a level, or `night`
    role: str
    why: WhyNobody


class ClockLevel(State):
    """One rung: when it is due, when it was raised, to whom, who acknowledged it."""

    level: Level
    at: AwareDatetime
    roles: tuple[str, ...] = ()
    raised_at: AwareDatetime | None = None
    persons: tuple[str, ...] = ()
    reached: str | None = None  #: whose persons stood in because nobody filled the level
    acknowledged_at: AwareDatetime | None = None
    acknowledged_by: str | None = None


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
    estimate_at: AwareDatetime | None = None  #: a guess at the due time while a calendar year is missing; nothing is judged by it
    extended_from: AwareDatetime | None = None  #: the deadline before the customer agreed to a later one
    alarmed: bool = False  #: its last level reached nobody


class PersonState(State):
    """One member of staff without name or contact."""

    id: str
    roles: tuple[str, ...] = ()
    department: str | None = None
    trades: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()  #: licences and skills beyond the trade
    locale: str = "zh-CN"
