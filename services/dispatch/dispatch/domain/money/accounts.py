"""Retention money of contractors and working funds: what is held, topped up and given back. Pure.

A contractor's money is held from outside the system (a share of its contract), so holding it brings it to finance; releasing it needs customer
service's opinion (FEE-20). A fund is topped up from finance, never above the amount the pack names (FEE-17, FEE-18).
"""

from datetime import datetime

from common.documents import Audited
from common.errors import Invalid, Refused
from common.money import CNY
from pydantic import BaseModel, ConfigDict

from dispatch.domain.money import ledger
from dispatch.domain.money.acts import MoneyDeed
from dispatch.domain.money.ledger import Posting


class Opinion(BaseModel):
    """What customer service says about a contractor's quality and co-operation within the warranty (FEE-20)."""

    model_config = ConfigDict(frozen=True)
    favourable: bool
    by: str
    at: datetime
    note: str | None = None


class Held(Audited):
    """What is known of a contractor's retention money beside its entries; `id` is `<site>:<contractor>`."""

    contractor: str
    currency: str = CNY
    opinions: tuple[Opinion, ...] = ()
    released_at: datetime | None = None


def opined(held: Held, deed: MoneyDeed, *, favourable: bool) -> Held:
    """Return it with customer service's opinion; earlier ones stay."""
    said = Opinion(favourable=favourable, by=deed.by, at=deed.at, note=deed.act.note)
    return held.model_copy(update={"opinions": (*held.opinions, said)})


def hold(held: Held, deed: MoneyDeed) -> Posting:
    """Return the posting that brings a contractor's money in."""
    account = ledger.retention(held.contractor)
    return _posting(held.site, account, held.currency, deed, "hold", ledger.transfer(_amount(deed), account, ledger.FINANCE))


def release(held: Held, deed: MoneyDeed, room: int) -> tuple[Held, Posting]:
    """Return the account and the posting that gives money back. Raises Refused (FEE-20) without a favourable opinion since the last release."""
    newest = held.opinions[-1] if held.opinions else None
    if newest is None or not newest.favourable or (held.released_at and newest.at <= held.released_at):
        raise Refused("FEE-20", "退还保证金须有客服部同意意见", "retention money is given back with customer service's opinion only")
    if newest.by == deed.by:
        raise Refused("R21.own", "不得办理本人出具意见的退款", "nobody releases on their own opinion")
    ledger.covered(_amount(deed), room, "FEE-14")
    account = ledger.retention(held.contractor)
    posting = _posting(held.site, account, held.currency, deed, "release", ledger.transfer(_amount(deed), ledger.FINANCE, account))
    return held.model_copy(update={"released_at": deed.at}), posting


def fill(site: str, fund: str, deed: MoneyDeed, *, room: int, currency: str = CNY) -> Posting:
    """Return the posting that tops a fund up. `room`: fen that are missing to the amount of the pack. Raises Refused (FEE-17)."""
    if _amount(deed) > room:
        raise Refused("FEE-17", "超出周转金额度", "a working fund is not filled above its amount", room=room, asked=deed.act.amount)
    account = ledger.fund(fund)
    return _posting(site, account, currency, deed, "fill", ledger.transfer(_amount(deed), ledger.FINANCE, account))


def _amount(deed: MoneyDeed) -> int:
    if deed.act.amount is None:
        raise Invalid("amount", "必须填写金额", "the amount is required")
    return deed.act.amount


def _posting(site: str, account: str, currency: str, deed: MoneyDeed, what: str, entries: tuple[ledger.Entry, ...]) -> Posting:
    """The voucher's number in the books outside makes the posting one of a kind."""
    said = {"site": site, "at": deed.at, "by": deed.by, "what": what, "subject": account, "currency": currency}
    return Posting(id=f"{site}:{account}:{what}:{deed.act.receipt}", entries=entries, **said)
