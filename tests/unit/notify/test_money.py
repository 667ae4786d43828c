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
    WorkOrderAssessed,
    WorkOrderCancelled,
    WorkOrderClassed,
    WorkOrderCompleted,
    WorkOrderFeeConfirmed,
    WorkOrderPaid,
    WorkOrderQuoted,
    WorkOrderSignatureRefused,
    WorkOrderSigned,
)
from common.money import ApprovalState, ApprovalStatus, SettlementState, SettlementStatus
from common.rota import SiteRota
from common.states import OrderStatus, WorkClass
from notify.domain.notice import Channel, Status
from notify.domain.templates import Names, labels, render
from notify.memory import Fault

from tests.unit.notify.build import MINUTE, NIGHT, NOON, NUMBER, a_case, a_rota, a_site, an_order, at, told
from tests.unit.notify.world import World, a_world

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
BOSSES: list[dict[str, Any]] = [
    {"id": "sue", "roles": ["customer_service_supervisor"], "department": "customer_service"},
    {"id": "boss", "roles": ["department_manager"], "department": "engineering"},
    {"id": "guard", "roles": ["department_manager"], "department": "security"},
]  #: the first level of the ladder
FIRMS = [{"id": "roof-co"}]
BAND = ("deputy_chief_engineer", "deputy_general_manager")


def house(**changes: Any) -> SiteRota:
    return a_rota(people=STAFF, shifts=[], assignments=[], contractors=FIRMS, **changes)


def whom(fact: Fact, now: datetime = NOON) -> dict[str, str]:
    """Recipient -> template."""
    return {who: notice.template for who, (notice, _) in told(fact, now, rota=house()).items()}


async def hear(world: World, *facts: Fact) -> None:
    """Hear the facts with the house's people, all of whom can be reached."""
    world.peers.contacts |= {f"/v1/staff/{one['id']}/contact": {"name": "A", "email": f"{one['id']}@example.com"} for one in STAFF}
    await world.hear(house().published("QQ", 2), source="dispatch", subject="QQ")
    for fact in facts:
        await world.hear(fact, source="dispatch", subject=ORDER)


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


def of_barred(*who: str) -> dict[str, Any]:
    return approval(asked_by=who[0], barred=who)


def test_r12_own_who_may_not_decide_is_not_asked_while_a_colleague_may() -> None:
    two = [*STAFF, {"id": "other", "roles": [BAND[0]]}]
    rota = a_rota(people=two, shifts=[], assignments=[])
    for fact in (ApprovalAsked(**of_barred("chief")), ApprovalAsked(**approval(asked_by="chief"))):  # the second is of before
        assert list(told(fact, rota=rota)) == ["person:other"]


@pytest.mark.parametrize("holds", [["chief"], []])
def test_r12_own_where_only_the_applicant_could_decide_the_first_level_is_told_and_the_gap_can_be_seen(holds: list[str]) -> None:
    staff = [one for one in STAFF if one["id"] != "chief" or holds] + BOSSES
    made = told(ApprovalAsked(**of_barred("chief")), NIGHT, rota=a_rota(people=staff, shifts=[], assignments=[]))
    gap, *alarms = [notice for notice, _ in made.values()]
    assert (gap.recipient, gap.status, gap.reason) == (f"role:{BAND[0]}", Status.WITHHELD, "nobody_in_role")
    assert [(one.recipient, one.template, one.due_at, one.ends) for one in alarms] == [
        ("person:sue", "nobody_to_approve", NIGHT, f"approval:{ORDER}"),
        ("person:boss", "nobody_to_approve", NIGHT, f"approval:{ORDER}"),  # of the case's department
    ]
    assert "副总工程师" in render("nobody_to_approve", alarms[0].params, a_site(), "zh-CN", Names()).body


def test_r12_own_two_steps_of_one_approval_are_not_asked_of_one_person() -> None:
    both = [{"id": "chief", "roles": list(BAND)}, *BOSSES]
    given = approval(BAND[0], barred=("chief", "lead"))
    made = told(ApprovalGiven(**given), rota=a_rota(people=both, shifts=[], assignments=[]))
    assert list(made) == [f"role:{BAND[1]}", "person:sue", "person:boss"]


def test_r12_an_approver_who_is_off_shift_is_asked_and_nobody_is_alarmed() -> None:
    shifts = [{"name": "day", "from": "08:00", "to": "20:00"}]
    rota = a_rota(people=STAFF + BOSSES, shifts=shifts, assignments=[{"shift": "day", "people": ["chief"]}])
    assert list(told(ApprovalAsked(**approval()), NIGHT, rota=rota)) == ["person:chief"]


