"""The books: postings whose entries sum to zero, accounts that are nothing but their entries. Pure.

Signs: what the site has or is owed is positive (cash, finance, receivable, fund), what it owes or earned is negative (retention money of
contractors, income). Nothing is changed or deleted: an error is answered by another posting. Not here: who may post (`fees`, `settlement`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from common.errors import Refused
from common.money import Currency
from pydantic import BaseModel, ConfigDict, StrictInt, field_validator

FINANCE = "finance"  #: money at finance
INCOME = "income:repairs"  #: what owners paid for, or agreed to pay for
COST = "cost:repairs"  #: what the company bears


def receivable(order: str) -> str:
    """Return the account of what an owner owes for an order."""
    return f"receivable:{order}"


def cash(person: str) -> str:
    """Return the account of the money in a worker's hands."""
    return f"cash:{person}"


def retention(contractor: str) -> str:
    """Return the account of a contractor's retention money; negative: it is the contractor's."""
    return f"retention:{contractor}"


def fund(id_: str) -> str:
    """Return the account of a working fund."""
    return f"fund:{id_}"


class Entry(BaseModel):
    """One side of a posting: so many fen to (positive) or from (negative) an account."""

    model_config = ConfigDict(frozen=True)
    account: str
    amount: StrictInt


class Posting(BaseModel):
    """One thing that happened to money. Its id says what it is for, so nothing is posted twice."""

    model_config = ConfigDict(frozen=True)
    id: str  #: `<subject>:<what>`
    site: str
    at: datetime
    by: str
    what: str
    subject: str  #: the order, contractor or fund
    currency: Currency
    entries: tuple[Entry, ...]

    @field_validator("entries")
    @classmethod
    def _balanced(cls, value: tuple[Entry, ...]) -> tuple[Entry, ...]:
        if len(value) < 2 or sum(entry.amount for entry in value) != 0 or any(entry.amount == 0 for entry in value):
            raise ValueError("the entries of a posting sum to zero, and none of them is zero")
        return value


def transfer(amount: int, frm: str, to: str) -> tuple[Entry, ...]:
    """Return the entries that bring `amount` from one account to another."""
    return Entry(account=to, amount=amount), Entry(account=frm, amount=-amount)


Balances = Mapping[tuple[str, str], int]  #: (currency, account) -> fen


def balances(postings: Iterable[Posting]) -> Counter[tuple[str, str]]:
    """Return every account's balance: the sum of its entries, by currency."""
    found: Counter[tuple[str, str]] = Counter()
    for posting in postings:
        for entry in posting.entries:
            found[posting.currency, entry.account] += entry.amount
    return found


def balanced(sums: Balances) -> bool:
    """Say whether the accounts of each currency sum to zero."""
    totals: Counter[str] = Counter()
    for (currency, _account), amount in sums.items():
        totals[currency] += amount
    return not any(totals.values())


def covered(amount: int, held: int, guard: str) -> None:
    """Refuse to take more than an account holds: neither retention money nor a fund goes below nothing."""
    if amount > held:
        raise Refused(guard, "账户余额不足", "the account does not hold so much", held=held, asked=amount)
