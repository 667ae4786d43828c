"""The doors of force majeure: declare, list, end early, take back; a preview changes nothing. Not here: rules, queries."""

from datetime import datetime
from typing import Annotated, Any

from common.doors import Door, permit
from common.errors import NotFound
from common.problems import RESPONSES
from fastapi import APIRouter, Path, Query, status
from pydantic import BaseModel

from sla.api.changes import ChangeOut
from sla.api.clocks import WORD, WRITES
from sla.domain.windows import Declaration
from sla.handlers import majeure
from sla.store import Store

router = APIRouter(tags=["force majeure"], responses={code: RESPONSES[code] for code in (401, 403, 404, 422, 429, 503)})
DeclarationId = Annotated[str, Path(pattern=r"^mj-[0-9a-f]{32}$")]


class MajeureOut(BaseModel):
    """A declaration at one site."""

    id: str
    site: str
    reason: str
    begin: datetime
    until: datetime
    classes: dict[str, float | None]  #: class -> times as long; null: time stands still
    by: str
    at: datetime
    ended_at: datetime | None
    ended_by: str | None
    undone_at: datetime | None
    undone_by: str | None

    @classmethod
    def of(cls, declared: Declaration) -> "MajeureOut":
        """Return the declaration as the door shows it."""
        fields = {name: getattr(declared, name) for name in cls.model_fields}
        return cls(**fields | {"id": declared.declaration})


class DeclaredOut(BaseModel):
    """What was declared, ended or taken back at which sites, and the change at each of them."""

    id: str
    declarations: tuple[MajeureOut, ...]
    changes: tuple[ChangeOut, ...]


def _out(answer: dict[str, Any]) -> DeclaredOut:
    made = majeure.Declared.model_validate(answer)
    declared = tuple(map(MajeureOut.of, made.declarations))
    return DeclaredOut(id=declared[0].id, declarations=declared, changes=tuple(map(ChangeOut.of, made.changes)))


@router.post("/v1/majeure", status_code=status.HTTP_201_CREATED, responses=WRITES)
async def declare(body: majeure.Declare, door: Annotated[Door[Store], permit("majeure.declare", idempotent="optional")]) -> DeclaredOut:
    """Declare force majeure: for a while limits of the named classes run slower or stand still; emergencies never do."""
    for site in body.sites:
        door.see(site)
    return _out(await door.command(majeure.declare, body))


@router.get("/v1/majeure")
async def list_(
    site: Annotated[WORD, Query()], door: Annotated[Door[Store], permit("clock.read")], limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[MajeureOut]:
    """List the declarations of a site, the newest first, those that were ended or taken back too."""
    door.see(site)
    return [MajeureOut.of(one) for one in await door.store.changes.declarations(site, limit=limit)]


@router.get("/v1/majeure/{declaration}")
async def get(declaration: DeclarationId, door: Annotated[Door[Store], permit("clock.read")]) -> list[MajeureOut]:
    """Return a declaration at each of its sites that the caller sees."""
    found = [MajeureOut.of(one) for one in await door.store.changes.declared(declaration) if door.by.sees(one.site)]
    if not found:
        raise NotFound
    return found


@router.post("/v1/majeure/{declaration}/end", responses=WRITES)
async def end(
    declaration: DeclarationId, body: majeure.End, door: Annotated[Door[Store], permit("majeure.declare", idempotent="optional")]
) -> DeclaredOut:
    """End a declaration before its time, at the sites that the caller sees; clocks are recomputed."""
    return _out(await door.command(majeure.end, body, declaration))


@router.post("/v1/majeure/{declaration}/undo", responses=WRITES)
async def undo(
    declaration: DeclarationId, body: majeure.Undo, door: Annotated[Door[Store], permit("majeure.declare", idempotent="optional")]
) -> DeclaredOut:
    """Take a declaration back as if it had never been, at the sites that the caller sees; clocks are recomputed back."""
    return _out(await door.command(majeure.undo, body, declaration))
