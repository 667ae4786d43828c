"""The return visit (D5): due, then done or waived. An unanswered call is no visit, only a record that somebody tried.

Pure. Not here: what a visit means for its case (`returning`), its deadline (sla).
"""

from enum import StrEnum

from common.documents import Audited
from pydantic import AwareDatetime, Field

from intake.domain.parts import Part


class VisitState(StrEnum):
    """States of a return visit."""

    DUE = "due"  #: somebody has to call back
    DONE = "done"  #: satisfied or dissatisfied
    WAIVED = "waived"  #: nobody left a name; the outcome is written on the case (RVT-17)


class Call(Part):
    """Somebody tried and nobody answered."""

    form: str
    by: str
    at: AwareDatetime


class Signature(Part):
    """Who checked or signed the record of a visit, with what opinion (RVT-12)."""

    by: str
    at: AwareDatetime
    opinion: str | None = None


class Visit(Audited):
    """One return visit; a phone visit is marked as one by its form (RVT-11)."""

    case: str
    number: int
    state: VisitState = VisitState.DUE
    role: str
    orders: tuple[str, ...] = ()
    due_since: AwareDatetime
    calls: tuple[Call, ...] = ()
    form: str | None = None
    satisfied: bool | None = None
    answers: dict[str, str] = Field(default_factory=dict)
    methods: tuple[str, ...] = ()  #: talk, look, check (RVT-03)
    signature: bool = False
    seriously: bool = False  #: seriously dissatisfied (ESC-12)
    joins: str | None = None  #: role that joins this visit because the owner was seriously dissatisfied before
    joined: str | None = None  #: who of that role did
    letter: str | None = None  #: the open letter of the archive (RVT-14)
    note: str | None = None
    by: str | None = None
    at: AwareDatetime | None = None
    checked: Signature | None = None
    signed: Signature | None = None
