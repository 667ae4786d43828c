"""A case in short: what a command answers and a list shows. No free text, no contact: answers are kept for their Idempotency-Key. Pure."""

from datetime import datetime

from common.routing import Routed
from common.states import CaseKind, CaseStatus, Channel, Urgency
from pydantic import BaseModel

from intake.domain.case import Case


class CaseBrief(BaseModel):
    """Where a case stands. The newest promise has the number `promise_count`."""

    number: str
    site: str
    kind: CaseKind
    status: CaseStatus
    channel: Channel
    received_at: datetime
    registered_at: datetime
    policy: int
    urgency: Urgency | None
    category: str | None
    fault: str | None
    department: str | None
    route: Routed | None  #: why this department, unless a person gave it
    trade: str | None
    unit: str | None
    asset: str | None
    area: str | None
    owner: str | None
    anonymous: bool
    appointment_at: datetime | None
    expected_at: datetime | None
    promise_count: int
    open_promises: int
    visit_count: int
    repeat_of: str | None  #: the latest earlier report of the same problem (CLS-15)
    repeat_count: int
    root_cause_required: bool
    incident: str | None
    outcome: str | None
    closed_at: datetime | None
    unit_known: bool | None = None  #: whether the site's register has the unit; None where the site does not ask
    again: bool = False  #: the same external event was received before (DEF-15)

    @classmethod
    def of(cls, case: Case, *, again: bool = False) -> "CaseBrief":
        """Return the case in short."""
        own = {name: getattr(case, name) for name in cls.model_fields if name in Case.model_fields}
        return cls(number=case.id, again=again, **(own | case.sorting.model_dump(exclude={"needs_repair", "warranty"})))
