"""Moves of money that somebody asks for: load, decide, save. Not here: the decisions (`domain.money`), what an order's own moves do (`orders`)."""

from datetime import datetime

from common.auth import Caller
from common.errors import IllegalMove, NotFound, UnknownSite
from pydantic import BaseModel

from dispatch.domain.money import accounts, ledger
from dispatch.domain.money.account import Settlement
from dispatch.domain.money.accounts import Held
from dispatch.domain.money.acts import MoneyAct, MoneyDeed
from dispatch.domain.money.approvals import APPROVALS, approval_move, approved, ask_approval
from dispatch.domain.money.charge import Fees, FeeStandard
from dispatch.domain.money.fees import charge_move
from dispatch.domain.money.ledger import Posting
from dispatch.domain.money.settlement import drawn_on, settle
from dispatch.domain.money.submitting import submit
from dispatch.domain.order import Order
from dispatch.handlers.orders import visible
from dispatch.store import Store


def _deed(act: MoneyAct, by: Caller, now: datetime) -> MoneyDeed:
    return MoneyDeed(act, by=by.id, roles=frozenset(by.roles), now=now)


async def move_charge(act: MoneyAct, name: str, number: str, *, store: Store, by: Caller, now: datetime) -> Order:
    """Move what an owner pays. Raises NotFound, IllegalMove, Refused, Invalid, TimeInFuture, TimeOrder."""
    before, deed = visible(await store.order(number), by), _deed(act, by, now)
    standard = (await store.fees(before.site)).standard
    after, facts, postings = charge_move(before, name, deed, await store.case(before.case), standard)
    await store.post(postings)
    await store.save(after, facts, at=deed.at)
    return after


async def move_approval(act: MoneyAct, name: str, number: str, *, store: Store, by: Caller, now: datetime) -> Order:
    """Put an estimate up for approval, or say yes or no to it. Raises NotFound, IllegalMove, Refused, Invalid, TimeInFuture, TimeOrder."""
    before, deed = visible(await store.order(number), by), _deed(act, by, now)
    case = await store.case(before.case)
    if APPROVALS[name].permission == "approval.ask":
        currency = (await store.fees(before.site)).standard.currency
        after, facts = ask_approval(before, deed, case, currency=currency)
    else:
        after, facts = approval_move(before, name, deed, case)
    await store.save(after, facts, at=deed.at)
    return after


async def submit_account(act: MoneyAct, number: str, *, store: Store, by: Caller, now: datetime) -> Settlement:
    """Begin a settlement with the team's final account. Raises NotFound, IllegalMove (there is one), Refused, Invalid, TimeInFuture, TimeOrder."""
    order, deed = visible(await store.order(number), by), _deed(act, by, now)
    there = await store.settlement(number)
    if there is not None:
        raise IllegalMove("submit", there.status)
    currency = (await store.fees(order.site)).standard.currency
    made, facts = submit(order, deed, await store.case(order.case), currency=currency)
    await store.save_settlement(made, facts, at=deed.at)
    return made


def seen(found: Settlement | None, by: Caller) -> Settlement:
    """Return the settlement if the caller may know of it. Raises NotFound: a contractor sees only what it bears."""
    if found is None or not by.sees(found.site) or ("contractor" in by.roles and found.contractor != by.id):
        raise NotFound
    return found


async def move_settlement(act: MoneyAct, name: str, number: str, *, store: Store, by: Caller, now: datetime) -> Settlement:
    """Move a settlement. Raises NotFound, IllegalMove, Refused, Invalid, TimeInFuture, TimeOrder."""
    before, deed = seen(await store.settlement(number), by), _deed(act, by, now)
    room = await _room(before, name, deed, store)
    after, facts, postings = settle(before, name, deed, await store.case(before.case), room=room)
    await store.post(postings)
    await store.save_settlement(after, facts, at=deed.at)
    return after


async def _room(settlement: Settlement, name: str, deed: MoneyDeed, store: Store) -> int | None:
    """Return what there is room for: fen on the account that is drawn on, or fen that were approved."""
    account = drawn_on(settlement, name, deed)
    if account:
        held = await store.draw(settlement.site, account, settlement.currency)
        return -held if account.startswith("retention:") else held
    order = await store.order(settlement.id) if name == "correct" else None
    return approved(order) if order else None


async def put_fees(ask: FeeStandard, site: str, *, store: Store, by: Caller, now: datetime) -> Fees:
    """Publish a site's fee standard as its next version; quotations that were made keep their prices."""
    before = await store.fees(site)
    if before.version and before.standard == ask:
        return before
    after = before.model_copy(update={"version": before.version + 1, "standard": ask})
    await store.save_fees(after, at=now, by=by.id)
    return after


class RetentionAct(BaseModel):
    """Something about a contractor's retention money: hold it, say what customer service thinks, give it back."""

    what: str
    act: MoneyAct
    favourable: bool = False


async def move_retention(ask: RetentionAct, site: str, contractor: str, *, store: Store, by: Caller, now: datetime) -> Held:
    """Hold a contractor's money, record customer service's opinion, release it (FEE-20). Raises NotFound, Refused, Invalid, Taken."""
    staffing = await store.staffing(site)
    if staffing is None or contractor not in {firm.id for firm in staffing.rota.contractors}:
        raise NotFound
    held, deed = await store.held_of(site, contractor), _deed(ask.act, by, now)
    after, postings = await _retained(held, ask, deed, store)
    await store.post(postings)
    await store.save_held(after, at=deed.at, by=by.id, what=ask.what)
    return after


async def _retained(held: Held, ask: RetentionAct, deed: MoneyDeed, store: Store) -> tuple[Held, list[Posting]]:
    currency = (await store.fees(held.site)).standard.currency
    held = held.model_copy(update={"currency": currency})
    if ask.what == "hold":
        return held, [accounts.hold(held, deed)]
    if ask.what == "opinion":
        return accounts.opined(held, deed, favourable=ask.favourable), []
    room = -await store.draw(held.site, ledger.retention(held.contractor), currency)
    after, posting = accounts.release(held, deed, room)
    return after, [posting]


async def fill_fund(act: MoneyAct, site: str, fund: str, *, store: Store, by: Caller, now: datetime) -> Posting:
    """Top a working fund up to the amount of the site's policy. Raises UnknownSite, NotFound, Refused, Invalid, Taken."""
    house = await store.house(site)
    if house is None:
        raise UnknownSite
    if fund not in house.funds:
        raise NotFound
    currency = (await store.fees(site)).standard.currency
    room = house.funds[fund] - await store.draw(site, ledger.fund(fund), currency)
    posting = accounts.fill(site, fund, _deed(act, by, now), room=room, currency=currency)
    await store.post([posting])
    return posting
