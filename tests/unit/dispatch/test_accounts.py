"""Retention money and working funds: nothing below zero, nothing above the pack's amount, nothing back without an opinion (FEE-17 to FEE-20)."""

from datetime import timedelta

import pytest
from common.errors import Invalid, Refused
from dispatch.domain.money.accounts import Held, fill, hold, opined, release
from dispatch.domain.money.ledger import balanced, balances

from tests.unit.dispatch.build import NOON
from tests.unit.dispatch.money import by

HELD = Held(id="RQ:roof-co", site="RQ", contractor="roof-co")


def approved(person: str = "manager") -> Held:
    return opined(HELD, by(person, at=NOON - timedelta(hours=1)), favourable=True)


def test_money_that_is_held_is_the_contractors_and_lies_at_finance() -> None:
    posting = hold(HELD, by("finance", amount=500_00, receipt="PZ-1"))
    assert posting.id == "RQ:retention:roof-co:hold:PZ-1"
    assert dict(balances([posting])) == {("CNY", "finance"): 500_00, ("CNY", "retention:roof-co"): -500_00}


@pytest.mark.parametrize("held", [HELD, opined(HELD, by("manager"), favourable=False), opined(approved(), by("manager"), favourable=False)])
def test_fee_20_nothing_is_given_back_without_customer_services_opinion(held: Held) -> None:
    with pytest.raises(Refused) as caught:
        release(held, by("finance", amount=1, receipt="PZ-2"), 500_00)
    assert caught.value.facts["guard"] == "FEE-20"


def test_an_opinion_serves_one_release_and_nobody_uses_their_own() -> None:
    after, posting = release(approved(), by("finance", amount=100_00, receipt="PZ-2"), 500_00)
    assert balanced(balances([posting]))
    with pytest.raises(Refused) as again:
        release(after, by("finance", amount=1, receipt="PZ-3"), 400_00)
    with pytest.raises(Refused) as own:
        release(approved("finance"), by("finance", amount=1, receipt="PZ-3"), 400_00)
    assert (again.value.facts["guard"], own.value.facts["guard"]) == ("FEE-20", "R21.own")


def test_no_more_is_released_than_is_held() -> None:
    with pytest.raises(Refused) as caught:
        release(approved(), by("finance", amount=501_00, receipt="PZ-2"), 500_00)
    assert caught.value.facts["guard"] == "FEE-14"
    with pytest.raises(Invalid):
        release(approved(), by("finance", receipt="PZ-2"), 500_00)


def test_fee_17_a_fund_is_filled_to_its_amount_and_no_further() -> None:
    posting = fill("RQ", "repair_team", by("finance", amount=100_000_00, receipt="PZ-9"), room=100_000_00)
    assert balances([posting])["CNY", "fund:repair_team"] == 100_000_00
    with pytest.raises(Refused) as caught:
        fill("RQ", "repair_team", by("finance", amount=1, receipt="PZ-9"), room=0)
    assert caught.value.facts["guard"] == "FEE-17"
