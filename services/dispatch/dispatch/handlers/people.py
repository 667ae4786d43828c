"""A site's people, rota and contractors are published. Not here: who is on duty (`common.rota`)."""

from datetime import datetime

from common.auth import Caller

from dispatch.domain import people
from dispatch.store import Store


async def put_people(ask: people.SitePeople, site: str, *, store: Store, by: Caller, now: datetime) -> people.Staffing:  # noqa: ARG001
    """Publish a site's people, rota and contractors as its next version. Raises Invalid when they contradict each other."""
    before, house = await store.staffing(site), await store.house(site)
    rota = ask.site_rota(house.zone if house else None)
    after, facts = people.staff(site, before, rota)
    await store.save_staffing(after, facts, at=now)
    if facts:
        await store.wake(site, now)
    await store.keep_contacts(site, ask.contacts(), people.gone(before, rota))
    return after
