"""Who is told about money: who decides next, who asked, who confirms, who collects (R12, R21, FEE-02, FEE-11)."""

from datetime import datetime
from typing import Any

import pytest
from common.events import Fact
from common.events.dispatch import (
    ApprovalAsked,
    ApprovalDeclined,
    ApprovalGiven,
    SettlementCertified,
    SettlementDeducted,
    SettlementDeductionReviewed,
    SettlementReviewed,
    SettlementSubmitted,
    WorkOrderCompleted,
    WorkOrderFeeConfirmed,
    WorkOrderPaid,
    WorkOrderSigned,
)
from common.money import ApprovalState, ApprovalStatus, SettlementState, SettlementStatus
from common.rota import SiteRota
from common.states import WorkClass
from notify.domain.notice import Status
from notify.domain.templates import Names, labels, render

from tests.unit.notify.build import NIGHT, NOON, NUMBER, a_case, a_rota, a_site, an_order, at, told
from tests.unit.notify.world import a_world

pytestmark = pytest.mark.anyio

ORDER = f"{NUMBER}-1"
MORNING = at("2026-03-17 08:00")
STAFF: list[dict[str, Any]] = [
    {"id": "lead", "roles": ["repair_team_leader"]},
    {"id": "mgr", "roles": ["customer_service_manager"], "department": "customer_service"},
    {"id": "chief", "roles": ["deputy_chief_engineer"]},
    {"id": "deputy", "roles": ["deputy_general_manager"]},
    {"id": "till", "roles": ["finance"]},
    {"id": "book", "roles": ["audit"]},
]
FIRMS = [{"id": "roof-co"}]
BAND = ("deputy_chief_engineer", "deputy_general_manager")


def house(**changes: Any) -> SiteRota:
    return a_rota(people=STAFF, shifts=[], assignments=[], contractors=FIRMS, **changes)


def whom(fact: Fact, now: datetime = NOON) -> dict[str, str]:
    """Recipient -> template."""
    return {who: notice.template for who, (notice, _) in told(fact, now, rota=house()).items()}


def approval(*given: str, status: ApprovalStatus = ApprovalStatus.PENDING, **changes: Any) -> dict[str, Any]:
    said = {"order": ORDER, "site": "QQ", "status": status, "amount": 3600_00, "roles": BAND, "given": given, "asked_at": NOON, "asked_by": "lead"}
    return {"approval": ApprovalState.model_validate(said | changes), "case": a_case()}


def settlement(move: str | None, *roles: str, **changes: Any) -> dict[str, Any]:
    said = {"id": ORDER, "site": "QQ", "case": NUMBER, "status": SettlementStatus.ACCOUNT_REVIEWED, "work_class": WorkClass.A, "amount": 24300_00}
    state = SettlementState.model_validate(said | {"contractor": "roof-co", "next_move": move, "next_roles": roles} | changes)
    return {"settlement": state, "case": a_case()}


def fee(collector: str) -> dict[str, Any]:
    return {"order": an_order(chargeable=True), "case": a_case(), "amount": 1000_00, "currency": "CNY", "collector": collector}


def test_r12_the_role_whose_turn_it_is_is_asked_at_any_hour_one_after_the_other() -> None:
    assert whom(ApprovalAsked(**approval())) == {"person:chief": "approval_asked"}
    ((notice, _),) = told(ApprovalGiven(**approval(BAND[0])), NIGHT, rota=house()).values()
    assert (notice.recipient, notice.role, notice.due_at, notice.ends) == ("person:deputy", BAND[1], NIGHT, f"approval:{ORDER}")


def test_the_applicant_hears_the_last_yes_and_every_no() -> None:
    granted = approval(*BAND, status=ApprovalStatus.GRANTED)
    assert whom(ApprovalGiven(**granted)) == {"person:lead": "approval_granted"}
    assert whom(ApprovalDeclined(**approval(BAND[0], status=ApprovalStatus.DECLINED))) == {"person:lead": "approval_declined"}


def test_where_the_bands_name_nobody_there_is_nobody_to_ask() -> None:
    assert whom(ApprovalAsked(**approval(status=ApprovalStatus.GRANTED, roles=()))) == {}


