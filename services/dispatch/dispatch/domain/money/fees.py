"""What may happen to what an owner pays: the table, its guards and the one door `charge_move`. Pure.

R7b: quote, the owner agrees or refuses, then work; until it begins they may be quoted anew or withdraw their word. R16 and FEE-03: the worker
collects, finance takes the money and writes the receipt, the desk files it; only then may the case be archived. Not here: prices (`charge`),
accounts (`ledger`), the start of the work (`moves`).
"""

from collections.abc import Callable
from typing import Any

from common.errors import Invalid, Refused, TimeInFuture, TimeOrder
from common.events import Fact
from common.events.dispatch import WorkOrderCancelled, WorkOrderCleared, WorkOrderFeeConfirmed, WorkOrderPaid, WorkOrderQuoted
from common.money import ChargeStatus
from common.moves import Move, Table, step
from common.states import CaseState, OrderStatus, Party, WorkClass

from dispatch.domain.money import ledger
from dispatch.domain.money.acts import MoneyDeed
from dispatch.domain.money.charge import Charge, FeeStandard, priced
from dispatch.domain.order import WORKED, Order, Step

C = ChargeStatus
OPEN = frozenset({C.UNQUOTED, C.QUOTED, C.CONFIRMED})  #: until the work begins another price may be named, and the owner may change their mind

FEES: Table[ChargeStatus] = {
    "quote": Move(OPEN, C.QUOTED, "fee.quote", "报价", "quote", ("R7b", "R7e"), WorkOrderQuoted),
    "confirm-fee": Move(frozenset({C.QUOTED}), C.CONFIRMED, "fee.answer", "业主确认收费", "owner agrees", ("R7b",), WorkOrderFeeConfirmed),
    "refuse-fee": Move(OPEN, C.REFUSED, "fee.answer", "业主不同意收费", "owner refuses", ("R7b",), WorkOrderCancelled),
    "collect": Move(frozenset({C.CONFIRMED}), C.COLLECTED, "fee.collect", "现场收款", "collect on site", ("R16", "FEE-02"), WorkOrderPaid),
    "take-money": Move(frozenset({C.CONFIRMED, C.COLLECTED}), C.PAID, "fee.take", "财务收款", "money at finance", ("R16",), WorkOrderPaid),
    "file-receipt": Move(frozenset({C.PAID}), C.CLEARED, "fee.file", "收据交客服", "receipt at the desk", (), WorkOrderCleared),
}

ANSWERS = frozenset({"quote", "confirm-fee", "refuse-fee"})  #: before the work; the others after it


def possible(order: Order) -> list[str]:
    """Return the moves that the order's charge allows from here; guards may still refuse them."""
    before = order.status is OrderStatus.FEE_PENDING
    if not before and (order.charge is None or order.status not in WORKED):
        return []
    status = order.charge.status if order.charge else C.UNQUOTED
    return [name for name, move in FEES.items() if status in move.frm and (name in ANSWERS) is before]


Guard = Callable[[Order, MoneyDeed], None]


def _awaits_the_fee(order: Order, _deed: MoneyDeed) -> None:
    """R7b, D6-3: an amount is named and answered before the work, on an order that was found chargeable."""
    if order.status is not OrderStatus.FEE_PENDING:
        raise Refused("R7b", "工单不在待确认收费状态", "the order does not wait for its fee")


def _not_in_warranty(order: Order, _deed: MoneyDeed) -> None:
    """R7e: a warranty order is never charged."""
    if order.party is Party.CONTRACTOR or order.work_class in {WorkClass.A, WorkClass.B}:
        raise Refused("R7e", "保修或公司承担的工单不得收费", "an order that is in warranty or borne by the company is never charged")


def _worked(order: Order, _deed: MoneyDeed) -> None:
    """R16: the owner pays for finished work that was signed for."""
    if not order.payable:
        raise Refused("R16", "维修未完成或客户未签字,不能收款", "no payment before the work is done and signed for")


def _small(order: Order, _deed: MoneyDeed) -> None:
    """FEE-02, DEF-11: a large amount is collected by finance."""
    if order.charge and order.charge.collector == "finance":
        raise Refused("FEE-02", "大额款项由财务收取", "a large amount is collected by finance", collector="finance")


GUARDS: dict[str, tuple[Guard, ...]] = {"R7b": (_awaits_the_fee,), "R7e": (_not_in_warranty,), "R16": (_worked,), "FEE-02": (_small,)}


def _quote(_order: Order, charge: Charge, deed: MoneyDeed, standard: FeeStandard) -> Charge:
    lines = priced(deed.act.lines, standard)
    asked: dict[str, Any] = {"answered_form": None, "answered_at": None, "collector": "worker"}  # another price is another question
    return charge.model_copy(update=asked | {"lines": lines, "amount": sum(line.amount for line in lines), "currency": standard.currency})


