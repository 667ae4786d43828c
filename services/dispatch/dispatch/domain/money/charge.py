"""What an owner pays for an order, and the site's fee standard. Pure. Not here: what may happen to a charge (`fees`)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from common.documents import Audited
from common.errors import Invalid
from common.money import CNY, MOST, ChargeStatus, Currency, Fen
from common.sourced import Title
from pydantic import BaseModel, ConfigDict, Field

from dispatch.domain.money.acts import Asked, ConsentForm
from dispatch.domain.words import Code


class FeeItem(BaseModel):
    """One item of a site's fee standard: a price in fen for each unit (收費標準)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    item: Code
    title: Title
    unit: Code = "time"  #: what the price is for: time, hour, metre, piece …
    price: Fen


class FeeStandard(BaseModel):
    """A site's fee standard as a site file writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    currency: Currency = CNY
    items: Annotated[tuple[FeeItem, ...], Field(max_length=500)] = ()


class Fees(Audited):
    """The fee standard in force at a site; `id` is the site's. A quotation keeps the prices it was made with."""

    version: int = 0
    standard: FeeStandard = FeeStandard()


class Line(BaseModel):
    """One line of a quotation."""

    model_config = ConfigDict(frozen=True)
    item: str
    quantity: int
    unit: str | None = None
    price: int | None = None  #: fen a unit, of the standard
    amount: int


class Charge(BaseModel):
    """What the owner of an order was told, agreed to and paid. No name: the payer is the case's reporter."""

    model_config = ConfigDict(frozen=True)
    status: ChargeStatus = ChargeStatus.UNQUOTED
    currency: Currency = CNY
    lines: tuple[Line, ...] = ()
    amount: int = 0
    moved_at: datetime | None = None
    answered_form: ConsentForm | None = None  #: how the owner agreed or refused
    answered_at: datetime | None = None
    collector: Literal["worker", "finance"] = "worker"  #: finance for a large amount (DEF-11)
    collected_by: str | None = None
    receipt: str | None = None  #: number of the receipt (收據)


def priced(asked: Sequence[Asked], standard: FeeStandard) -> tuple[Line, ...]:
    """Return the lines with their prices. Raises Invalid for an item that the standard does not know and that names no amount itself."""
    known = {item.item: item for item in standard.items}
    lines = tuple(_line(place, one, known.get(one.item)) for place, one in enumerate(asked))
    if not lines:
        raise Invalid("lines", "报价不能为空", "a quotation has at least one line")
    if sum(line.amount for line in lines) > MOST:
        raise Invalid("lines", "金额过大", "the amount is too large")
    return lines


def _line(place: int, asked: Asked, item: FeeItem | None) -> Line:
    if item is not None and asked.amount is not None:
        raise Invalid(f"lines.{place}.amount", "标准收费项目不得另行定价", "an item of the fee standard has its price")
    if item is not None:
        return Line(item=item.item, quantity=asked.quantity, unit=item.unit, price=item.price, amount=asked.quantity * item.price)
    if asked.amount is None:
        raise Invalid(f"lines.{place}.item", "收费标准中没有此项目", "the fee standard has no such item: name an amount")
    return Line(item=asked.item, quantity=1, amount=asked.amount)
