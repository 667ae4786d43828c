"""Builds notify from its parts. Not here: rules. Start with `uvicorn --factory notify.main:create_app`."""

from datetime import timedelta
from functools import partial

from common.loop import Loop
from common.runtime import Parts
from common.settings import Settings
from common.web import service
from fastapi import FastAPI

from notify.api import router
from notify.domain.notice import Audience, Channel
from notify.gateway import Gateway, Switch
from notify.gateway.egress import Egress
from notify.gateway.mail import MailGateway
from notify.gateway.webhook import TIMEOUT_S, WebhookGateway
from notify.handlers.deliver import deliver, due, next_at
from notify.handlers.facts import SUBSCRIPTIONS
from notify.settings import MailServer
from notify.store import INDEXES, Store

GATEWAY = "gateway"  #: name of the part that a world may bring in `Parts.extra`


def create_app(settings: Settings | None = None, parts: Parts | None = None) -> FastAPI:
    """Return the app; everything is started by its lifespan."""
    settings = settings or Settings()
    gateway: Gateway = parts.extra[GATEWAY] if parts and GATEWAY in parts.extra else real_gateway(settings)
    return service(
        name="notify",
        settings=settings,
        store=Store,
        indexes=INDEXES,
        routers=[router],
        subscriptions=SUBSCRIPTIONS,
        loops=[_loop(audience, gateway) for audience in Audience],
        parts=parts,
    )


def real_gateway(settings: Settings) -> Gateway:
    """Return the way out that the settings describe: SMTP for people, signed posts for endpoints."""
    egress = Egress(allow_private=settings.webhook_allow_private, timeout_s=TIMEOUT_S)
    return Switch({Channel.EMAIL: MailGateway(MailServer.of(settings)), Channel.WEBHOOK: WebhookGateway(egress)})


def _loop(audience: Audience, gateway: Gateway) -> Loop:
    return Loop(
        name=f"deliver_{audience}",
        run=partial(deliver, audience=audience, gateway=gateway),
        due=partial(due, audience=audience),
        next_at=partial(next_at, audience=audience),
        every=timedelta(seconds=1),
    )
