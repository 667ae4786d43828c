"""Approvals by band: who, in which order, and never one's own (R12, D6-4, FEE-04 to FEE-07, DEF-10)."""

from typing import Any

import pytest
from common.errors import HuiyinError, IllegalMove, Invalid, TimeInFuture, TimeOrder
from common.events.dispatch import ApprovalAsked, ApprovalDeclined, ApprovalGiven
from common.money import ApprovalStatus
from common.states import OrderStatus, WorkClass
from dispatch.domain.money.approvals import approval_move, approved, ask_approval, current, granted
from dispatch.domain.money.charge import Charge
from dispatch.domain.order import Order, Rules

from tests.unit.dispatch.build import MINUTE, NOON, a_case
from tests.unit.dispatch.money import by, surveyed

A = ApprovalStatus
MANAGER, CHIEF, DEPUTY, HEAD = "customer_service_manager", "deputy_chief_engineer", "deputy_general_manager", "general_manager"


def asked(amount: int, order: Order | None = None) -> Order:
    return ask_approval(order or surveyed(), by("leader", amount=amount), a_case())[0]


def approve(order: Order, *roles: str) -> Order:
    for role in roles:
        order, _ = approval_move(order, "approve", by(role), a_case())
    return order


def refused(order: Order, name: str, person: str, *roles: str, **act: Any) -> HuiyinError:
    before = order.model_copy(deep=True)
    with pytest.raises(HuiyinError) as caught:
        approval_move(order, name, by(person, *roles, **act), a_case())
    assert order == before
    return caught.value


@pytest.mark.parametrize(
    ("amount", "roles"),
    [
        (1, (MANAGER,)),
        (1000_00, (MANAGER,)),  # FEE-04: up to, the number included (DEF-10)
        (1000_01, (CHIEF, DEPUTY)),
        (10000_00, (CHIEF, DEPUTY)),  # FEE-05
        (10000_01, (HEAD,)),  # FEE-06
    ],
)
def test_the_band_of_the_amount_says_who_approves_in_which_order(amount: int, roles: tuple[str, ...]) -> None:
    order = asked(amount)
    for role in roles:
        assert not granted(order)
        approval = current(order)
        assert approval is not None
        assert approval.next_role == role
        order = approve(order, role)
    assert granted(order)
    assert approved(order) == amount


@pytest.mark.parametrize(
    ("amount", "role", "wanted"),
    [
        (15000_00, DEPUTY, HEAD),  # SC-13: the deputy general manager is not sufficient for 15,000
        (5000_00, DEPUTY, CHIEF),  # the review comes first
        (5000_00, HEAD, CHIEF),  # a higher role stands in for nobody
        (1000_00, CHIEF, MANAGER),
    ],
)
@pytest.mark.parametrize("name", ["approve", "decline"])
def test_r12_the_wrong_role_is_refused_with_the_one_that_is_needed(amount: int, role: str, wanted: str, name: str) -> None:
    error = refused(asked(amount), name, role)
    assert (error.status, error.facts) == (409, {"guard": "R12", "role": wanted, "amount": amount})


def test_r12_own_nobody_approves_their_own_application() -> None:
    error = refused(asked(500_00), "approve", "leader", MANAGER)
    assert (error.status, error.facts["guard"]) == (409, "R12.own")


def test_r12_own_two_steps_are_two_persons() -> None:
    order, _ = approval_move(asked(5000_00), "approve", by("both", CHIEF, DEPUTY), a_case())
    assert refused(order, "approve", "both", CHIEF, DEPUTY).facts["guard"] == "R12.own"


def test_fee_07_a_dearer_estimate_needs_a_new_approval_and_a_cheaper_one_does_not() -> None:
    order = approve(asked(900_00), MANAGER)
    order = asked(800_00, order)
    assert granted(order)
    assert approved(order) == 900_00
    order = asked(1200_00, order)
    assert not granted(order)
    assert approved(order) == 0
    assert [one.status for one in order.approvals] == [A.OVERTAKEN, A.PENDING]
    assert granted(approve(order, CHIEF, DEPUTY))


