"""Attachments of a service: taken in at a door, found again, shown, swept when nothing refers to them (ADR 0034).

The row comes first, then the bytes, then the mark that they are there: a process that dies in between leaves a row that the sweep finds, never
bytes that nobody knows. Repeating the request with its Idempotency-Key puts the same bytes under the same number.
Not here: what an album allows (`album`), decoding (`pictures`), where bytes lie (`files`), whose scope a thing is in (the service's door).
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from fastapi import Request, Response
from pydantic import BaseModel
from uuid_utils.compat import uuid4

from common.album import Album, Attachment, AttachmentKind, Verified
from common.documents import Documents, Index, from_doc, to_doc
from common.doors import Door
from common.errors import NotFound
from common.loop import Loop, my_turn
from common.pictures import MEDIA, MOST_BYTES, Darkroom
from common.runtime import Runtime
from common.timesource import machine_now
from common.web import Upload

log = structlog.get_logger()
JOB = "sweep_attachments"
PAUSE = timedelta(hours=1)
UNUSED_FOR = timedelta(hours=24)  #: long enough for a shift that lost its network
INDEXES = (Index("albums", (("unused_since", 1),)),)
UPLOAD = Upload(MOST_BYTES, MEDIA, seconds=120.0)  #: 12 MB at 100 KB/s
Size = Literal["full", "small"]
BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in sorted(MEDIA)}}
}  #: what the OpenAPI document says of an upload
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture",
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in ("image/jpeg", "image/png")},
    }
}  #: what the OpenAPI document says of an answer
SHOWN: dict[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=3600, immutable",
}
Attach = Callable[..., Awaitable[Attachment]]
_darkroom = Darkroom()


class AttachmentOut(BaseModel):
    """An attachment as staff see it."""

    id: str
    kind: AttachmentKind
    media: str
    size: int
    width: int
    height: int
    by: str
    at: datetime
    used_by: str | None

    @classmethod
    def of(cls, made: Attachment) -> "AttachmentOut":
        """Return it without what only this system needs."""
        return cls.model_validate(made.model_dump())


class AttachmentsOut(BaseModel):
    """What a thing has, oldest first."""

    attachments: list[AttachmentOut]

    @classmethod
    def of(cls, album: Album) -> "AttachmentsOut":
        """Return those whose bytes are there."""
        return cls(attachments=[AttachmentOut.of(one) for one in album.items if one.stored])


class Albums:
    """The albums of a service; on a database or inside a transaction."""

    def __init__(self, db: Documents) -> None:
        """Keep the documents."""
        self._db = db

    async def of(self, thing: str, site: str) -> Album:
        """Return the album of a thing, an empty one when there is none."""
        doc = await self._db.get("albums", thing)
        return from_doc(Album, doc) if doc else Album(id=thing, site=site)

    async def save(self, album: Album) -> None:
        """Keep an album."""
        await self._db.put("albums", to_doc(album))

    async def attach(self, thing: str, site: str, given: Verified, *, by: str, at: datetime, used_by: str | None = None) -> Attachment:
        """Add one to a thing's album, inside a transaction. Raises TooManyAttachments."""
        album = await self.of(thing, site)
        after, made = album.added(given, id=uuid4().hex, by=by, at=at, machine=machine_now(), used_by=used_by)
        await self.save(after)
        return made

    async def stale(self, before: datetime, *, limit: int = 100) -> list[Album]:
        """Return albums with something that nothing refers to since then."""
        docs = await self._db.find("albums", {"unused_since": {"$lte": before}}, sort=[("unused_since", 1)], limit=limit)
        return [from_doc(Album, doc) for doc in docs]


async def take_in(door: Door[Any], request: Request, kind: AttachmentKind, thing: str, attach: Attach) -> AttachmentOut:
    """Verify what was sent, run the command `attach(verified, thing, …)`, keep the bytes, and return the attachment.

    Raises NotAPicture, PictureTooLarge, TooManyAttachments, NotFound, and what the command raises.
    """
    picture = await _darkroom.clean(await request.body(), kind)
    made = Attachment.model_validate(await door.command(attach, picture.verified, thing))
    for name, content in ((made.id, picture.content), (_small(made.id), picture.small)):
        await door.rt.documents.files.put(name, content)

    async def arrived(store: Any) -> None:
        albums = Albums(store.db)
        album = await albums.of(thing, "")
        if all(one.id != made.id for one in album.items):
            raise NotFound  # a very late repeat: it was swept
        await albums.save(album.arrived(made.id))

    await door.rt.transact(arrived)
    return AttachmentOut.of(made)


async def show(rt: Runtime[Any], album: Album, id: str, size: Size) -> Response:
    """Return the picture as an answer that no browser takes for anything else. Raises NotFound."""
    made = album.item(id)
    content = await rt.documents.files.get(_small(id) if size == "small" else id) if made else None
    if made is None or content is None:
        raise NotFound
    media = "image/jpeg" if size == "small" else made.media
    named = f'attachment; filename="{made.kind}-{id[:8]}.{media.removeprefix("image/").replace("jpeg", "jpg")}"'
    return Response(content, media_type=media, headers=SHOWN | {"Content-Disposition": named})


def _small(id: str) -> str:
    return f"{id}-small"


# --- the sweep (machine time) -----------------------------------------------------------------------------------------------------


async def sweep(rt: Runtime[Any], before: datetime) -> int:
    """Delete what was uploaded by then and that nothing refers to; return how many."""
    count = 0
    while stale := await Albums(rt.documents).stale(before):
        for album in stale:
            gone = await _swept(rt, album.id, before)
            await rt.documents.files.delete(*(name for id_ in gone for name in (id_, _small(id_))))
            count += len(gone)
    if count:
        log.info("attachments_swept", count=count)
    return count


async def _swept(rt: Runtime[Any], thing: str, before: datetime) -> tuple[str, ...]:
    """Take them out of the album first: a step that refers to one at this moment wins or finds it gone."""

    async def work(store: Any) -> tuple[str, ...]:
        albums = Albums(store.db)
        after, gone = (await albums.of(thing, "")).without_unused(before)
        await albums.save(after)
        return gone

    return await rt.transact(work)


async def _leased(rt: Runtime[Any]) -> int:
    if await my_turn(rt, JOB, PAUSE):
        await sweep(rt, await rt.documents.machine_now() - UNUSED_FOR)
    return 0


LOOP = Loop(JOB, _leased, every=timedelta(minutes=1))
