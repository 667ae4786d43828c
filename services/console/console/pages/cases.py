"""The live list of cases and the page of one case. Not here: what a row shows (`show`), how a stream is kept (`live`), the words (`words`)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from common.errors import NotFound
from common.states import CaseKind, CaseStatus, Urgency
from common.timesource import SystemTime
from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from console import handlers
from console.api.timeline import speech_of
from console.domain.board import Row
from console.domain.filters import PAGE, Filter
from console.pages import show
from console.pages.live import ROW, Part, Parts, changes, pace
from console.pages.reader import Page, Reader, page
from console.pages.render import fragment, html
from console.pages.show import Scene
from console.store import Site

router = APIRouter(include_in_schema=False, route_class=Page)
MayList = Annotated[Reader, page("case.read")]
MayRead = Annotated[Reader, page("timeline.read")]
MOST = 5 * PAGE


def _wanted(reader: MayList, wanted: Annotated[Filter, Query()]) -> Filter:
    """Return the view asked for. Raises NotFound for a site out of scope."""
    if wanted.site:
        reader.see(wanted.site)
    return wanted


async def _number(reader: MayRead, number: Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{4,40}$")]) -> str:
    """Return the number of a case in scope. Raises NotFound."""
    row = await reader.store.find_row(number)
    if row is None:
        raise NotFound
    reader.see(row.site)
    return row.id


Wanted = Annotated[Filter, Depends(_wanted)]
Number = Annotated[str, Depends(_number)]


@router.get("/cases", response_model=None)
async def list_cases(reader: MayList, wanted: Wanted) -> Response:
    """Show the list; its stream keeps it up to date."""
    parts = await list_parts(reader, wanted)
    choices = _choices(reader, await reader.store.sites(reader.by.sites))
    rows = [part.text for name, part in parts.items() if name.startswith(ROW)]
    query = urlencode(wanted.query())
    return html("cases.html", reader.locale, reader=reader, parts=parts, rows=rows, wanted=wanted, choices=choices, query=query)


@router.get("/cases/{number}", response_model=None)
async def show_case(reader: MayRead, number: Number) -> Response:
    """Show one case; its stream keeps it up to date."""
    return html("case.html", reader.locale, reader=reader, number=number, parts=await case_parts(reader, number))


@router.get("/live/cases", response_class=EventSourceResponse)
async def follow_list(reader: MayList, wanted: Wanted) -> AsyncIterator[ServerSentEvent]:
    """Send the list, then what changes in it."""
    async for text in changes(reader.live, lambda: while_signed_in(reader, lambda: list_parts(reader, wanted))):
        yield ServerSentEvent(raw_data=text)


@router.get("/live/cases/{number}", response_class=EventSourceResponse)
async def follow_case(reader: MayRead, number: Number) -> AsyncIterator[ServerSentEvent]:
    """Send the case, then what changes in it."""
    async for text in changes(reader.live, lambda: while_signed_in(reader, lambda: case_parts(reader, number))):
        yield ServerSentEvent(raw_data=text)


async def while_signed_in(reader: Reader, render: Callable[[], Awaitable[Parts]]) -> Parts | None:
    """Return the parts, None when the session is over or the account closed: a stream sees no more than a page would."""
    return await render() if await handlers.signed_in(reader.store, reader.token) else None


# --- parts of pages -----------------------------------------------------------------------------------------------------------


async def list_parts(reader: Reader, wanted: Filter) -> Parts:
    """Return the parts of the list: its rows, the totals, the clock."""
    now, sites = reader.rt.now(), reader.by.sites
    rows = await reader.store.board(wanted, sites)
    scenes = await scenes_of(reader, rows)
    texts = {f"{ROW}{row.id}": _row(reader, row, scenes[row.site], now) for row in rows}
    if not rows:
        texts[f"{ROW}none"] = fragment("_none.html", reader.locale)
    tally = await reader.store.tally(wanted, sites, now)
    more = wanted.query(show=min(wanted.show + PAGE, MOST)) if tally["cases"] > len(rows) and wanted.show < MOST else {}
    texts["tally"] = fragment("_tally.html", reader.locale, tally=tally, more=urlencode(more), shown=len(rows))
    return {name: Part(text, text) for name, text in texts.items()} | {"now": await clock_part(reader, None)}


def _row(reader: Reader, row: Row, scene: Scene, now: datetime) -> str:
    mark = (row.id, row.rev, row.sort_at < now, reader.locale, scene.version)
    return reader.live.drawn(mark, lambda: fragment("_row.html", reader.locale, r=show.row(row, scene, now)))


async def case_parts(reader: Reader, number: str) -> Parts:
    """Return the parts of a case's page: the case, the clock."""
    row: Row = await reader.store.row(number)
    scene = await scene_of(reader, row.site)
    made = show.case(row, await reader.store.entries(number), scene, reader.rt.now())
    text = fragment("_case.html", reader.locale, c=made)
    return {"case": Part(text, text), "now": await clock_part(reader, scene.site)}


async def scene_of(reader: Reader, code: str) -> Scene:
    """Return what is needed to speak about a site."""
    site, crew, named = await asyncio.gather(reader.store.site(code), reader.store.crew(code), reader.named(code))
    return Scene(replace(speech_of(site, reader.locale), people=named.names), site, crew, named.version)


async def scenes_of(reader: Reader, rows: Sequence[Row]) -> dict[str, Scene]:
    """Return what is needed to speak about the sites of some cases."""
    sites = list({row.site for row in rows})
    return dict(zip(sites, await asyncio.gather(*(scene_of(reader, site) for site in sites)), strict=True))


async def clock_part(reader: Reader, site: Site | None) -> Part:
    """Return the business clock. The machine's time needs saying once; any other is said again each turn, so that browsers never drift."""
    text = fragment("_now.html", reader.locale, pace=await pace(reader.rt.time), zone=speech_of(site, reader.locale).zone.key)
    return Part(text, "system" if isinstance(reader.rt.time, SystemTime) else text)


def _choices(reader: Reader, sites: list[Site]) -> dict[str, list[tuple[str, str]]]:
    """Return what each filter offers: codes with their words."""
    speech = speech_of(None, reader.locale)
    codes = {"kind": CaseKind, "urgency": Urgency, "status": CaseStatus}
    named = {name: [(code.value, speech.code(name, code.value)) for code in kinds] for name, kinds in codes.items()}
    return {"site": [(site.id, site.named(reader.locale)) for site in sites]} | named
