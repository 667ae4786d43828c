"""What somebody says they did about money: the input of every move of money. Pure. Not here: whether it may be done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

ConsentForm = Literal["signature", "phone", "app", "message", "face_to_face"]  #: how the owner agreed or refused


class Asked(BaseModel):
    """One line of a quotation as it is asked for: so many of a standard item, or an amount where the standard has none."""

    model_config = ConfigDict(frozen=True)
    item: str
    quantity: int = 1
    amount: int | None = None  #: fen; only for work that is not in the fee standard


class MoneyAct(BaseModel):
    """What somebody says they did. `note` is free text: a reason or a remark."""

    model_config = ConfigDict(frozen=True)
    at: datetime | None = None  #: when it happened; None = now
    note: str | None = None
    lines: tuple[Asked, ...] = ()
    amount: int | None = None  #: fen
    form: ConsentForm | None = None
    receipt: str | None = None
    contractor: str | None = None
    fund: str | None = None


@dataclass(frozen=True)
class MoneyDeed:
    """An act with who did it, in which roles, and when it is entered."""

    act: MoneyAct
    by: str
    roles: frozenset[str]
    now: datetime

    @property
    def at(self) -> datetime:
        """Return when it happened."""
        return self.act.at or self.now
