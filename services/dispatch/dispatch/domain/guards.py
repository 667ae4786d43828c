"""What must hold before a work order is moved, by the ids of requirements.md part D. Pure.

A guard raises Refused with its id, or Invalid for a missing field. Guards that the states alone hold are not here: R5 no arrival before
acceptance, R6 no work before assessment, R14 no completion before work, R18 no inspection before return.
"""

from collections.abc import Callable

from common.errors import Invalid, Refused
from common.states import CaseKind, OrderStatus, Party, Urgency

from dispatch.domain import handing
from dispatch.domain.acts import Deed
from dispatch.domain.order import NOT_WORKED_ON, Order

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


GUARDS: dict[str, tuple[Guard, ...]] = {
    "R4": (_acceptor_fits,),
    "DSP-13": (_own_if_outside,),
    "R15": (_own_order,),
    "R17": (_signed_first,),
    "R18": (_contractors_work,),
    "D6-16": (_reason_given,),
    "DSP-02": (handing.holders,),
    "DSP-03": (handing.not_too_often,),
    "DSP-14": (handing.own_staffs,),
    "R3": (handing.fits,),
    "SLA-38": (_reason_given, _not_too_late),
}
