"""Transfer (转单), sending back (退单) and assigning by hand (指派): who may hand an order on, how often and to whom, what that leaves. Pure.

None touches what clocks count from, so no time limit begins anew; all need a reason, and the order keeps who had it before.
Not here: who is chosen after an order was sent back (`matching`, `offers`).
"""

from typing import Any

from common.errors import Invalid, Refused
from common.states import Party

from dispatch.domain.acts import Deed
from dispatch.domain.matching import COULD
from dispatch.domain.offers import in_time
from dispatch.domain.order import Order

NOT_THEIRS = frozenset({"role", "department", "trade"})  #: filters of matching that a lead does not overrule (R3)
HANDINGS = frozenset({"transfer", "send-back"})  #: moves that are counted


def own_staffs(order: Order, _deed: Deed) -> None:
    """DSP-14: a contractor's order stays with the firm, or goes to own engineering by its own way (R9)."""
    if order.party is Party.CONTRACTOR:
        raise Refused("DSP-14", "维保工单不能转单、退单或改派", "a contractor's order is not handed on")


def holders(order: Order, deed: Deed) -> None:
    """DSP-02: who has the order hands it on."""
    if deed.by != order.assignee:
        raise Refused("DSP-02", "只有持单人可以转单、退单", "only who has the order hands it on")


def candidates(order: Order) -> tuple[str, ...]:
    """Return whom its holder may transfer it to: who could have been chosen when it was given out last, but for who has it or handed it on."""
    before = _gave(order)
    if order.party is Party.CONTRACTOR or len(before) >= order.terms.max_handings:
        return ()
    return tuple(one for one in order.choice.eligible if one not in (order.assignee, *before))


def assignable(order: Order) -> tuple[str, ...]:
    """Return whom a lead may give it to: who does such work, whether or not they are there now; those who could be sent stand first."""
    if order.party is Party.CONTRACTOR:
        return ()
    fit = [one for one in order.choice.considered if one.why not in NOT_THEIRS and one.id != order.assignee]
    return tuple(one.id for one in sorted(fit, key=lambda one: one.why not in COULD))


def seconds(order: Order, by: str | None = None) -> tuple[str, ...]:
    """Return who may be named to look at the work too (DEF-09): who does such work, and `by`, who names and may look at work themselves."""
    if order.party is Party.CONTRACTOR:
        return ()
    staff = [one.id for one in order.choice.considered if one.id == by]
    barred = (order.assignee, order.completed_by, order.second_inspector)
    return tuple(one for one in dict.fromkeys((*assignable(order), *staff)) if one not in barred)


def _gave(order: Order) -> list[str | None]:
    return [step.frm for step in order.steps if step.move in HANDINGS]


def not_too_often(order: Order, deed: Deed) -> None:
    """DSP-03: an order that went from hand to hand is the supervisor's to decide; and it never goes back to who handed it on."""
    before = _gave(order)
    if len(before) >= order.terms.max_handings:
        raise Refused("DSP-03", "该工单已多次转单或退单,须由主管决定", "handed on too often: a lead decides", times=len(before))
    if deed.act.to is not None and deed.act.to in before:
        raise Refused("DSP-03", "不能转给曾转出该工单的人", "who handed it on does not get it back")


def fits(order: Order, deed: Deed) -> None:
    """R3: an order is given to staff of the site with its trade or department, and to somebody else than who has it."""
    if deed.act.to is None:
        raise Invalid("to", "必须填写接手人", "who gets the order is required")
    if deed.act.to == order.assignee:
        raise Refused("R3", "该人员已持有此工单", "this person has the order already")
    if deed.target is None or not asked(order, deed.target.trades, deed.target.department):
        raise Refused("R3", "接手人不是本项目具备该工种或属于该部门的人员", "no staff of the site with the trade or the department")


def asked(order: Order, trades: tuple[str, ...], department: str | None) -> bool:
    """Say whether the order asks for somebody with these trades or of this department."""
    if order.trade is None and order.department is None:
        return True
    return order.trade in trades or (order.department is not None and order.department == department)


def transferred(order: Order, deed: Deed) -> dict[str, Any]:
    """Return the fields of an order that somebody else gets."""
    return _without_holder(order) | {"assignee": deed.act.to, "due_at": in_time(order, deed.now)}


def sent_back(order: Order, deed: Deed) -> dict[str, Any]:
    """Return the fields of an order that dispatch gives to the next one at once."""
    return _without_holder(order) | {"assignee": None, "due_at": deed.now}


def _without_holder(order: Order) -> dict[str, Any]:
    had = (*order.asked, order.assignee) if order.assignee else order.asked
    return {"acceptor": None, "offered": (), "alarm": None, "asked": had}
