"""What was uploaded becomes a picture that this system made itself, or is refused. The only module that names Pillow.

A picture is decoded and written anew: no EXIF (place, camera, time), no comments, no second file behind the first, no script in a picture
survives that. Pure but for time and memory, so `clean` runs beside the event loop, one at a time. Not here: who may, where it is kept.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps

from common.album import AttachmentKind, Verified
from common.errors import BodyTooLarge, Invalid, NotAPicture, PictureTooLarge

MOST_BYTES = 12 * 1024 * 1024  #: what a door takes: a photo straight from a phone
MOST_PIXELS = 50_000_000  #: some 200 MB while it is decoded, one at a time
LEAST_SIDE, MOST_RATIO = 8, 20  #: a picture of one line shows nothing
FORMATS = ("JPEG", "PNG", "WEBP")
MEDIA = frozenset({"image/jpeg", "image/png", "image/webp"})
SIDE = {AttachmentKind.PHOTO: 2048, AttachmentKind.SIGNATURE: 1200}  #: longest side that is kept, pixels
SMALL_SIDE = 320
QUALITY, SMALL_QUALITY = 82, 70


@dataclass(frozen=True)
class Picture:
    """A verified picture: what is known of it, its bytes, and a small one for lists."""

    verified: Verified
    content: bytes
    small: bytes


def clean(raw: bytes, kind: AttachmentKind) -> Picture:
    """Return the picture in `raw`. Raises NotAPicture, PictureTooLarge, BodyTooLarge; Invalid for a signature without a stroke."""
    if len(raw) > MOST_BYTES:
        raise BodyTooLarge(None, limit_bytes=MOST_BYTES)
    image = _decoded(raw, SIDE[kind])
    if kind is AttachmentKind.SIGNATURE:
        if len(set(image.convert("L").getextrema())) == 1:
            raise Invalid("signature", "签字是空白的", "the signature is blank")
        media, content = "image/png", _written(image.convert("L"), "PNG", optimize=True)
    else:
        media, content = "image/jpeg", _written(image, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    digest = hashlib.sha256(content).hexdigest()
    verified = Verified(kind=kind, media=media, size=len(content), width=image.width, height=image.height, sha256=digest)
    image.thumbnail((SMALL_SIDE, SMALL_SIDE))
    return Picture(verified, content, _written(image, "JPEG", quality=SMALL_QUALITY, optimize=True))


def _decoded(raw: bytes, side: int) -> Image.Image:
    """Return it upright, in red, green and blue on white, not longer than `side`; its size is known before a pixel is decoded."""
    Image.MAX_IMAGE_PIXELS = None  # measured here instead: Pillow's own guard warns where this refuses
    try:
        with Image.open(BytesIO(raw), formats=FORMATS) as opened:
            _measured(opened.width, opened.height)
            opened.draft("RGB", (side, side))  # a JPEG is decoded in an eighth of the memory
            opened.load()
            upright = ImageOps.exif_transpose(opened)
            flat = _flat(upright)
    except (PictureTooLarge, NotAPicture):
        raise
    except Exception as error:  # decoders of foreign bytes fail in many ways, and all of them say the same
        raise NotAPicture from error
    flat.thumbnail((side, side))
    return flat


def _measured(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise PictureTooLarge(None, limit_pixels=MOST_PIXELS)
    if min(width, height) < LEAST_SIDE or max(width, height) > MOST_RATIO * min(width, height):
        raise NotAPicture


def _flat(image: Image.Image) -> Image.Image:
    """Return new pixels without anything that travelled with them; what is transparent is white."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        seen = image.convert("RGBA")
        ground = Image.new("RGB", seen.size, "white")
        ground.paste(seen, mask=seen.getchannel("A"))
        return ground
    made = Image.new("RGB", image.size)
    made.paste(image.convert("RGB"))
    return made


def _written(image: Image.Image, form: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


class Darkroom:
    """Cleans one picture at a time in this process, beside the event loop: more at once would only take more memory."""

    def __init__(self) -> None:
        """Open it."""
        self._turn = asyncio.Semaphore(1)

    async def clean(self, raw: bytes, kind: AttachmentKind) -> Picture:
        """See `clean`."""
        async with self._turn:
            return await asyncio.to_thread(clean, raw, kind)
