"""The weekly handover of repaired slips from engineering to customer service (RVT-08, DEF-13). Pure.

Not here: when it is due (sla's batch clock) and what happens to the slips (intake's return visits).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from common.documents import Aggregate
from common.errors import Invalid
from common.events import Fact
from common.events.dispatch import SlipsHandedOver
from common.states import CaseKind, OrderStatus, Party
from pydantic import BaseModel, ConfigDict, Field

from dispatch.domain.order import Order
from dispatch.domain.words import Instant, Reference

REPAIRED = frozenset({OrderStatus.SIGNED, OrderStatus.RETURNED})


class HandOver(BaseModel):
    """A handover. None = now, all that wait, the week of the handover; a late batch names its own week."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    at: Instant | None = None
    orders: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1000)] | None = None
    week: Annotated[str, Field(pattern=r"^20\d\d-W(0[1-9]|[1-4]\d|5[0-3])$")] | None = None


class Batch(Aggregate):
    """The slips of one site and ISO week; a second handover in the week adds to it."""

    week: str
    orders: tuple[str, ...] = ()
    handed_over_at: datetime | None = None
    waiting: tuple[str, ...] = ()  #: kept back at the newest handover: while there are any, the week is not over


def iso_week(at: datetime, zone: str) -> str:
    """Return the ISO week of the instant on the site's calendar, for example 2026-W12."""
    year, week, _ = at.astimezone(ZoneInfo(zone)).isocalendar()
    return f"{year}-W{week:02}"


def is_slip(order: Order) -> bool:
    """Say whether this is a repaired own order that nobody handed over yet."""
    return order.party is Party.OWN and order.case_kind is CaseKind.REPAIR and order.status in REPAIRED and order.handed_over is None


def pick(waiting: Sequence[Order], named: Sequence[str] | None) -> list[Order]:
    """Return the slips to hand over: those named, or all that wait. Raises Invalid naming the first that does not wait."""
    if named is None:
        return list(waiting)
    known = {order.id: order for order in waiting}
    stranger = next((place for place, number in enumerate(named) if number not in known), None)
    if stranger is not None:
        raise Invalid(f"orders.{stranger}", "工单不在待交接之列", "not among the slips that wait for handover")
    return [known[number] for number in dict.fromkeys(named)]


def hand_over(batch: Batch, slips: Sequence[Order], waiting: Sequence[Order], *, at: datetime) -> tuple[Batch, list[Order], list[Fact]]:
    """Return the batch with these of the waiting slips, the slips marked with its week, and the fact that names them and those kept back."""
    names = tuple(order.id for order in slips)
    back = tuple(order.id for order in waiting if order.id not in names)
    after = batch.model_copy(update={"orders": (*batch.orders, *names), "handed_over_at": at, "waiting": back})
    marked = [order.model_copy(update={"handed_over": batch.week}) for order in slips]
    return after, marked, [SlipsHandedOver(site=batch.site, week=batch.week, handed_over_at=at, orders=names, waiting=back)]
