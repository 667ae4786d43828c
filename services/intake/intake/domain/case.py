"""The case: what intake keeps of one request, and the snapshot of it that other services may know.

Free text (subject, description, results, reasons) stays here; contact fields are not even here, only the reference (`contact`).
Pure. Not here: which moves there are (`moves`) and what they do (`decide`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from common.documents import Aggregate, Audited
from common.events import Fact
from common.states import CaseKind, CaseState, CaseStatus, Channel, Lane, Urgency
from pydantic import AwareDatetime

from intake.domain.parts import Asked, External, Joined, Notified, Order, Plan, Progress, Reclassified, ReplyRecord, Result, Sorting, Taken, Transfer

A = TypeVar("A", bound=Aggregate)


class Case(Audited):
    """One request from receipt to closing."""

    kind: CaseKind
    status: CaseStatus = CaseStatus.REGISTERED
    since: AwareDatetime  #: when the present state began
    channel: Channel
    received_at: AwareDatetime
    registered_at: AwareDatetime
    policy: int
    sorting: Sorting = Sorting()
    major: bool = False
    nature: Literal["solution", "venting", "expectation"] | None = None  #: what the complainant is after (CLS-10)
    in_scope: bool | None = None  #: None: not yet decided (CLS-09)
    unit: str | None = None
    asset: str | None = None
    area: str | None = None
    contact: str | None = None
    locale: str = "zh-CN"
    anonymous: bool = False
    owner: str | None = None
    owner_provisional: bool = False  #: a call centre's key holds it until a member of staff touches the case
    received_by: str
    external: External | None = None
    read_back_confirmed: bool = False
    expected_at: AwareDatetime | None = None
    appointment_at: AwareDatetime | None = None
    subject: str | None = None
    description: str | None = None
    expected: str | None = None
    scope_reason: str | None = None  #: why it is, or is not, the company's work (CLS-09)
    explanation: str | None = None  #: what the reporter of something out of scope was told (CMP-02)
    waived_outcome: str | None = None  #: the outcome written on an anonymous case (RVT-17)
    responded_at: AwareDatetime | None = None  #: when the response was first started
    plans: tuple[Plan, ...] = ()
    progress: tuple[Progress, ...] = ()
    restored_at: AwareDatetime | None = None  #: when the supply was last back
    departments: tuple[str, ...] = ()  #: all that are concerned, where it is more than one
    notified: tuple[Notified, ...] = ()
    taken: tuple[Taken, ...] = ()
    history: tuple[Reclassified, ...] = ()
    replies: tuple[ReplyRecord, ...] = ()
    results: tuple[Result, ...] = ()
    answered: bool = False  #: a final reply was given, or the result was told, since it was opened last
    transfers: tuple[Transfer, ...] = ()
    orders: tuple[Order, ...] = ()
    asked: tuple[Asked, ...] = ()
    rework: tuple[str, ...] = ()  #: orders whose rework is not issued yet
    rework_count: int = 0  #: how often a dissatisfied return visit opened it again (R20)
    marks: tuple[str, ...] = ()  #: by which another report of the same problem is found (`repeats`)
    repeat_of: str | None = None
    repeat_count: int = 1
    first_receiver: str | None = None
    root_cause_required: bool = False
    frequent: bool = False
    prefers: str | None = None
    second_inspector: bool = False
    incident: str | None = None  #: the first case of the incident that this one belongs to
    incidents: tuple[Joined, ...] = ()  #: how it was joined and split by hand
    linked: tuple[str, ...] = ()  #: later cases of the incident whose first case this is
    promise_count: int = 0
    open_promises: int = 0
    visit_count: int = 0
    seriously_dissatisfied: bool = False  #: at the latest visit (ESC-12)
    brought_up_in: str | None = None  #: the case in whose return visit it came up (RVT-13)
    called_back: Literal["visited", "waived"] | None = None  #: since the work was last done
    closed_at: AwareDatetime | None = None
    outcome: str | None = None

    def state(self) -> CaseState:
        """Return what facts may say of it: references only."""
        return CaseState(
            id=self.id,
            site=self.site,
            kind=self.kind,
            status=self.status,
            channel=self.channel,
            received_at=self.received_at,
            registered_at=self.registered_at,
            policy=self.policy,
            urgency=self.sorting.urgency,
            category=self.sorting.category,
            fault=self.sorting.fault,
            department=self.sorting.department,
            departments=self.departments,
            trade=self.sorting.trade,
            unit=self.unit,
            asset=self.asset,
            area=self.area,
            reporter=self.contact,
            locale=self.locale,
            anonymous=self.anonymous,
            owner=self.owner,
            appointment_at=self.appointment_at,
            expected_at=self.expected_at,
            needs_repair=self.sorting.needs_repair,
            warranty=self.sorting.warranty,
            major=self.major,
            in_scope=self.in_scope,
            open_promises=self.open_promises,
            repeat_of=self.repeat_of,
            repeat_count=self.repeat_count,
            first_receiver=self.first_receiver,
            root_cause_required=self.root_cause_required,
            frequent=self.frequent,
            prefers=self.prefers,
            second_inspector=self.second_inspector,
            incident=self.incident,
            brought_up_in=self.brought_up_in,
        )

    @property
    def lane(self) -> Lane:
        """Return the lane of its facts: emergencies have queues of their own."""
        return Lane.URGENT if self.sorting.urgency is Urgency.P1 else Lane.NORMAL

    @property
    def place(self) -> str:
        """Return its place in a list by time of receipt: sorts as text, never twice the same."""
        return f"{self.received_at:%Y%m%d%H%M%S}{self.received_at.microsecond // 1000:03d}-{self.id}"

    @property
    def work_done(self) -> bool:
        """Say whether nothing is left to work on: every order asked for was issued and is done (K12)."""
        known = {None, *(order.id for order in self.orders)}
        return not self.asked and not self.rework and all(order.done and order.replaced_by in known for order in self.orders)

    @property
    def outstanding(self) -> tuple[str, ...]:
        """Return the orders whose money keeps the case from being archived (FEE-03, R16)."""
        return tuple(order.id for order in self.orders if order.outstanding)

    @property
    def latest_orders(self) -> tuple[Order, ...]:
        """Return the orders that were not done again, nor replaced, by another one."""
        redone = {order.rework_of for order in self.orders}
        return tuple(order for order in self.orders if order.id not in redone and order.replaced_by is None)

    @property
    def out_of_scope(self) -> bool:
        """Say whether it was decided that this is not the company's work (CLS-09)."""
        return self.in_scope is False

    def enter(self, status: CaseStatus, at: datetime) -> "Case":
        """Return the case in another state since `at`."""
        return self if status is self.status else self.with_(status=status, since=at)

    def with_(self, **changes: object) -> "Case":
        """Return the case with other values; callers give values of the right types."""
        return self.model_copy(update=changes)


@dataclass(frozen=True)
class Act:
    """Who does something, and when it happened (business time, aware UTC)."""

    by: str
    at: datetime
    staff: bool = True
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change(Generic[A]):
    """A thing that changed and the facts it says about it, oldest first."""

    state: A
    facts: tuple[Fact, ...] = ()


Changes = tuple[Change[Any], ...]  #: of one decision, in the order in which they are said: what ends a clock before what ends the case