def test_r21_own_who_made_an_earlier_step_is_not_asked_for_the_next() -> None:
    two = [*STAFF, {"id": "other", "roles": ["finance"]}]
    fact = SettlementCertified(**settlement("pay", "finance", barred=("till",)))
    assert list(told(fact, rota=a_rota(people=two, shifts=[], assignments=[]))) == ["person:other"]


def test_r21_own_where_nobody_may_go_on_the_first_level_is_told_when_the_desk_opens() -> None:
    fact = SettlementCertified(**settlement("pay", "finance", barred=("till",)))
    gap, *alarms = [notice for notice, _ in told(fact, NIGHT, rota=a_rota(people=STAFF + BOSSES, shifts=[], assignments=[])).values()]
    assert (gap.recipient, gap.status) == ("role:finance", Status.WITHHELD)
    assert [(one.recipient, one.template, one.due_at) for one in alarms] == [
        ("person:sue", "nobody_to_settle", MORNING),
        ("person:boss", "nobody_to_settle", MORNING),
    ]
    one_of_two = SettlementSubmitted(**settlement("review", "customer_service_manager", "audit", barred=("mgr",)))
    made = told(one_of_two, rota=a_rota(people=STAFF + BOSSES, shifts=[], assignments=[]))
    assert list(made) == ["role:customer_service_manager", "person:book"]  # somebody may: no alarm


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


ASKED = ApprovalAsked(**approval())
AGREED = WorkOrderFeeConfirmed(**fee("finance"), form="phone")
DUE = WorkOrderSigned(order=an_order(awaits_finance=True), case=a_case())
NEXT = SettlementReviewed(**settlement("certify", "deputy_chief_engineer"))
CANCELLED = WorkOrderCancelled(order=an_order(status=OrderStatus.CANCELLED), case=a_case())
CHARGED = an_order(chargeable=True, status=OrderStatus.FEE_PENDING)


@pytest.mark.parametrize(
    ("asks", "ends", "reason"),
    [
        (NEXT, SettlementCertified(**settlement(None)), "settlement_moved"),
        (AGREED, WorkOrderPaid(**fee("finance")), "paid"),
        (DUE, WorkOrderPaid(**fee("finance")), "paid"),
        (AGREED, WorkOrderQuoted(**fee("worker")), "quoted_anew"),  # R7b
        (DUE, WorkOrderSignatureRefused(order=an_order(), case=a_case()), "not_signed"),  # R15: to work again, so nothing to collect (R16)
        *((asks, CANCELLED, "order_cancelled") for asks in (AGREED, DUE, NEXT)),  # D6-16
    ],
)
async def test_what_lost_its_point_before_the_desk_opened_is_not_asked_any_more(asks: Any, ends: Any, reason: str) -> None:
    async with a_world(NIGHT) as world:
        await hear(world, asks, ends)
        await world.settle()
        assert [(notice["status"], notice["reason"]) for notice in await world.notices()] == [("withheld", reason)]


@pytest.mark.parametrize(
    ("ends", "reason"),
    [
        (CANCELLED, "order_cancelled"),  # D6-16
        (ApprovalDeclined(**approval(status=ApprovalStatus.DECLINED, asked_by=None)), "approval_moved"),
        (WorkOrderClassed(order=CHARGED, case=a_case()), "owner_pays"),  # R12.class: nothing to approve any more
        (WorkOrderAssessed(order=CHARGED, case=a_case(), outcome="chargeable"), "owner_pays"),
    ],
)
async def test_r12_an_approval_that_no_longer_stands_is_not_asked_again_after_a_failed_try(ends: Any, reason: str) -> None:
    async with a_world(NOON) as world:
        world.provider.script(Fault(channel=Channel.EMAIL, times=100, reply=451))
        await hear(world, ASKED)
        await world.settle()
        assert [notice["status"] for notice in await world.notices()] == ["pending"]
        await hear(world, ends)
        await world.settle()
        assert [(notice["status"], notice["reason"]) for notice in await world.notices()] == [("withheld", reason)]


async def test_r12_an_approval_goes_on_when_the_order_is_found_to_be_borne_by_the_company() -> None:
    async with a_world(NOON) as world:
        world.provider.script(Fault(channel=Channel.EMAIL, times=1, reply=451))
        await hear(world, ASKED, WorkOrderClassed(order=an_order(), case=a_case()))
        await world.go(NOON + 5 * MINUTE)
        assert [notice["status"] for notice in await world.notices()] == ["sent"]


@pytest.mark.parametrize("asks", [ASKED, AGREED, DUE, NEXT])
async def test_what_was_sent_before_its_order_was_cancelled_stays_recorded_as_sent(asks: Any) -> None:
    async with a_world(NOON) as world:
        await hear(world, asks)
        await world.settle()
        sent = await world.notices()
        await hear(world, CANCELLED)
        await world.settle()
        assert await world.notices() == sent
        assert [(notice["status"], notice["reason"]) for notice in sent] == [("sent", None)]
