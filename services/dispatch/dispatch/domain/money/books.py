"""The books of a site as somebody may read them. Pure. Not here: postings (`ledger`)."""

from collections.abc import Mapping
from datetime import datetime

from common.documents import Aggregate
from pydantic import BaseModel

from dispatch.domain.money.ledger import balanced


class Balance(BaseModel):
    """One account's balance: the sum of its entries, in the smallest unit of its currency."""

    currency: str
    account: str
    amount: int


class Books(BaseModel):
    """Every account of a site. `balanced`: the accounts of each currency sum to zero, always."""

    site: str
    at: datetime
    postings: int
    balanced: bool
    balances: tuple[Balance, ...]

    @classmethod
    def of(cls, site: str, at: datetime, sums: Mapping[tuple[str, str], int], postings: int) -> "Books":
        """Return them in order of currency and account, those that are empty left out."""
        shown = tuple(Balance(currency=money, account=account, amount=amount) for (money, account), amount in sorted(sums.items()) if amount)
        return cls(site=site, at=at, postings=postings, balanced=balanced(sums), balances=shown)


class Account(Aggregate):
    """A guarded account: `drawn` counts what drew on it, so that two who draw at once meet in one document. `id` is `<site>:<account>`."""

    drawn: int = 0
