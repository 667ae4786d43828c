"""The doors of changes of policy: propose, look first, progress, what became of each case, take back. Not here: rules, queries."""

from datetime import datetime
from typing import Annotated, Any

from common.doors import Door, permit
from common.problems import RESPONSES
from fastapi import APIRouter, Path, Query, status
from pydantic import BaseModel

from sla.api.clocks import WRITES, Site
from sla.domain.changes import DRAFT, Kind, OpenCases, PolicyChange, Stage, Visited
from sla.domain.compare import Shift
from sla.handlers import publishing
from sla.store import Store

router = APIRouter(tags=["changes"], responses={code: RESPONSES[code] for code in (401, 403, 404, 422, 429, 503)})
ChangeId = Annotated[str, Path(pattern=r"^ch-[0-9a-f]{32}$")]
After = Annotated[str, Query(max_length=60, pattern=r"^[A-Za-z0-9:_.-]*$")]
Limit = Annotated[int, Query(ge=1, le=500)]


class ChangeOut(BaseModel):
    """A change: who decided what, how far it is, what became of the clocks so far."""

    id: str
    site: str
    kind: Kind
    open_cases: OpenCases
    preview: bool
    version_from: int | None
    version_to: int | None  #: none for a preview of a policy that is not published
    undoes: str | None
    undone_by: str | None
    window: str | None
    by: str
    at: datetime
    stage: Stage
    done_at: datetime | None
    total: int | None  #: open cases when it began
    looked: int
    changed: int  #: cases of which a clock changed
    failed: tuple[str, ...]  #: cases that could not be changed: they stay where they were
    clocks: dict[str, dict[str, int]]  #: code -> appears, vanishes, earlier, later, judged, adjusted, late_at_once -> clocks

    @classmethod
    def of(cls, change: PolicyChange) -> "ChangeOut":
        """Return the change as the door shows it."""
        fields = {name: getattr(change, name) for name in cls.model_fields}
        return cls(**fields | {"version_to": change.version_to or None})


class ChangesOut(BaseModel):
    """A page of changes, the newest first; `next` is `before` of the page after it."""

    changes: tuple[ChangeOut, ...]
    next: str | None


class CaseChangeOut(BaseModel):
    """What a change did to one case, or to the batch of one week."""

    case: str | None
    week: str | None
    version_from: int | None
    version_to: int | None
    clocks: tuple[Shift, ...]

    @classmethod
    def of(cls, visited: Visited) -> "CaseChangeOut":
        """Return it as the door shows it."""
        version = None if visited.version_to == DRAFT else visited.version_to
        clocks = tuple(Shift.model_validate(clock) for clock in visited.clocks)
        return cls(case=visited.case, week=visited.week, version_from=visited.version_from, version_to=version, clocks=clocks)


class CaseChangesOut(BaseModel):
    """A page of cases; `next` is `after` of the page after it."""

    cases: tuple[CaseChangeOut, ...]
    next: str | None


def out(answer: dict[str, Any]) -> ChangeOut:
    """Return the answer of a command as the door shows it."""
    return ChangeOut.of(PolicyChange.model_validate(answer))


@router.post("/v1/sites/{site}/policy/changes", status_code=status.HTTP_201_CREATED, responses=WRITES)
async def propose(site: Site, body: publishing.Proposal, door: Annotated[Door[Store], permit("policy.manage", idempotent="optional")]) -> ChangeOut:
    """Publish a policy and say what it means for open cases; it is applied in the background. `preview` changes nothing and shows what would."""
    door.see(site)
    return out(await door.command(publishing.propose, body, site))


@router.get("/v1/sites/{site}/changes")
async def changes(
    site: Site,
    door: Annotated[Door[Store], permit("clock.read")],
    before: Annotated[str | None, Query(pattern=r"^ch-[0-9a-f]{32}$")] = None,
    limit: Limit = 50,
) -> ChangesOut:
    """List the changes of a site, the newest first."""
    door.see(site)
    found = await door.store.changes.of_site(site, limit=limit, before=before)
    return ChangesOut(changes=tuple(map(ChangeOut.of, found)), next=found[-1].id if len(found) == limit else None)


@router.get("/v1/sites/{site}/changes/{change}")
async def change_(site: Site, change: ChangeId, door: Annotated[Door[Store], permit("clock.read")]) -> ChangeOut:
    """Return one change with its progress."""
    door.see(site)
    return ChangeOut.of(await door.store.changes.get(change, site))


@router.get("/v1/sites/{site}/changes/{change}/cases")
async def cases(
    site: Site, change: ChangeId, door: Annotated[Door[Store], permit("clock.read")], after: After = "", limit: Limit = 200
) -> CaseChangesOut:
    """List the cases of which a clock changed, each with its clocks before and after."""
    door.see(site)
    known = await door.store.changes.get(change, site)
    found = await door.store.changes.changed_cases(known.id, after=after, limit=limit)
    last = (found[-1].case or found[-1].week) if len(found) == limit else None
    return CaseChangesOut(cases=tuple(map(CaseChangeOut.of, found)), next=last)


@router.post("/v1/sites/{site}/changes/{change}/rollback", status_code=status.HTTP_201_CREATED, responses=WRITES)
async def roll_back(
    site: Site, change: ChangeId, body: publishing.TakeBack, door: Annotated[Door[Store], permit("policy.manage", idempotent="optional")]
) -> ChangeOut:
    """Take the newest change of a site's policy back: its cases return to the versions they had, as a change of its own."""
    door.see(site)
    return out(await door.command(publishing.take_back, body, site, change))
