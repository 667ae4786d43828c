"""What must hold before a case is moved, by the ids of requirements.md (parts A and D). Pure.

A guard returns its refusal, or None. The table of moves names the guards of each move; a move is refused with all that fail, the first
one first. Missing fields and wrong values are no guards: they are 422 of the decision itself.
"""

from collections.abc import Callable
from typing import Any

from common.errors import Refused
from common.states import CaseKind, CaseStatus

from intake.domain.attempt import Attempt
from intake.domain.classification import missing
from intake.domain.commands import Close, MakePromise, RecordResult, RecordVisit, Reply, RequestWork, TellResult, WaiveVisit
from intake.domain.complaint import all_present
from intake.domain.conditions import any_holds
from intake.domain.departments import may_answer, may_notify
from intake.domain.handling import wanted
from intake.domain.incidents import can_join, can_leave
from intake.domain.replying import form_fits
from intake.domain.returning import needed
from intake.domain.signing import may_check, may_sign

Guard = Callable[[Attempt[Any]], Refused | None]


def _classified(attempt: Attempt[Any]) -> Refused | None:
    """CLS-11: type and urgency are both set before anybody is sent."""
    lacking = missing(attempt.case.kind, attempt.case.sorting)
    if attempt.case.status is not CaseStatus.REGISTERED and not lacking:
        return None
    return Refused("CLS-11", "分类和紧急程度未定,不能派工", "no work without type and urgency")


def _asked_once(attempt: Attempt[RequestWork]) -> Refused | None:
    """DSP-16: one order per department; dispatch would issue no second one while the first is open."""
    asked = wanted(attempt)
    running = [*attempt.case.asked, *(order.work for order in attempt.case.orders if not order.done)]
    if not any(one.same_work(asked) for one in running):
        return None
    return Refused("DSP-16", "该部门或单位已有未完成的工单", "the same work is already asked for")


def _in_scope(attempt: Attempt[Any]) -> Refused | None:
    """K3, CMP-02: nothing is asked of a department, and nothing promised, for what is not the company's work; it ends with an explanation."""
    if not attempt.case.out_of_scope:
        return None
    if not isinstance(attempt.command, Close):
        return Refused("K3", "不属于服务范围的投诉只作解释", "an out-of-scope complaint is only explained")
    return None if attempt.command.explanation else Refused("K3", "未填写解释内容,不能结案", "no closing without the explanation")


def _work_done(attempt: Attempt[Any]) -> Refused | None:
    """K12: all linked orders are done."""
    if attempt.case.work_done:
        return None
    return Refused("K12", "工单未全部完成", "not all work orders are done")


def _no_open_promise(attempt: Attempt[Any]) -> Refused | None:
    """K12, CND-05: an open promise does not stop `resolved`, it stops `closed`."""
    if not attempt.file.open_promises or not isinstance(attempt.command, Close):
        return None
    numbers = [promise.number for promise in attempt.file.open_promises]
    return Refused("K12", "尚有未履行的承诺,不能结案", "no closing with an open promise", promises=numbers)


def _declined_with_leave(attempt: Attempt[RecordResult]) -> Refused | None:
    """K13, CMP-10: not handling needs a reason (the text) and an approver."""
    if not attempt.command.declined or attempt.command.approver:
        return None
    return Refused("K13", "不予处理须经批准", "declining needs an approver")


def _told_in_form(attempt: Attempt[TellResult]) -> Refused | None:
    """K14, NTF-04: the forms of the site's policy; an anonymous complaint has nobody to tell."""
    forms, case, policy = set(attempt.command.forms), attempt.case, attempt.policy
    rule = next((one for one in policy.result_forms if any_holds(one.applies, case, policy)), None)
    if rule is None or case.anonymous:
        return None
    if set(rule.all_of) <= forms and (not rule.any_of or forms & set(rule.any_of)):
        return None
    return Refused("K14", "告知结果的方式不符合规定", "the result was not told in the required forms", all_of=rule.all_of, any_of=rule.any_of)


def _letter_by_letter(attempt: Attempt[Reply]) -> Refused | None:
    """CMP-14, D6.13: a letter is answered by a letter; another form may only be an interim word."""
    if not attempt.command.final or form_fits(attempt.case.channel, attempt.command.form, attempt.policy):
        return None
    return Refused("CMP-14", "来函须以回函答复", "a letter is answered by a letter")


def _outcome_approved(attempt: Attempt[MakePromise]) -> Refused | None:
    """CMP-11, D6.12: no promise about the outcome without an approver."""
    if attempt.command.about != "outcome" or attempt.command.approver:
        return None
    return Refused("CMP-11", "对结果的承诺须经批准", "a promise about the outcome needs an approver")


def _called_back(attempt: Attempt[Any]) -> Refused | None:
    """K15, CMP-17, D6.1: no complaint ends without a return visit."""
    if attempt.case.called_back or attempt.case.anonymous or not needed(attempt.case, attempt.policy):
        return None
    return Refused("K15", "未回访,不能结案", "no closing without a return visit", requirement="CMP-17")


def _outcome_written(attempt: Attempt[Any]) -> Refused | None:
    """K16, RVT-17: where nobody can be called back, the outcome is written on the case and kept."""
    if isinstance(attempt.command, WaiveVisit):
        written = bool(attempt.command.outcome)
    else:
        written = bool(attempt.case.called_back) or not attempt.case.anonymous or not needed(attempt.case, attempt.policy)
    return None if written else Refused("K16", "匿名事项须写明处理结果", "an anonymous case needs its written outcome")


