"""What goes out at the doors of intake: a whole case, lists, contacts, keys. Not here: routes, rules, what comes in (`domain.commands`).

Contact fields are shown only with the permission contact.read; free text with the case itself; nothing of it is ever logged.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from common.auth import Caller, KeyRecord
from common.states import OrderStatus, Party
from pydantic import BaseModel

from intake.domain.attempt import File
from intake.domain.contact import Contact
from intake.domain.moves import MOVES
from intake.domain.parts import Joined, Notified, Order, Plan, Progress, Reclassified, ReplyRecord, Result, Taken, Transfer
from intake.domain.promise import Promise
from intake.domain.view import CaseBrief
from intake.domain.visit import Signature, Visit


class OrderOut(BaseModel):
    """A work order as intake knows it; dispatch has the whole."""

    id: str
    status: OrderStatus
    party: Party
    department: str | None
    trade: str | None
    rework_of: str | None
    done: bool

    @classmethod
    def of(cls, order: Order) -> "OrderOut":
        """Return the order as shown."""
        return cls(**order.model_dump(exclude={"work"}), **order.work.model_dump(exclude={"contractor"}))


class PromiseOut(BaseModel):
    """A promise with its text."""

    id: str
    number: int
    about: str
    text: str
    due_at: datetime
    date_only: bool
    made_at: datetime
    made_by: str
    approver: str | None
    kept_at: datetime | None
    late: bool

    @classmethod
    def of(cls, promise: Promise) -> "PromiseOut":
        """Return the promise as shown."""
        return cls(late=promise.late, **promise.model_dump(include=set(cls.model_fields) - {"late"}))


class VisitOut(BaseModel):
    """A return visit with its answers."""

    id: str
    number: int
    state: str
    role: str
    orders: tuple[str, ...]
    due_since: datetime
    tried: int  #: calls that nobody answered
    form: str | None
    satisfied: bool | None
    answers: dict[str, str]
    methods: tuple[str, ...]
    signature: bool
    seriously: bool
    joins: str | None
    joined: str | None
    letter: str | None
    note: str | None
    by: str | None
    at: datetime | None
    checked: Signature | None
    signed: Signature | None

    @classmethod
    def of(cls, visit: Visit) -> "VisitOut":
        """Return the visit as shown."""
        return cls(tried=len(visit.calls), **visit.model_dump(include=set(cls.model_fields) - {"tried"}))


class ContactOut(BaseModel):
    """How to reach a reporter."""

    ref: str
    site: str
    name: str | None
    phone: str | None
    email: str | None
    address: str | None
    locale: str

    @classmethod
    def of(cls, ref: str, site: str, contact: Contact) -> "ContactOut":
        """Return the contact as shown."""
        return cls(ref=ref, site=site, **asdict(contact))


class CaseOut(CaseBrief):
    """A whole case. `moves`: what this caller may try now; a guard may still refuse."""

    since: datetime
    locale: str
    major: bool
    nature: str | None
    in_scope: bool | None
    scope_reason: str | None
    needs_repair: bool
    received_by: str
    responded_at: datetime | None
    external_id: str | None
    read_back_confirmed: bool
    subject: str | None
    description: str | None
    expected: str | None
    explanation: str | None
    waived_outcome: str | None
    called_back: str | None
    rework_count: int
    brought_up_in: str | None
    first_receiver: str | None
    frequent: bool
    linked: tuple[str, ...]
    departments: tuple[str, ...]
    notified: tuple[Notified, ...]
    taken: tuple[Taken, ...]
    incidents: tuple[Joined, ...]
    plans: tuple[Plan, ...]
    progress: tuple[Progress, ...]
    restored_at: datetime | None
    history: tuple[Reclassified, ...]
    replies: tuple[ReplyRecord, ...]
    results: tuple[Result, ...]
    transfers: tuple[Transfer, ...]
    orders: tuple[OrderOut, ...]
    promises: tuple[PromiseOut, ...]
    visits: tuple[VisitOut, ...]
    contact: ContactOut | None
    moves: tuple[str, ...]

    @classmethod
    def seen(cls, file: File, contact: ContactOut | None, by: Caller) -> "CaseOut":
        """Return the case as the caller may see it."""
        case = file.case
        table = MOVES[case.kind]
        shown: dict[str, Any] = CaseBrief.of(case).model_dump()
        shown |= {name: getattr(case, name) for name in cls.model_fields if name in type(case).model_fields and name not in shown}
        return cls.model_validate(
            shown
            | {
                "needs_repair": case.sorting.needs_repair,
                "external_id": case.external.id if case.external else None,
                "orders": tuple(OrderOut.of(order) for order in case.orders),
                "promises": tuple(PromiseOut.of(promise) for promise in file.promises),
                "visits": tuple(VisitOut.of(visit) for visit in file.visits),
                "contact": contact,
                "moves": tuple(name for name, move in table.items() if case.status in move.frm and by.may(move.permission)),
            }
        )


class CasesOut(BaseModel):
    """Cases, latest received first; `next` is the place to go on from, None at the end."""

    cases: list[CaseBrief]
    next: str | None


class KeyOut(BaseModel):
    """An API key as listed: never its secret."""

    id: str
    name: str
    sites: tuple[str, ...]
    scopes: tuple[str, ...]
    created_at: datetime
    not_before: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, record: KeyRecord) -> "KeyOut":
        """Return the key as listed."""
        return cls(**record.model_dump(exclude={"digest"}))


class KeyMade(KeyOut):
    """A new key: the only time that `key` can be seen."""

    key: str


class KeysOut(BaseModel):
    """All keys of the caller's sites, oldest first."""

    keys: list[KeyOut]
