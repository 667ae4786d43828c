"""How work that the company or a contractor bears is settled: the table, its guards and the one door `settle`. Pure.

R21: final account → review → the contractor confirms (class A) → certificate → payment → deduction (class A). No step out of order, class B
is never deducted, nobody passes what they made. Not here: accounts (`ledger`), what is kept (`account`).
"""

from collections.abc import Callable
from typing import Any

from common.errors import TimeInFuture, TimeOrder
from common.events import Fact
from common.events.dispatch import (
    SettlementCertified,
    SettlementConfirmed,
    SettlementDeducted,
    SettlementDeductionReviewed,
    SettlementFact,
    SettlementPaid,
    SettlementReviewed,
    SettlementSubmitted,
)
from common.money import SettlementStatus
from common.moves import Move, Table, step
from common.states import CaseState

from dispatch.domain.money import ledger
from dispatch.domain.money.account import Settlement
from dispatch.domain.money.acts import MoneyDeed
from dispatch.domain.money.settlement_guards import GUARDS
from dispatch.domain.money.turn import state
from dispatch.domain.order import Step

S = SettlementStatus


def _row(frm: S | frozenset[S], to: S | None, role: str, zh: str, en: str, guards: tuple[str, ...], fact: type[Fact]) -> Move[S]:
    return Move(frm if isinstance(frm, frozenset) else frozenset({frm}), to, f"settlement.{role}", zh, en, guards, fact)


REVIEWED = frozenset({S.ACCOUNT_REVIEWED, S.CONTRACTOR_CONFIRMED})
SETTLEMENTS: Table[SettlementStatus] = {
    "correct": _row(S.FINAL_ACCOUNT, None, "submit", "更正决算书", "correct the final account", ("FEE-07",), SettlementSubmitted),
    "review": _row(S.FINAL_ACCOUNT, S.ACCOUNT_REVIEWED, "review", "审核决算", "review", ("FEE-09", "R21.own"), SettlementReviewed),
    "confirm": _row(S.ACCOUNT_REVIEWED, S.CONTRACTOR_CONFIRMED, "confirm", "施工单位确认", "contractor confirms", ("FEE-11",), SettlementConfirmed),
    "certify": _row(REVIEWED, S.CERTIFIED, "certify", "签证", "certify", ("FEE-12", "R21", "R21.own"), SettlementCertified),
    "pay": _row(S.CERTIFIED, S.SETTLED, "pay", "财务付款", "pay", ("R21.own", "FEE-18"), SettlementPaid),
    "review-deduction": _row(S.SETTLED, None, "audit", "审核扣款", "review the deduction", ("FEE-14", "FEE-15"), SettlementDeductionReviewed),
    "deduct": _row(S.SETTLED, S.DEDUCTED, "deduct", "扣除保证金", "deduct", ("FEE-14", "FEE-15.done", "FEE-14.held"), SettlementDeducted),
}  #: the final account itself is `submit` of an order


def settle(
    before: Settlement, name: str, deed: MoneyDeed, case: CaseState, *, room: int | None = None
) -> tuple[Settlement, list[Fact], list[ledger.Posting]]:
    """Return the settlement after the move, its facts and what is posted. `room`: see `settlement_guards`.

    Raises IllegalMove, Refused, TimeInFuture, TimeOrder.
    """
    move = step(SETTLEMENTS, name, before.status)
    if deed.at > deed.now:
        raise TimeInFuture
    if deed.at < before.steps[-1].at:
        raise TimeOrder
    for guard in (check for id_ in move.guards for check in GUARDS[id_]):
        guard(before, deed, room)
    done = Step(move=name, at=deed.at, noted_at=deed.now, by=deed.by, note=deed.act.note)
    changes: dict[str, Any] = {"status": move.to or before.status, "steps": (*before.steps, done)}
    after = before.model_copy(update=changes | (EFFECTS[name](before, deed) if name in EFFECTS else {}))
    kind: Any = move.fact
    said: list[SettlementFact] = [kind(settlement=state(after), case=case)] if kind else []
    return after, [*said], _posted(after, name, deed)


def _correct(_before: Settlement, deed: MoneyDeed) -> dict[str, Any]:
    return {"submitted": deed.act.amount, "amount": deed.act.amount}


def _review(before: Settlement, deed: MoneyDeed) -> dict[str, Any]:
    return {"amount": deed.act.amount or before.amount, "audited": before.rules.audited(before.submitted)}


EFFECTS: dict[str, Callable[[Settlement, MoneyDeed], dict[str, Any]]] = {
    "correct": _correct,
    "review": _review,
    "pay": lambda _before, deed: {"fund": deed.act.fund},
    "review-deduction": lambda _before, _deed: {"deduction_reviewed": True},
}


def drawn_on(settlement: Settlement, name: str, deed: MoneyDeed) -> str | None:
    """Return the account that the move draws on and that must hold the amount, if any."""
    if name == "deduct" and settlement.contractor:
        return ledger.retention(settlement.contractor)
    return ledger.fund(deed.act.fund) if name == "pay" and deed.act.fund else None


def _posted(after: Settlement, name: str, deed: MoneyDeed) -> list[ledger.Posting]:
    """Payment is a cost until the contractor's retention money takes it over (FEE-13, FEE-14)."""
    paid_from = ledger.fund(after.fund) if after.fund else ledger.FINANCE
    ways = {"pay": (paid_from, ledger.COST), "deduct": (ledger.COST, ledger.retention(after.contractor or ""))}
    if name not in ways:
        return []
    entries = ledger.transfer(after.amount, *ways[name])
    said = {"site": after.site, "at": deed.at, "by": deed.by, "what": name, "subject": after.id, "currency": after.currency}
    return [ledger.Posting(id=f"{after.id}:{name}", entries=entries, **said)]
