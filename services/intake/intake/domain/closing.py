"""The end of a case. Every way out is here; what must have happened before is in `guards` (CMP-01: none is dropped without an outcome). Pure."""

from datetime import datetime

from common.events.intake import CaseClosed
from common.states import CaseStatus

from intake.domain.attempt import Attempt
from intake.domain.case import Case, Change, Changes
from intake.domain.commands import Close


def finish(case: Case, at: datetime, outcome: str) -> tuple[Case, tuple[CaseClosed]]:
    """Return the case closed with its outcome (visited, waived, answered or explained), and the fact."""
    closed = case.enter(CaseStatus.CLOSED, at).with_(closed_at=at, outcome=outcome)
    return closed, (CaseClosed(case=closed.state(), outcome=outcome),)


def close(attempt: Attempt[Close]) -> Changes:
    """Close by hand what the guards let go."""
    case = attempt.case
    if case.out_of_scope:
        case = case.with_(explanation=attempt.command.explanation)
        outcome = "explained"
    else:
        outcome = case.called_back or "answered"
    closed, facts = finish(case, attempt.act.at, outcome)
    return (Change(closed, facts),)
