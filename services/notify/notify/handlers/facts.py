"""What notify does on a fact: remember, compose by the table, mark what became untrue. Nothing leaves here (decisions.md 1)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from common.envelope import Event
from common.events import FACTS, Fact
from common.events.dispatch import RotaPublished
from common.events.intake import CaseClassified
from common.events.sla import PolicyPublished
from common.inbox import Handler, Subscriptions
from common.states import Urgency
from common.topology import LISTENS

from notify.domain.compose import compose, publish
from notify.domain.public import PUBLIC
from notify.domain.row import Ground
from notify.domain.site import SiteView
from notify.domain.table import ENDINGS, TABLE
from notify.store import Store


async def keep_policy(event: Event[PolicyPublished], store: Store, now: datetime) -> None:  # noqa: ARG001 - every handler gets the time
    """Keep what notices need of a site's policy."""
    await store.keep_site(SiteView.of(event.fact))


async def keep_rota(event: Event[RotaPublished], store: Store, now: datetime) -> None:  # noqa: ARG001
    """Keep who is on duty when."""
    await store.keep_rota(event.fact)


async def make_moot(event: Event[Fact], store: Store, now: datetime) -> None:
    """Mark the notices that this fact makes untrue."""
    for ending in ENDINGS[type(event.fact)]:
        if ending.when(event.fact):
            await store.make_moot(ending.key(event.fact), ending.reason, now)


async def hasten(event: Event[CaseClassified], store: Store, now: datetime) -> None:
    """Let the acknowledgement of what turns out to be an emergency go at once (NTF-24)."""
    if event.fact.case.urgency is Urgency.P1:
        await store.hasten(event.fact.case.id, now)


async def tell(event: Event[Any], store: Store, now: datetime) -> None:
    """Compose what the table says and save it. Raises Missing while the site's policy has not come."""
    rows = TABLE[type(event.fact)]
    site = await store.site(event.site, getattr(getattr(event.fact, "case", None), "policy", None))
    ground = Ground(site, now)
    if any(row.roles and row.when(event, ground) for row in rows):
        ground = replace(ground, rota=await store.rota(event.site))
    for result in compose(event, ground):
        await store.add(result, at=now)


async def tell_endpoints(event: Event[Fact], store: Store, now: datetime) -> None:
    """Save the public form of the fact for every endpoint that subscribed to its kind."""
    for result in publish(event, await store.listeners(event.site, event.fact.kind), now):
        await store.add(result, at=now)


def _handlers(kind: type[Fact]) -> tuple[Handler, ...]:
    own: dict[type[Fact], Handler] = {PolicyPublished: keep_policy, RotaPublished: keep_rota, CaseClassified: hasten}
    chosen = (own.get(kind), make_moot if kind in ENDINGS else None, tell if kind in TABLE else None, tell_endpoints if kind.kind in PUBLIC else None)
    return tuple(handler for handler in chosen if handler)


SUBSCRIPTIONS: Subscriptions = {
    kind: handlers for kind in FACTS.values() if kind.prefix() in LISTENS["notify"] and (handlers := _handlers(kind))
}  #: made from the tables: ENDINGS, TABLE and PUBLIC say which facts matter
