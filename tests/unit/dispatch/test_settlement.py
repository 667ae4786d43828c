"""Settling a repair: every pair of state and move, every guard by its id, and the retention money (R21, FEE-08 to FEE-15, DEF-10)."""

from typing import Any

import pytest
from common.auth import PERMISSIONS
from common.errors import HuiyinError, IllegalMove, Invalid
from common.events import Fact
from common.events.dispatch import (
    SettlementCertified,
    SettlementConfirmed,
    SettlementDeducted,
    SettlementDeductionReviewed,
    SettlementPaid,
    SettlementReviewed,
    SettlementSubmitted,
)
from common.money import SettlementStatus
from common.states import OrderStatus, Party, WorkClass
from dispatch.domain.money.account import Settlement
from dispatch.domain.money.approvals import approval_move, ask_approval
from dispatch.domain.money.ledger import COST, FINANCE, Posting, balanced, balances, retention
from dispatch.domain.money.settlement import SETTLEMENTS, settle
from dispatch.domain.money.submitting import submit
from dispatch.domain.money.turn import TURNS, state
from dispatch.domain.order import Order, Rules

from tests.unit.dispatch.build import a_case
from tests.unit.dispatch.money import RULES, by, surveyed

S = SettlementStatus
SMALL, LARGE = 14860_00, 24300_00
HELD = 100_000_00
WHO = {
    "correct": "repair_team_leader",
    "confirm": "roof-co",
    "certify": "deputy_chief_engineer",
    "pay": "finance",
    "review-deduction": "audit",
    "deduct": "finance",
}
#: R21, written down a second time: class -> state -> move -> state after it
R21: dict[WorkClass, dict[SettlementStatus, dict[str, SettlementStatus]]] = {
    WorkClass.A: {
        S.FINAL_ACCOUNT: {"correct": S.FINAL_ACCOUNT, "review": S.ACCOUNT_REVIEWED},
        S.ACCOUNT_REVIEWED: {"confirm": S.CONTRACTOR_CONFIRMED},
        S.CONTRACTOR_CONFIRMED: {"certify": S.CERTIFIED},
        S.CERTIFIED: {"pay": S.SETTLED},
        S.SETTLED: {"review-deduction": S.SETTLED},  # 24,300: audit first, then the deduction
        S.DEDUCTED: {},
    },
    WorkClass.B: {
        S.FINAL_ACCOUNT: {"correct": S.FINAL_ACCOUNT, "review": S.ACCOUNT_REVIEWED},
        S.ACCOUNT_REVIEWED: {"certify": S.CERTIFIED},
        S.CERTIFIED: {"pay": S.SETTLED},
        S.SETTLED: {},
    },
}
WAYS: dict[SettlementStatus, tuple[str, ...]] = {
    S.FINAL_ACCOUNT: (),
    S.ACCOUNT_REVIEWED: ("review",),
    S.CONTRACTOR_CONFIRMED: ("review", "confirm"),
    S.CERTIFIED: ("review", "confirm", "certify"),
    S.SETTLED: ("review", "confirm", "certify", "pay"),
    S.DEDUCTED: ("review", "confirm", "certify", "pay", "review-deduction", "deduct"),
}


def approved(work_class: WorkClass = WorkClass.A, amount: int = 25000_00) -> Order:
    order, _ = ask_approval(surveyed(work_class), by("survey", amount=amount), a_case())
    for role in RULES.band(amount):
        order, _ = approval_move(order, "approve", by(role), a_case())
    return order


def submitted(work_class: WorkClass = WorkClass.A, amount: int = LARGE, **changes: Any) -> Settlement:
    deed = by("repair_team_leader", amount=amount, contractor="roof-co")
    made, _ = submit(approved(work_class), deed, a_case())
    return made.model_copy(update=changes)


def moved(
    before: Settlement, name: str, *, person: str | None = None, roles: tuple[str, ...] = (), **act: Any
) -> tuple[Settlement, list[Fact], list[Posting]]:
    reviewer = "audit" if before.submitted >= 20000_00 else "customer_service_manager"
    who = person or WHO.get(name, reviewer)
    if name == "correct":
        act = {"amount": before.submitted} | act
    room = {"correct": 25000_00, "deduct": HELD, "pay": HELD}.get(name)
    return settle(before, name, by(who, *roles, **act), a_case(), room=act.pop("room", room))


