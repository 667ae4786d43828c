"""Moves of orders that somebody asks for, and who may know of an order. Not here: orders that follow from facts (`issuing`)."""

from datetime import datetime

from common.album import Attachment, Verified
from common.auth import Caller, permissions_of
from common.errors import NotFound
from common.events import Fact
from common.rota import SiteRota
from common.states import CaseState

from dispatch.domain import moves
from dispatch.domain.acts import Act, Deed
from dispatch.domain.money.approvals import after_survey
from dispatch.domain.moves import MOVES
from dispatch.domain.order import Order
from dispatch.handlers.attaching import refer
from dispatch.store import Store


def visible(found: Order | None, by: Caller) -> Order:
    """Return the order if the caller may know of it. Raises NotFound: a contractor sees only its own orders (DSP-13)."""
    if found is None or not by.sees(found.site) or (outside(by) and found.assignee != by.id):
        raise NotFound
    return found


def outside(by: Caller) -> bool:
    """Say whether the caller is a contractor."""
    return "contractor" in by.roles


async def attach(given: Verified, number: str, *, store: Store, by: Caller, now: datetime) -> Attachment:
    """Add an attachment to an order; a move has to refer to it. Raises NotFound, TooManyAttachments."""
    order = visible(await store.order(number), by)
    return await store.albums.attach(order.id, order.site, given, by=by.id, at=now)


async def move(act: Act, name: str, number: str, *, store: Store, by: Caller, now: datetime) -> Order:
    """Move an order. Raises NotFound, IllegalMove, Refused, Invalid, AttachmentUsed, TimeInFuture, TimeOrder."""
    before = visible(await store.order(number), by)
    moves.here(before, name, by.id)  # whoever came too late is told before anything else is read
    if before.offered:
        await store.hold(number)
    staffing = await store.staffing(before.site)
    rota = staffing.rota if staffing else SiteRota()
    target = rota.person(act.to) if act.to else None
    full = bool(before.offered) and await _full(by.id, rota, store)
    rechecks = target is not None and MOVES["recheck"].permission in permissions_of(target.roles)
    deed = Deed(act, by=by.id, now=now, person=rota.person(by.id), outside=outside(by), target=target, rechecks=rechecks, full=full)
    case = await store.case(before.case)
    after, facts = moves.apply(before, name, deed, case)
    await refer(act, name, before, store)
    if after.survey is not before.survey:
        after, facts = await _put_up(after, facts, case, deed, store)
    await store.save(after, facts, at=deed.at)
    return after


async def _put_up(order: Order, facts: list[Fact], case: CaseState, deed: Deed, store: Store) -> tuple[Order, list[Fact]]:
    """Return the surveyed order with its estimate put up for approval, where the site's policy has bands (R12)."""
    currency = (await store.fees(order.site)).standard.currency
    after, asked = after_survey(order, case, by=deed.by, at=deed.at, currency=currency)
    return after, [*facts, *asked]


async def _full(person: str, rota: SiteRota, store: Store) -> bool:
    """Say whether somebody holds as many open orders as the site allows."""
    return rota.open_cap is not None and (await store.loads((person,)))[person].open >= rota.open_cap
