"""What must hold before a work order is moved, by the ids of requirements.md part D. Pure.

A guard raises Refused with its id, or Invalid for a missing field. Guards that the states alone hold are not here: R5 no arrival before
acceptance, R18 no inspection before return.
"""

from collections.abc import Callable

from common.errors import Invalid, Refused
from common.money import ChargeStatus
from common.states import CaseKind, OrderStatus, Party, Urgency, WorkClass

from dispatch.domain import handing
from dispatch.domain.acts import CONTAINMENT, FOLLOW_UP, Check, Deed, Outcome
from dispatch.domain.money.approvals import approved, granted
from dispatch.domain.order import NOT_WORKED_ON, ONSITE, SECOND, Order
from dispatch.domain.survey import CONTRACTOR

Guard = Callable[[Order, Deed], None]


def _acceptor_fits(order: Order, deed: Deed) -> None:
    """R4, DSP-02: anybody of the site with the order's trade or department may sign for it, or the firm it was given to."""
    if deed.by == order.assignee:
        return
    if order.offered and deed.by not in order.offered:
        raise Refused("R4", "抢单期内只有被邀人员可以接单", "while it is offered only those it is offered to may accept")
    if order.offered and deed.full and order.urgency is not Urgency.P1:
        raise Refused("R4", "在手工单已达上限,不能再抢单", "too many orders in hand to take another")
    if order.assignee and not order.rules.others_may_accept:
        raise Refused("R4", "只能由指定人员接单", "only the assignee may accept")
    if deed.person is None or not handing.asked(order, deed.person.trades, deed.person.department):
        raise Refused("R4", "接单人不是本项目具备该工种或属于该部门的人员", "no staff of the site with the trade or the department")


def _own_if_outside(order: Order, deed: Deed) -> None:
    """DSP-13: a contractor works only on orders that were given to it."""
    if deed.outside and deed.by != order.assignee:
        raise Refused("DSP-13", "只能处理派给本单位的工单", "a contractor works only on its own orders")


def _own_order(order: Order, _deed: Deed) -> None:
    """R15: the customer signs own orders; a contractor's work is inspected instead (R18)."""
    if order.party is Party.CONTRACTOR:
        raise Refused("R15", "维保工单由工程部查验,不由客户签字", "a contractor's order is inspected, not signed")


def _signed_first(order: Order, _deed: Deed) -> None:
    """R15: no return of an own repair without signature. Nothing is signed where nothing was repaired (R7d) or where work for a complaint
    touched nobody's home: there the result that is told and the return visit stand for it (D2).
    """
    repair = order.party is Party.OWN and order.case_kind is CaseKind.REPAIR
    if repair and order.rules.signature_required and order.status is OrderStatus.COMPLETED:
        raise Refused("R15", "客户未签字,不能返单", "no return before the customer has signed")


def _contractors_work(order: Order, _deed: Deed) -> None:
    """R18: engineering inspects what a contractor returned."""
    if order.party is Party.OWN:
        raise Refused("R18", "本公司工单无需查验", "only a contractor's order is inspected")


def _reason_given(_order: Order, deed: Deed) -> None:
    """D6, 16: a cancelled order keeps its reason."""
    if not deed.act.note:
        raise Invalid("reason", "必须填写原因", "a reason is required")


def _not_too_late(order: Order, deed: Deed) -> None:
    """SLA-38: the reason travels with the arrival or the return, so it is recorded before or with it."""
    if deed.act.excuses == "arrival" and order.status not in NOT_WORKED_ON:
        raise Refused("SLA-38", "到场已登记,迟到原因须在到场时登记", "the arrival is recorded already: its reason belongs to it")


def _assessed_first(order: Order, _deed: Deed) -> None:
    """R6, REP-13: no work before the confirmation on site; a contractor starts its own order by being there (R8)."""
    if order.status is OrderStatus.ON_SITE and order.party is Party.OWN:
        raise Refused("R6", "未现场确认,不能开工", "no work before the assessment", requirement="REP-13")


def _contained_first(order: Order, _deed: Deed) -> None:
    """R7a, REP-14: a major incident goes on only when it is stopped, the leaders are told and the evidence is kept."""
    lacking = _lacking(order, CONTAINMENT)
    if order.status is OrderStatus.CONTAINED and lacking:
        raise Refused("R7a", "重大事件三项措施未完成,不能继续", "not before all three are done", requirement="REP-14", lacking=lacking)