def _answer(order: Order, charge: Charge, deed: MoneyDeed, _standard: FeeStandard) -> Charge:
    """The owner's answer, with its time and form (FEE-01); who agrees agrees to the amount that was named."""
    if deed.act.form is None:
        raise Invalid("form", "必须填写业主答复的方式", "the form of the owner's answer is required")
    if deed.act.amount is not None and deed.act.amount != charge.amount:
        raise Invalid("amount", "与报价金额不一致", "the owner was quoted another amount")
    collector = "finance" if order.rules.money.large(charge.amount) else "worker"
    return charge.model_copy(update={"answered_form": deed.act.form, "answered_at": deed.at, "collector": collector})


def _collect(_order: Order, charge: Charge, deed: MoneyDeed, _standard: FeeStandard) -> Charge:
    _whole(charge, deed)
    return charge.model_copy(update={"collected_by": deed.by})


def _take(_order: Order, charge: Charge, deed: MoneyDeed, _standard: FeeStandard) -> Charge:
    _whole(charge, deed)
    if not deed.act.receipt:
        raise Invalid("receipt", "必须填写收据编号", "the number of the receipt is required")  # R16
    return charge.model_copy(update={"receipt": deed.act.receipt})


def _whole(charge: Charge, deed: MoneyDeed) -> None:
    if deed.act.amount is not None and deed.act.amount != charge.amount:
        raise Invalid("amount", "与确认金额不一致", "the owner agreed to another amount")


EFFECTS: dict[str, Callable[[Order, Charge, MoneyDeed, FeeStandard], Charge]] = {
    "quote": _quote,
    "confirm-fee": _answer,
    "refuse-fee": _answer,
    "collect": _collect,
    "take-money": _take,
}


def charge_move(order: Order, name: str, deed: MoneyDeed, case: CaseState, standard: FeeStandard) -> tuple[Order, list[Fact], list[ledger.Posting]]:
    """Return the order after the move, its facts and what is posted. Raises IllegalMove, Refused, Invalid, TimeInFuture, TimeOrder."""
    before = order.charge or Charge(currency=standard.currency)
    move = step(FEES, name, before.status)
    if deed.at > deed.now:
        raise TimeInFuture
    if deed.at < (before.moved_at or order.issued_at):
        raise TimeOrder
    for guard in (check for id_ in move.guards for check in GUARDS[id_]):
        guard(order, deed)
    effect = EFFECTS.get(name)
    after = effect(order, before, deed, standard) if effect else before
    charge = after.model_copy(update={"status": move.to, "moved_at": deed.at})
    return _with(order, name, charge, deed), _facts(order, name, move, charge, deed, case), _posted(order, name, before, charge, deed)


def _with(order: Order, name: str, charge: Charge, deed: MoneyDeed) -> Order:
    done = Step(move=name, at=deed.at, noted_at=deed.now, by=deed.by, note=deed.act.note)
    ended: dict[str, Any] = {"status": OrderStatus.FEE_REFUSED, "moved_at": max(deed.at, order.moved_at)} if name == "refuse-fee" else {}
    return order.model_copy(update={"charge": charge, "steps": (*order.steps, done)} | ended)


def _facts(order: Order, name: str, move: Move[ChargeStatus], charge: Charge, deed: MoneyDeed, case: CaseState) -> list[Fact]:
    if move.fact is None or (name == "take-money" and charge.collected_by):  # the owner's payment was said when the worker took it
        return []
    state = _with(order, name, charge, deed).state()
    said = {"amount": charge.amount, "currency": charge.currency, "form": charge.answered_form, "collector": charge.collector}
    return [move.fact.model_validate({"order": state, "case": case} | said)]


def _posted(order: Order, name: str, before: Charge, charge: Charge, deed: MoneyDeed) -> list[ledger.Posting]:
    owed = ledger.receivable(order.id)
    hand = ledger.cash(before.collected_by or deed.by)
    ways = {
        "confirm-fee": (ledger.INCOME, owed),
        "withdraw-fee": (owed, ledger.INCOME),
        "collect": (owed, hand),
        "take-money": (hand if before.collected_by else owed, ledger.FINANCE),
    }
    what = "withdraw-fee" if before.status is C.CONFIRMED and name in ANSWERS else name
    if what not in ways:
        return []
    agreed = before if what == "withdraw-fee" else charge
    said = {"site": order.site, "at": deed.at, "by": deed.by, "what": what, "subject": order.id, "currency": agreed.currency}
    return [ledger.Posting(id=_name(order, what), entries=ledger.transfer(agreed.amount, *ways[what]), **said)]


def _name(order: Order, what: str) -> str:
    """Return the id of a posting; an owner may agree, and withdraw it, more than once."""
    times = sum(step.move == "confirm-fee" for step in order.steps) + (what == "confirm-fee")
    numbered = what in {"confirm-fee", "withdraw-fee"} and times > 1
    return f"{order.id}:{what}:{times}" if numbered else f"{order.id}:{what}"
