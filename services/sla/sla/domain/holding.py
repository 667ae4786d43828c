"""Who held an item when: the desk until an order is issued, then whoever carries it out until it is done, then the desk again. Pure.

So a breach is split into minutes of each party; of several open orders the latest holds it. Not here: why it was late.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from common.clock_rules import Moment
from common.states import OrderState, Party

from sla.domain.case_file import DONE, CaseFile

OVER = DONE | {Moment.ORDER_CANCELLED}


class Holding(StrEnum):
    """Parties that may hold an item."""

    DESK = "desk"  #: customer service: takes it, passes it on, calls back
    OWN = "own"  #: a department of the company
    CONTRACTOR = "contractor"  #: an outside firm


@dataclass(frozen=True)
class Holder:
    """A party, and which one: the department, or the firm."""

    party: Holding
    of: str | None = None


@dataclass(frozen=True)
class Held:
    """A stretch of time in which one party held the item."""

    begin: datetime
    end: datetime
    by: Holder

    @property
    def length(self) -> timedelta:
        """Return how long."""
        return self.end - self.begin


DESK = Holder(Holding.DESK)


def holder_of(order: OrderState) -> Holder:
    """Return who carries out an order."""
    if order.party is Party.CONTRACTOR:
        return Holder(Holding.CONTRACTOR, order.assignee)
    return Holder(Holding.OWN, order.department)


def held(file: CaseFile, begin: datetime, end: datetime, order: OrderState | None = None) -> list[Held]:
    """Return who held the item from `begin` to `end`, without a gap; the clock of an order is its party's all along."""
    if order:
        return [Held(begin, end, holder_of(order))] if begin < end else []
    found: list[Held] = []
    for since, until, by in _turns(file):
        stretch = Held(max(begin, since), min(end, until), by)
        if stretch.begin >= stretch.end:
            continue
        if found and found[-1].by == by:
            stretch = Held(found.pop().begin, stretch.end, by)
        found.append(stretch)
    return found


def _turns(file: CaseFile) -> Iterator[tuple[datetime, datetime, Holder]]:
    """Yield every stretch between two moments that may change who holds it, the last without an end."""
    moments = [one for one in file.happened if one.of in file.orders and (one.moment is Moment.ORDER_ISSUED or one.moment in OVER)]
    zone = file.case.received_at.tzinfo
    since, open_orders = datetime.min.replace(tzinfo=zone), list[str]()
    for one in moments:
        yield since, one.at, _latest(open_orders, file)
        since = one.at
        if one.of in open_orders:
            open_orders.remove(one.of)
        if one.moment is Moment.ORDER_ISSUED:
            open_orders.append(one.of)
    yield since, datetime.max.replace(tzinfo=zone), _latest(open_orders, file)


def _latest(open_orders: list[str], file: CaseFile) -> Holder:
    return holder_of(file.orders[open_orders[-1]]) if open_orders else DESK