def _evidence_seen(order: Order, deed: Deed) -> None:
    """R7a: only a major incident is ticked off; kept evidence is seen on photos; what the insurer is told, or why nothing, is written."""
    if order.outcome != Outcome.MAJOR:
        raise Refused("R7a", "非重大事件", "not a major incident")
    if Check.EVIDENCE_KEPT in deed.act.checks and not deed.act.photos:
        raise Invalid("photos", "保存现场证据须附照片", "kept evidence needs photos")
    if Check.INSURER in deed.act.checks and not deed.act.note:
        raise Invalid("note", "须填写报险情况或无责理由", "say what the insurer was told, or why the company is not liable")


def _fee_confirmed(order: Order, _deed: Deed) -> None:
    """R7b, D6.3, REP-16: no start of a chargeable repair before the owner has confirmed the fee."""
    agreed = order.charge is not None and order.charge.status in AGREED
    if order.status is OrderStatus.FEE_PENDING and not agreed:
        raise Refused("R7b", "业主未确认费用,不能开工", "no start before the owner has confirmed the fee", requirement="REP-16")


def _never_charged(order: Order, deed: Deed) -> None:
    """R7e: under warranty the owner is never charged, and a contractor's order is warranty work already."""
    if order.party is Party.CONTRACTOR and deed.act.outcome in {Outcome.CHARGEABLE, Outcome.WARRANTY}:
        raise Refused("R7e", "保修工程不向业主收费", "work under warranty is never charged to the owner")


def _contractors_order(order: Order, _deed: Deed) -> None:
    """R8, REP-28: who is urged, and about whom the owner hears, is a contractor."""
    if order.party is not Party.CONTRACTOR:
        raise Refused("R8", "仅限维保工单", "only a contractor's order is chased")


def _did_not_come(order: Order, deed: Deed) -> None:
    """R9: own engineering steps in only for a contractor whose time to be on site has passed, and only where the site's policy lets it."""
    if order.party is not Party.CONTRACTOR:
        raise Refused("R9", "仅限维保工单", "only a contractor's order is taken over")
    if not order.rules.takes_over:
        raise Refused("R9", "本项目不由本公司接手", "the site's policy lets own engineering take over nothing")
    due_at = order.breached.get(ONSITE)
    if due_at is None or deed.at <= due_at:
        raise Refused("R9", "维保单位到场时限未过,不能接手", "not before the contractor's time to be on site has passed", clock=ONSITE)


def _chased_first(order: Order, _deed: Deed) -> None:
    """DSP-14: a contractor was urged, and that is on record, before somebody else is sent."""
    if not order.was_chased:
        raise Refused("DSP-14", "未登记催办,不能接手", "not before the contractor was chased")


def _signed_by_all(order: Order, deed: Deed) -> None:
    """R10, REP-08: the parties of the site's policy sign the joint survey; a site without such a survey has none."""
    if not order.rules.survey_by:
        raise Refused("R10", "本项目无联合勘察", "the site's policy knows no joint survey")
    signers = deed.act.survey.signers if deed.act.survey else ()
    lacking = [party for party in order.rules.survey_by if party != CONTRACTOR and party not in signers]
    if deed.act.survey and lacking:
        raise Refused("R10", "会签不全", "not everybody has signed", requirement="REP-08", lacking=lacking)


def _contractor_signed(order: Order, deed: Deed) -> None:
    """REP-09, R10: above the amount of the site's policy the construction contractor signs the survey too."""
    sheet, limit = deed.act.survey, order.rules.contractor_signs_above
    asked = CONTRACTOR in order.rules.survey_by and sheet is not None and (limit is None or sheet.estimate > limit)
    if asked and sheet and CONTRACTOR not in sheet.signers:
        raise Refused("REP-09", "施工单位未会签", "the contractor's signature is missing", above=limit)


def _class_fits(order: Order, deed: Deed) -> None:
    """R11, CLS-18: A is within the warranty, B out of it and borne by the company; everything else is the owner's."""
    sheet, wanted = order.survey, deed.act.work_class
    if sheet is None or wanted is None:
        return
    fits = WorkClass.A if sheet.in_warranty else WorkClass.B if sheet.borne_by == "company" else WorkClass.OWNER
    if wanted is not fits:
        raise Refused("R11", "类别与勘察结果不符", "the class contradicts the survey", fits=fits)


def _approved(order: Order, _deed: Deed) -> None:
    """R12, D6.4, FEE-07: no work that the company bears before its band has approved what it is estimated to cost, nor after it got dearer."""
    if order.work_class not in {WorkClass.A, WorkClass.B} or not order.rules.money.bands:
        return
    most, estimate = approved(order), order.survey.estimate if order.survey else 0
    if not granted(order) or (most is not None and most < estimate):
        raise Refused("R12", "未经审批,不能施工", "no work before the approval", requirement="FEE-07")


