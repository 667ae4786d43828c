"""Departments that a case concerns: each gets a notice and answers for itself; customer service stays the hub (K5, SLA-32, SLA-35, ESC-17). Pure.

One notice a department at a time; answered, it may be notified anew. Not here: who is told (notify), the clock of each notice (sla).
"""

from typing import Any

from common.errors import Refused
from common.events.intake import CaseDepartmentAnswered, CaseDepartmentNotified

from intake.domain.attempt import Attempt
from intake.domain.case import Change, Changes
from intake.domain.commands import AnswerDepartment, NotifyDepartments
from intake.domain.parts import Notified


def notify_departments(attempt: Attempt[NotifyDepartments]) -> Changes:
    """Notify every department that is named, each by a notice of its own."""
    case, command, act = attempt.case, attempt.command, attempt.act
    names = tuple(dict.fromkeys(command.departments))
    first = len(case.notified) + 1
    new = tuple(
        Notified(id=f"{case.id}-D{number}", department=name, text=command.text, at=act.at, by=act.by) for number, name in enumerate(names, first)
    )
    concerned = dict.fromkeys((*([case.sorting.department] if case.sorting.department else []), *case.departments, *names))
    case = case.with_(notified=(*case.notified, *new), departments=tuple(concerned) if len(concerned) > 1 else ())
    facts = tuple(CaseDepartmentNotified(case=case.state(), notice=one.id, department=one.department, by=act.by) for one in new)
    return (Change(case, facts),)


def answer_department(attempt: Attempt[AnswerDepartment]) -> Changes:
    """Record that a department reported back to customer service."""
    case, command, act = attempt.case, attempt.command, attempt.act
    waiting = next(one for one in case.notified if one.department == command.department and one.answered_at is None)
    done = waiting.model_copy(update={"answer": command.text, "answered_at": act.at, "answered_by": act.by})
    case = case.with_(notified=tuple(done if one.id == done.id else one for one in case.notified))
    said = CaseDepartmentAnswered(case=case.state(), notice=done.id, department=done.department, by=act.by)
    return (Change(case, (said,)),)


def may_notify(attempt: Attempt[Any]) -> Refused | None:
    """K5: a department has one open notice of a case; a second would start its time anew."""
    if not isinstance(attempt.command, NotifyDepartments):
        return None
    waiting = [name for name in attempt.command.departments if name in _waiting(attempt)]
    return (
        Refused("K5", "该部门已收到通知,尚未答复", "the department is notified already and has not answered", departments=waiting)
        if waiting
        else None
    )


def may_answer(attempt: Attempt[Any]) -> Refused | None:
    """K5: only a department that was notified answers."""
    if not isinstance(attempt.command, AnswerDepartment) or attempt.command.department in _waiting(attempt):
        return None
    return Refused("K5", "该部门没有待答复的通知", "no notice to this department waits for an answer")


def _waiting(attempt: Attempt[Any]) -> set[str]:
    return {one.department for one in attempt.case.notified if one.answered_at is None}