def brought(status: SettlementStatus, work_class: WorkClass = WorkClass.A, amount: int = LARGE) -> tuple[Settlement, list[Posting]]:
    made, books = submitted(work_class, amount), []
    for name in WAYS[status]:
        if work_class is WorkClass.A or name != "confirm":
            made, _, posted = moved(made, name)
            books += posted
    return made, books


def refused(before: Settlement, name: str, **how: Any) -> HuiyinError:
    kept = before.model_copy(deep=True)
    with pytest.raises(HuiyinError) as caught:
        moved(before, name, **how)
    assert before == kept
    return caught.value


@pytest.mark.parametrize(("kind", "here", "name"), [(kind, here, name) for kind, table in R21.items() for here in table for name in SETTLEMENTS])
def test_no_step_out_of_the_order_of_r21(kind: WorkClass, here: SettlementStatus, name: str) -> None:
    made, _ = brought(here, kind)
    if name in R21[kind][here]:
        assert moved(made, name)[0].status is R21[kind][here][name]
        return
    error = refused(made, name)
    assert error.status == 409
    assert isinstance(error, IllegalMove) is (here not in SETTLEMENTS[name].frm)


@pytest.mark.parametrize(
    ("amount", "person", "wanted"),
    [
        (19999_99, "audit", "customer_service_manager"),
        (20000_00, "customer_service_manager", "audit"),  # DEF-10: exactly 20,000.00 goes to audit
        (LARGE, "customer_service_manager", "audit"),
    ],
)
def test_fee_09_who_reviews_depends_on_the_amount(amount: int, person: str, wanted: str) -> None:
    error = refused(submitted(amount=amount), "review", person=person)
    assert error.facts == {"guard": "FEE-09", "role": wanted}
    after, facts, _ = moved(submitted(amount=amount), "review", person=wanted)
    assert after.audited is (wanted == "audit")
    assert [type(fact) for fact in facts] == [SettlementReviewed]


def test_a_review_may_lower_the_account_and_never_raise_it() -> None:
    after, _, _ = moved(submitted(), "review", amount=LARGE - 1)
    assert (after.submitted, after.amount) == (LARGE, LARGE - 1)
    assert isinstance(refused(submitted(), "review", amount=LARGE + 1), Invalid)


def test_r21_class_a_is_not_certified_before_the_contractor_has_confirmed() -> None:
    made, _ = brought(S.ACCOUNT_REVIEWED)
    assert refused(made, "certify").facts == {"guard": "R21", "requirement": "FEE-11"}


def test_fee_11_only_the_contractor_who_bears_it_confirms_and_only_class_a() -> None:
    made, _ = brought(S.ACCOUNT_REVIEWED)
    assert refused(made, "confirm", person="lift-co", roles=("contractor",)).facts["guard"] == "FEE-11"
    company, _ = brought(S.ACCOUNT_REVIEWED, WorkClass.B, SMALL)
    assert refused(company, "confirm").facts["guard"] == "FEE-11"


def test_fee_12_only_the_role_of_the_pack_certifies() -> None:
    made, _ = brought(S.CONTRACTOR_CONFIRMED)
    assert refused(made, "certify", person="general_manager").facts == {"guard": "FEE-12", "role": "deputy_chief_engineer"}


@pytest.mark.parametrize(
    ("here", "name", "person"),
    [(S.FINAL_ACCOUNT, "review", "repair_team_leader"), (S.CONTRACTOR_CONFIRMED, "certify", "audit"), (S.CERTIFIED, "pay", "deputy_chief_engineer")],
)
def test_r21_own_nobody_passes_what_they_made_themselves(here: SettlementStatus, name: str, person: str) -> None:
    made, _ = brought(here)
    roles = ("audit", "deputy_chief_engineer", "finance")
    assert refused(made, name, person=person, roles=roles).facts["guard"] == "R21.own"


@pytest.mark.parametrize("name", ["review-deduction", "deduct"])
def test_fee_14_class_b_is_never_deducted(name: str) -> None:
    made, _ = brought(S.SETTLED, WorkClass.B)
    assert refused(made, name).facts["guard"] == "FEE-14"


