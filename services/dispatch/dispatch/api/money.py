"""Doors of money: fee standards, what owners pay, approvals, settlements, retention money, working funds, the books of a site.

The routes of the moves are made from the tables, so a move that is not in one cannot be called. Not here: bodies and views (`money_shapes`),
what a move needs and does (`domain.money`).
"""

from collections.abc import Awaitable, Callable
from inspect import Parameter, Signature
from typing import Annotated, Any

from common.auth import ALL_SITES
from common.documents import Doc
from common.doors import Door, permit
from common.money import ChargeStatus, SettlementStatus
from common.problems import RESPONSES
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from dispatch.api.money_shapes import (
    APPROVAL_BODIES,
    CHARGE_BODIES,
    SETTLEMENT_BODIES,
    ChargeOut,
    ChargesOut,
    FeesOut,
    HeldOut,
    MoneyIn,
    OpinionIn,
    SettlementOut,
    SettlementsOut,
    SubmitIn,
    VoucherIn,
)
from dispatch.api.orders import CONFLICT, Number, Reference, Site
from dispatch.api.shapes import OrderOut
from dispatch.domain.money import ledger
from dispatch.domain.money.account import Settlement
from dispatch.domain.money.approvals import APPROVALS
from dispatch.domain.money.books import Balance, Books
from dispatch.domain.money.charge import FeeStandard
from dispatch.domain.money.fees import FEES
from dispatch.domain.money.settlement import SETTLEMENTS
from dispatch.handlers import money
from dispatch.store import Store

router = APIRouter(tags=["money"], responses={code: RESPONSES[code] for code in (400, 401, 403, 404, 413, 415, 422, 429, 503)})
Keeper = Annotated[Door[Store], permit("money.keep", idempotent="optional")]
Contractor = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


@router.put("/v1/sites/{site}/fees", responses=CONFLICT)
async def put_fees(site: Site, body: FeeStandard, door: Annotated[Door[Store], permit("site.manage", idempotent="optional")]) -> FeesOut:
    """Replace a site's fee standard; quotations that were made keep their prices."""
    door.see(site)
    await door.command(money.put_fees, body, site)
    return FeesOut.of(await door.store.fees(site))


@router.get("/v1/sites/{site}/fees")
async def get_fees(site: Site, door: Annotated[Door[Store], permit("order.read")]) -> FeesOut:
    """Return the fee standard of a site."""
    door.see(site)
    return FeesOut.of(await door.store.fees(site))


