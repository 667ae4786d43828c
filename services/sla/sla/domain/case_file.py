"""What sla remembers of a case: its last state, its orders and promises, and every moment that matters to a clock. Pure.

Facts of several streams may come in any order; what is kept does not depend on it. Not here: what follows for clocks (`plan`).
"""

from datetime import datetime
from typing import Any

from common.clock_rules import Moment
from common.envelope import Event
from common.events.dispatch import WorkOrderClassed, WorkOrderFact
from common.events.intake import CaseFact, PromiseFact
from common.states import CaseState, Complexity, OrderState, OrderStatus
from pydantic import AwareDatetime, BaseModel

from sla.domain.moments import Happened, read
from sla.domain.rulings import Ruling, RulingKind


class Promised(BaseModel):
    """A promise to the owner (D4)."""

    id: str
    made_at: AwareDatetime
    due_at: AwareDatetime
    date_only: bool = False


class CaseFile(BaseModel):
    """Everything about one case that its clocks are a function of."""

    id: str
    site: str
    case: CaseState
    classified: bool = False
    orders: dict[str, OrderState] = {}
    order_ids: tuple[str, ...] = ()  #: the keys of `orders`, for the index
    promises: dict[str, Promised] = {}
    happened: tuple[Happened, ...] = ()
    batches: dict[str, str] = {}  #: order -> week of the slip batch that it falls into
    weeks: tuple[str, ...] = ()  #: the values of `batches`, for the index
    moved: tuple[int, ...] = ()  #: versions that changes of policy brought the case to since; the last governs (`changes`)
    rulings: tuple[Ruling, ...] = ()  #: what people decided about its clocks
    linked: tuple[str, ...] = ()  #: later cases of the same incident (DEF-09): what happens to them counts for its shared clocks

    reported: dict[str, int] = {}  #: rule -> how often it reported the case at once
    unheard: tuple[str, ...] = ()  #: rules whose report reached nobody
    alarmed: bool = False  #: whether there are any, for the index
    seqs: dict[str, int] = {}  #: facts said about the case, per stream prefix

    @property
    def policy(self) -> int:
        """Return the version of record: the one it was moved to, else the one it was received under (DEF-18)."""
        return self.moved[-1] if self.moved else self.case.policy

    def of(self, subject: str) -> tuple[Happened, ...]:
        """Return the moments of one order or promise, oldest first."""
        return tuple(one for one in self.happened if one.of == subject)

    def ruled(self, kind: RulingKind, clock: str) -> tuple[Ruling, ...]:
        """Return the decisions of one kind about a clock (`<subject>:<code>:<n>`), or about a row of them (without the number)."""
        return tuple(one for one in self.rulings if one.kind is kind and clock in {one.clock, one.row})


def opened(case: CaseState) -> CaseFile:
    """Return the empty file of a case."""
    return CaseFile(id=case.id, site=case.site, case=case)


def heard(file: CaseFile, event: Event[Any]) -> CaseFile:
    """Return the file with one more fact in it."""
    fact = event.fact
    said = read(event)
    changes: dict[str, Any] = {"happened": tuple(sorted((*_still_true(file, fact, said), *said), key=_when))}
    if isinstance(fact, CaseFact):  # the case stream only: copies inside other streams may be older
        changes |= {"case": fact.case, "classified": file.classified or fact.kind == "case.classified"}
    if isinstance(fact, WorkOrderFact):
        orders = file.orders | {fact.order.id: fact.order}
        changes |= {"orders": orders, "order_ids": tuple(orders)}
    if isinstance(fact, PromiseFact):
        promise = Promised(id=fact.promise, made_at=fact.made_at, due_at=fact.due_at, date_only=fact.date_only)
        changes["promises"] = file.promises | {fact.promise: promise}
    return file.model_copy(update=changes)


def _still_true(file: CaseFile, fact: Any, said: tuple[Happened, ...]) -> tuple[Happened, ...]:
    """Return what happened but for the issue that a class replaces: work of class A or B is issued by its 《工程派工单》 (DEF-07)."""
    if not (isinstance(fact, WorkOrderClassed) and said):
        return file.happened
    return tuple(one for one in file.happened if one.moment is not Moment.ORDER_ISSUED or one.of != fact.order.id)


def in_batch(file: CaseFile, order: str, week: str | None) -> CaseFile:
    """Return the file with an order's slip in the batch of that week, None: in no batch yet."""
    batches = {key: value for key, value in file.batches.items() if key != order} | ({order: week} if week else {})
    return file.model_copy(update={"batches": batches, "weeks": tuple(sorted(set(batches.values())))})


def slip_handed_over(file: CaseFile, order: str, at: datetime, week: str) -> CaseFile:
    """Return the file with an order's slip in the hands of customer service; the batch it was due in stays the earlier one (DEF-13)."""
    moment = Happened(moment=Moment.SLIPS_HANDED_OVER, at=at, of=order)
    happened = tuple(sorted((*file.happened, moment), key=_when))
    return in_batch(file.model_copy(update={"happened": happened}), order, min(file.batches.get(order, week), week))


DONE = frozenset({Moment.COMPLETED, Moment.GUIDED})


def work_completed(file: CaseFile) -> tuple[Happened, ...]:
    """Return when all work of the case was done, each time that it was: every order done, returned undone or cancelled, one at least done.

    An order issued later makes the work undone again; the next time is a moment of its own. `of` is the order that was done last.
    """
    open_orders: set[str] = set()
    last: Happened | None = None
    found: list[Happened] = []
    for one in file.happened:
        if one.moment is Moment.ORDER_ISSUED:
            open_orders.add(one.of)
        elif one.of in open_orders and one.moment in DONE | {Moment.ORDER_CANCELLED, Moment.RETURNED}:
            open_orders.remove(one.of)
            last = one if one.moment in DONE else last
            if not open_orders and last:
                found.append(last.model_copy(update={"moment": Moment.WORK_COMPLETED}))
                last = None
    return tuple(found)


#: at the same instant an order is issued before another one is completed, so that the work is not done in between
_FIRST = {Moment.RECEIVED: 0, Moment.ORDER_ISSUED: 1, Moment.CONTRACTOR_ISSUED: 1, Moment.CLOSED: 9}


def _when(one: Happened) -> tuple[float, int]:
    return (one.at.timestamp(), _FIRST.get(one.moment, 5))


def surveyed_complexity(file: CaseFile, order: str | None) -> set[Complexity]:
    """Return what surveys say of the order, else of every order of the case that was not cancelled (CLS-07); empty: nobody surveyed it."""
    asked = [one for one in file.orders.values() if one.status is not OrderStatus.CANCELLED and order in {None, one.id}]
    return {one.complexity for one in asked if one.complexity is not None}
