"""Doors of work orders and slips; the routes of the moves are made from the table, so a move that is not in it cannot be called.

Not here: bodies (`bodies`), views (`shapes`), what a move needs and does (`domain.moves`).
"""

from inspect import Parameter, Signature
from typing import Annotated, Any

from common.auth import ALL_SITES
from common.documents import Doc
from common.doors import Door, permit
from common.problems import RESPONSES
from common.states import Awaited, OrderStatus
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from dispatch import handlers
from dispatch.api.bodies import BODIES, MoveIn
from dispatch.api.shapes import HandedOver, OrderOut, OrdersOut
from dispatch.domain.moves import MOVES
from dispatch.domain.slips import HandOver
from dispatch.store import Store

router = APIRouter(tags=["work orders"], responses={code: RESPONSES[code] for code in (400, 401, 403, 404, 413, 415, 422, 429, 503)})
CONFLICT: dict[int | str, dict[str, Any]] = {409: RESPONSES[409]}

COMMANDS = {"take-over": handlers.take_over}  #: moves that bring about more than themselves
Number = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{1,59}$", description="the order's number, `<case>-<n>`")]
Site = Annotated[str, Path(pattern=r"^[A-Z0-9]{2,8}$")]
Reference = Annotated[str | None, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$")]
Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class OrdersWanted(BaseModel):
    """Which orders to list: plain equality, nothing else."""

    case: Reference = None
    site: Reference = None
    assignee: Reference = None
    status: OrderStatus | None = None
    approver: Role | None = Field(None, description="role whose approval it waits for (R12)")
    awaits: Awaited | None = Field(None, description="what it waits for that somebody else than who has it does (R11, R18, REP-30)")
    limit: Annotated[int, Field(ge=1, le=500)] = 100


@router.get("/v1/work-orders")
async def list_orders(wanted: Annotated[OrdersWanted, Query()], door: Annotated[Door[Store], permit("order.read")]) -> OrdersOut:
    """Orders of the caller's sites, newest first; a contractor sees only its own (DSP-13)."""
    where: Doc = wanted.model_dump(exclude={"site", "limit"}, exclude_none=True)
    if handlers.outside(door.by):
        where["assignee"] = door.by.id
    if wanted.site:
        door.see(wanted.site)
        where["site"] = wanted.site
    elif ALL_SITES not in door.by.sites:
        where["site"] = {"$in": list(door.by.sites)}
    return OrdersOut(orders=[OrderOut.of(order, door.by) for order in await door.store.search(where, limit=wanted.limit)])


@router.get("/v1/work-orders/{number}")
async def get_order(number: Number, door: Annotated[Door[Store], permit("order.read")]) -> OrderOut:
    """One order: where it stands, what was done, and why it was given to whom."""
    return OrderOut.of(handlers.visible(await door.store.order(number), door.by), door.by)


@router.post("/v1/sites/{site}/slips", responses=CONFLICT)
async def hand_over_slips(site: Site, body: HandOver, door: Annotated[Door[Store], permit("slips.hand_over", idempotent="optional")]) -> HandedOver:
    """Hand over the repaired slips to customer service: all that wait, or those named (RVT-08)."""
    door.see(site)
    return HandedOver.model_validate(await door.command(handlers.hand_over, body, site))


def _route(name: str, body: type[MoveIn]) -> Any:
    """Return the endpoint of one move; its signature tells FastAPI the body and the permission that the table names."""
    command = COMMANDS.get(name, handlers.move)

    async def endpoint(number: str, body: MoveIn, door: Door[Store]) -> OrderOut:
        return OrderOut.answer(await door.command(command, body.act(), name, number), door.by)

    where = Annotated[Door[Store], permit(MOVES[name].permission, idempotent="optional")]
    kind = Parameter.POSITIONAL_OR_KEYWORD
    parameters = [Parameter(word, kind, annotation=shape) for word, shape in (("number", Number), ("body", body), ("door", where))]
    endpoint.__signature__ = Signature(parameters, return_annotation=OrderOut)  # type: ignore[attr-defined]
    endpoint.__name__ = f"{name}_order"
    endpoint.__doc__ = f"{MOVES[name].zh} · {MOVES[name].en}. Guards: {', '.join(MOVES[name].guards)}."
    return endpoint


for _name, _body in BODIES.items():
    router.add_api_route(f"/v1/work-orders/{{number}}/{_name}", _route(_name, _body), methods=["POST"], responses=CONFLICT)