def _repair_called_back(attempt: Attempt[Any]) -> Refused | None:
    """D6.2: no archive of a repair without return visit."""
    if attempt.case.called_back:
        return None
    return Refused("D6.2", "报修未回访,不能归档", "no closing of a repair without a return visit", requirement="R19")


def _money_cleared(attempt: Attempt[Any]) -> Refused | None:
    """D6.6, FEE-03: no archive before the owner's money is at finance and the receipt at the desk."""
    outstanding = attempt.case.outstanding
    if not outstanding:
        return None
    return Refused("D6.6", "款项未入账或收据未归档,不能结案", "no closing before money and receipt", requirement="R16", orders=outstanding)


def _answered(attempt: Attempt[Any]) -> Refused | None:
    """INT-20: every one gets an answer."""
    if attempt.case.answered:
        return None
    return Refused("INT-20", "尚未正式答复,不能结案", "no closing without a final reply")


def _something_to_ask(attempt: Attempt[RecordVisit]) -> Refused | None:
    """RVT-26, D6.7: a visit follows the completed work or the told result; where all orders were cancelled it asks why."""
    case = attempt.case
    due = case.status is CaseStatus.RETURN_VISIT_DUE and case.called_back is None
    alone = case.kind is CaseKind.REPAIR and case.status is CaseStatus.IN_WORK and not case.incident
    cancelled = alone and all(one.cancelled for one in case.latest_orders)
    if case.work_done and (due or cancelled):
        return None
    return Refused("RVT-26", "工作未完成或结果未告知,不能回访", "no return visit before the work is done or the result told")


def _by_role(attempt: Attempt[RecordVisit]) -> Refused | None:
    """RVT-10, RVT-19: the role that the pack names calls back, its executors too, and who joins the visit of a seriously dissatisfied owner."""
    section, due = attempt.policy.return_visit, attempt.file.visits[-1:]
    if section is None:
        return None
    roles = (section.role, *section.executors, *(one.joins for one in due if one.joins))
    if set(roles) & set(attempt.act.roles):
        return None
    return Refused("RVT-10", "回访须由规定岗位进行", "a return visit is made by the roles that the policy names", roles=list(roles))


def _signed_at_home(attempt: Attempt[RecordVisit]) -> Refused | None:
    """RVT-11: a home visit has the owner's signature."""
    section, command = attempt.policy.return_visit, attempt.command
    if not section or not command.answered or command.form not in section.signature or command.signature:
        return None
    return Refused("RVT-11", "上门回访须有业主签字", "a home visit needs the owner's signature")


def _letter_kept(attempt: Attempt[RecordVisit]) -> Refused | None:
    """RVT-14: an open letter that answers a case stands in the archive and names it."""
    command, letter, section = attempt.command, attempt.file.letter, attempt.policy.return_visit
    unknown = section is not None and "open_letter" not in section.forms  # a form that the site does not have is a wrong value
    if command.form != "open_letter" or unknown or not command.answered or (letter and attempt.case.id in letter.cases):
        return None
    return Refused("RVT-14", "公开信未存入回访档案或未列明本案", "no open letter of the archive names this case")


def _joined_by_role(attempt: Attempt[RecordVisit]) -> Refused | None:
    """ESC-12: whoever was seriously dissatisfied is visited again together with the role that the pack names."""
    due = attempt.file.visits[-1:]
    if not attempt.command.answered or not due or not due[0].joins or attempt.command.joined:
        return None
    return Refused(
        "ESC-12", "业主曾严重不满,再次回访须由规定岗位参与", "the next visit is joined by the role that the policy names", role=due[0].joins
    )


def _anonymous(attempt: Attempt[WaiveVisit]) -> Refused | None:
    """RVT-17: only who left neither name nor address is not visited, and only where the pack lets that be a ground."""
    section = attempt.policy.return_visit
    if attempt.case.anonymous and (section is None or "anonymous" in section.waivers):
        return None
    return Refused("RVT-17", "留有姓名或地址的事项必须回访", "only an anonymous case can do without a return visit")


GUARDS: dict[str, tuple[Guard, ...]] = {
    "CLS-11": (_classified,),
    "CMP-11": (_outcome_approved,),
    "CMP-14": (_letter_by_letter,),
    "D6.2": (_repair_called_back,),
    "D6.6": (_money_cleared,),
    "DEF-09": (can_join, can_leave),
    "DSP-16": (_asked_once,),
    "ESC-12": (_joined_by_role,),
    "INT-20": (_answered,),
    "K3": (_in_scope,),
    "K5": (may_notify, may_answer),
    "K12": (_work_done, _no_open_promise),
    "K13": (_declined_with_leave,),
    "K14": (_told_in_form,),
    "K15": (_called_back,),
    "K16": (_outcome_written,),
    "RVT-10": (_by_role,),
    "RVT-11": (_signed_at_home,),
    "RVT-12": (may_check, may_sign),
    "RVT-14": (_letter_kept,),
    "RVT-17": (_anonymous,),
    "RVT-26": (_something_to_ask,),
    "SLA-20": (all_present,),
}
