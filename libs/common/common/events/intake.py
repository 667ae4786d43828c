"""Facts that intake says: cases, promises, return visits, units. See `common.events` for what a fact is."""

from pydantic import AwareDatetime

from common.events.fact import Fact
from common.states import CaseState, Party


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
