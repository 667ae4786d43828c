"""Doors of photos and signatures of orders. Not here: what is taken in and how (`common.attachments`), moves that refer to them (`bodies`)."""

from typing import Annotated

from common.album import Album, AttachmentKind
from common.attachments import BODY, PICTURE, AttachmentOut, AttachmentsOut, Size, show, take_in
from common.doors import Door, permit
from common.problems import RESPONSES
from fastapi import APIRouter, Path, Query, Request, Response

from dispatch import handlers
from dispatch.api.orders import CONFLICT, Number
from dispatch.store import Store

router = APIRouter(tags=["attachments"], responses={code: RESPONSES[code] for code in (400, 401, 403, 404, 413, 415, 422, 429, 503)})
Kind = Annotated[AttachmentKind, Query(description="what it shows; a move has to refer to it within a day")]
Attachment = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
InFull = Annotated[Size, Query(description="`small`: at most 320 pixels, for lists")]
MayRead = Annotated[Door[Store], permit("order.read")]


@router.post("/v1/work-orders/{number}/attachments", status_code=201, responses=CONFLICT, openapi_extra=BODY)
async def attach_to_order(
    number: Number,
    request: Request,
    door: Annotated[Door[Store], permit("order.attach", idempotent="optional")],
    kind: Kind = AttachmentKind.PHOTO,
) -> AttachmentOut:
    """Add a photo or signature. The body is the picture itself (JPEG, PNG, WebP, up to 12 MiB); it is kept without place and camera."""
    album = await _album(number, door)
    return await take_in(door, request, kind, album.id, handlers.attach)


@router.get("/v1/work-orders/{number}/attachments")
async def list_attachments(number: Number, door: MayRead) -> AttachmentsOut:
    """What an order has, oldest first, with the step that refers to each."""
    return AttachmentsOut.of(await _album(number, door))


@router.get("/v1/work-orders/{number}/attachments/{attachment}", response_class=Response, responses=PICTURE)
async def get_attachment(number: Number, attachment: Attachment, door: MayRead, size: InFull = "full") -> Response:
    """The picture."""
    return await show(door.rt, await _album(number, door), attachment, size)


async def _album(number: str, door: Door[Store]) -> Album:
    """Return the album of an order that the caller may see. Raises NotFound: a contractor sees only its own (DSP-13)."""
    order = handlers.visible(await door.store.order(number), door.by)
    return await door.store.albums.of(order.id, order.site)
