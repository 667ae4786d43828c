"""The settlement of one repair that the company or a contractor bears: what is kept of it. Pure. Not here: what may happen to it (`settlement`)."""

from common.documents import Audited
from common.money import CNY, SettlementStatus
from common.states import Lane, WorkClass

from dispatch.domain.money.rules import MoneyRules
from dispatch.domain.order import Step


class Settlement(Audited):
    """From the final account to the deduction; `id` is the order's."""

    case: str
    rules: MoneyRules = MoneyRules()  #: of the pack version of the case (DEF-18)
    status: SettlementStatus = SettlementStatus.FINAL_ACCOUNT
    work_class: WorkClass
    currency: str = CNY
    submitted: int  #: fen of the final account (維修工程決算書)
    amount: int  #: fen that are settled: from the review on what it left (維修工程結算書)
    contractor: str | None = None  #: who bears class A
    audited: bool = False  #: audit reviewed the final account
    deduction_reviewed: bool = False  #: audit reviewed the deduction (FEE-15)
    fund: str | None = None  #: the working fund that it was paid from, None = finance
    steps: tuple[Step, ...] = ()

    @property
    def lane(self) -> Lane:
        """Return the lane of its facts: nobody waits for money at night."""
        return Lane.NORMAL

    @property
    def makers(self) -> frozenset[str]:
        """Return who had a hand in it up to its payment: they pass none of it (R21.own)."""
        return self.by("submit", "correct", "review", "confirm", "certify")

    def by(self, *moves: str) -> frozenset[str]:
        """Return who made these moves."""
        return frozenset(one.by for one in self.steps if one.move in moves)
