"""The doors of calendars: publish a year, read it, see which clocks it moved. Not here: rules, queries."""

from datetime import datetime
from typing import Annotated

from common.auth import ALL_SITES
from common.doors import Door, permit
from common.errors import Forbidden, NotFound
from common.problems import RESPONSES
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from sla.api.clocks import WRITES
from sla.handlers import commands
from sla.store import Store

router = APIRouter(tags=["calendars"], responses={code: RESPONSES[code] for code in (401, 403, 404, 422, 429, 503)})
Calendar = Annotated[str, Path(pattern=r"^[A-Z0-9_-]{2,20}$")]
Year = Annotated[int, Path(ge=2000, le=2100)]
After = Annotated[str, Query(pattern=r"^([0-9a-f]{32})?$")]


class MovedOut(BaseModel):
    """A clock that a publication dated, or moved; before it there may have been no due time."""

    clock: str
    site: str
    case: str | None
    code: str
    due_from: datetime | None
    due_to: datetime | None


class MovesOut(BaseModel):
    """Moved clocks, some hundreds at most; `next` is `after` of the page after it, `waiting` counts clocks that were not looked at yet."""

    calendar: str
    revision: int
    waiting: int
    moved: tuple[MovedOut, ...]
    next: str | None


@router.put("/v1/calendars/{calendar}/{year}", responses=WRITES)
async def put_year(
    calendar: Calendar, year: Year, body: commands.YearIn, door: Annotated[Door[Store], permit("calendar.manage", idempotent="optional")]
) -> commands.YearOut:
    """Publish one year of a calendar; clocks that waited for it are dated. It is every site's, so only for who sees all sites."""
    if ALL_SITES not in door.by.sites:
        raise Forbidden(None, permission="calendar.manage")
    return commands.YearOut.model_validate(await door.command(commands.put_year, body, calendar, year))


@router.get("/v1/calendars/{calendar}/moved")
async def moved(
    calendar: Calendar,
    door: Annotated[Door[Store], permit("clock.read")],
    revision: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
    after: After = "",
) -> MovesOut:
    """List the clocks that a publication of a calendar moved (default: the newest), each with its due time before and after."""
    book = await door.store.year_book(calendar)
    asked = revision or book.revision
    found, more = await door.store.notes.moved_by(calendar, asked, after=after)
    seen = tuple(MovedOut(**one.model_dump(include=set(MovedOut.model_fields))) for one in found if door.by.sees(one.site))
    waiting = await door.store.count_stale(book) if book.revision else 0
    return MovesOut(calendar=calendar, revision=asked, waiting=waiting, moved=seen, next=more)


@router.get("/v1/calendars/{calendar}/{year}")
async def get_year(calendar: Calendar, year: Year, door: Annotated[Door[Store], permit("clock.read")]) -> commands.YearOut:
    """Return what was published of one year."""
    found = await commands.year_of(calendar, year, door.store)
    if found is None:
        raise NotFound
    return found
