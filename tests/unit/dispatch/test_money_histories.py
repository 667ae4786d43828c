"""Random histories of money: whatever people try, the books balance, nothing is refused by halves, and no rule is got round (R12, R16, R21)."""

from dataclasses import dataclass, field
from typing import Any

from common.errors import HuiyinError
from common.money import ApprovalStatus, ChargeStatus, SettlementStatus
from common.states import OrderStatus, WorkClass
from dispatch.domain.money import ledger
from dispatch.domain.money.account import Settlement
from dispatch.domain.money.approvals import APPROVALS, approval_move, approved, ask_approval, current
from dispatch.domain.money.fees import FEES, charge_move
from dispatch.domain.money.ledger import Posting, balanced, balances
from dispatch.domain.money.settlement import SETTLEMENTS, drawn_on, settle
from dispatch.domain.money.submitting import submit
from dispatch.domain.order import Order, Rules
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.dispatch.build import a_case, an_order
from tests.unit.dispatch.money import RULES, STANDARD, by

ROLES = (
    "repair_worker",
    "customer_service_manager",
    "deputy_chief_engineer",
    "deputy_general_manager",
    "general_manager",
    "audit",
    "finance",
    "roof-co",
)
FITS = "whoever may"
WHO = {"review": "customer_service_manager", "confirm": "roof-co", "certify": "deputy_chief_engineer", "pay": "finance", "deduct": "finance"}
AMOUNTS = (999_99, 1000_00, 1000_01, 10000_00, 10000_01, 19999_99, 20000_00, 24300_00)
TRIES = [*FEES, *APPROVALS, "submit", *SETTLEMENTS]
HELD = 50000_00


@dataclass
class Site:
    """One order with its money, and the books."""

    order: Order
    settlement: Settlement | None = None
    books: list[Posting] = field(default_factory=list)

    def attempt(self, name: str, role: str, amount: int, status: OrderStatus) -> None:
        """Try a move as somebody; `status` is where the work stands then. Raises what refuses it."""
        order = self.order if self.order.status is OrderStatus.FEE_REFUSED else self.order.model_copy(update={"status": status})
        lines = [{"item": "roof", "amount": amount}]
        role = self.fitting(name) if role == FITS else role
        deed = by(role, amount=None if name in FEES else amount, lines=lines, form="phone", receipt="SJ-1", note="x", contractor="roof-co")
        posted: list[Posting] = []
        if name in FEES:
            self.order, _, posted = charge_move(order, name, deed, a_case(), STANDARD)
        elif name == "ask-approval":
            self.order, _ = ask_approval(order, deed, a_case())
        elif name in APPROVALS:
            self.order, _ = approval_move(order, name, deed, a_case())
        elif name == "submit" and self.settlement is None:
            self.settlement, _ = submit(order, deed, a_case())
        elif name in SETTLEMENTS and self.settlement:
            self.settlement, _, posted = settle(self.settlement, name, deed, a_case(), room=self.room(name, deed))
        self.books += posted

    def fitting(self, name: str) -> str:
        """Who may make the move now: without them few histories would get far."""
        approval = current(self.order)
        if name in {"approve", "decline"} and approval and approval.next_role:
            return approval.next_role
        audited = name == "review" and self.settlement and self.settlement.submitted >= 20000_00
        return "audit" if audited or name == "review-deduction" else WHO.get(name, "repair_worker")

    def room(self, name: str, deed: Any) -> int | None:
        """What there is room for, as the handler finds it out."""
        account = drawn_on(self.settlement, name, deed) if self.settlement else None
        if account:
            return -balances(self.books)["CNY", account]
        return approved(self.order) if name == "correct" else None


def a_site(work_class: WorkClass | None) -> Site:
    made = Site(an_order(rules=Rules(money=RULES), work_class=work_class))
    entries = ledger.transfer(HELD, ledger.retention("roof-co"), ledger.FINANCE)
    made.books.append(
        Posting(id="hold", site="JN", at=made.order.issued_at, by="finance", what="hold", subject="roof-co", currency="CNY", entries=entries)
    )
    return made


attempts = st.lists(
    st.tuples(
        st.sampled_from(TRIES),
        st.sampled_from((*ROLES, *[FITS] * len(ROLES))),
        st.sampled_from(AMOUNTS),
        st.sampled_from([OrderStatus.FEE_PENDING, OrderStatus.IN_PROGRESS, OrderStatus.SIGNED]),
    ),
    max_size=120,
)


@given(st.sampled_from([None, WorkClass.A, WorkClass.B]), attempts)
def test_no_history_unbalances_the_books_or_gets_round_a_rule(work_class: WorkClass | None, tries: list[tuple[str, str, int, OrderStatus]]) -> None:
    site = a_site(work_class)
    for name, role, amount, status in tries:
        before = (site.order, site.settlement, list(site.books))
        try:
            site.attempt(name, role, amount, status)
        except HuiyinError:
            assert (site.order, site.settlement, site.books) == before
        _holds(site, work_class)


def _holds(site: Site, work_class: WorkClass | None) -> None:
    sums = balances(site.books)
    assert balanced(sums)
    assert len({posting.id for posting in site.books}) == len(site.books)
    assert sums["CNY", ledger.retention("roof-co")] <= 0  # nothing below what is held
    charge, approval, settlement = site.order.charge, current(site.order), site.settlement
    if charge and charge.status not in {ChargeStatus.QUOTED, ChargeStatus.REFUSED}:
        assert work_class is None
        assert charge.collector == ("finance" if charge.amount >= 1000_00 else "worker")
        assert charge.collector == "worker" or charge.collected_by is None
        owed = sums["CNY", ledger.receivable(site.order.id)]
        assert owed == (charge.amount if charge.status is ChargeStatus.CONFIRMED else 0)
    if approval and approval.status is ApprovalStatus.GRANTED:
        assert tuple(one.role for one in approval.given) == RULES.band(approval.amount)
        people = [one.by for one in approval.given]
        assert approval.asked_by not in people
        assert len(set(people)) == len(people)
    if settlement:
        _settled(site, settlement, work_class)


def _settled(site: Site, settlement: Settlement, work_class: WorkClass | None) -> None:
    done = [one.move for one in settlement.steps if one.move != "correct"]
    way = ["submit", "review", *(["confirm"] if work_class is WorkClass.A else []), "certify", "pay"]
    assert done[: len(way)] == way[: len(done)]  # no step left out, none out of order
    spent = balances(site.books)["CNY", ledger.COST]
    assert spent == (settlement.amount if settlement.status is SettlementStatus.SETTLED else 0)
    if settlement.status is SettlementStatus.DEDUCTED:
        assert work_class is WorkClass.A
        assert settlement.amount < 20000_00 or "review-deduction" in done
