"""What is done about a case: response, requests for work, result, telling it, change of the first-contact owner. Pure.

Not here: replies and promises (`replying`), return visits (`returning`), guards (`guards`).
"""

from common.errors import FieldsMissing, Invalid
from common.events.intake import (
    CaseOwnerTransferred,
    CasePlanRecorded,
    CaseProgressTold,
    CaseResponded,
    CaseRestored,
    CaseResultRecorded,
    CaseResultTold,
    CaseWorkRequested,
)
from common.states import CaseStatus, Party

from intake.domain.attempt import Attempt
from intake.domain.case import Change, Changes
from intake.domain.commands import RecordPlan, RecordResult, RequestWork, Respond, Restore, TellProgress, TellResult, TransferOwner
from intake.domain.parts import Asked, Plan, Progress, Result, Transfer
from intake.domain.returning import open_visit


def respond(attempt: Attempt[Respond]) -> Changes:
    """The response was started and the department contacted (CMP-18)."""
    first = attempt.case.responded_at or attempt.act.at
    case = attempt.case.with_(responded_at=min(first, attempt.act.at))
    department = attempt.command.department or case.sorting.department
    return (Change(case, (CaseResponded(case=case.state(), department=department, by=attempt.act.by),)),)


def record_plan(attempt: Attempt[RecordPlan]) -> Changes:
    """Put the plan of the work on record; a later one stands beside the earlier."""
    command, act = attempt.command, attempt.act
    plan = Plan(text=command.text, days=command.days, by=act.by, at=act.at)
    case = attempt.case.with_(plans=(*attempt.case.plans, plan))
    return (Change(case, (CasePlanRecorded(case=case.state(), days=command.days, by=act.by),)),)


def tell_progress(attempt: Attempt[TellProgress]) -> Changes:
    """Put on record what the owners were told of the progress, and how (REP-31)."""
    command, act = attempt.command, attempt.act
    told = Progress(text=command.text, forms=tuple(dict.fromkeys(command.forms)), by=act.by, at=act.at)
    case = attempt.case.with_(progress=(*attempt.case.progress, told))
    return (Change(case, (CaseProgressTold(case=case.state(), forms=told.forms, by=act.by),)),)


def restore(attempt: Attempt[Restore]) -> Changes:
    """Water, power or whatever had failed is there again."""
    case = attempt.case.with_(restored_at=attempt.act.at)
    return (Change(case, (CaseRestored(case=case.state(), by=attempt.act.by),)),)


def request_work(attempt: Attempt[RequestWork]) -> Changes:
    """Ask for one more work order; dispatch issues it."""
    if attempt.command.contractor and attempt.command.party is not Party.CONTRACTOR:
        raise Invalid("contractor", "仅委托外单位时可指定", "only with party contractor")
    asked = wanted(attempt)
    if not (asked.department or asked.trade or asked.contractor):
        raise FieldsMissing(["department"])
    case = attempt.case.enter(CaseStatus.IN_WORK, attempt.act.at)
    case = case.with_(asked=(*case.asked, asked))
    return (Change(case, (CaseWorkRequested(case=case.state(), **dict(asked)),)),)


def wanted(attempt: Attempt[RequestWork]) -> Asked:
    """Return what is asked for: department and trade follow from the classification where they are not named."""
    command, sorting = attempt.command, attempt.case.sorting
    return Asked(
        party=command.party,
        department=command.department or sorting.department,
        trade=command.trade or sorting.trade,
        contractor=command.contractor,
    )


def record_result(attempt: Attempt[RecordResult]) -> Changes:
    """Put the result, or the reason for not handling it, on record (K12, K13)."""
    act = attempt.act
    result = Result(by=act.by, at=act.at, **attempt.command.model_dump(exclude={"at"}))
    case = attempt.case.enter(CaseStatus.RESOLVED, act.at).with_(results=(*attempt.case.results, result))
    return (Change(case, (CaseResultRecorded(case=case.state()),)),)


def tell_result(attempt: Attempt[TellResult]) -> Changes:
    """The owner knows the result; a named complainant is called back afterwards (CMP-17)."""
    act, forms = attempt.act, tuple(dict.fromkeys(attempt.command.forms))
    *earlier, last = attempt.case.results
    told = attempt.case.enter(CaseStatus.RESULT_TOLD, act.at)
    told = told.with_(results=(*earlier, last.model_copy(update={"told": forms})), answered=True)
    facts = (CaseResultTold(case=told.state(), forms=forms),)
    if told.anonymous:
        return (Change(told, facts),)
    case, due = open_visit(told, attempt.policy, act.at)
    return (Change(case, facts), due)


def transfer(attempt: Attempt[TransferOwner]) -> Changes:
    """Move first-contact ownership by a recorded transfer (INT-14)."""
    case, command, act = attempt.case, attempt.command, attempt.act
    if command.to == case.owner:
        raise Invalid("to", "此人已是首问负责人", "is the owner already")
    record = Transfer(previous=case.owner, to=command.to, reason=command.reason, by=act.by, at=act.at)
    moved = case.with_(owner=command.to, owner_provisional=False, transfers=(*case.transfers, record))
    return (Change(moved, (CaseOwnerTransferred(case=moved.state(), previous_owner=case.owner),)),)
