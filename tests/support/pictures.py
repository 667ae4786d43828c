"""Pictures for tests, made here: a photo with the place it was taken at, a signature, and things that only look like pictures."""

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageDraw
from PIL.ExifTags import GPS, IFD, Base
from PIL.PngImagePlugin import PngInfo

LATITUDE, MODEL = (31.0, 14.0, 9.8765), "TELLTALE-9000"  #: what must be gone
NOTE = b"TELLTALE-NOTE"
HTML = b"<html><script>alert(1)</script></html>"


def a_photo(size: tuple[int, int] = (640, 480), form: str = "JPEG", *, turned: bool = False, shade: int = 90) -> bytes:
    """A photo as a phone makes it: with place, camera and a comment."""
    image = Image.new("RGB", size, (shade, 120, 140))
    ImageDraw.Draw(image).rectangle((size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2), fill=(200, 60, 40))
    exif = Image.Exif()
    exif[Base.Model] = MODEL
    if turned:
        exif[Base.Orientation] = 6
    place = exif.get_ifd(IFD.GPSInfo)
    place[GPS.GPSLatitudeRef], place[GPS.GPSLatitude] = "N", LATITUDE
    more = {"comment": NOTE} if form == "JPEG" else {"pnginfo": _noted()} if form == "PNG" else {"xmp": NOTE}
    return _written(image, form, exif=exif, **more)


def a_signature() -> bytes:
    """What the pad sends: dark strokes on nothing."""
    image = Image.new("RGBA", (600, 240), (0, 0, 0, 0))
    ImageDraw.Draw(image).line([(40, 200), (120, 60), (220, 190), (420, 50), (560, 180)], fill=(10, 20, 30, 255), width=5)
    return _written(image, "PNG")


def blank() -> bytes:
    """A pad that nobody touched."""
    return _written(Image.new("RGBA", (600, 240), (0, 0, 0, 0)), "PNG")


def a_bomb(side: int = 20_000) -> bytes:
    """A PNG of a few hundred KB that would be 400 million pixels."""
    rows = zlib.compress(b"\0" * (side * ((side + 7) // 8 + 1)), 9)
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _noted() -> PngInfo:
    note = PngInfo()
    note.add_text("Comment", NOTE.decode())
    return note


def _written(image: Image.Image, form: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()
