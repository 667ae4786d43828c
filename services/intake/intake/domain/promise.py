"""A promise to the owner, with a life of its own (D4): made, kept, or missed and then kept late. Its clock is sla's, its record is here.

Only a day promised: due at 24:00 of that day at the site, and it never moves (DEF-06). Pure.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from common.documents import Audited
from common.errors import Invalid
from common.events.intake import PromiseKept, PromiseMade
from pydantic import AwareDatetime

from intake.domain.case import Act, Case, Change


class Promise(Audited):
    """One promise."""

    case: str
    number: int  #: within its case, from 1
    about: Literal["outcome", "reply"]
    text: str
    due_at: AwareDatetime
    date_only: bool = False
    made_at: AwareDatetime
    made_by: str
    approver: str | None = None
    kept_at: AwareDatetime | None = None
    kept_by: str | None = None

    @property
    def open(self) -> bool:
        """Say whether it still has to be kept."""
        return self.kept_at is None

    @property
    def late(self) -> bool:
        """Say whether it was kept after its time; at the very instant is in time (DEF-02)."""
        return self.kept_at is not None and self.kept_at > self.due_at


@dataclass(frozen=True)
class Offer:
    """What is promised, by when, by whose leave."""

    about: Literal["outcome", "reply"]
    text: str
    due_at: datetime
    date_only: bool
    approver: str | None = None
    field: str = "due_at"  #: where the caller gave the time


def due(at: datetime | None, day: date | None, zone: ZoneInfo) -> tuple[datetime, bool]:
    """Return when a promise is due (UTC), and whether only a day was promised. One of the two is given."""
    if at is not None:
        return at, False
    if day is None:
        msg = "a promise needs a time or a day"
        raise ValueError(msg)
    return datetime.combine(day + timedelta(days=1), time(0), zone).astimezone(UTC), True


def make(case: Case, offer: Offer, act: Act) -> tuple[Case, Promise]:
    """Return the case with one more open promise, and the promise. Raises Invalid when it would be due before it was made."""
    if offer.due_at <= act.at:
        raise Invalid(offer.field, "承诺的时间必须晚于作出承诺的时间", "must be later than the promise itself")
    number = case.promise_count + 1
    made = Promise(
        id=f"{case.id}-P{number}",
        site=case.site,
        case=case.id,
        number=number,
        about=offer.about,
        text=offer.text,
        due_at=offer.due_at,
        date_only=offer.date_only,
        made_at=act.at,
        made_by=act.by,
        approver=offer.approver,
    )
    return case.with_(promise_count=number, open_promises=case.open_promises + 1), made


def keep(case: Case, promise: Promise, act: Act) -> tuple[Case, Promise]:
    """Return the case with one open promise less, and the promise kept."""
    return case.with_(open_promises=case.open_promises - 1), promise.model_copy(update={"kept_at": act.at, "kept_by": act.by})


def said_made(case: Case, promise: Promise) -> "Change[Promise]":
    """Return the promise with the fact that it was made; `case` is the case after the whole decision."""
    fact = PromiseMade(promise=promise.id, case=case.state(), due_at=promise.due_at, date_only=promise.date_only, made_at=promise.made_at)
    return Change(promise, (fact,))


def said_kept(case: Case, promise: Promise, at: datetime) -> "Change[Promise]":
    """Return the promise with the fact that it was kept."""
    fact = PromiseKept(promise=promise.id, case=case.state(), due_at=promise.due_at, date_only=promise.date_only, made_at=promise.made_at, kept_at=at)
    return Change(promise, (fact,))
