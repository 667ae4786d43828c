"""The joint site survey 《现场勘察会签表》: who is responsible, which trades, what it will cost, who signed (R10, REP-08, REP-09). Pure.

Not here: who has to sign (`guards`), approvals (money).
"""

from typing import Literal

from common.states import Complexity
from pydantic import BaseModel, ConfigDict

CONTRACTOR = "construction_contractor"  #: the party that need not come to small work (REP-09)


class Survey(BaseModel):
    """The sheet as it was signed. The estimate is in fen."""

    model_config = ConfigDict(frozen=True)
    responsible: str  #: the responsible party, a code: construction_contractor, company, owner, third_party
    in_warranty: bool
    trades: tuple[str, ...]
    estimate: int
    signers: tuple[str, ...]  #: parties whose people signed
    especially_complex: bool = False
    borne_by: Literal["company", "owner"] = "company"  #: out of the warranty: who bears it
    note: str | None = None

    @property
    def complexity(self) -> Complexity:
        """Return how complex it is, by the number of trades (CLS-07)."""
        if self.especially_complex:
            return Complexity.ESPECIALLY_COMPLEX
        return Complexity.MULTI_TRADE if len(set(self.trades)) > 1 else Complexity.SINGLE_TRADE
