"""How a contractor comes and works, counted over its orders (DSP-15). Pure. Not here: who it is (`people`), when it is late (sla)."""

from collections.abc import Iterable

from common.states import OrderStatus
from pydantic import BaseModel, ConfigDict

from dispatch.domain.order import Order


class Attendance(BaseModel):
    """One contractor at one site. An order that came back from the inspection is counted once, each of its arrivals by itself."""

    model_config = ConfigDict(frozen=True)
    contractor: str
    orders: int = 0
    arrivals: int = 0
    late: int = 0  #: arrivals after the deadline
    no_shows: int = 0  #: orders that own engineering took over (R9)
    chased: int = 0  #: times it was urged
    failed: int = 0  #: inspections that it did not pass (R18)
    passed: int = 0  #: orders whose work was passed


def attendance(contractor: str, orders: Iterable[Order]) -> Attendance:
    """Return the count over all orders of one contractor."""
    mine = [order for order in orders if order.assignee == contractor]
    names = [step.move for order in mine for step in order.steps]
    passed = sum(order.status is OrderStatus.INSPECTED for order in mine)
    return Attendance(
        contractor=contractor,
        orders=len(mine),
        arrivals=names.count("arrive"),
        late=sum(order.late for order in mine),
        no_shows=sum(order.no_show for order in mine),
        chased=names.count("chase"),
        failed=names.count("inspect") - passed,
        passed=passed,
    )