def test_a_pack_that_does_not_renew_goes_on_with_what_was_approved() -> None:
    rules = surveyed().rules.money.model_copy(update={"renewed_when_dearer": False})
    order = approve(asked(900_00, surveyed(rules=Rules(money=rules))), MANAGER)
    assert granted(asked(1200_00, order))
    assert approved(order) is None


def test_a_pack_without_bands_waits_for_nobody() -> None:
    order = asked(900_00, surveyed(rules=Rules()))
    assert granted(order)
    assert approved(order) is None


def test_d6_16_who_declines_says_why_and_it_stays() -> None:
    order = asked(900_00)
    assert isinstance(refused(order, "decline", MANAGER), Invalid)
    after, facts = approval_move(order, "decline", by(MANAGER, note="get a second offer"), a_case())
    assert [type(fact) for fact in facts] == [ApprovalDeclined]
    assert isinstance(refused(after, "approve", MANAGER), IllegalMove)
    again = asked(700_00, after)
    assert [(one.status, one.reason) for one in again.approvals] == [(A.DECLINED, "get a second offer"), (A.PENDING, None)]


def test_nothing_is_approved_that_nobody_asked_for_and_nothing_twice() -> None:
    assert isinstance(refused(surveyed(), "approve", HEAD), IllegalMove)
    assert isinstance(refused(approve(asked(20000_00), HEAD), "approve", HEAD), IllegalMove)


@pytest.mark.parametrize("changes", [{"charge": Charge()}, {"status": OrderStatus.FEE_PENDING}])
def test_c_25_the_bands_are_not_for_what_the_owner_pays(changes: dict[str, Any]) -> None:
    with pytest.raises(HuiyinError) as caught:
        asked(500_00, surveyed(**changes))
    assert caught.value.facts["guard"] == "R12.class"


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.FEE_REFUSED])
def test_r12_ended_nothing_is_asked_or_approved_for_an_order_that_ended_without_work(status: OrderStatus) -> None:
    ended = asked(500_00).model_copy(update={"status": status})
    with pytest.raises(HuiyinError) as caught:
        asked(700_00, ended)
    said = [caught.value, refused(ended, "approve", MANAGER), refused(ended, "decline", MANAGER, note="no")]
    assert [(error.status, error.facts["guard"]) for error in said] == [(409, "R12.ended")] * 3


@pytest.mark.parametrize("name", ["approve", "decline"])
def test_c_25_what_turned_out_to_be_the_owners_is_not_approved_any_more(name: str) -> None:
    theirs = asked(500_00).model_copy(update={"work_class": WorkClass.OWNER})
    assert refused(theirs, name, MANAGER, note="no").facts["guard"] == "R12.class"


def test_the_facts_say_amount_band_and_what_is_still_missing() -> None:
    order, (first,) = ask_approval(surveyed(), by("leader", amount=5000_00), a_case())
    _, (second,) = approval_move(order, "approve", by(CHIEF), a_case())
    assert isinstance(first, ApprovalAsked)
    assert isinstance(second, ApprovalGiven)
    assert (first.approval.amount, first.approval.roles, first.approval.given) == (5000_00, (CHIEF, DEPUTY), ())
    assert (first.approval.asked_by, second.approval.asked_by) == ("leader", "leader")  # who hears the answer
    assert (second.approval.status, second.approval.given) == (A.PENDING, (CHIEF,))
    assert (first.approval.barred, second.approval.barred) == (("leader",), (CHIEF, "leader"))  # R12.own, by person
    _, (last,) = approval_move(approve(order, CHIEF), "approve", by(DEPUTY), a_case())
    assert isinstance(last, ApprovalGiven)
    assert last.approval.barred == ()


def test_an_approval_is_not_older_than_what_it_answers() -> None:
    assert isinstance(refused(asked(500_00), "approve", MANAGER, at=NOON - MINUTE), TimeOrder)
    assert isinstance(refused(asked(500_00), "approve", MANAGER, at=NOON + MINUTE), TimeInFuture)
    with pytest.raises(Invalid):
        ask_approval(surveyed(), by("leader"), a_case())
