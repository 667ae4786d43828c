"""Builds sla from its parts. Not here: rules. Start with `uvicorn --factory sla.main:create_app`."""

from common.documents import Documents
from common.runtime import Parts, Runtime
from common.web import Upload, service
from fastapi import FastAPI
from prometheus_client import Gauge, Histogram

from sla import api
from sla.handlers import SUBSCRIPTIONS, foresee
from sla.handlers.auditing import AUDITOR, Alarms
from sla.handlers.firing import FIRE_LAG, LOOPS
from sla.handlers.watching import count_soon
from sla.settings import Settings
from sla.store import INDEXES, Known, Store

POLICY_BYTES = 1024 * 1024  # a policy with many rules
LAGS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600)


async def _measure(rt: Runtime[Store]) -> None:
    """Add what only sla measures: how late levels are raised (business time), what reached nobody, which gaps begin soon, what the auditor finds."""
    registry = rt.metrics.registry
    rt.parts.extra[AUDITOR] = Alarms(registry)
    rt.parts.extra[FIRE_LAG] = Histogram(
        "huiyin_clock_fire_lag_seconds", "Business time between a level's time and its raising", buckets=LAGS_S, registry=registry
    )
    unanswered = Gauge("huiyin_escalations_unanswered", "Open clocks and cases with a level or a report that reached nobody", registry=registry)
    soon = Gauge("huiyin_rota_gaps_soon", "Serious gaps of rotas that have begun or begin within 24 hours", registry=registry)

    async def measure() -> None:
        unanswered.set(await rt.store.watch.count_alarmed())
        soon.set(await count_soon(rt.store, rt.now()))

    rt.measures.append(measure)


def create_app(settings: Settings | None = None, parts: Parts | None = None) -> FastAPI:
    """Return the app; everything is started by its lifespan."""
    known = Known()

    def store(documents: Documents) -> Store:
        return Store(documents, known)

    return service(
        name="sla",
        settings=settings or Settings(),
        store=store,
        indexes=INDEXES,
        routers=api.ROUTERS,
        subscriptions=SUBSCRIPTIONS,
        loops=LOOPS,
        foresee=foresee,
        parts=parts,
        uploads={"/v1/sites/": Upload(POLICY_BYTES)},
        on_start=_measure,
    )
