"""What may come in as a picture, and what is left of it."""

import hashlib
from io import BytesIO

import pytest
from common.album import AttachmentKind
from common.errors import BodyTooLarge, HuiyinError, Invalid, NotAPicture, PictureTooLarge
from common.pictures import MOST_BYTES, SMALL_SIDE, clean
from PIL import Image

from tests.support.pictures import HTML, MODEL, NOTE, a_bomb, a_photo, a_signature, blank

PHOTO, SIGNATURE = AttachmentKind.PHOTO, AttachmentKind.SIGNATURE


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_that_travelled_with_a_photo_is_left(form: str) -> None:
    """The place, the camera and the notes that came with it are gone, in the picture and in the small one."""
    raw = a_photo(form=form)
    assert MODEL.encode() in raw
    made = clean(raw, PHOTO)
    for content in (made.content, made.small):
        assert MODEL.encode() not in content
        assert NOTE not in content
        with Image.open(BytesIO(content)) as image:
            assert image.format == "JPEG"
            assert dict(image.getexif()) == {}
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}


def test_a_photo_is_kept_upright_and_small_enough() -> None:
    made = clean(a_photo((4000, 3000), turned=True), PHOTO)
    assert (made.verified.width, made.verified.height) == (1536, 2048)
    assert made.verified.sha256 == hashlib.sha256(made.content).hexdigest()
    assert made.verified.size == len(made.content)
    with Image.open(BytesIO(made.small)) as small:
        assert max(small.size) == SMALL_SIDE


def test_a_signature_is_dark_on_white() -> None:
    made = clean(a_signature(), SIGNATURE)
    assert made.verified.media == "image/png"
    with Image.open(BytesIO(made.content)) as image:
        assert image.getpixel((1, 1)) == 255
        assert image.convert("L").getextrema()[0] < 40


def test_a_second_file_behind_the_picture_does_not_survive() -> None:
    assert HTML not in clean(a_photo() + HTML, PHOTO).content


GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
WRONG: dict[str, tuple[bytes, AttachmentKind, type[HuiyinError]]] = {
    "nothing": (b"", PHOTO, NotAPicture),
    "text": (b"hello", PHOTO, NotAPicture),
    "a page": (HTML, PHOTO, NotAPicture),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', PHOTO, NotAPicture),
    "GIF": (GIF, PHOTO, NotAPicture),
    "PDF": (b"%PDF-1.7\n1 0 obj\n", PHOTO, NotAPicture),
    "only its first bytes": (a_photo()[:24], PHOTO, NotAPicture),
    "cut off": (a_photo((1600, 1200), "PNG")[:400], PHOTO, NotAPicture),
    "one line": (a_photo((2000, 8)), PHOTO, NotAPicture),
    "a bomb": (a_bomb(), PHOTO, PictureTooLarge),
    "too many bytes": (b"\xff\xd8\xff" + bytes(MOST_BYTES), PHOTO, BodyTooLarge),
    "a signature without a stroke": (blank(), SIGNATURE, Invalid),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_picture_is_refused(what: str) -> None:
    raw, kind, error = WRONG[what]
    with pytest.raises(error):
        clean(raw, kind)