def test_facts_of_before_name_no_applicant_and_no_turn() -> None:
    assert whom(ApprovalDeclined(**approval(status=ApprovalStatus.DECLINED, asked_by=None))) == {}
    assert whom(SettlementSubmitted(**settlement(None))) == {}


def test_r12_own_who_asked_is_not_asked_and_the_gap_can_be_seen() -> None:
    ((notice, _),) = told(ApprovalAsked(**approval(asked_by="chief")), rota=house()).values()
    assert (notice.recipient, notice.status, notice.reason) == (f"role:{BAND[0]}", Status.WITHHELD, "nobody_in_role")


def test_fee_11_the_contractor_is_asked_to_confirm() -> None:
    ((notice, _),) = told(SettlementReviewed(**settlement("confirm", "contractor")), rota=house()).values()
    assert (notice.recipient, notice.template, notice.role) == ("person:roof-co", "account_to_confirm", "contractor")
    assert notice.params["amount"] == 24300_00


@pytest.mark.parametrize(
    ("fact", "who"),
    [
        (SettlementSubmitted(**settlement("review", "audit")), ["person:book"]),
        (SettlementSubmitted(**settlement("review", "customer_service_manager", "audit")), ["person:mgr", "person:book"]),
        (SettlementReviewed(**settlement("certify", "deputy_chief_engineer")), ["person:chief"]),
        (SettlementCertified(**settlement("pay", "finance")), ["person:till"]),
        (SettlementDeductionReviewed(**settlement("deduct", "finance")), ["person:till"]),
        (SettlementDeducted(**settlement(None)), []),
    ],
)
def test_r21_whoever_is_next_in_the_chain_is_told_when_the_desk_opens(fact: Any, who: list[str]) -> None:
    made = told(fact, NIGHT, rota=house())
    assert list(made) == who
    assert {(notice.template, notice.due_at, notice.ends) for notice, _ in made.values()} <= {("settlement_next", MORNING, f"settlement:{ORDER}")}


def test_fee_02_finance_hears_of_a_large_amount_and_only_of_that() -> None:
    assert whom(WorkOrderFeeConfirmed(**fee("finance"), form="phone")) == {"person:till": "large_amount"}
    assert whom(WorkOrderFeeConfirmed(**fee("worker"), form="phone")) == {}


def test_r16_finance_is_told_again_when_the_large_amount_can_be_collected() -> None:
    due, other = an_order(awaits_finance=True, completed_at=NOON), an_order(completed_at=NOON)
    assert whom(WorkOrderSigned(order=due, case=a_case())) == {"person:till": "large_amount_due"}
    assert whom(WorkOrderCompleted(order=due, case=a_case()))["person:till"] == "large_amount_due"
    assert "person:till" not in whom(WorkOrderSigned(order=other, case=a_case())) | whom(WorkOrderCompleted(order=other, case=a_case()))


def test_what_is_said_about_money_is_number_amount_and_task() -> None:
    ((notice, _),) = told(SettlementReviewed(**settlement("certify", "deputy_chief_engineer")), rota=house()).values()
    text = render(notice.template, notice.params, a_site(), "zh-CN", Names())
    assert text.subject == f"【待签证】{ORDER}:24,300.00 元"
    assert set(notice.params) == {"order", "amount", "currency", "step"}


def test_there_is_a_word_for_every_step_the_house_makes() -> None:
    assert set(labels.STEP) == {"review", "certify", "pay", "review-deduction", "deduct"}  # `confirm` has a text of its own


@pytest.mark.parametrize(
    ("asks", "settles", "reason"),
    [
        (SettlementReviewed(**settlement("certify", "deputy_chief_engineer")), SettlementCertified(**settlement(None)), "settlement_moved"),
        (WorkOrderFeeConfirmed(**fee("finance"), form="phone"), WorkOrderPaid(**fee("finance")), "paid"),
    ],
)
async def test_what_was_done_before_the_desk_opened_is_not_asked_any_more(asks: Any, settles: Any, reason: str) -> None:
    async with a_world(NIGHT) as world:
        await world.hear(house().published("QQ", 2), source="dispatch", subject="QQ")
        await world.hear(asks, source="dispatch", subject=ORDER)
        await world.hear(settles, source="dispatch", subject=ORDER)
        await world.settle()
        assert [(notice["status"], notice["reason"]) for notice in await world.notices()] == [("withheld", reason)]
