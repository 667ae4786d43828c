"""What a site's administrator commands: the list of webhook endpoints. Not here: HTTP, sealing (the door does both)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from common.auth import Caller
from common.errors import UnknownSite

from notify.domain.endpoint import Wanted, needing_secret, subscribe
from notify.store import Store


async def put_subscriptions(
    wanted: Sequence[Wanted], site: str, fresh: Mapping[str, dict[str, str]], *, store: Store, by: Caller, now: datetime
) -> frozenset[str]:
    """Replace the site's list; return the ids of endpoints that got the secret of theirs in `fresh`. Raises UnknownSite."""
    del by  # the door has checked permission and site
    if await store.known_site(site) is None:
        raise UnknownSite
    have = await store.endpoints(site)
    new = needing_secret(site, have, wanted)
    await store.keep_endpoints(subscribe(site, have, wanted, {id_: fresh[id_] for id_ in new}, now))
    return new
