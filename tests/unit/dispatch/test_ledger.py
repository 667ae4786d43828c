"""The books: postings sum to zero, and so does every history of them."""

import pytest
from common.errors import Refused
from dispatch.domain.money import ledger
from dispatch.domain.money.ledger import Entry, Posting, balanced, balances, covered, transfer
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.unit.dispatch.build import NOON

ACCOUNTS = [
    ledger.FINANCE,
    ledger.INCOME,
    ledger.COST,
    ledger.retention("roof-co"),
    ledger.fund("repairs"),
    ledger.cash("ann"),
    ledger.receivable("x-1"),
]


def a_posting(*entries: tuple[str, int], id: str = "x-1:collect", currency: str = "CNY") -> Posting:
    sides = tuple(Entry(account=account, amount=amount) for account, amount in entries)
    return Posting(id=id, site="JN", at=NOON, by="ann", what="collect", subject="x-1", currency=currency, entries=sides)


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [("finance", 100)],
        [("finance", 100), ("income:repairs", -99)],
        [("finance", 0), ("income:repairs", 0)],
    ],
)
def test_a_posting_that_does_not_sum_to_zero_cannot_be_made(entries: list[tuple[str, int]]) -> None:
    with pytest.raises(ValidationError):
        a_posting(*entries)


@pytest.mark.parametrize("amount", [1.0, 1.5, "1", True])
def test_an_entry_is_a_whole_number_of_fen(amount: object) -> None:
    with pytest.raises(ValidationError):
        Entry.model_validate({"account": "finance", "amount": amount})


movements = st.lists(
    st.tuples(st.integers(1, 10**12), st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.sampled_from(["CNY", "HKD"])).filter(
        lambda row: row[1] != row[2]
    ),
    max_size=40,
)


@given(movements)
def test_whatever_is_posted_the_books_balance_in_every_currency(rows: list[tuple[int, str, str, str]]) -> None:
    made = [a_posting(*((one.account, one.amount) for one in transfer(amount, frm, to)), currency=money) for amount, frm, to, money in rows]
    sums = balances(made)
    assert balanced(sums)
    for (money, account), amount in sums.items():
        assert amount == sum(row[0] * ((row[2] == account) - (row[1] == account)) for row in rows if row[3] == money)


def test_two_currencies_do_not_make_up_for_one_another() -> None:
    assert not balanced({("CNY", "finance"): 5, ("HKD", "finance"): -5})


def test_an_account_gives_what_it_holds_and_no_fen_more() -> None:
    covered(100, 100, "FEE-14")
    with pytest.raises(Refused) as caught:
        covered(101, 100, "FEE-14")
    assert caught.value.facts == {"guard": "FEE-14", "held": 100, "asked": 101}
