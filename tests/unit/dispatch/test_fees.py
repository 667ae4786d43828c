"""What an owner pays: every pair of state and move, every guard by its id, and the books behind it (R7b, R16, FEE-01 to FEE-03)."""

from typing import Any

import pytest
from common.errors import HuiyinError, IllegalMove, Invalid, Refused, TimeInFuture, TimeOrder
from common.events import Fact
from common.events.dispatch import WorkOrderCancelled, WorkOrderCleared, WorkOrderFeeConfirmed, WorkOrderPaid, WorkOrderQuoted
from common.money import ChargeStatus
from common.states import OrderStatus, Party, WorkClass
from dispatch.domain.acts import Act, Deed
from dispatch.domain.money.fees import FEES, charge_move
from dispatch.domain.money.ledger import FINANCE, INCOME, Posting, balanced, balances, cash, receivable
from dispatch.domain.moves import apply
from dispatch.domain.order import Order

from tests.unit.dispatch.build import MINUTE, NOON, a_case
from tests.unit.dispatch.money import STANDARD, by, chargeable

C = ChargeStatus
TAP = [{"item": "tap", "quantity": 2}]  # 180 yuan
ROOF = [{"item": "roof", "amount": 1000_00}]  # exactly the large amount (DEF-11)
ACTS: dict[str, dict[str, Any]] = {
    "quote": {"lines": TAP},
    "confirm-fee": {"form": "signature"},
    "refuse-fee": {"form": "phone"},
    "take-money": {"receipt": "SJ-0001"},
}
#: the requirements, written down a second time: state -> move -> state after it
R16: dict[ChargeStatus, dict[str, ChargeStatus]] = {
    C.UNQUOTED: {"quote": C.QUOTED, "refuse-fee": C.REFUSED},
    C.QUOTED: {"quote": C.QUOTED, "confirm-fee": C.CONFIRMED, "refuse-fee": C.REFUSED},
    C.CONFIRMED: {"quote": C.QUOTED, "refuse-fee": C.REFUSED, "collect": C.COLLECTED, "take-money": C.PAID},
    C.COLLECTED: {"take-money": C.PAID},
    C.PAID: {"file-receipt": C.CLEARED},
    C.REFUSED: {},
    C.CLEARED: {},
}
WAYS: dict[ChargeStatus, tuple[str, ...]] = {
    C.UNQUOTED: (),
    C.QUOTED: ("quote",),
    C.CONFIRMED: ("quote", "confirm-fee"),
    C.COLLECTED: ("quote", "confirm-fee", "collect"),
    C.PAID: ("quote", "confirm-fee", "collect", "take-money"),
    C.CLEARED: ("quote", "confirm-fee", "collect", "take-money", "file-receipt"),
    C.REFUSED: ("quote", "refuse-fee"),
}
BEFORE_WORK = {"quote", "confirm-fee", "refuse-fee"}
Books = list[Posting]


def moved(order: Order, name: str, **act: Any) -> tuple[Order, list[Fact], Books]:
    return charge_move(order, name, by("ann", **(ACTS.get(name, {}) | act)), a_case(), STANDARD)


def worked(order: Order) -> Order:
    """The same order after the work was signed for."""
    return order.model_copy(update={"status": OrderStatus.SIGNED})


def brought(status: ChargeStatus, **acts: Any) -> tuple[Order, Books]:
    order, books = chargeable(), []
    for name in WAYS[status]:
        order, _, posted = moved(order if name in BEFORE_WORK else worked(order), name, **acts.get(name.replace("-", "_"), {}))
        books += posted
    return order, books


def refused(order: Order, name: str, **act: Any) -> HuiyinError:
    before = order.model_copy(deep=True)
    with pytest.raises(HuiyinError) as caught:
        moved(order, name, **act)
    assert order == before
    return caught.value


@pytest.mark.parametrize(("here", "name"), [(here, name) for here in C for name in FEES])
def test_a_charge_goes_where_r16_says_and_nowhere_else(here: ChargeStatus, name: str) -> None:
    order, _ = brought(here)
    order = order if name in BEFORE_WORK else worked(order)
    if here is not C.UNQUOTED and name in BEFORE_WORK and order.status is not OrderStatus.FEE_REFUSED:
        order = order.model_copy(update={"status": OrderStatus.FEE_PENDING})
    if name not in R16[here]:
        error = refused(order, name)
        assert isinstance(error, IllegalMove)
        assert error.facts == {"move": name, "state": here}
        return
    after, _, _ = moved(order, name)
    assert after.charge is not None
    assert after.charge.status is R16[here][name]
    assert after.steps[-1].move == name


