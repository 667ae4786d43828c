"""Doors of cases: report one, list them, read one. Not here: moves (`moves`), rules, queries."""

import secrets
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from common.auth import ALL_SITES
from common.documents import Doc
from common.doors import Door, permit
from common.errors import NotFound
from common.problems import RESPONSES
from common.states import CaseKind, CaseStatus, Urgency
from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from intake import handlers
from intake.api.shapes import CaseOut, CasesOut, ContactOut
from intake.domain import number as numbers
from intake.domain.commands import Report
from intake.domain.text import Body, Ref, Site
from intake.domain.view import CaseBrief
from intake.handlers import Drawn
from intake.store import Store

router = APIRouter(tags=["cases"], responses={code: RESPONSES[code] for code in (400, 401, 403, 404, 413, 415, 422, 429, 503)})
CONFLICT: dict[int | str, dict[str, Any]] = {409: RESPONSES[409]}
EARLIER: dict[int | str, dict[str, Any]] = {200: {"model": CaseBrief, "description": "This event was received before: the same case"}}

DEGRADED_AFTER = timedelta(minutes=5)  # facts older than this: only emergencies are accepted (reliability.md 3.8)
DRAWS = 5  # numbers to choose from: all five taken happens when a site had hundreds of thousands of cases that day

Number = Path(min_length=1, max_length=40, description="the case number, however typed, e.g. AB-260314-7K3QX")


@router.post("/v1/cases", status_code=201, responses=CONFLICT | EARLIER)
async def report(body: Report, response: Response, door: Annotated[Door[Store], permit("case.report", idempotent="required")]) -> CaseBrief:
    """Report a repair, complaint, enquiry, help request or suggestion. With type and urgency known it is classified at once."""
    waiting = await door.rt.oldest_unsent()
    drawn = Drawn(
        numbers=tuple(numbers.draw(secrets.choice) for _ in range(DRAWS)),
        contact=f"c-{secrets.token_hex(10)}",
        urgent_only=waiting is not None and waiting > DEGRADED_AFTER,
    )
    answer = CaseBrief.model_validate(await door.command(partial(handlers.report, drawn=drawn), body))
    response.status_code = 200 if answer.again else 201
    return answer


class Filter(Body):
    """Which cases to list: plain equality, nothing else."""

    site: Site | None = None
    status: CaseStatus | None = None
    kind: CaseKind | None = None
    urgency: Urgency | None = None
    owner: Ref | None = None
    before: Annotated[str, Field(pattern=r"^\d{17}-[A-Z0-9-]{10,30}$")] | None = Field(None, description="`next` of the page before")
    limit: Annotated[int, Field(ge=1, le=500)] = 100


@router.get("/v1/cases")
async def list_cases(wanted: Annotated[Filter, Query()], door: Annotated[Door[Store], permit("case.read")]) -> CasesOut:
    """Cases of the caller's sites, latest received first."""
    asked = {"status": wanted.status, "kind": wanted.kind, "sorting.urgency": wanted.urgency, "owner": wanted.owner}
    where: Doc = {name: str(value) for name, value in asked.items() if value} | _sites(door, wanted.site)
    found = await door.store.cases(where, before=wanted.before, limit=wanted.limit)
    return CasesOut(cases=[CaseBrief.of(case) for _, case in found], next=found[-1][0] if len(found) == wanted.limit else None)


@router.get("/v1/cases/{number}")
async def get_case(number: Annotated[str, Number], door: Annotated[Door[Store], permit("case.read")]) -> CaseOut:
    """One case with its records; the contact only for who may read contacts."""
    file = await door.store.file(canonical(number))
    door.see(file.case.site)
    contact = None
    if file.case.contact and door.by.may("contact.read"):
        found = await door.store.contact(file.case.contact)
        contact = ContactOut.of(file.case.contact, *found) if found else None
    return CaseOut.seen(file, contact, door.by)


def canonical(typed: str) -> str:
    """Return the number as stored. Raises NotFound for what cannot be one."""
    read = numbers.read(typed)
    if read is None:
        raise NotFound
    return read


def _sites(door: Door[Store], site: str | None) -> Doc:
    if site:
        door.see(site)
        return {"site": site}
    return {} if ALL_SITES in door.by.sites else {"site": {"$in": list(door.by.sites)}}
