"""The loops that send: claim → is it still true? → contact by reference → gateway → receipt. Not here: wording, schedule, wire.

Each audience has a loop of its own. A provider's refusal or silence uses up a try (business time, `domain.schedule`); a peer of ours that is
away does not: the claim is given back and the loop backs off in machine time. A process that dies leaves a lease that ends by the database's
clock; the next claim sends again with the same idempotency key. So every notice is sent at least once, and told apart by its key.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import structlog
from common import tracing
from common.errors import PeerRefused, Transient
from common.runtime import Runtime

from notify.domain.breaker import REST, Breaker, Gate, after, gate, resting
from notify.domain.endpoint import Endpoint
from notify.domain.notice import Audience, Hold, Notice, Outcome, Receipt, Result, postponed, tried, withheld
from notify.domain.schedule import is_open, next_try, opening
from notify.domain.site import SiteView
from notify.domain.templates import Message, Names, render
from notify.gateway import Gateway, Hook, Mailbox
from notify.store import Store

log = structlog.get_logger()
BATCH = 20  # tried at once per loop
LEASE = timedelta(seconds=40)  # longer than two contacts and one slow provider together
Change = Callable[[Notice], Result]
DOORS = {Audience.OWNER: ("intake", "/v1/contacts/{}"), Audience.STAFF: ("dispatch", "/v1/staff/{}/contact")}
_STAFF_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")  # what dispatch's door takes; a call centre's key is no person


async def deliver(rt: Runtime[Store], *, audience: Audience, gateway: Gateway) -> int:
    """Try every notice of one audience that is due, a batch at a time; return how many were claimed. Raises Transient when a peer is away."""
    now = rt.now()
    claimed = await rt.store.claim_due(audience, now, limit=BATCH, lease=LEASE)
    ended = await asyncio.gather(*(_one(rt, gateway, notice, now) for notice in claimed), return_exceptions=True)
    for failure in ended:
        if isinstance(failure, BaseException):
            raise failure
    return len(claimed)


async def due(rt: Runtime[Store], *, audience: Audience) -> int:
    """Return how many are due now, those in flight included: a step is complete at 0."""
    return await rt.store.due(audience, rt.now())


async def next_at(rt: Runtime[Store], *, audience: Audience) -> datetime | None:
    """Return when the next try is due."""
    return await rt.store.next_due(audience)


async def _one(rt: Runtime[Store], gateway: Gateway, notice: Notice, now: datetime) -> None:
    with tracing.within(notice.trace):
        try:
            change = await _ATTEMPTS[notice.audience](rt, gateway, notice, now)
        except Transient:
            await rt.store.let_go(notice)
            raise
        except PeerRefused as error:  # asking again gives the same answer: it fails for good and visibly, the others go on
            log.error("notice_not_made", notice=notice.id, error=error.slug, status=error.facts["peer_status"])  # noqa: TRY400 - not our bug
            change = _after(notice, Receipt(Outcome.REFUSED, "contact_refused"), now)
        except Exception as error:  # noqa: BLE001 - one notice that cannot be made must not stop the others; it fails visibly by its schedule
            log.error("notice_not_made", notice=notice.id, error=type(error).__name__)  # noqa: TRY400 - a traceback could hold an address
            change = _after(notice, Receipt(Outcome.AGAIN, "internal_error"), now)
        await rt.transact(partial(_record, notice, change, now))


async def _record(notice: Notice, change: Change, now: datetime, store: Store) -> None:
    held = await store.held(notice)
    if held is None:
        log.warning("notice_taken_over", notice=notice.id)  # our lease was over: whoever has it now records what came of it
        return
    await store.save(change(held), at=now)


async def _to_person(rt: Runtime[Store], gateway: Gateway, notice: Notice, now: datetime) -> Change:
    """Write to an owner or a member of staff."""
    site = await rt.store.site(notice.site)
    if notice.moot:
        return partial(withheld, reason=notice.moot)
    if notice.hold is not Hold.NEVER and not is_open(site.speaking, now):
        return partial(postponed, until=opening(site.speaking, now))
    contact = await _contact(rt, notice, notice.audience, notice.ref)
    if contact is None or not contact.get("email"):
        return partial(withheld, reason="no_contact" if contact is None else "no_email")
    text = await _worded(rt, notice, site, contact)
    receipt = await gateway.send(notice, Mailbox(contact["email"]), text)
    return _after(notice, receipt, now, site)


async def _worded(rt: Runtime[Store], notice: Notice, site: SiteView, contact: dict[str, Any]) -> Message:
    names = Names(person=contact.get("name"))
    if notice.receiver and _STAFF_ID.fullmatch(notice.receiver):
        receiver = await _contact(rt, notice, Audience.STAFF, notice.receiver) or {}
        department = await rt.store.department(notice.site, notice.receiver)
        names = Names(contact.get("name"), receiver.get("name"), department, receiver.get("phone"))
    return render(notice.template, notice.params, site, contact.get("locale") or notice.locale, names)


async def _contact(rt: Runtime[Store], notice: Notice, audience: Audience, ref: str) -> dict[str, Any] | None:
    """Fetch a contact at the moment of sending; it is kept nowhere. None when there is none (any more). Raises PeerAway, PeerRefused."""
    peer, path = DOORS[audience]
    site = notice.site if audience is Audience.STAFF else None  # a person may be reached differently at each site
    found: dict[str, Any] | None = await rt.ask(peer, path.format(quote(ref, safe="")), site=site)
    return found


async def _to_endpoint(rt: Runtime[Store], gateway: Gateway, notice: Notice, now: datetime) -> Change:
    """Post to a webhook endpoint, if it is there and not resting."""
    endpoint = await rt.store.endpoint(notice.recipient)
    if endpoint is None or endpoint.disabled_at:
        return partial(withheld, reason="endpoint_disabled")
    stand = gate(endpoint.breaker, now)
    if stand is Gate.RESTING:
        return partial(postponed, until=endpoint.breaker.open_until or now)
    if stand is Gate.PROBE and not await rt.store.keep_breaker(endpoint, resting(endpoint.breaker, now)):
        return partial(postponed, until=now + REST)  # somebody else probes
    secrets = tuple(rt.vault.open(endpoint.site, f"webhook.{endpoint.id}", secret.sealed) for secret in endpoint.signing(now))
    receipt = await gateway.send(notice, Hook(endpoint.url, secrets), Message("", notice.body or ""))
    if receipt.outcome is not Outcome.SENT or endpoint.breaker != Breaker():
        await rt.transact(partial(_judge, endpoint, receipt, now))
    return _after(notice, receipt, now)


async def _judge(endpoint: Endpoint, receipt: Receipt, now: datetime, store: Store) -> None:
    """Count the answer for the endpoint: it may have to rest, may be back, or wants no more."""
    current = await store.endpoint(endpoint.id) or endpoint
    ok = receipt.outcome is Outcome.SENT
    if ok:
        await store.recovered(current, now)
    if receipt.gone:
        await store.disable(endpoint.id, receipt.reason, now)
    else:
        await store.keep_breaker(current, after(current.breaker, now, ok=ok))


def _after(notice: Notice, receipt: Receipt, now: datetime, site: SiteView | None = None) -> Change:
    again = next_try(notice.channel, failed=len(notice.tries) + 1, now=now, asked=receipt.retry_after)
    if again and site and notice.hold is not Hold.NEVER:
        again = opening(site.speaking, again)
    return partial(tried, receipt=receipt, now=now, again_at=again)


_ATTEMPTS = {Audience.OWNER: _to_person, Audience.STAFF: _to_person, Audience.MACHINE: _to_endpoint}
