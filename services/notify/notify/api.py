"""The doors of notify: notices of a case, webhook subscriptions of a site, deliveries of an endpoint. No door shows an address of a person."""

import secrets
from base64 import b64encode
from datetime import datetime
from typing import Annotated, Self

from common.doors import Door, permit
from common.errors import Invalid, NotFound
from common.problems import RESPONSES
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from notify.domain.address import LONGEST, problem
from notify.domain.endpoint import ALL, Endpoint, Wanted, endpoint_id
from notify.domain.notice import Channel, Notice, Status, Try
from notify.domain.public import PUBLIC
from notify.handlers.subscriptions import put_subscriptions
from notify.store import Store

router = APIRouter(tags=["notices"], responses={code: RESPONSES[code] for code in (400, 401, 403, 404, 413, 415, 422, 429, 503)})
Site = Annotated[str, Path(pattern=r"^[A-Z0-9]{2,8}$")]
SECRET_BYTES = 32  # Standard Webhooks asks for 24 to 64
MOST_ENDPOINTS = 50


class NoticeOut(BaseModel):
    """One notice: who was to be told, how, when, and what came of it. References only."""

    id: str
    case: str | None
    recipient: str = Field(description="owner:<ref>, person:<id>, endpoint:<id>, or role:<role> that nobody filled")
    role: str | None
    channel: Channel
    template: str
    at: datetime = Field(description="business time of the fact")
    due_at: datetime = Field(description="business time of the first or next try")
    status: Status
    sent_at: datetime | None
    reason: str | None
    attempts: tuple[Try, ...]

    @classmethod
    def of(cls, notice: Notice) -> Self:
        """Return what may be seen of a notice."""
        fields = notice.model_dump(include=set(cls.model_fields) - {"attempts"})
        return cls(**fields, attempts=notice.tries)


class NoticesOut(BaseModel):
    """Notices, oldest first; deliveries newest first."""

    notices: list[NoticeOut]


class EndpointIn(BaseModel):
    """One webhook endpoint a site wants."""

    model_config = ConfigDict(extra="forbid")
    url: str = Field(min_length=8, max_length=LONGEST)
    kinds: tuple[str, ...] = Field(min_length=1, max_length=len(PUBLIC), description="kinds of public facts, or * for all")
    rotate: StrictBool = Field(default=False, description="give it a new secret; the old one signs as well for 24 h")


class SubscriptionsIn(BaseModel):
    """The whole list: endpoints that are not in it are disabled."""

    model_config = ConfigDict(extra="forbid")
    endpoints: tuple[EndpointIn, ...] = Field(max_length=MOST_ENDPOINTS)


class EndpointOut(BaseModel):
    """One endpoint. `secret` is shown once, in the answer that made it."""

    id: str
    url: str
    kinds: tuple[str, ...]
    secret: str | None = None
    resting_until: datetime | None
    disabled_at: datetime | None
    disabled_why: str | None

    @classmethod
    def of(cls, endpoint: Endpoint, secret: str | None = None) -> Self:
        """Return what an administrator sees."""
        fields = endpoint.model_dump(include=set(cls.model_fields) - {"secret", "resting_until"})
        return cls(**fields, secret=secret, resting_until=endpoint.breaker.open_until)


class SubscriptionsOut(BaseModel):
    """Every endpoint the site ever had."""

    endpoints: list[EndpointOut]


@router.get("/v1/notices")
async def notices(door: Annotated[Door[Store], permit("notice.read")], case: Annotated[str, Query(min_length=1, max_length=60)]) -> NoticesOut:
    """Who was told what about a case. Cases of other sites look as if they had no notices."""
    return NoticesOut(notices=[NoticeOut.of(notice) for notice in await door.store.of_case(case) if door.by.sees(notice.site)])


@router.get("/v1/deliveries")
async def deliveries(
    door: Annotated[Door[Store], permit("delivery.read")],
    endpoint: Annotated[str, Query(min_length=1, max_length=60)],
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> NoticesOut:
    """What was sent to a webhook endpoint, newest first, with every try."""
    known = await door.store.endpoint(endpoint)
    if known is None:
        raise NotFound
    door.see(known.site)
    return NoticesOut(notices=[NoticeOut.of(notice) for notice in await door.store.deliveries(known.ref, limit=limit)])


@router.get("/v1/sites/{site}/subscriptions")
async def get_subscriptions(site: Site, door: Annotated[Door[Store], permit("subscription.manage")]) -> SubscriptionsOut:
    """The webhook endpoints of a site, without their secrets."""
    door.see(site)
    return SubscriptionsOut(endpoints=[EndpointOut.of(endpoint) for endpoint in await door.store.endpoints(site)])


@router.put("/v1/sites/{site}/subscriptions")
async def put(site: Site, body: SubscriptionsIn, door: Annotated[Door[Store], permit("subscription.manage")]) -> SubscriptionsOut:
    """Replace the list of a site; putting the same list again changes nothing. A new endpoint's secret is in the answer, and never again."""
    door.see(site)
    wanted = _wanted(body, allow_private=door.rt.settings.webhook_allow_private)
    plain = {endpoint_id(site, item.url): "whsec_" + b64encode(secrets.token_bytes(SECRET_BYTES)).decode() for item in wanted}
    sealed = {id_: door.rt.vault.seal(site, f"webhook.{id_}", secret) for id_, secret in plain.items()}
    new = await door.command(put_subscriptions, wanted, site, sealed)
    rows = await door.store.endpoints(site)
    return SubscriptionsOut(endpoints=[EndpointOut.of(row, plain.get(row.id) if row.id in new else None) for row in rows])


def _wanted(body: SubscriptionsIn, *, allow_private: bool) -> list[Wanted]:
    """Return the lines. Raises Invalid, naming the first field that is wrong."""
    for number, item in enumerate(body.endpoints):
        if wrong := problem(item.url, allow_private=allow_private):
            raise Invalid(f"endpoints.{number}.url", "地址不可用作回调", "not a webhook address", problem=wrong)
        if strange := [kind for kind in item.kinds if kind != ALL and kind not in PUBLIC]:
            raise Invalid(f"endpoints.{number}.kinds", "未知的事件类型", f"{len(strange)} unknown kinds of facts")
    return [Wanted(item.url, item.kinds, item.rotate) for item in body.endpoints]
