"""The door of what sla remembers: the files of cases, page by page, for trying a policy on history. References only. Not here: rules, queries."""

from datetime import datetime, timedelta
from typing import Annotated

from common.doors import Door, permit
from common.problems import RESPONSES
from fastapi import APIRouter, Query
from pydantic import BaseModel

from sla.api.clocks import Site
from sla.domain.case_file import CaseFile
from sla.domain.gaps import Window
from sla.store import Store

router = APIRouter(tags=["history"], responses={code: RESPONSES[code] for code in (401, 403, 404, 422, 429, 503)})
MONTH = timedelta(days=30)


class FilesOut(BaseModel):
    """A page of files; `next` is `after` of the page after it, `total` counts all of them, `as_of` is now, `windows` held meanwhile."""

    files: tuple[CaseFile, ...]
    next: str | None
    total: int
    as_of: datetime
    windows: tuple[Window, ...]


@router.get("/v1/sites/{site}/case-files")
async def case_files(
    site: Site,
    door: Annotated[Door[Store], permit("policy.manage")],
    months: Annotated[int, Query(ge=1, le=120)] = 3,
    after: Annotated[str, Query(max_length=60, pattern=r"^[A-Za-z0-9_.-]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> FilesOut:
    """List the files of cases that were received in the last `months` of 30 days, with every moment that matters to a clock."""
    door.see(site)
    since = door.now - months * MONTH
    found = await door.store.files_since(site, since, after=after, limit=limit)
    total = await door.store.count_files_since(site, since)
    windows = await door.store.windows(site, since)
    return FilesOut(files=tuple(found), next=found[-1].id if len(found) == limit else None, total=total, as_of=door.now, windows=windows)
