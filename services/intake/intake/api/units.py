"""Doors of the register of units: bring them in, many at once; list them. Nobody's name or number goes out here.

Not here: rules (`domain.unit`), encryption (`store`), the sheets they come from (`huiyin.sheets`).
"""

from typing import Annotated

from common.doors import Door, permit
from common.problems import RESPONSES
from common.web import Upload
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from intake import handlers
from intake.api.cases import CONFLICT
from intake.domain.unit import Unit, Units
from intake.handlers import UnitsKept
from intake.store import Store

router = APIRouter(tags=["units"], responses={code: RESPONSES[code] for code in (400, 401, 403, 404, 413, 415, 422, 429, 503)})
UPLOAD = Upload(1024 * 1024)  # five hundred units with their people

SiteCode = Annotated[str, Path(pattern=r"^[A-Z0-9]{2,8}$")]
After = Annotated[str | None, Query(pattern=r"^\w[\w.:/#-]{0,59}$", description="`next` of the page before")]


class UnitOut(BaseModel):
    """A unit, and how many people are known for it."""

    unit: str
    building: str | None
    floor: int | None
    area_m2: float | None
    people: int

    @classmethod
    def of(cls, unit: Unit) -> "UnitOut":
        """Return the unit as shown."""
        return cls(people=len(unit.residents), **unit.model_dump(include=set(cls.model_fields) - {"people"}))


class UnitsOut(BaseModel):
    """Units by their code; `next` is where to go on, None at the end."""

    units: list[UnitOut]
    next: str | None


@router.put("/v1/sites/{site}/units", responses=CONFLICT)
async def put_units(site: SiteCode, body: Units, door: Annotated[Door[Store], permit("site.manage", idempotent="optional")]) -> UnitsKept:
    """Add units and their people or replace them, up to 500 at once; the same again changes nothing, others stay as they are."""
    door.see(site)
    return UnitsKept.model_validate(await door.command(handlers.put_units, body, site))


@router.get("/v1/sites/{site}/units")
async def list_units(
    site: SiteCode,
    door: Annotated[Door[Store], permit("case.read")],
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> UnitsOut:
    """Units of a site by their code."""
    door.see(site)
    found = await door.store.units(site, after=after, limit=limit)
    return UnitsOut(units=[UnitOut.of(unit) for unit in found], next=found[-1].unit if len(found) == limit else None)