def test_fee_15_from_the_threshold_on_audit_reviews_the_deduction_first() -> None:
    made, _ = brought(S.SETTLED, amount=20000_00)
    assert refused(made, "deduct").facts == {"guard": "FEE-15", "role": "audit"}
    assert refused(made, "review-deduction", person="finance").facts["guard"] == "FEE-15"
    seen, _, _ = moved(made, "review-deduction")
    assert moved(seen, "deduct")[0].status is S.DEDUCTED
    small, _ = brought(S.SETTLED, amount=19999_99)
    assert moved(small, "deduct")[0].status is S.DEDUCTED


def test_fee_14_no_more_is_deducted_than_is_held() -> None:
    made, _ = brought(S.SETTLED, amount=SMALL)
    assert refused(made, "deduct", room=SMALL - 1).facts == {"guard": "FEE-14", "held": SMALL - 1, "asked": SMALL}


def test_fee_18_a_working_fund_pays_no_more_than_it_holds() -> None:
    made, _ = brought(S.CERTIFIED, amount=SMALL)
    assert refused(made, "pay", fund="repair_team", room=SMALL - 1).facts["guard"] == "FEE-18"
    after, _, (posting,) = moved(made, "pay", fund="repair_team", room=SMALL)
    assert after.fund == "repair_team"
    assert {entry.account: entry.amount for entry in posting.entries} == {COST: SMALL, "fund:repair_team": -SMALL}


def test_class_a_costs_the_contractor_and_class_b_the_company() -> None:
    _, warranty = brought(S.DEDUCTED)
    _, company = brought(S.SETTLED, WorkClass.B, SMALL)
    assert balanced(balances(warranty))
    assert balanced(balances(company))
    assert {account: amount for (_, account), amount in balances(warranty).items() if amount} == {retention("roof-co"): LARGE, FINANCE: -LARGE}
    assert dict(balances(company)) == {("CNY", COST): SMALL, ("CNY", FINANCE): -SMALL}


def test_fee_08_the_final_account_is_made_of_finished_work_that_the_company_or_a_contractor_bears() -> None:
    leader = by("repair_team_leader", amount=SMALL, contractor="roof-co")
    for order in (approved().model_copy(update={"status": OrderStatus.IN_PROGRESS}), approved().model_copy(update={"work_class": None})):
        with pytest.raises(HuiyinError) as caught:
            submit(order, leader, a_case())
        assert caught.value.facts["guard"] == "R21"
    with pytest.raises(Invalid):
        submit(approved(), by("repair_team_leader", amount=SMALL), a_case())
    made, (fact,) = submit(approved(WorkClass.B), leader, a_case())
    assert made.contractor is None
    assert isinstance(fact, SettlementSubmitted)


@pytest.mark.parametrize(
    ("changes", "guard"),
    [
        ({"status": OrderStatus.COMPLETED}, "R15"),  # may still be refused, and is worked on again then
        ({"status": OrderStatus.RETURNED, "party": Party.CONTRACTOR}, "R18"),  # may still fail its inspection
    ],
)
def test_r15_r18_nothing_is_settled_before_the_work_has_passed(changes: dict[str, Any], guard: str) -> None:
    order, leader = approved().model_copy(update=changes), by("repair_team_leader", amount=SMALL, contractor="roof-co")
    with pytest.raises(HuiyinError) as caught:
        submit(order, leader, a_case())
    assert (caught.value.status, caught.value.facts["guard"]) == (409, guard)
    passed = {"R15": {"rules": order.rules.model_copy(update={"signature_required": False})}, "R18": {"status": OrderStatus.INSPECTED}}
    assert submit(order.model_copy(update=passed[guard]), leader, a_case())[0].submitted == SMALL


@pytest.mark.parametrize("amount", [25000_01, None])
def test_fee_07_a_final_account_above_what_was_approved_waits_for_a_new_approval(amount: int | None) -> None:
    with pytest.raises(HuiyinError) as caught:
        submit(approved(), by("repair_team_leader", amount=amount, contractor="roof-co"), a_case())
    assert caught.value.facts.get("guard") == ("FEE-07" if amount else None)
    assert refused(submitted(), "correct", amount=25000_01).facts["guard"] == "FEE-07"