def test_every_posting_of_a_charge_balances_and_the_money_ends_at_finance() -> None:
    order, books = brought(C.CLEARED)
    sums = balances(books)
    assert [one.id for one in books] == [f"{order.id}:confirm-fee", f"{order.id}:collect", f"{order.id}:take-money"]
    assert balanced(sums)
    assert {account: amount for (_, account), amount in sums.items() if amount} == {FINANCE: 180_00, INCOME: -180_00}


def test_the_money_is_in_the_workers_hands_until_finance_has_it() -> None:
    order, books = brought(C.COLLECTED)
    assert balances(books)["CNY", cash("ann")] == 180_00
    assert balances(books)["CNY", receivable(order.id)] == 0


def test_a_quotation_keeps_the_prices_of_the_day() -> None:
    order, _, _ = moved(chargeable(), "quote", lines=[*TAP, {"item": "hour"}, {"item": "paint", "amount": 12_50}])
    assert order.charge is not None
    assert [(line.item, line.quantity, line.price, line.amount) for line in order.charge.lines] == [
        ("tap", 2, 9000, 18000),
        ("hour", 1, 6000, 6000),
        ("paint", 1, None, 1250),
    ]
    assert order.charge.amount == 252_50


@pytest.mark.parametrize(
    ("lines", "field"),
    [([], "lines"), ([{"item": "paint"}], "lines.0.item"), ([{"item": "tap", "amount": 1}], "lines.0.amount")],
)
def test_a_quotation_that_nobody_could_check_is_refused(lines: list[dict[str, Any]], field: str) -> None:
    error = refused(chargeable(), "quote", lines=lines)
    assert isinstance(error, Invalid)
    assert error.facts["errors"][0]["field"] == field


def test_fee_01_the_consent_has_its_time_form_and_amount() -> None:
    order, _ = brought(C.QUOTED)
    assert isinstance(refused(order, "confirm-fee", form=None), Invalid)
    assert isinstance(refused(order, "confirm-fee", amount=180_01), Invalid)
    after, facts, _ = moved(order, "confirm-fee", form="phone", at=NOON, amount=180_00)
    assert after.charge is not None
    assert (after.charge.answered_at, after.charge.answered_form) == (NOON, "phone")
    (fact,) = facts
    assert isinstance(fact, WorkOrderFeeConfirmed)
    assert (fact.amount, fact.currency, fact.collector, fact.order.chargeable, fact.order.outstanding) == (180_00, "CNY", "worker", True, True)


def test_r7b_no_fee_before_the_order_was_found_chargeable_and_none_after_the_work_began() -> None:
    for status in (OrderStatus.ON_SITE, OrderStatus.IN_PROGRESS, OrderStatus.COMPLETED):
        error = refused(chargeable(status=status), "quote")
        assert isinstance(error, Refused)
        assert (error.status, error.facts["guard"]) == (409, "R7b")


@pytest.mark.parametrize("changes", [{"party": Party.CONTRACTOR}, {"work_class": WorkClass.A}, {"work_class": WorkClass.B}])
def test_r7e_a_warranty_order_is_never_charged(changes: dict[str, Any]) -> None:
    assert refused(chargeable(**changes), "quote").facts["guard"] == "R7e"


def test_a_contractors_order_that_the_survey_puts_on_the_owner_can_be_ended() -> None:
    """R7e forbids the charge, not the owner's no: else such an order would stand still for ever."""
    after, _, posted = moved(chargeable(party=Party.CONTRACTOR), "refuse-fee", note="the firm comes under warranty only")
    assert (after.status, posted) == (OrderStatus.FEE_REFUSED, [])


def test_an_owner_who_refuses_ends_the_order_and_pays_nothing() -> None:
    order, _ = brought(C.QUOTED)
    after, facts, posted = moved(order, "refuse-fee", note="too dear")
    assert after.status is OrderStatus.FEE_REFUSED
    assert posted == []
    assert [type(fact) for fact in facts] == [WorkOrderCancelled]
    assert not after.state().outstanding
    assert after.steps[-1].note == "too dear"


def test_r7b_an_owner_who_changes_their_mind_before_the_work_owes_nothing() -> None:
    order, books = brought(C.CONFIRMED)
    after, facts, posted = moved(order, "refuse-fee", note="not now")
    assert (after.status, after.state().outstanding) == (OrderStatus.FEE_REFUSED, False)
    assert [type(fact) for fact in facts] == [WorkOrderCancelled]
    assert [one.id for one in posted] == [f"{order.id}:withdraw-fee"]
    assert not any(balances([*books, *posted]).values())


