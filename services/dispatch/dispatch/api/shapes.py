"""What goes out at the doors of dispatch: views of orders, people and contacts. Not here: routes, rules, what comes in (`bodies`)."""

from datetime import datetime
from typing import Any

from common.auth import Caller
from common.coverage import Gap
from common.states import Awaited, CaseKind, Complexity, OrderStatus, Party, Urgency, WorkClass
from pydantic import BaseModel

from dispatch.domain.acts import Check
from dispatch.domain.attendance import Attendance
from dispatch.domain.handing import assignable, candidates, seconds
from dispatch.domain.matching import Choice
from dispatch.domain.money import fees
from dispatch.domain.money.approval import Approval
from dispatch.domain.money.charge import Charge
from dispatch.domain.moves import MOVES, possible
from dispatch.domain.order import Order, Step
from dispatch.domain.people import Contact, SitePeople, Staffing
from dispatch.domain.survey import Survey


class OrderOut(BaseModel):
    """A work order as staff see it. `moves`: what this caller may try now. `due_at`: when dispatch passes it on.

    `candidates`: to whom it may be transferred, `assignable`: whom a lead may give it to, `seconds`: whom they may name to look at it too,
    `survey_by`: who signs its joint survey, `yet_to_accept`: parties that have not accepted the work. Choices are not shown to contractors.
    """

    id: str
    site: str
    case: str
    case_kind: CaseKind
    number: int
    status: OrderStatus
    party: Party
    department: str | None
    trade: str | None
    category: str | None
    fault: str | None
    unit: str | None
    asset: str | None
    area: str | None
    urgency: Urgency
    assignee: str | None
    acceptor: str | None
    issued_at: datetime
    appointment_at: datetime | None
    completed_at: datetime | None
    outcome: str | None
    root_cause: str | None
    root_cause_required: bool
    checks: tuple[Check, ...]
    survey: Survey | None
    complexity: Complexity | None
    work_class: WorkClass | None
    accepted_by: tuple[str, ...]
    breached: dict[str, datetime]
    no_show: bool
    late: int
    instead_of: str | None
    replaced_by: str | None
    rework_of: str | None
    alarm: str | None
    excused: tuple[str, ...]
    second_inspector: str | None
    recheck_due: bool = False
    handed_over: str | None
    offered: tuple[str, ...] = ()
    due_at: datetime | None = None
    steps: tuple[Step, ...]
    charge: Charge | None
    approvals: tuple[Approval, ...]
    approver: str | None = None
    awaits: Awaited | None = None
    choice: Choice | None
    earlier: tuple[Choice, ...] = ()
    candidates: tuple[str, ...] = ()
    assignable: tuple[str, ...] = ()
    seconds: tuple[str, ...] = ()
    survey_by: tuple[str, ...] = ()
    yet_to_accept: tuple[str, ...] = ()
    moves: tuple[str, ...]

    @classmethod
    def of(cls, order: Order, by: Caller) -> "OrderOut":
        """Return what `by` may see of the order."""
        of_work = [name for name in possible(order) if by.may(MOVES[name].permission)]
        moves = (*of_work, *(name for name in fees.possible(order) if by.may(fees.FEES[name].permission)))
        said = {name: getattr(order, name) for name in ("recheck_due", "yet_to_accept")} | {"survey_by": order.rules.survey_by}
        looks = by.id if by.may(MOVES["recheck"].permission) else None
        choices = {"candidates": candidates(order), "assignable": assignable(order), "seconds": seconds(order, looks)}
        hidden = {"choice": None, "earlier": ()} if "contractor" in by.roles else choices
        return cls.model_validate(order.model_dump(exclude={"seqs", "policy", "rules", "moved_at"}) | said | {"moves": moves} | hidden)

    @classmethod
    def answer(cls, answer: dict[str, Any], by: Caller) -> "OrderOut":
        """Return a command's answer (an order as JSON) as `by` may see it."""
        return cls.of(Order.model_validate(answer), by)


class OrdersOut(BaseModel):
    """A list of orders, newest first."""

    orders: list[OrderOut]


class HandedOver(BaseModel):
    """The slips of a week handed over so far; `waiting` were kept back, and the week waits for them."""

    site: str
    week: str
    handed_over_at: datetime
    orders: tuple[str, ...]
    waiting: tuple[str, ...]


class PeopleOut(SitePeople):
    """A site's people with the version that is in force, and on publishing where the rota has nobody."""

    site: str
    version: int
    warnings: tuple[Gap, ...] = ()

    @classmethod
    def seen(cls, staffing: Staffing, contacts: dict[str, Contact], *, full: bool) -> "PeopleOut":
        """Return names; phones and e-mails only when `full`."""
        hidden = {} if full else {"phone": None, "email": None}
        shown = {id_: contact.model_copy(update=hidden) for id_, contact in contacts.items()}
        people = SitePeople.of(staffing.rota, shown)
        return cls.model_validate({**people.model_dump(), "site": staffing.site, "version": staffing.version})


class NamesOut(BaseModel):
    """What the people and contractors of a site are called, by their references."""

    site: str
    names: dict[str, str]


class ContractorsOut(BaseModel):
    """How a site's contractors come and work, in the site's order."""

    contractors: list[Attendance]


class ContactOut(BaseModel):
    """How to reach one person or firm."""

    person: str
    site: str
    name: str
    phone: str | None
    email: str | None
    locale: str

    @classmethod
    def of(cls, site: str, contact: Contact) -> "ContactOut":
        """Return it for a service."""
        return cls(site=site, person=contact.id, **contact.model_dump(exclude={"id"}))