def _cause_found(order: Order, deed: Deed) -> None:
    """R14, D6.5, REP-26: a repeated outage is not completed without its root cause."""
    if order.root_cause_required and not deed.act.root_cause:
        raise Refused("R14", "连续停水停电须查明原因,不能完工", "no completion without the root cause", requirement="REP-26")


def _followed_up(order: Order, _deed: Deed) -> None:
    """R14, REP-15: a major incident is not completed before its follow-up is done."""
    lacking = _lacking(order, FOLLOW_UP)
    if order.outcome == Outcome.MAJOR and lacking:
        raise Refused("R14", "重大事件后续事项未完成,不能完工", "no completion before the follow-up", requirement="REP-15", lacking=lacking)


def _accepts_here(order: Order, deed: Deed) -> None:
    """REP-30: the parties that the site's policy names accept the work."""
    if deed.act.party is not None and deed.act.party not in order.rules.accepted_by:
        raise Refused("REP-30", "本项目无此验收方", "the site's policy names no such party", parties=list(order.rules.accepted_by))


def _accepted_by_all(order: Order, _deed: Deed) -> None:
    """REP-30: the customer signs after everybody else has accepted the work."""
    if order.yet_to_accept:
        raise Refused("REP-30", "验收未完成", "not accepted by everybody yet", lacking=list(order.yet_to_accept))


def _rechecked(order: Order, _deed: Deed) -> None:
    """DEF-09: work that had to be done again is neither signed nor returned before its second inspector has looked at it."""
    if order.recheck_due:
        raise Refused("DEF-09", "复检未完成", "the second inspector has not looked at it yet", lacking=[SECOND])


def _second_looks(order: Order, deed: Deed) -> None:
    """DEF-09: only the person named looks at it too, once, and never who has the order or said that it is done."""
    if deed.by != order.second_inspector:
        raise Refused("DEF-09", "只有指定的复检人可以复检", "only the second inspector who is named looks at it too")
    if deed.by in (order.assignee, order.completed_by):
        raise Refused("DEF-09", "不能复检本人完成的工作", "nobody looks twice at their own work")
    if SECOND in order.accepted_by:
        raise Refused("DEF-09", "已复检", "it was looked at already")


def _second_fits(order: Order, deed: Deed) -> None:
    """DEF-09: who is named is staff of the site that may look at work, and did not do it; a contractor's work is inspected instead (R18)."""
    if order.party is Party.CONTRACTOR:
        raise Refused("DEF-09", "维保工单由工程部查验,不设复检人", "a contractor's work is inspected, it has no second inspector")
    if deed.act.to is None:
        raise Invalid("to", "必须填写复检人", "who looks at the work is required")
    if deed.act.to in (order.assignee, order.completed_by):
        raise Refused("DEF-09", "复检人不能是维修人员本人", "who does the work is not its second inspector")
    if deed.target is None or not deed.rechecks:
        raise Refused("DEF-09", "复检人不是本项目有复检权限的人员", "no staff of the site who may look at the work of others")


def _lacking(order: Order, wanted: tuple[Check, ...]) -> list[str]:
    return [check.value for check in wanted if check not in order.checks]


AGREED = frozenset({ChargeStatus.CONFIRMED, ChargeStatus.COLLECTED, ChargeStatus.PAID, ChargeStatus.CLEARED})  #: the owner said yes

GUARDS: dict[str, tuple[Guard, ...]] = {
    "R4": (_acceptor_fits,),
    "R6": (_assessed_first,),
    "R7a": (_contained_first,),
    "R7b": (_fee_confirmed,),
    "R7e": (_never_charged,),
    "R8": (_contractors_order,),
    "R9": (_did_not_come, _chased_first),
    "R10": (_signed_by_all,),
    "R11": (_class_fits,),
    "R12": (_approved,),
    "R13": (_reason_given,),
    "R14": (_cause_found, _followed_up),
    "R15": (_own_order,),
    "R17": (_signed_first,),
    "R18": (_contractors_work,),
    "D6-16": (_reason_given,),
    "DEF-09": (_rechecked,),
    "DEF-09-person": (_second_looks,),
    "DEF-09-named": (_second_fits,),
    "DSP-02": (handing.holders,),
    "DSP-03": (handing.not_too_often,),
    "DSP-14": (handing.own_staffs,),
    "R3": (handing.fits,),
    "DSP-13": (_own_if_outside,),
    "REP-09": (_contractor_signed,),
    "REP-14": (_evidence_seen,),
    "REP-30": (_accepted_by_all,),
    "REP-30-party": (_accepts_here,),
    "SLA-38": (_reason_given, _not_too_late),
}
