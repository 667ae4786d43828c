"""The doors of escalation: who would be called, taking up what was raised. Not here: rules, queries."""

from datetime import datetime
from typing import Annotated

from common.coverage import Gap, gaps, needs_of
from common.doors import Door, permit
from common.errors import NotFound, UnknownSite
from common.policy import SitePolicy
from common.problems import RESPONSES
from common.states import CaseKind, Urgency
from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from sla.api.clocks import WRITES, Role, Site
from sla.domain.escalation import Asked, call
from sla.domain.preview import Preview, imagined, imagined_asked, preview
from sla.handlers import escalating
from sla.handlers.following import asked_about
from sla.store import Store

router = APIRouter(tags=["escalation"], responses={code: RESPONSES[code] for code in (401, 403, 404, 422, 429, 503)})
Word = Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
Reference = Annotated[str | None, Field(max_length=120, pattern=r"^[A-Za-z0-9:_.-]+$")]


class Imagined(BaseModel):
    """What is asked about: a case, or what a case would be like."""

    at: AwareDatetime | None = None
    case: Reference = None
    kind: CaseKind = CaseKind.REPAIR
    fault: Word = None
    urgency: Urgency | None = None
    department: Word = None
    major: bool = False


class WhoOut(BaseModel):
    """Who answers for a role at a moment."""

    site: str
    role: str
    at: datetime
    persons: tuple[str, ...]


class GapsOut(BaseModel):
    """Where nobody answers within the coming weeks."""

    site: str
    zone: str
    gaps: tuple[Gap, ...]


@router.get("/v1/sites/{site}/who")
async def who(site: Site, door: Annotated[Door[Store], permit("who.read")], role: Role, at: AwareDatetime | None = None) -> WhoOut:
    """Say who would be called for a role at a moment (default: now)."""
    policy = await _policy(door, site)
    moment = at or door.now
    called = call((role,), Asked(moment, await door.store.rota(site), policy.calendar.timezone))
    return WhoOut(site=site, role=role, at=moment, persons=called.persons)


@router.get("/v1/sites/{site}/escalation")
async def who_would_be_called(site: Site, door: Annotated[Door[Store], permit("who.read")], asked: Annotated[Imagined, Query()]) -> Preview:
    """Say who would be called at each level at a moment (default: now), for a case or for one that is only imagined."""
    moment = asked.at or door.now
    if asked.case:
        return await _of_case(door, site, asked.case, moment)
    policy = await _policy(door, site)
    made = imagined(policy, moment, **asked.model_dump(exclude={"at", "case"}))
    return preview(policy, made, imagined_asked(made, policy, await door.store.rota(site), moment))


async def _of_case(door: Door[Store], site: str, case: str, moment: datetime) -> Preview:
    door.see(site)
    file = await door.store.known_file(case)
    if file is None or file.site != site:
        raise NotFound
    policy = await door.store.policy(site, file.policy)
    clocks = [clock for clock in (await door.store.clocks_of(case)).values() if clock.open]
    chain = clocks[0].chain if clocks else None
    return preview(policy, file.case, asked_about(file, policy, await door.store.rota(site), moment), chain)


@router.get("/v1/sites/{site}/gaps")
async def where_nobody_answers(site: Site, door: Annotated[Door[Store], permit("who.read")], at: AwareDatetime | None = None) -> GapsOut:
    """Say where within four weeks of a moment (default: now) the rota leaves a role of the policy to nobody; serious gaps first."""
    policy = await _policy(door, site)
    zone = policy.calendar.timezone
    found = gaps(await door.store.rota(site), needs_of(policy), at or door.now, zone=zone)
    return GapsOut(site=site, zone=zone, gaps=tuple(found))


@router.post("/v1/clocks/{id}/acknowledge", responses=WRITES)
async def acknowledge(
    id: Annotated[str, Path(max_length=160)], door: Annotated[Door[Store], permit("escalation.acknowledge", idempotent="optional")]
) -> escalating.Taken:
    """Take up the highest level that was raised. The clock runs on, higher levels come; without progress this level is raised again."""
    return escalating.Taken.model_validate(await door.command(escalating.acknowledge, None, id))


async def _policy(door: Door[Store], site: str) -> SitePolicy:
    """Return the newest policy of a site in scope. Raises NotFound, UnknownSite."""
    door.see(site)
    head = await door.store.head(site)
    if head is None:
        raise UnknownSite
    return await door.store.policy(site, head.version)
