"""The timeline of a case as JSON, in the caller's language. Not here: how it is worded (`domain`), the page (`pages`)."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from common.doors import Door, permit
from common.errors import NotFound
from common.problems import RESPONSES
from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from console.domain import timeline
from console.domain.timeline import Entry
from console.domain.wording import DEFAULT_ZONE, Speech, choose_locale
from console.store import Site, Store

router = APIRouter(tags=["console"], responses={code: RESPONSES[code] for code in (401, 403, 404, 422, 429, 503)})
Number = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{4,40}$", description="the case number, e.g. `AB-260314-7K3QX`")]


class EntryOut(BaseModel):
    """One entry: when it happened, what, in words; `by` is a reference to a person, never a name."""

    at: datetime
    kind: str
    text: str
    by: str | None = None
    clock: str | None = None
    level: str | None = None


class TimelineOut(BaseModel):
    """What happened to a case, oldest first."""

    case: str
    site: str
    entries: list[EntryOut]


def speech_of(site: Site | None, locale: str) -> Speech:
    """Return how to speak about a site's case."""
    zone = ZoneInfo(site.zone if site else DEFAULT_ZONE)
    return Speech(choose_locale(locale), zone, site.fault_names if site else {})


def _shown(entry: Entry, speech: Speech) -> EntryOut:
    codes: dict[str, Any] = {name: value for name in ("clock", "level") if isinstance(value := entry.data.get(name), str)}
    return EntryOut(at=entry.at, kind=entry.kind, text=timeline.text(entry, speech), by=entry.by, **codes)


@router.get("/v1/cases/{number}/timeline", response_model_exclude_none=True)
async def get_timeline(number: Number, door: Annotated[Door[Store], permit("timeline.read")], response: Response) -> TimelineOut:
    """Return what happened to a case; at the same instant causes come before effects."""
    row = await door.store.find_row(number)
    if row is None:
        raise NotFound
    door.see(row.site)
    speech = speech_of(await door.store.site(row.site), door.locale)
    entries = timeline.in_order(await door.store.entries(number))
    response.headers["Content-Language"] = speech.locale
    return TimelineOut(case=number, site=row.site, entries=[_shown(entry, speech) for entry in entries])
