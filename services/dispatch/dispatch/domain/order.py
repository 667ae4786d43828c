"""A work order: what is kept about it, how it begins, and what others may know of it. Pure.

Not here: what may happen to it next (`moves`), who gets it (`matching`), fees, approvals, attachments.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from common.documents import Audited
from common.money import ChargeStatus
from common.states import Awaited, CaseKind, CaseState, Complexity, Lane, OrderState, OrderStatus, Party, Urgency, WorkClass
from pydantic import BaseModel, ConfigDict, computed_field

from dispatch.domain.acts import Check
from dispatch.domain.matching import Choice, Wanted
from dispatch.domain.money.approval import Approval
from dispatch.domain.money.charge import Charge
from dispatch.domain.money.rules import MoneyRules
from dispatch.domain.survey import Survey

NOT_WORKED_ON = frozenset({OrderStatus.ISSUED, OrderStatus.ACCEPTED})
BEFORE_WORK = frozenset({OrderStatus.CONTAINED, OrderStatus.FEE_PENDING, OrderStatus.SURVEYED, OrderStatus.APPROVAL_PENDING})
ONSITE = "CLK_CONTRACTOR_ONSITE"  #: the clock whose breach lets own engineering step in (R9)
AT_WORK = frozenset({OrderStatus.IN_PROGRESS, OrderStatus.UNFINISHED})
WORKED = frozenset({OrderStatus.COMPLETED, OrderStatus.SIGNED, OrderStatus.RETURNED, OrderStatus.INSPECTED})
WITHOUT_WORK = frozenset({OrderStatus.CANCELLED, OrderStatus.FEE_REFUSED})  #: ended, and nothing was repaired
SECOND = "second_inspector"  #: the party of `accepted_by` that looks at work that had to be done again (DEF-09)
OPEN = NOT_WORKED_ON | BEFORE_WORK | AT_WORK | {OrderStatus.ON_SITE, OrderStatus.GUIDED}  #: in somebody's hands


class Returns(StrEnum):
    """How an own order comes back to the desk (pack setting orders.return)."""

    REQUIRED = "required"  #: the paper is brought back (R17)
    ON_SIGNATURE = "on_signature"  #: the customer's signature returns it


class Rules(BaseModel):
    """What the site's pack says about orders, as it stood when the case was received (DEF-18)."""

    model_config = ConfigDict(frozen=True)
    returns: Returns = Returns.REQUIRED
    signature_required: bool = True  #: R15
    others_may_accept: bool = True  #: DSP-02
    money: MoneyRules = MoneyRules()
    takes_over: bool = True  #: own engineering may step in for a contractor who does not come (R9)
    contractor_first: bool = True  #: what is under warranty goes to the contractor first, not to the own team (C-12)
    survey_by: tuple[str, ...] = ()  #: parties that sign the joint survey (REP-08)
    contractor_signs_above: int | None = None  #: fen; the contractor signs the survey of dearer work (REP-09)
    accepted_by: tuple[str, ...] = ()  #: parties that accept the finished work beside the customer (REP-30)


class Step(BaseModel):
    """One thing that was done to an order. Nothing of it is ever deleted (D6, 16)."""

    model_config = ConfigDict(frozen=True)
    move: str
    at: datetime  #: when it happened
    noted_at: datetime  #: when it was entered
    by: str
    note: str | None = None  #: free text: reason, completion record, guidance; never leaves this service but to staff of the site
    frm: str | None = None  #: who had the order before, where it changed hands
    to: str | None = None
    why: str | None = None  #: `offers.Why`, where dispatch passed it on by itself
    checks: tuple[Check, ...] = ()
    photos: tuple[str, ...] = ()  #: references of attachments
    signature: str | None = None  #: reference of the drawn one


class Terms(BaseModel):
    """What the site says about holding an order, as it stood when the order was issued."""

    model_config = ConfigDict(frozen=True)
    accept_minutes: int | None = None  #: not accepted so long: the next one gets it
    max_handings: int = 3  #: transfers and returns by those who hold it (DSP-03)


