"""What a move refers to: photos and a signature, in the move's own transaction. Not here: taking them in (`orders.attach`, `api.attachments`)."""

from common.album import AttachmentKind

from dispatch.domain.acts import Act
from dispatch.domain.order import Order
from dispatch.store import Store


async def refer(act: Act, name: str, order: Order, store: Store) -> None:
    """Mark what a move refers to as used by it: there, of this order, of the right kind, not used before. Raises Invalid, AttachmentUsed."""
    signed = (act.signature,) if act.signature else ()
    if not act.photos and not signed:
        return
    album, step = await store.albums.of(order.id, order.site), f"{name}:{len(order.steps) + 1}"
    album = album.used(act.photos, AttachmentKind.PHOTO, by=step, field="photos")
    await store.albums.save(album.used(signed, AttachmentKind.SIGNATURE, by=step, field="signature"))
