"""The weekly handover of repaired slips. Not here: what a slip is (`domain.slips`)."""

from datetime import datetime

from common.auth import Caller
from common.errors import TimeInFuture, UnknownSite

from dispatch.domain import slips
from dispatch.store import Store


async def hand_over(ask: slips.HandOver, site: str, *, store: Store, by: Caller, now: datetime) -> slips.Batch:  # noqa: ARG001
    """Hand over repaired slips to customer service. Raises UnknownSite, TimeInFuture, Invalid."""
    at = ask.at or now
    house = await store.house(site)
    if house is None:
        raise UnknownSite
    if at > now:
        raise TimeInFuture
    waiting = await store.slips_waiting(site, until=at)
    chosen = slips.pick(waiting, ask.orders)
    batch = await store.batch(site, ask.week or slips.iso_week(at, house.zone))
    after, marked, facts = slips.hand_over(batch, chosen, waiting, at=at)
    await store.save_batch(after, marked, facts, at=at)
    return after