class Order(Audited):
    """A work order. `seqs`, `id` and `site` as every aggregate."""

    case: str
    case_kind: CaseKind
    number: int
    policy: int  #: the case's (DEF-18)
    rules: Rules = Rules()
    status: OrderStatus = OrderStatus.ISSUED
    party: Party = Party.OWN
    department: str | None = None
    trade: str | None = None
    category: str | None = None
    fault: str | None = None
    unit: str | None = None
    asset: str | None = None
    area: str | None = None
    urgency: Urgency = Urgency.P3
    assignee: str | None = None
    acceptor: str | None = None
    issued_at: datetime
    moved_at: datetime
    appointment_at: datetime | None = None
    completed_at: datetime | None = None
    outcome: str | None = None  #: of the assessment (R6)
    root_cause: str | None = None
    root_cause_required: bool = False  #: the case's: an outage again (CLS-16, REP-26)
    checks: tuple[Check, ...] = ()  #: what was done about a major incident (REP-14, REP-15)
    survey: Survey | None = None  #: the newest joint sheet (R10)
    complexity: Complexity | None = None  #: None while nobody surveyed it
    accepted_by: tuple[str, ...] = ()  #: parties that accepted the finished work (REP-30), SECOND among them
    breached: Mapping[str, datetime] = {}  #: codes of its clocks whose deadline passed unmet, with that deadline (R9)
    no_show: bool = False  #: the contractor did not come (DSP-15)
    late: int = 0  #: how often it came after its deadline (DSP-15)
    named: str | None = None  #: the firm that was asked for by name, whether or not the site has it
    instead_of: str | None = None  #: the order that this one takes the place of (R7e, R9)
    replaced_by: str | None = None  #: the order that takes its place
    rework_of: str | None = None
    alarm: str | None = None
    excused: tuple[str, ...] = ()  #: what a recorded special reason excuses: arrival, return (SLA-38)
    second_inspector: str | None = None  #: who looks at the work too, where the same problem came again
    handed_over: str | None = None  #: ISO week of its slip batch
    terms: Terms = Terms()
    offered: tuple[str, ...] = ()  #: who may take it while its window is open (抢单)
    asked: tuple[str, ...] = ()  #: who had it in this round and did not take it, or gave it back
    due_at: datetime | None = None  #: when dispatch passes it on if nobody accepted; None = never by itself
    choice: Choice  #: the newest
    earlier: tuple[Choice, ...] = ()  #: the choices before it, oldest first; the last KEPT of them
    steps: tuple[Step, ...] = ()
    work_class: WorkClass | None = None  #: who bears it: the contractor (A) or the company (B); None: the owner, or not surveyed (R11)
    charge: Charge | None = None  #: what the owner pays (R7b)
    approvals: tuple[Approval, ...] = ()  #: of what the company or a contractor bears, the newest last (R12)

    @property
    def lane(self) -> Lane:
        """Return the lane of its facts."""
        return Lane.URGENT if self.urgency is Urgency.P1 else Lane.NORMAL

    @property
    def open(self) -> bool:
        """Say whether it counts as load of its assignee."""
        return self.status in OPEN

    @property
    def was_chased(self) -> bool:
        """Say whether somebody urged the contractor since the order was issued to it last."""
        names = [step.move for step in self.steps]
        return "chase" in names[len(names) - names[::-1].index("inspect") :] if "inspect" in names else "chase" in names

    @computed_field  # type: ignore[prop-decorator]  # stored, so that approvers can list what waits for them
    @property
    def approver(self) -> str | None:
        """Return the role whose yes it waits for (R12), None when for nobody's."""
        borne = self.status not in WITHOUT_WORK and not self.chargeable
        return self.approvals[-1].next_role if borne and self.approvals else None

    @computed_field  # type: ignore[prop-decorator]  # stored, so that who may do it can list what waits for them
    @property
    def awaits(self) -> Awaited | None:
        """Return what it waits for that somebody else than who has it does (R11, R18, REP-30), None for nothing."""
        if self.party is Party.OWN and self.status is OrderStatus.COMPLETED and self.yet_to_accept:
            return Awaited.ACCEPTANCE
        if self.party is Party.CONTRACTOR and self.status is OrderStatus.RETURNED:
            return Awaited.INSPECTION
        return Awaited.CLASS if self.status is OrderStatus.SURVEYED else None

    def asks_like(self, other: "Order") -> bool:
        """Say whether both ask the same party for the same: one order per department (DSP-16)."""
        return all(getattr(self, name) == getattr(other, name) for name in ("party", "department", "trade", "rework_of", "instead_of")) and (
            self.party is Party.OWN or self.assignee == other.assignee
        )

    def state(self) -> OrderState:
        """Return what other services may know."""
        said = self.model_dump(include=set(OrderState.model_fields))
        return OrderState.model_validate(said | {name: getattr(self, name) for name in ("chargeable", "cleared", "awaits_finance", "recheck_due")})

    @property
    def chargeable(self) -> bool:
        """Say whether the owner pays for it, or has still to answer."""
        agreed = self.charge is not None and self.charge.status is not ChargeStatus.REFUSED
        return self.status is OrderStatus.FEE_PENDING or (agreed and self.status is not OrderStatus.FEE_REFUSED)

    @property
    def cleared(self) -> bool:
        """Say whether the money is at finance and the receipt at the desk (FEE-03)."""
        return self.charge is not None and self.charge.status is ChargeStatus.CLEARED

    @property
    def recheck_due(self) -> bool:
        """Say whether the work is done and waits for its second inspector (DEF-09)."""
        return self.status is OrderStatus.COMPLETED and self.second_inspector is not None and SECOND not in self.accepted_by

    @property
    def yet_to_accept(self) -> tuple[str, ...]:
        """Return the parties of the site's policy that have not accepted the work (REP-30)."""
        return tuple(party for party in self.rules.accepted_by if party not in self.accepted_by)

    @property
    def completed_by(self) -> str | None:
        """Return who said last that the work is done."""
        return next((step.by for step in reversed(self.steps) if step.move == "complete"), None)

    @property
    def payable(self) -> bool:
        """Say whether the work is done, and signed for where the site asks for a signature (R16)."""
        return self.status in WORKED and (self.status is not OrderStatus.COMPLETED or not self.rules.signature_required)

    @property
    def awaits_finance(self) -> bool:
        """Say whether finance collects a large amount now (FEE-02)."""
        agreed = self.charge is not None and self.charge.status is ChargeStatus.CONFIRMED and self.charge.collector == "finance"
        return agreed and self.payable