def test_a_pack_that_asks_for_less_settles_in_less_steps() -> None:
    bare = surveyed(WorkClass.A, rules=Rules())
    made, _ = submit(bare, by("leader", amount=5_00, contractor="roof-co"), a_case())
    for name, person in (("review", "boss"), ("certify", "chief"), ("pay", "finance")):
        made, _, _ = settle(made, name, by(person), a_case())
    assert made.status is S.SETTLED


def test_each_step_says_its_fact() -> None:
    made, said = submitted(), []
    for name in WAYS[S.DEDUCTED]:
        made, facts, _ = moved(made, name)
        said += [type(fact) for fact in facts]
    assert said == [SettlementReviewed, SettlementConfirmed, SettlementCertified, SettlementPaid, SettlementDeductionReviewed, SettlementDeducted]


@pytest.mark.parametrize(
    ("kind", "amount", "here", "move", "roles"),
    [
        (WorkClass.A, SMALL, S.FINAL_ACCOUNT, "review", ("customer_service_manager",)),
        (WorkClass.A, LARGE, S.FINAL_ACCOUNT, "review", ("audit",)),  # DEF-10
        (WorkClass.A, LARGE, S.ACCOUNT_REVIEWED, "confirm", ("contractor",)),  # FEE-11
        (WorkClass.B, SMALL, S.ACCOUNT_REVIEWED, "certify", ("deputy_chief_engineer",)),
        (WorkClass.A, SMALL, S.CONTRACTOR_CONFIRMED, "certify", ("deputy_chief_engineer",)),  # FEE-12
        (WorkClass.A, SMALL, S.CERTIFIED, "pay", ("finance",)),  # FEE-13
        (WorkClass.A, LARGE, S.SETTLED, "review-deduction", ("audit",)),  # FEE-15
        (WorkClass.A, SMALL, S.SETTLED, "deduct", ("finance",)),  # FEE-14
        (WorkClass.B, SMALL, S.SETTLED, None, ()),
        (WorkClass.A, SMALL, S.DEDUCTED, None, ()),
    ],
)
def test_r21_a_settlement_says_whose_turn_it_is(
    kind: WorkClass, amount: int, here: SettlementStatus, move: str | None, roles: tuple[str, ...]
) -> None:
    said = state(submitted(kind, amount).model_copy(update={"status": here}))
    assert (said.next_move, said.next_roles) == (move, roles)


def test_r21_own_a_settlement_names_those_who_may_not_make_the_next_step() -> None:
    for here in WAYS:
        made, _ = brought(here)
        said = state(made)
        barred = [who for who in sorted({*WHO.values(), "nobody", "repair_team_leader"}) if said.next_move and _is_own(made, said.next_move, who)]
        assert list(said.barred) == barred, here
    assert state(brought(S.CERTIFIED)[0]).barred == ("audit", "deputy_chief_engineer", "repair_team_leader", "roof-co")


def _is_own(made: Settlement, name: str, who: str) -> bool:
    """Say whether the guard itself refuses them their own work."""
    try:
        moved(made, name, person=who, roles=("audit", "deputy_chief_engineer", "finance", "customer_service_manager"))
    except HuiyinError as error:
        return error.facts.get("guard") == "R21.own"
    return False


def test_where_the_pack_names_nobody_the_holders_of_the_permission_are_next() -> None:
    rows = [row for rows in TURNS.values() for row in rows]
    for row in rows:
        held = {role for role, all_ in PERMISSIONS.items() if SETTLEMENTS[row.move].permission in all_}
        assert set(row.roles) == held - {"administrator"}
        assert row.bars is ("R21.own" in SETTLEMENTS[row.move].guards)
    assert {row.move for row in rows} == set(SETTLEMENTS) - {"correct"}
    made, _ = submit(surveyed(WorkClass.B, rules=Rules()), by("leader", amount=5_00), a_case())
    assert state(made).next_roles == ("customer_service_manager", "audit")


def test_what_a_settlement_says_is_next_is_a_legal_move_of_that_state() -> None:
    for here, rows in TURNS.items():
        assert all(here in SETTLEMENTS[row.move].frm for row in rows)
