"""The technician's pages: my orders, one order, its moves, photos and signature. A command goes to dispatch with the person's own token.

Not here: what a move asks (`forms`), what is shown (`show_work`), how dispatch is reached (`reader`); nothing is decided here.
"""

import json
import secrets
from typing import Annotated

from common.errors import BadBody, NotFound
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from console.gateway import Answered
from console.pages import show_work
from console.pages.cases import clock_part, scene_of, scenes_of
from console.pages.forms import FORMS, body
from console.pages.reader import Page, Reader, page
from console.pages.render import html

router = APIRouter(include_in_schema=False, route_class=Page)
MaySee = Annotated[Reader, page("order.read")]
MayDo = Annotated[Reader, page("order.read", from_form=True)]
MayAttach = Annotated[Reader, page("order.attach", from_form=True)]
Number = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{1,59}$")]
Attachment = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
ORDERS = "/v1/work-orders"
PICTURE_HEADERS = (
    "content-type", "content-disposition", "x-content-type-options", "content-security-policy", "cross-origin-resource-policy", "cache-control",
)  # fmt: skip


async def _given(request: Request) -> dict[str, list[str]]:
    """Return what a form says, files left out. Raises BadBody."""
    try:
        posted = await request.form(max_files=0, max_fields=100)
    except HTTPException as error:
        raise BadBody from error
    return {name: [text for text in posted.getlist(name) if isinstance(text, str)] for name in posted}


Given = Annotated[dict[str, list[str]], Depends(_given)]


@router.get("/work", response_model=None)
async def list_work(reader: MaySee) -> Response:
    """Show the reader's orders, and those that wait for what the reader may do."""
    does = show_work.awaited(reader.by)
    rows = await reader.store.work_of(reader.by.id, reader.by.sites, does)
    scenes = await scenes_of(reader, rows)
    shown = show_work.groups(rows, reader.by.id, scenes, reader.rt.now(), does)
    now = await clock_part(reader, next(iter(scenes.values())).site if scenes else None)
    return html("work.html", reader.locale, reader=reader, groups=shown, now=now)


@router.get("/work/{number}", response_model=None)
async def show_order(reader: MaySee, number: Number) -> Response:
    """Show one order with what can be done next."""
    return await _shown(reader, number)


@router.post("/work/{number}/attachments", response_model=None)
async def attach(
    reader: MayAttach, number: Number, request: Request, kind: Annotated[str, Query(pattern="^(photo|signature)$")] = "photo"
) -> Response:
    """Pass a photo or signature on; the script of the page reads the answer."""
    key, media = request.headers.get("idempotency-key", ""), request.headers.get("content-type", "")
    answer = await reader.dispatch("POST", f"{ORDERS}/{number}/attachments?kind={kind}", content=await request.body(), media=media, key=key)
    return Response(answer.content, answer.status, media_type=answer.headers.get("content-type"))


@router.get("/work/{number}/attachments/{attachment}", response_model=None)
async def show_attachment(
    reader: MaySee, number: Number, attachment: Attachment, size: Annotated[str, Query(pattern="^(small|full)$")] = "full"
) -> Response:
    """Pass a picture on."""
    answer = await reader.dispatch("GET", f"{ORDERS}/{number}/attachments/{attachment}?size={size}")
    if answer.status != 200:
        raise NotFound
    return Response(answer.content, headers={name: answer.headers[name] for name in PICTURE_HEADERS if name in answer.headers})


@router.post("/work/{number}/{move}", response_model=None)
async def make_move(reader: MayDo, number: Number, move: str, given: Given) -> Response:
    """Send a move to dispatch and go back to the order, or show the form again with what was refused."""
    if move not in FORMS:
        raise NotFound
    content = json.dumps(body(FORMS[move], given)).encode()
    key = next(iter(given.get("key", ())), "")[:64]
    answer = await reader.dispatch("POST", f"{ORDERS}/{number}/{move}", content=content, media="application/json", key=key)
    if answer.status == 200:
        return RedirectResponse(f"/work/{number}", 303)
    return await _shown(reader, number, refused=answer, move=move, given=given)


async def _shown(
    reader: Reader, number: str, *, refused: Answered | None = None, move: str = "", given: dict[str, list[str]] | None = None
) -> Response:
    answer = await reader.dispatch("GET", f"{ORDERS}/{number}")
    row = await reader.store.find_row(answer.json()["case"]) if answer.status == 200 else None
    if row is None:
        raise NotFound
    scene = await scene_of(reader, row.site)
    task = show_work.task(answer.json(), row, reader.by.id, scene, reader.rt.now())
    told = {
        "prices": await _prices(reader, row.site) if "quote" in task.moves else [],
        "refused": show_work.refusal(refused.json(), FORMS[move], scene.speech) if refused else None,
        "move": move,
        "given": given or {},
        "unsent": show_work.unsent(FORMS[move], given, scene.speech.locale) if given and move not in task.moves else [],
        "key": secrets.token_hex(12),
    }
    now = await clock_part(reader, scene.site)
    return html("order.html", reader.locale, refused.status if refused else 200, reader=reader, task=task, speech=scene.speech, now=now, **told)


async def _prices(reader: Reader, site: str) -> list[show_work.ShownPrice]:
    answer = await reader.dispatch("GET", f"/v1/sites/{site}/fees")
    return show_work.prices(answer.json()) if answer.status == 200 else []