@router.get("/v1/charges")
async def list_charges(
    door: Annotated[Door[Store], permit("money.read")],
    site: Reference = None,
    status: ChargeStatus | None = None,
    collector: Annotated[str | None, Query(pattern="^(worker|finance)$")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ChargesOut:
    """What owners pay, newest order first; `collector=finance&status=confirmed` is what finance has to collect (FEE-02)."""
    where: Doc = {"charge.collector": collector or {"$in": ["worker", "finance"]}}
    where |= {"charge.status": status.value} if status else {}
    return ChargesOut(charges=[ChargeOut.of(order) for order in await door.store.search(where | _scope(door, site), limit=limit)])


@router.get("/v1/settlements")
async def list_settlements(
    door: Annotated[Door[Store], permit("money.read")],
    site: Reference = None,
    status: SettlementStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> SettlementsOut:
    """Settlements of the caller's sites."""
    where = _scope(door, site) | ({"status": status.value} if status else {})
    return SettlementsOut(settlements=[SettlementOut.of(one) for one in await door.store.settlements(where, limit=limit)])


@router.get("/v1/settlements/{number}")
async def get_settlement(number: Number, door: Annotated[Door[Store], permit("order.read")]) -> SettlementOut:
    """One settlement; a contractor sees only what it bears."""
    return SettlementOut.of(money.seen(await door.store.settlement(number), door.by))


@router.post("/v1/work-orders/{number}/settlement", responses=CONFLICT)
async def submit(number: Number, body: SubmitIn, door: Annotated[Door[Store], permit("settlement.submit", idempotent="optional")]) -> SettlementOut:
    """Begin a settlement with the team's final account (FEE-08)."""
    return _settlement(await door.command(money.submit_account, body.act(), number), door)


@router.post("/v1/sites/{site}/retention/{contractor}/hold", responses=CONFLICT)
async def hold(site: Site, contractor: Contractor, body: VoucherIn, door: Keeper) -> HeldOut:
    """Hold money of a contractor (工程质量保证金)."""
    return await _retention(site, contractor, money.RetentionAct(what="hold", act=body.act()), door)


@router.post("/v1/sites/{site}/retention/{contractor}/opinion", responses=CONFLICT)
async def give_opinion(
    site: Site, contractor: Contractor, body: OpinionIn, door: Annotated[Door[Store], permit("money.opinion", idempotent="optional")]
) -> HeldOut:
    """Record customer service's opinion on a contractor, before its money is given back (FEE-20)."""
    return await _retention(site, contractor, money.RetentionAct(what="opinion", act=body.act(), favourable=body.favourable), door)


@router.post("/v1/sites/{site}/retention/{contractor}/release", responses=CONFLICT)
async def release(site: Site, contractor: Contractor, body: VoucherIn, door: Keeper) -> HeldOut:
    """Give a contractor money back, with customer service's opinion (FEE-20)."""
    return await _retention(site, contractor, money.RetentionAct(what="release", act=body.act()), door)


@router.get("/v1/sites/{site}/retention/{contractor}")
async def get_retention(site: Site, contractor: Contractor, door: Annotated[Door[Store], permit("money.read")]) -> HeldOut:
    """Return what is held of a contractor's money."""
    door.see(site)
    return await _held(site, contractor, door)


@router.post("/v1/sites/{site}/funds/{fund}/fill", responses=CONFLICT)
async def fill_fund(site: Site, fund: Contractor, body: VoucherIn, door: Keeper) -> Balance:
    """Top a working fund up, never above the amount of the site's policy (FEE-17, FEE-18)."""
    door.see(site)
    await door.command(money.fill_fund, body.act(), site, fund)
    currency = (await door.store.fees(site)).standard.currency
    account = ledger.fund(fund)
    return Balance(currency=currency, account=account, amount=await door.store.balance(site, account, currency))


@router.get("/v1/sites/{site}/books")
async def get_books(site: Site, door: Annotated[Door[Store], permit("money.read")]) -> Books:
    """Every account of a site; they sum to zero."""
    door.see(site)
    sums, postings = await door.store.sums(site)
    return Books.of(site, door.now, sums, postings)


def _scope(door: Door[Store], site: str | None) -> Doc:
    if site:
        door.see(site)
        return {"site": site}
    return {} if ALL_SITES in door.by.sites else {"site": {"$in": list(door.by.sites)}}


def _settlement(answer: dict[str, Any], _door: Door[Store]) -> SettlementOut:
    return SettlementOut.of(Settlement.model_validate(answer))


def _order(answer: dict[str, Any], door: Door[Store]) -> OrderOut:
    return OrderOut.answer(answer, door.by)


async def _retention(site: str, contractor: str, ask: money.RetentionAct, door: Door[Store]) -> HeldOut:
    door.see(site)
    await door.command(money.move_retention, ask, site, contractor)
    return await _held(site, contractor, door)


async def _held(site: str, contractor: str, door: Door[Store]) -> HeldOut:
    held = await door.store.held_of(site, contractor)
    return HeldOut.of(held, -await door.store.balance(site, ledger.retention(contractor), held.currency))


Command = Callable[..., Awaitable[Any]]
Shown = Callable[[dict[str, Any], Door[Store]], BaseModel]


def _route(name: str, body: type[MoneyIn], table: Any, command: Command, shown: Shown, out: type[BaseModel]) -> Any:
    """Return the endpoint of one move; its signature tells FastAPI the body and the permission that the table names."""

    async def endpoint(number: str, body: MoneyIn, door: Door[Store]) -> BaseModel:
        return shown(await door.command(command, body.act(), name, number), door)

    where = Annotated[Door[Store], permit(table[name].permission, idempotent="optional")]
    kind = Parameter.POSITIONAL_OR_KEYWORD
    parameters = [Parameter(word, kind, annotation=shape) for word, shape in (("number", Number), ("body", body), ("door", where))]
    endpoint.__signature__ = Signature(parameters, return_annotation=out)  # type: ignore[attr-defined]
    endpoint.__name__ = f"{name.replace('-', '_')}_money"
    endpoint.__doc__ = f"{table[name].zh} · {table[name].en}. Guards: {', '.join(table[name].guards) or '–'}."
    return endpoint


TABLES: tuple[tuple[str, dict[str, type[MoneyIn]], Any, Command, Shown, type[BaseModel]], ...] = (
    ("/v1/work-orders/{number}", CHARGE_BODIES, FEES, money.move_charge, _order, OrderOut),
    ("/v1/work-orders/{number}", APPROVAL_BODIES, APPROVALS, money.move_approval, _order, OrderOut),
    ("/v1/settlements/{number}", SETTLEMENT_BODIES, SETTLEMENTS, money.move_settlement, _settlement, SettlementOut),
)
for _path, _bodies, *_rest in TABLES:
    for _name, _body in _bodies.items():
        router.add_api_route(f"{_path}/{_name}", _route(_name, _body, *_rest), methods=["POST"], responses=CONFLICT)
