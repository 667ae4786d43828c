"""The doors of clocks with every level, a site's policy, a calendar's year. Not here: rules, queries."""

from datetime import datetime
from typing import Annotated, Any

from common.clock_rules import Strength
from common.doors import Door, permit
from common.errors import Invalid, NotFound, UnknownSite
from common.policy import SitePolicy
from common.problems import RESPONSES
from common.states import ClockState, Level, Unfilled, Urgency
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from sla.domain.clock import STOPPED, Clock
from sla.domain.rungs import Repeated
from sla.handlers import commands
from sla.store import Store

router = APIRouter(tags=["clocks"], responses={code: RESPONSES[code] for code in (401, 403, 404, 422, 429, 503)})
WRITES: dict[int | str, dict[str, Any]] = {code: RESPONSES[code] for code in (400, 409, 413, 415)}

Site = Annotated[str, Path(pattern=r"^[A-Z0-9]{2,8}$")]
Reference = Annotated[str | None, Query(max_length=120, pattern=r"^[A-Za-z0-9:_.-]+$")]
Role = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
WORD = Annotated[str, Query(pattern=r"^[A-Z0-9]{2,8}$")]


class LevelOut(BaseModel):
    """One level: computed time, raised time, roles and persons."""

    level: Level
    at: datetime
    raised_at: datetime | None
    roles: tuple[str, ...]
    persons: tuple[str, ...]
    skipped: tuple[str, ...]
    reached: str | None  #: whose persons stood in because nobody filled the level
    unfilled: tuple[Unfilled, ...]  #: who was looked for in vain, and why
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    again_at: datetime | None  #: when it is raised again unless the matter moves on
    again: tuple[Repeated, ...]


class ClockOut(BaseModel):
    """A clock with all it promises and why."""

    id: str
    site: str
    code: str
    subject: str
    case: str | None
    order: str | None
    urgency: Urgency | None
    state: ClockState
    verdict: ClockState | None  #: met, late or excused once it has stopped
    strength: Strength
    rule: str
    rule_id: str
    origin: dict[str, Any] | None
    policy: int
    trigger_at: datetime
    start_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    ended_by: str | None
    late_s: int | None  #: seconds after the deadline at which it stopped
    levels: tuple[LevelOut, ...]
    chain: str  #: name of the chain it was opened with
    alarmed: bool  #: its last level reached nobody
    next_at: datetime | None
    needs: str | None  #: calendar year that is not published
    estimate_at: datetime | None  #: a guess at the due time until it is; nothing is judged by it
    extended_from: datetime | None  #: the deadline before the customer agreed to a later one

    @classmethod
    def of(cls, clock: Clock) -> "ClockOut":
        """Return the clock as the door shows it."""
        late = (clock.stopped_at - clock.due_at).total_seconds() if clock.stopped_at and clock.due_at and clock.state in STOPPED else 0
        levels = tuple(LevelOut(**{name: getattr(rung, name) for name in LevelOut.model_fields}) for rung in clock.rungs)
        verdict = clock.state if clock.state in STOPPED else None
        own = {"levels", "verdict", "late_s", "chain"}
        fields = {name: getattr(clock, name) for name in cls.model_fields if name not in own}
        return cls(**fields, levels=levels, chain=clock.chain.name, verdict=verdict, late_s=round(late) if late > 0 else None)


@router.get("/v1/clocks")
async def clocks(
    door: Annotated[Door[Store], permit("clock.read")],
    case: Reference = None,
    subject: Reference = None,
    site: Annotated[WORD | None, Query()] = None,
    open: bool | None = None,  # noqa: FBT001 - a query parameter
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> list[ClockOut]:
    """List the clocks of a case, a subject or a site; open ones first, by due time. Clocks of sites out of scope are not there."""
    if not (case or subject or site):
        raise Invalid("case", "须给出 case、subject 或 site", "give case, subject or site")
    if site:
        door.see(site)
    asked = {"case": case, "subject": subject, "site": site, "live": open}
    found = await door.store.search({key: value for key, value in asked.items() if value is not None}, limit=limit)
    return [ClockOut.of(clock) for clock in found if door.by.sees(clock.site)]


@router.get("/v1/clocks/{id}")
async def clock(id: Annotated[str, Path(max_length=160)], door: Annotated[Door[Store], permit("clock.read")]) -> ClockOut:
    """Return one clock."""
    found = await door.store.clock(id)
    if found is None:
        raise NotFound
    door.see(found.site)
    return ClockOut.of(found)


@router.put("/v1/sites/{site}/policy", responses=WRITES)
async def put_policy(
    site: Site, body: SitePolicy, door: Annotated[Door[Store], permit("policy.manage", idempotent="optional")]
) -> commands.PolicyOut:
    """Publish a site's resolved policy: the next version, or the same one if nothing changed. Open cases keep theirs (DEF-18)."""
    door.see(site)
    return commands.PolicyOut.model_validate(await door.command(commands.put_policy, body, site))


@router.get("/v1/sites/{site}/policy")
async def get_policy(
    site: Site, door: Annotated[Door[Store], permit("clock.read")], version: Annotated[int | None, Query(ge=1)] = None
) -> SitePolicy:
    """Return the newest policy of a site, or one version of it."""
    door.see(site)
    head = await door.store.head(site)
    if head is None:
        raise UnknownSite
    return await door.store.policy(site, version or head.version)
