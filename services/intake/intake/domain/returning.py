"""What return visits do to a case: due when the work is done, satisfied → closed, dissatisfied → opened again (D1 R19, R20; D2 K15 to K17).

Pure. Not here: the record of a visit itself (`visit`), guards (`guards`).
"""

from collections.abc import Sequence
from datetime import datetime

from common.errors import FieldsMissing, Invalid
from common.events import Fact
from common.events.intake import CaseReopened, VisitDue, VisitRecorded, VisitWaived
from common.policy import SitePolicy
from common.states import CaseKind, CaseStatus

from intake.domain.attempt import Attempt
from intake.domain.case import Act, Case, Change, Changes
from intake.domain.closing import finish
from intake.domain.commands import RecordVisit, WaiveVisit
from intake.domain.incidents import leave
from intake.domain.visit import Call, Visit, VisitState

ALWAYS = frozenset({CaseKind.REPAIR, CaseKind.COMPLAINT})  # D6.1 and D6.2 hold in every pack; a pack may add kinds
Due = Change[Visit]
CALLER = "receptionist"  # who calls back where the site's policy names nobody (part F)


def needed(case: Case, policy: SitePolicy) -> bool:
    """Say whether somebody has to call back before this case may end."""
    added = policy.return_visit.kinds if policy.return_visit else ()
    return not case.out_of_scope and (case.kind in ALWAYS or case.kind in added)


def open_visit(case: Case, policy: SitePolicy, at: datetime, orders: Sequence[str] = ()) -> tuple[Case, Due]:
    """Return the case waiting for a call back since `at`, and the visit that is due."""
    number = case.visit_count + 1
    role = policy.return_visit.role if policy.return_visit else CALLER
    joins = policy.return_visit.seriously_dissatisfied if policy.return_visit and case.seriously_dissatisfied else None
    names = {"id": f"{case.id}-V{number}", "site": case.site, "case": case.id, "number": number}
    visit = Visit(**names, role=role, joins=joins, orders=tuple(orders), due_since=at)
    waiting = case.enter(CaseStatus.RETURN_VISIT_DUE, at).with_(visit_count=number, called_back=None)
    return waiting, Due(visit, (VisitDue(visit=visit.id, case=waiting.state(), role=role, orders=visit.orders),))


def visit(attempt: Attempt[RecordVisit]) -> Changes:
    """Record a call back."""
    command, act = attempt.command, attempt.act
    case, due = _due_now(attempt)
    if not command.answered:
        tried = due.state.model_copy(update={"calls": (*due.state.calls, Call(form=command.form, by=act.by, at=act.at))})
        return (Change(tried, due.facts), Change(case))
    done = _recorded(due.state, attempt)
    case = case.with_(seriously_dissatisfied=command.seriously)
    case, facts = (_satisfied if done.satisfied else _dissatisfied)(case, act)
    said = VisitRecorded(visit=done.id, case=case.state(), form=command.form, satisfied=bool(done.satisfied), by=act.by, seriously=command.seriously)
    return (Change(done, (*due.facts, said)), Change(case, facts))


def _due_now(attempt: Attempt[RecordVisit]) -> tuple[Case, Due]:
    """Return the visit that is due; where every order was cancelled none was, and one is opened for the call that asks the owner."""
    if attempt.case.status is CaseStatus.RETURN_VISIT_DUE:
        return attempt.case, Due(attempt.file.visits[-1])
    return open_visit(attempt.case, attempt.policy, attempt.act.at)


def _recorded(due: Visit, attempt: Attempt[RecordVisit]) -> Visit:
    command, section = attempt.command, attempt.policy.return_visit
    if section and command.form not in section.forms:
        raise Invalid("form", "本项目不采用此回访方式", "the site's policy knows no such form of visit")
    questions = section.questions if section and attempt.case.kind is CaseKind.REPAIR else ()
    answers = {name: value for name in ("attitude", "efficiency", "quality", "effect") if (value := getattr(command, name))}
    lacking = [name for name in questions if name not in answers] + ["satisfied"] * (command.satisfied is None)
    if lacking:
        raise FieldsMissing(lacking)
    done = {"state": VisitState.DONE, "satisfied": command.satisfied, "answers": answers, "by": attempt.act.by, "at": attempt.act.at}
    taken = {"form", "methods", "signature", "seriously", "joined", "letter", "note"}
    return due.model_copy(update=done | command.model_dump(include=taken))


def _satisfied(case: Case, act: Act) -> tuple[Case, tuple[Fact, ...]]:
    """An open promise (K12) or money that is not cleared (D6-6) keeps the case open: it is closed by hand afterwards."""
    called = case.with_(called_back="visited")
    return (called, ()) if called.open_promises or called.outstanding else finish(called, act.at, "visited")


def _dissatisfied(case: Case, act: Act) -> tuple[Case, tuple[Fact, ...]]:
    again = _to_redo(case) if case.kind is CaseKind.REPAIR else ()
    opened = case.enter(CaseStatus.IN_WORK, act.at).with_(called_back=None, answered=False, rework=again, rework_count=case.rework_count + 1)
    facts = (CaseReopened(case=opened.state(), rework_of=again),)
    if not opened.incident or again:
        return opened, facts
    left = leave(opened, act)  # the incident's work did not help here: work of its own
    return left.state, (*facts, *left.facts)


def _to_redo(case: Case) -> tuple[str, ...]:
    """Return the orders that were worked on and not already done again."""
    return tuple(order.id for order in case.latest_orders if not order.cancelled)


def waive(attempt: Attempt[WaiveVisit]) -> Changes:
    """Write the outcome on an anonymous case instead of calling back; that ends it, unless a promise is open."""
    act, due = attempt.act, attempt.file.visits[-1:]
    case = attempt.case.with_(called_back="waived", waived_outcome=attempt.command.outcome)
    if due and due[0].state is VisitState.DUE:
        open_one = due[0]
    else:
        number = case.visit_count + 1
        open_one = Visit(id=f"{case.id}-V{number}", site=case.site, case=case.id, number=number, role=CALLER, due_since=act.at)
        case = case.with_(visit_count=number)
    waived = open_one.model_copy(update={"state": VisitState.WAIVED, "by": act.by, "at": act.at})
    closed, facts = (case, ()) if case.open_promises or case.outstanding else finish(case, act.at, "waived")
    return (Change(waived, (VisitWaived(visit=waived.id, case=closed.state()),)), Change(closed, facts))
