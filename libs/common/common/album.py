"""The photos and signatures of one thing (a work order, a case): what is known of each, how many there may be, which step refers to which. Pure.

Nothing of what a user called a file is kept: an attachment is its number. Not here: pictures (`pictures`), bytes (`files`), doors (`attachments`).
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from common.errors import AttachmentUsed, Invalid, TooManyAttachments

MOST = 40  #: of one thing: a large repair with every stage photographed
MOST_UNUSED = 12  #: uploaded, and no step refers to it yet
MOST_A_STEP = 10  #: photos that one move refers to

AttachmentId = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{32}$")]
Photos = Annotated[tuple[AttachmentId, ...], Field(max_length=MOST_A_STEP)]


class AttachmentKind(StrEnum):
    """What an attachment shows."""

    PHOTO = "photo"  #: 照片
    SIGNATURE = "signature"  #: 簽字: drawn on the screen


class Verified(BaseModel):
    """A picture that was verified, before it has a number."""

    model_config = ConfigDict(frozen=True)
    kind: AttachmentKind
    media: str
    size: int  #: bytes, as kept
    width: int
    height: int
    sha256: str  #: of what is kept, not of what was sent


class Attachment(Verified):
    """One photo or signature."""

    id: AttachmentId
    by: str
    at: AwareDatetime  #: business time
    uploaded_at: AwareDatetime  #: machine time: what nobody refers to is swept by it
    stored: bool = False  #: its bytes have arrived
    used_by: str | None = None  #: the step that refers to it


class Album(BaseModel):
    """All attachments of one thing; one document, so that counting and using them needs no lock."""

    model_config = ConfigDict(frozen=True)
    id: str  #: what they belong to: number of an order or a case
    site: str
    items: tuple[Attachment, ...] = ()
    unused_since: AwareDatetime | None = None  #: machine time of the oldest that no step refers to; None = all are used

    def item(self, id: str) -> Attachment | None:
        """Return an attachment whose bytes are there."""
        return next((one for one in self.items if one.id == id and one.stored), None)

    def added(
        self, verified: Verified, *, id: str, by: str, at: datetime, machine: datetime, used_by: str | None = None
    ) -> "tuple[Album, Attachment]":
        """Return the album with one more. Raises TooManyAttachments."""
        unused = sum(one.used_by is None for one in self.items)
        if len(self.items) >= MOST or (used_by is None and unused >= MOST_UNUSED):
            raise TooManyAttachments(None, limit=MOST, limit_unused=MOST_UNUSED)
        made = Attachment(**verified.model_dump(), id=id, by=by, at=at, uploaded_at=machine, used_by=used_by)
        return self._with((*self.items, made)), made

    def arrived(self, id: str) -> "Album":
        """Return the album after the bytes of one were stored."""
        return self._changed({id: {"stored": True}})

    def used(self, ids: Sequence[str], kind: AttachmentKind, *, by: str, field: str) -> "Album":
        """Return the album after a step referred to some. Raises Invalid for what is not there, AttachmentUsed."""
        for place, id_ in enumerate(ids):
            found = self.item(id_)
            if found is None or found.kind is not kind or id_ in ids[:place]:
                raise Invalid(f"{field}.{place}", "没有此附件", "no such attachment here")
            if found.used_by is not None:
                raise AttachmentUsed(None, field=f"{field}.{place}")
        return self._changed({id_: {"used_by": by} for id_ in ids})

    def without_unused(self, before: datetime) -> "tuple[Album, tuple[str, ...]]":
        """Return the album without what was uploaded by then and that nothing refers to, or whose bytes never came; and the ids of those."""
        gone = tuple(one.id for one in self.items if one.uploaded_at <= before and (one.used_by is None or not one.stored))
        return self._with(tuple(one for one in self.items if one.id not in gone)), gone

    def _changed(self, changes: dict[str, dict[str, object]]) -> "Album":
        return self._with(tuple(one.model_copy(update=changes.get(one.id, {})) for one in self.items))

    def _with(self, items: tuple[Attachment, ...]) -> "Album":
        waiting = [one.uploaded_at for one in items if one.used_by is None or not one.stored]
        return self.model_copy(update={"items": items, "unused_since": min(waiting, default=None)})
