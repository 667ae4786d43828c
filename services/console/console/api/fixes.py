"""The first-time-fix rate of a site. Not here: what counts (`domain.fixes`)."""

from datetime import datetime, timedelta
from typing import Annotated

from common.doors import Door, permit
from common.problems import RESPONSES
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from console.domain.fixes import TeamRate, rates
from console.store import Store

router = APIRouter(tags=["console"], responses={code: RESPONSES[code] for code in (401, 403, 404, 422, 429, 503)})
SiteCode = Annotated[str, Path(pattern=r"^[A-Z0-9]{2,8}$")]


class FixesOut(BaseModel):
    """Repairs completed in the period and those that came back, by team and contractor."""

    site: str
    since: datetime
    until: datetime
    teams: list[TeamRate]


@router.get("/v1/sites/{site}/first-time-fix")
async def first_time_fix(
    site: SiteCode, door: Annotated[Door[Store], permit("timeline.read")], days: Annotated[int, Query(ge=1, le=366)] = 30
) -> FixesOut:
    """The first-time-fix rate of the last `days` days; what came back later still counts against the repair it came back from."""
    door.see(site)
    until = door.now
    since = until - timedelta(days=days)
    done, reworked, repeated = await door.store.fixes(site, since, until)
    return FixesOut(site=site, since=since, until=until, teams=rates(done, reworked, repeated))
