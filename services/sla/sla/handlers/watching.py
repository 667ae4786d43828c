"""What sla does so that a gap of a rota is seen before somebody falls into it: keep the serious gaps of the next two days of every site.

Looked at when a policy or a rota is published, and every hour. Not here: where the gaps are (`common.coverage`), how many begin soon (`store`).
"""

from datetime import datetime, timedelta
from functools import partial

from common.coverage import Gap, gaps, needs_of, spans
from common.loop import Loop
from common.policy import SitePolicy
from common.runtime import Runtime

from sla.store import Store

AHEAD = timedelta(hours=48)  # twice what the alert looks at: a look that is late changes nothing
SOON = timedelta(hours=24)
EVERY = timedelta(hours=1)
SITES_AT_ONCE = 50


async def warnings(policy: SitePolicy, store: Store, now: datetime) -> tuple[Gap, ...]:
    """Return where a policy counts on somebody whom the site's rota does not give; nothing while no people are published."""
    rota = await store.rota(policy.site)
    return tuple(gaps(rota, needs_of(policy), now, zone=policy.calendar.timezone)) if rota else ()


async def look(site: str, store: Store, now: datetime) -> None:
    """Keep the serious gaps of a site's next two days. A site without policy or people has none yet."""
    head, rota = await store.head(site), await store.rota(site)
    if head is None or rota is None:
        return
    policy = await store.policy(site, head.version)
    zone = policy.calendar.timezone
    serious = [need for need in needs_of(policy) if need.serious]
    found = [span for need in serious for span in spans(rota, need, now, now + AHEAD, zone=zone)]
    await store.watch.keep(site, found, now)


async def look_ahead(rt: Runtime[Store]) -> int:
    """Look again at the sites that were not looked at for an hour; return how many."""
    now = rt.now()
    if now < rt.store.watch.not_before:
        return 0
    sites = await rt.store.watch.due(now - EVERY, limit=SITES_AT_ONCE)
    for site in sites:
        await rt.transact(partial(_look, site, now))
    if len(sites) < SITES_AT_ONCE:
        rt.store.watch.rest_until(now + EVERY / 2)
    return len(sites)


async def _look(site: str, now: datetime, store: Store) -> None:
    await look(site, store, now)


async def count_soon(store: Store, now: datetime) -> int:
    """Return how many serious gaps have begun or begin within a day."""
    return await store.watch.count(now, now + SOON)


LOOP = Loop("look_ahead", look_ahead)