def test_r7b_another_price_before_the_work_is_another_question() -> None:
    order, books = brought(C.CONFIRMED, quote={"lines": ROOF})
    again, (fact,), posted = moved(order, "quote")
    assert again.charge is not None
    assert (again.charge.amount, again.charge.answered_at, again.charge.collector) == (180_00, None, "worker")
    assert isinstance(fact, WorkOrderQuoted)
    assert fact.amount == 180_00
    with pytest.raises(Refused) as caught:
        apply(again, "start", Deed(Act(), by="ann", now=NOON), a_case())
    assert caught.value.facts["guard"] == "R7b"  # no work on the word that was given for the other price
    books += posted
    for name in ("confirm-fee", "quote", "confirm-fee"):
        again, _, posted = moved(again, name)
        books += posted
    names = ["confirm-fee", "withdraw-fee", "confirm-fee:2", "withdraw-fee:2", "confirm-fee:3"]
    assert [one.id for one in books] == [f"{order.id}:{name}" for name in names]
    assert balances(books)["CNY", INCOME] == -180_00


@pytest.mark.parametrize("name", ["quote", "refuse-fee"])
def test_r7b_what_was_agreed_stands_once_the_work_began(name: str) -> None:
    order, _ = brought(C.CONFIRMED)
    begun = order.model_copy(update={"status": OrderStatus.IN_PROGRESS})
    assert refused(begun, name).facts["guard"] == "R7b"


@pytest.mark.parametrize("status", [OrderStatus.FEE_PENDING, OrderStatus.IN_PROGRESS, OrderStatus.COMPLETED])
@pytest.mark.parametrize("name", ["collect", "take-money"])
def test_r16_nobody_pays_before_the_work_is_signed_for(status: OrderStatus, name: str) -> None:
    order, _ = brought(C.CONFIRMED)
    assert refused(order.model_copy(update={"status": status}), name).facts["guard"] == "R16"


def test_fee_02_a_large_amount_is_collected_by_finance_and_its_bound_is_large() -> None:
    order, _ = brought(C.CONFIRMED, quote={"lines": ROOF})
    error = refused(worked(order), "collect")
    assert (error.status, error.facts) == (409, {"guard": "FEE-02", "collector": "finance"})
    after, facts, _ = moved(worked(order), "take-money")
    assert after.charge is not None
    assert after.charge.status is C.PAID
    assert [type(fact) for fact in facts] == [WorkOrderPaid]
    small, _ = brought(C.CONFIRMED, quote={"lines": [{"item": "roof", "amount": 1000_00 - 1}]})
    assert moved(worked(small), "collect")[0].charge is not None


@pytest.mark.parametrize(
    ("status", "asks", "amount", "waits"),
    [
        (OrderStatus.SIGNED, True, 1000_00, True),
        (OrderStatus.COMPLETED, False, 1000_00, True),
        (OrderStatus.COMPLETED, True, 1000_00, False),  # not signed for yet
        (OrderStatus.IN_PROGRESS, True, 1000_00, False),
        (OrderStatus.SIGNED, True, 1000_00 - 1, False),  # the worker collects it
    ],
)
def test_fee_02_an_order_says_when_finance_can_collect(status: OrderStatus, asks: bool, amount: int, waits: bool) -> None:  # noqa: FBT001
    order, _ = brought(C.CONFIRMED, quote={"lines": [{"item": "roof", "amount": amount}]})
    rules = order.rules.model_copy(update={"signature_required": asks})
    assert order.model_copy(update={"status": status, "rules": rules}).state().awaits_finance is waits
    taken, _, _ = moved(worked(order), "take-money")
    assert not taken.state().awaits_finance


def test_r16_no_money_at_finance_without_the_number_of_its_receipt() -> None:
    order, _ = brought(C.COLLECTED)
    assert isinstance(refused(worked(order), "take-money", receipt=None), Invalid)
    assert isinstance(refused(worked(order), "take-money", amount=1), Invalid)


def test_the_payment_is_said_once_and_the_clearing_when_the_desk_has_the_receipt() -> None:
    order, _ = brought(C.CONFIRMED)
    order, collected, _ = moved(worked(order), "collect")
    order, taken, _ = moved(order, "take-money")
    assert order.state().outstanding
    order, filed, _ = moved(order, "file-receipt")
    assert [type(fact) for fact in (*collected, *taken, *filed)] == [WorkOrderPaid, WorkOrderCleared]
    assert order.cleared
    assert not order.state().outstanding


def test_money_has_its_own_order_of_times() -> None:
    order, _ = brought(C.CONFIRMED)
    assert isinstance(refused(worked(order), "collect", at=NOON + MINUTE), TimeInFuture)
    assert isinstance(refused(worked(order), "collect", at=NOON - MINUTE), TimeOrder)
