"""Doors of what cases carry: photos of whoever reports, signatures of home visits. Not here: what is taken in and how (`common.attachments`)."""

from typing import Annotated

from common.album import Album, AttachmentKind
from common.attachments import BODY, PICTURE, AttachmentOut, AttachmentsOut, Size, show, take_in
from common.doors import Door, permit
from common.problems import RESPONSES
from fastapi import APIRouter, Path, Query, Request, Response

from intake import handlers
from intake.api.cases import CONFLICT, Number, canonical
from intake.store import Store

router = APIRouter(tags=["attachments"], responses={code: RESPONSES[code] for code in (400, 401, 403, 404, 413, 415, 422, 429, 503)})
Kind = Annotated[AttachmentKind, Query(description="a photo belongs to the case at once; a signature has to be referred to by a visit")]
Photo = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
InFull = Annotated[Size, Query(description="`small`: at most 320 pixels, for lists")]


@router.post("/v1/cases/{number}/attachments", status_code=201, responses=CONFLICT, openapi_extra=BODY)
async def attach_to_case(
    number: Annotated[str, Number],
    request: Request,
    door: Annotated[Door[Store], permit("case.attach", idempotent="optional")],
    kind: Kind = AttachmentKind.PHOTO,
) -> AttachmentOut:
    """Add a photo to a case. The body is the picture itself (JPEG, PNG, WebP, up to 12 MiB); it is kept without place and camera."""
    album = await _album(number, door)
    return await take_in(door, request, kind, album.id, handlers.attach)


@router.get("/v1/cases/{number}/attachments")
async def list_attachments(number: Annotated[str, Number], door: Annotated[Door[Store], permit("case.read")]) -> AttachmentsOut:
    """What a case carries, oldest first."""
    return AttachmentsOut.of(await _album(number, door))


@router.get("/v1/cases/{number}/attachments/{photo}", response_class=Response, responses=PICTURE)
async def get_attachment(
    number: Annotated[str, Number], photo: Photo, door: Annotated[Door[Store], permit("case.read")], size: InFull = "full"
) -> Response:
    """The picture."""
    return await show(door.rt, await _album(number, door), photo, size)


async def _album(number: str, door: Door[Store]) -> Album:
    """Return the album of a case in scope. Raises NotFound."""
    case = await door.store.case(canonical(number))
    door.see(case.site)
    return await door.store.albums.of(case.id, case.site)
