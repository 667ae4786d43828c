"""Doors of return visits: what has to be called back about, and open letters. Not here: recording a visit (a move of its case)."""

import secrets
from datetime import datetime
from functools import partial
from typing import Annotated

from common.doors import Door, permit
from common.problems import RESPONSES
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from intake import handlers
from intake.api.cases import CONFLICT
from intake.api.shapes import VisitOut
from intake.domain import letter
from intake.domain.case import Case
from intake.domain.letter import OpenLetter, WriteLetter
from intake.domain.text import Body, Site
from intake.domain.view import CaseBrief
from intake.domain.visit import VisitState
from intake.store import Store

router = APIRouter(tags=["visits"], responses={code: RESPONSES[code] for code in (400, 401, 403, 404, 413, 415, 422, 429, 503)})


class VisitsWanted(Body):
    """Which visits to list: of one site, in one state."""

    site: Site
    state: VisitState = VisitState.DUE
    to_sign: bool = Field(default=False, description="of those made: only those that are not signed yet (RVT-12)")
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class VisitItem(BaseModel):
    """One visit with its case; an open letter would do where several units wait for an answer about one matter (DEF-20)."""

    visit: VisitOut
    case: CaseBrief
    open_letter: bool


class VisitsOut(BaseModel):
    """Visits, due the longest first."""

    visits: list[VisitItem]


class LetterOut(BaseModel):
    """An open letter of the return-visit archive."""

    id: str
    site: str
    text: str
    cases: tuple[str, ...]
    by: str
    at: datetime

    @classmethod
    def of(cls, kept: OpenLetter) -> "LetterOut":
        """Return the letter as shown."""
        return cls(**kept.model_dump(exclude={"seqs"}))


class LettersOut(BaseModel):
    """The archive, latest first."""

    letters: list[LetterOut]


class OfSite(Body):
    """Of one site."""

    site: Site


@router.get("/v1/visits")
async def list_visits(wanted: Annotated[VisitsWanted, Query()], door: Annotated[Door[Store], permit("case.read")]) -> VisitsOut:
    """Return visits of a site: work items with role and form, due the longest first."""
    door.see(wanted.site)
    found = await door.store.visits(wanted.site, wanted.state, unsigned=wanted.to_sign, limit=wanted.limit)
    cases: list[Case] = [case for _, case in found]
    items = []
    for visit, case in found:
        policy = await door.store.policy(case.site, case.policy)
        suggested = visit.state is VisitState.DUE and letter.suggests(case, cases, policy)
        items.append(VisitItem(visit=VisitOut.of(visit), case=CaseBrief.of(case), open_letter=suggested))
    return VisitsOut(visits=items)


@router.post("/v1/open-letters", status_code=201, responses=CONFLICT)
async def write_letter(body: WriteLetter, door: Annotated[Door[Store], permit("letter.write", idempotent="optional")]) -> LetterOut:
    """Put an open letter into the return-visit archive; visits of its cases refer to it (RVT-14, K18)."""
    kept = await door.command(partial(handlers.write_letter, name=f"ol-{secrets.token_hex(8)}"), body)
    return LetterOut.of(OpenLetter.model_validate(kept))


@router.get("/v1/open-letters")
async def list_letters(wanted: Annotated[OfSite, Query()], door: Annotated[Door[Store], permit("case.read")]) -> LettersOut:
    """The open letters of a site, latest first."""
    door.see(wanted.site)
    return LettersOut(letters=[LetterOut.of(one) for one in await door.store.letters(wanted.site)])
