"""The board: one row per case, folded from facts. Pure.

A row holds what the list shows and what the case page needs besides the timeline. Fields under "derived" are computed by `settle` so that
the store can sort and filter by them. Not here: storage, words, colours (the pages compare due times with business time).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from common.states import CaseKind, CaseState, CaseStatus, ClockState, ClockView, Level, OrderState, OrderStatus
from pydantic import AwareDatetime, BaseModel

NEVER = datetime(9000, 1, 1, tzinfo=UTC)  # sorts what has no due time behind everything that has one
TAIL = 5  # the last characters of a case number: what people read out on the phone
LEVELS = tuple(Level)


class BoardClock(BaseModel):
    """A clock of the case or of one of its orders."""

    id: str
    code: str
    state: ClockState
    start_at: AwareDatetime
    due_at: AwareDatetime | None = None
    estimate_at: AwareDatetime | None = None  #: a guess while a calendar year is missing
    stopped_at: AwareDatetime | None = None
    levels: list[Level] = []  #: raised so far, lowest first

    @property
    def counts(self) -> bool:
        """Say whether it runs towards a due time."""
        return self.state is ClockState.RUNNING and self.due_at is not None


class BoardOrder(BaseModel):
    """A work order of the case."""

    id: str
    number: int
    status: OrderStatus
    party: str
    assignee: str | None = None
    trade: str | None = None
    alarm: str | None = None
    appointment_at: AwareDatetime | None = None
    offered: list[str] = []  #: who may take it while nobody has it
    second: str | None = None  #: who has to look at the finished work now
    awaits: str | None = None  #: what somebody else than who has it does now


class Row(BaseModel):
    """A case on the board: references and codes only."""

    id: str
    site: str
    kind: CaseKind
    status: CaseStatus
    channel: str
    received_at: AwareDatetime
    urgency: str | None = None
    category: str | None = None
    fault: str | None = None
    department: str | None = None
    unit: str | None = None
    owner: str | None = None
    repeat_of: str | None = None
    repeat_count: int = 1
    root_cause_required: bool = False
    frequent: bool = False
    incident: str | None = None
    closed_at: AwareDatetime | None = None
    clocks: list[BoardClock] = []
    orders: list[BoardOrder] = []
    # derived
    open: bool = True
    tail: str = ""
    next: BoardClock | None = None  #: the running clock that is due first
    sort_at: AwareDatetime = NEVER  #: its due time
    assignee: str | None = None
    levels: list[Level] = []  #: raised by clocks that still run
    rev: int = 0  #: counts the changes of this row


def with_case(row: Row | None, case: CaseState, at: datetime) -> Row:
    """Return the row after a fact of the case's own stream."""
    state: dict[str, Any] = {name: getattr(case, name) for name in FROM_CASE}
    closed = case.status is CaseStatus.CLOSED
    state["closed_at"] = (row.closed_at if row and row.closed_at else at) if closed else None
    return settle(row.model_copy(update=state) if row else Row(id=case.id, site=case.site, **state))


def with_order(row: Row, order: OrderState, offered: Sequence[str] = ()) -> Row:
    """Return the row after a fact of an order's stream. `offered`: to whom it is open, if the fact says so."""
    made = BoardOrder(
        id=order.id,
        number=order.number,
        status=order.status,
        party=order.party,
        assignee=order.assignee,
        trade=order.trade,
        alarm=order.alarm,
        appointment_at=order.appointment_at,
        offered=list(offered),
        second=order.second_inspector if order.recheck_due else None,
        awaits=order.awaits,
    )
    return settle(row.model_copy(update={"orders": sorted(_replaced(row.orders, made), key=lambda one: one.number)}))


def with_clock(row: Row, clock: ClockView) -> Row:
    """Return the row after a fact of a clock's stream."""
    known = next((one for one in row.clocks if one.id == clock.id), None)
    raised = {*(known.levels if known else ()), *(one.level for one in clock.levels if one.raised_at)}
    made = BoardClock(
        id=clock.id,
        code=clock.code,
        state=clock.state,
        start_at=clock.start_at,
        due_at=clock.due_at,
        estimate_at=clock.estimate_at,
        stopped_at=clock.stopped_at,
        levels=_ladder(raised),
    )
    return settle(row.model_copy(update={"clocks": sorted(_replaced(row.clocks, made), key=lambda one: (one.start_at, one.id))}))


def with_level(row: Row, clock: ClockView, level: Level) -> Row:
    """Return the row after a rung of the ladder was reached, also when the clock's own facts are still on their way."""
    if all(one.id != clock.id for one in row.clocks):
        row = with_clock(row, clock)
    clocks = [one.model_copy(update={"levels": _ladder({*one.levels, level})}) if one.id == clock.id else one for one in row.clocks]
    return settle(row.model_copy(update={"clocks": clocks}))


def settle(row: Row) -> Row:
    """Return the row with its derived fields brought up to date."""
    running = [clock for clock in row.clocks if clock.state is ClockState.RUNNING]
    first = min((clock for clock in running if clock.counts), key=lambda clock: clock.due_at or NEVER, default=None)
    working = [order for order in row.orders if order.status is not OrderStatus.CANCELLED]
    begun = row.status is CaseStatus.CLASSIFIED and bool(row.orders)  # intake says no fact of its own for this: the order's facts say it
    return row.model_copy(
        update={
            "status": CaseStatus.IN_WORK if begun else row.status,
            "open": row.status is not CaseStatus.CLOSED,
            "tail": row.id[-TAIL:],
            "next": first,
            "sort_at": first.due_at if first else NEVER,
            "assignee": next((order.assignee for order in reversed(working) if order.assignee), None),
            "levels": _ladder({level for clock in running for level in clock.levels}),
        }
    )


FROM_CASE = (
    "kind",
    "status",
    "channel",
    "received_at",
    "urgency",
    "category",
    "fault",
    "department",
    "unit",
    "owner",
    "repeat_of",
    "repeat_count",
    "root_cause_required",
    "frequent",
    "incident",
)  #: fields a row takes over from the case's state


def _ladder(levels: Iterable[Level]) -> list[Level]:
    return sorted(set(levels), key=LEVELS.index)


def _replaced(items: list[Any], made: Any) -> list[Any]:
    return [*(item for item in items if item.id != made.id), made]
