"""What a case holds inside: classification, work asked for, orders, plans, progress, replies, results, transfers: replaced, never changed. Pure.

Not here: the case itself (`case`), promises and visits, which have lives of their own (`promise`, `visit`).
"""

from common.routing import Routed
from common.states import OrderStatus, Party, Urgency
from pydantic import AwareDatetime, BaseModel, ConfigDict


class Part(BaseModel):
    """Something inside a case; it is replaced, never changed."""

    model_config = ConfigDict(frozen=True)


class Asked(Part):
    """Work that was asked for and whose order is not issued yet."""

    party: Party = Party.OWN
    department: str | None = None
    trade: str | None = None
    contractor: str | None = None

    def same_work(self, other: "Asked") -> bool:
        """Say whether both ask the same party for the same: dispatch issues one order for them (DSP-16)."""
        same = (self.party, self.department, self.trade) == (other.party, other.department, other.trade)
        return same and (self.contractor == other.contractor or None in {self.contractor, other.contractor})


class Order(Part):
    """What intake knows of a work order (decisions.md 5): enough for K12 and the return visit."""

    id: str
    status: OrderStatus
    work: Asked = Asked()
    rework_of: str | None = None
    replaced_by: str | None = None  #: the order that takes its place: a contractor's (R7e), or own engineering's (R9)
    assignee: str | None = None  #: person or contractor
    completed_at: AwareDatetime | None = None
    done: bool = False  #: nothing is left to do on it for dispatch
    outstanding: bool = False  #: the owner's money is not at finance, or its receipt not at the desk (FEE-03)

    @property
    def cancelled(self) -> bool:
        """Say whether it ended without work."""
        return self.status in {OrderStatus.CANCELLED, OrderStatus.FEE_REFUSED}


class Sorting(Part):
    """Type, urgency and who they lead to (INT-12)."""

    category: str | None = None
    fault: str | None = None
    urgency: Urgency | None = None
    trade: str | None = None
    department: str | None = None
    route: Routed | None = None  #: why this department; none = a person gave it, or there is none
    needs_repair: bool = False
    warranty: bool = False  #: within the warranty, as the desk knows (CLS-06)


class Reclassified(Part):
    """A classification that was replaced: old values, who, when and why are kept (CLS-20)."""

    before: Sorting
    by: str
    at: AwareDatetime
    why: str | None = None


class ReplyRecord(Part):
    """One answer to the reporter."""

    form: str
    text: str
    final: bool
    answers: bool  #: satisfies the reply clock (DEF-19)
    by: str
    at: AwareDatetime


class Result(Part):
    """How a complaint was handled, or why it was not (K12, K13)."""

    text: str
    cause: str | None = None
    corrective: str | None = None
    preventive: str | None = None
    declined: bool = False
    approver: str | None = None
    by: str
    at: AwareDatetime
    told: tuple[str, ...] = ()  #: forms in which the owner was told


class Plan(Part):
    """How the work will go, and on how many days."""

    text: str
    days: int
    by: str
    at: AwareDatetime


class Progress(Part):
    """What the owners were told of the progress."""

    text: str
    forms: tuple[str, ...]
    by: str
    at: AwareDatetime


class Transfer(Part):
    """A recorded change of the first-contact owner (INT-14)."""

    previous: str | None
    to: str
    reason: str
    by: str
    at: AwareDatetime


class Notified(Part):
    """A department's notice of a case, and its answer (K5)."""

    id: str
    department: str
    text: str | None = None
    by: str
    at: AwareDatetime
    answer: str | None = None
    answered_by: str | None = None
    answered_at: AwareDatetime | None = None


class Taken(Part):
    """A step of the handling that clocks wait for: measures, test_result, tripartite or result_report."""

    kind: str
    texts: dict[str, str]
    parties: tuple[str, ...] = ()
    by: str
    at: AwareDatetime


class Joined(Part):
    """A case joined an incident by hand, or left one (DEF-09)."""

    incident: str | None
    joined: bool
    reason: str | None
    by: str
    at: AwareDatetime


class External(Part):
    """The event of a call centre that made this case (DEF-15)."""

    caller: str
    id: str
