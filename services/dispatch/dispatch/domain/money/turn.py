"""Whose turn it is in a settlement: a table from its state to the next move and who may make it. Pure. Not here: whether they may (the guards).

The pack names the role; where it is silent, those are told who hold the move's permission (a test holds the two together). An administrator
may do it all and is asked for nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.money import SettlementState, SettlementStatus
from common.states import WorkClass

from dispatch.domain.money.account import Settlement

S = SettlementStatus
CONTRACTOR = "contractor"


@dataclass(frozen=True)
class Turn:
    """A move that somebody has to make now, who may where the pack names nobody, whom it names, and whether a maker of earlier steps may."""

    move: str
    roles: tuple[str, ...]
    role: Callable[[Settlement], str | None] = field(default=lambda _settlement: None)
    when: Callable[[Settlement], bool] = field(default=lambda _settlement: True)
    bars: bool = False  #: R21.own guards it; a test holds the two together


def _reviewer(settlement: Settlement) -> str | None:
    rules = settlement.rules
    return rules.auditor if rules.audited(settlement.submitted) else rules.reviewer


def _to_confirm(settlement: Settlement) -> bool:
    return settlement.work_class is WorkClass.A and settlement.rules.contractor_confirms


def _to_deduct(settlement: Settlement) -> bool:
    return settlement.work_class is WorkClass.A and settlement.rules.retention_pays


def _to_audit(settlement: Settlement) -> bool:
    return _to_deduct(settlement) and settlement.rules.audited(settlement.amount) and not settlement.deduction_reviewed


_CERTIFY = Turn("certify", ("deputy_chief_engineer",), lambda settlement: settlement.rules.certifier, bars=True)

TURNS: Mapping[SettlementStatus, tuple[Turn, ...]] = {
    S.FINAL_ACCOUNT: (Turn("review", ("customer_service_manager", "audit"), _reviewer, bars=True),),  # FEE-09
    S.ACCOUNT_REVIEWED: (Turn("confirm", (CONTRACTOR,), when=_to_confirm), _CERTIFY),  # FEE-11, FEE-12
    S.CONTRACTOR_CONFIRMED: (_CERTIFY,),
    S.CERTIFIED: (Turn("pay", ("finance",), bars=True),),  # FEE-13
    S.SETTLED: (  # FEE-14, FEE-15
        Turn("review-deduction", ("audit",), lambda settlement: settlement.rules.auditor, _to_audit),
        Turn("deduct", ("finance",), when=_to_deduct),
    ),
    S.DEDUCTED: (),
}  #: state -> what may be next, the first that applies


def turn(settlement: Settlement) -> dict[str, Any]:
    """Return the next move, the roles that may make it and the persons who may not; nothing when the settlement is at its end."""
    row = next((row for row in TURNS[settlement.status] if row.when(settlement)), None)
    if row is None:
        return {}
    named = row.role(settlement)
    barred = tuple(sorted(settlement.makers)) if row.bars else ()
    return {"next_move": row.move, "next_roles": (named,) if named else row.roles, "barred": barred}


def state(settlement: Settlement) -> SettlementState:
    """Return what other services may know of it."""
    said = settlement.model_dump(include=set(SettlementState.model_fields))
    return SettlementState.model_validate(said | turn(settlement))