class Request(BaseModel):
    """What dispatch is asked for: by a classified repair, by a complaint that needs work, or by a rework."""

    model_config = ConfigDict(frozen=True)
    party: Party = Party.OWN
    department: str | None = None
    trade: str | None = None
    contractor: str | None = None
    rework_of: str | None = None
    instead_of: str | None = None

    def wanted(self, case: CaseState, now: datetime) -> Wanted:
        """Return it as matching needs it; an appointment is matched for the agreed time."""
        return Wanted(
            at=max(case.appointment_at or now, now),
            kind=case.kind,
            urgency=case.urgency or Urgency.P3,
            trade=self.trade,
            department=self.department,
            asset=case.asset,
            fault=case.fault,
            contractor=self.contractor,
            prefers=case.prefers,
        )


def request_of(order: Order) -> Request:
    """Return what an order asks for, to give it to somebody else."""
    return Request(party=order.party, department=order.department, trade=order.trade, contractor=order.named, rework_of=order.rework_of)


def again(order: Order) -> Request:
    """Return the request for doing an order once more (R20): the same party, department and trade."""
    firm = order.assignee if order.party is Party.CONTRACTOR else None
    return Request(party=order.party, department=order.department, trade=order.trade, contractor=firm, rework_of=order.id)


def first(case: CaseState, rules: Rules) -> Request:
    """Return the request of a classified repair: what the desk knows to be under warranty may go to the contractor at once (R7e, C-12)."""
    party = Party.CONTRACTOR if case.warranty and rules.contractor_first else Party.OWN
    return Request(party=party, department=case.department, trade=case.trade)


def own_instead(order: Order, case: CaseState) -> Request:
    """Return the request for own engineering in place of a contractor who did not come (R9)."""
    return Request(department=case.department, trade=case.trade, instead_of=order.id)


def overdue(order: Order, code: str, due_at: datetime) -> Order:
    """Return the order with the deadline of one of its clocks that passed unmet, perhaps heard after the arrival."""
    arrived = next((step.at for step in reversed(order.steps) if step.move == "arrive"), None)
    came_late = order.status not in NOT_WORKED_ON and code == ONSITE and code not in order.breached and arrived is not None and arrived > due_at
    return order.model_copy(update={"breached": {**order.breached, code: due_at}, "late": order.late + came_late})


def issue(case: CaseState, request: Request, choice: Choice, *, number: int, rules: Rules, at: datetime) -> Order:
    """Return the new order (R3, DSP-08), with an alarm when nobody could be chosen. Its number is unique within the case."""
    return Order(
        id=f"{case.id}-{number}",
        site=case.site,
        case=case.id,
        case_kind=case.kind,
        number=number,
        policy=case.policy,
        rules=rules,
        party=request.party,
        department=request.department,
        trade=request.trade,
        assignee=choice.chosen,
        issued_at=at,
        moved_at=at,
        rework_of=request.rework_of,
        named=request.contractor,
        instead_of=request.instead_of,
        alarm=choice.alarm,
        choice=choice,
        second_inspector=second(choice, choice.chosen) if case.second_inspector else None,
        **_of_case(case),
    )


def second(choice: Choice, holder: str | None) -> str | None:
    """Return who of the others who could have been sent has least in hand: they look at work that has to be done again."""
    others = [one for one in choice.considered if one.open is not None and one.id != holder]
    return min(others, key=lambda one: one.open or 0).id if others and choice.party is Party.OWN else None


def two_pairs(order: Order, case: CaseState) -> Order:
    """Return an order that changed hands with a second inspector who is not who has it now: of its newest choice that knows another (DEF-09).

    Where no choice does, nobody is named and nobody is waited for; a lead may name somebody.
    """
    apart = order.second_inspector not in (None, order.assignee)
    if apart or not (order.second_inspector or case.second_inspector):
        return order
    named = (second(choice, order.assignee) for choice in (order.choice, *reversed(order.earlier)))
    return order.model_copy(update={"second_inspector": next((one for one in named if one), None)})


def reclassified(order: Order, case: CaseState) -> Order:
    """Return an open order with its case's new urgency, place and appointment; who works on it does not change."""
    return order.model_copy(update=_of_case(case))


def _of_case(case: CaseState) -> dict[str, Any]:
    copied = {name: getattr(case, name) for name in ("category", "fault", "unit", "asset", "area", "appointment_at", "root_cause_required")}
    return copied | {"urgency": case.urgency or Urgency.P3}
